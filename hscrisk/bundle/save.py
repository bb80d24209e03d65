"""Write a bundle: everything that scoring needs, as JSON, plain arrays and boosters."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hscrisk.applicability import CohortProfile
from hscrisk.bundle.coding import json_bytes, npz_bytes, plain
from hscrisk.bundle.manifest import safe_word
from hscrisk.bundle.readers import FORMAT
from hscrisk.bundle.writing import write_sealed
from hscrisk.endpoints import Endpoint
from hscrisk.errors import InvalidConfiguration
from hscrisk.models import ModelState
from hscrisk.schema import Contract

_SOFTWARE = ("hscrisk", "numpy", "pandas", "scikit-learn", "xgboost")


def save_bundle(
    path: str | Path,
    *,
    name: str,
    models: Mapping[str, Any],
    endpoints: Mapping[str, Endpoint],
    contract: Contract,
    profile: CohortProfile | Mapping[str, CohortProfile],
    metrics: Mapping[str, Sequence[Mapping[str, Any]]],
    reference: Mapping[str, Any],
    cards: Mapping[str, str],
    info: Mapping[str, Any],
    overwrite: bool = False,
) -> str:
    """Write a bundle in one stroke and return its id; the same content has the same id.

    Parameters
    ----------
    path : str or Path
        The folder to make. One that holds the same bundle is left alone.
    name : str
        Name of the bundle, usually that of its cohort.
    models : mapping of endpoint name to fitted model
        Models with `to_state()`.
    endpoints : mapping of str to Endpoint
        The endpoint that each model answers; same names as `models`.
    contract : Contract
        The data contract that the models were trained under.
    profile : CohortProfile or mapping of endpoint name to CohortProfile
        What training saw, one for all endpoints or one each.
    metrics : mapping of endpoint name to list of rows
        The evaluation table; NaN is kept as null.
    reference : mapping
        Marginal curves with n and events, by endpoint.
    cards : mapping of str to str
        Model cards in Markdown.
    info : mapping
        Whatever the training program records; no clock and no run, so that ids repeat.
    overwrite : bool
        Whether another bundle at `path` may be replaced.

    Raises
    ------
    InvalidConfiguration
        If models, endpoints and profiles do not name the same endpoints, there are none, or a name
        could be no file's.
    InputOutputFailed
        If something else is at `path`, or the disk refuses.
    """
    for word in (name, *models):
        if not safe_word(word):
            msg = "a bundle and its endpoints have names of letters, digits, '.', '_' and '-'"
            raise InvalidConfiguration(msg, value=word)
    profiles = dict.fromkeys(models, profile) if isinstance(profile, CohortProfile) else profile
    for what, given in (("endpoint", endpoints), ("profile", profiles)):
        if given.keys() != models.keys() or not models:
            msg = f"a bundle holds one {what} for each model"
            raise InvalidConfiguration(
                msg,
                value=sorted(given.keys() ^ models.keys()) or "no model",
                mend="Give models, endpoints and profiles under the same names.",
            )
    files = {
        "bundle.json": json_bytes(
            {
                "format": FORMAT,
                "name": name,
                "endpoints": list(endpoints),
                "schema_version": contract.version,
                "software": {package: importlib.metadata.version(package) for package in _SOFTWARE},
                "info": plain(info),
            }
        ),
        "contract.json": json_bytes(plain(contract.to_dict())),
        "reference.json": json_bytes(plain(reference)),
        "metrics.json": json_bytes(plain(metrics)),
        **{f"endpoints/{key}.json": json_bytes(e.to_dict()) for key, e in endpoints.items()},
        **{f"profiles/{key}.json": json_bytes(p.to_dict()) for key, p in profiles.items()},
        **{f"cards/{key}.md": text.encode() for key, text in cards.items()},
    }
    for key, model in models.items():
        files |= dict(_model_files(f"models/{key}", model.to_state()))
    return write_sealed(path, files, overwrite=overwrite)


def _model_files(folder: str, state: ModelState) -> Iterable[tuple[str, bytes]]:
    yield f"{folder}/model.json", json_bytes({"kind": state.kind, "settings": state.settings})
    yield f"{folder}/arrays.npz", npz_bytes(state.arrays)
    for name, content in state.boosters.items():
        yield f"{folder}/boosters/{name}.ubj", bytes(content)
