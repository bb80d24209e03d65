"""Format 1.

bundle.json                      format, name, endpoints in their order, software, info
contract.json                    fields, levels, ranges: as they were at training
endpoints/<endpoint>.json        event, competing events, horizons, definition
models/<endpoint>/model.json     kind and settings
models/<endpoint>/arrays.npz     plain arrays, uncompressed
models/<endpoint>/boosters/*.ubj XGBoost's own binary form
profiles/<endpoint>.json         what training saw, small cells suppressed
reference.json  metrics.json     marginal curves; the evaluation table
cards/*.md                       model cards
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hscrisk.applicability import CohortProfile
from hscrisk.bundle.coding import parse_json, parse_npz
from hscrisk.bundle.contents import Contents
from hscrisk.endpoints import Endpoint
from hscrisk.errors import UntrustedBundle
from hscrisk.models import ModelState, from_state
from hscrisk.schema import Contract

_PLACES = re.compile(
    r"(bundle|contract|reference|metrics)\.json|(endpoints|profiles)/[^/]+\.json|cards/[^/]+\.md"
    r"|models/[^/]+/(model\.json|arrays\.npz|boosters/[^/]+\.ubj)"
)


def read(files: Mapping[str, bytes]) -> Contents:
    """Return the contents of a format 1 bundle, from bytes whose hashes were compared."""
    strange = [f"{name}: has no place in format 1" for name in files if not _PLACES.fullmatch(name)]
    if strange:
        msg = "the bundle is refused"
        raise UntrustedBundle(msg, offenders=strange)
    head = parse_json(files["bundle.json"], "bundle.json")
    names = list(head["endpoints"])
    return Contents(
        name=head["name"],
        endpoints={n: Endpoint.from_dict(_json(files, f"endpoints/{n}.json")) for n in names},
        models={n: from_state(_state(files, f"models/{n}/")) for n in names},
        contract=Contract.from_dict(_json(files, "contract.json")),
        profiles={n: CohortProfile.from_dict(_json(files, f"profiles/{n}.json")) for n in names},
        metrics=_json(files, "metrics.json"),
        reference=_json(files, "reference.json"),
        cards={
            name.removeprefix("cards/").removesuffix(".md"): content.decode("utf-8")
            for name, content in files.items()
            if name.startswith("cards/")
        },
        info=head["info"],
        software=head["software"],
    )


def _json(files: Mapping[str, bytes], name: str) -> Any:
    return parse_json(files[name], name)


def _state(files: Mapping[str, bytes], folder: str) -> ModelState:
    model = _json(files, f"{folder}model.json")
    boosters = f"{folder}boosters/"
    return ModelState(
        kind=model["kind"],
        settings=model["settings"],
        arrays=parse_npz(files[f"{folder}arrays.npz"], f"{folder}arrays.npz"),
        boosters={
            name.removeprefix(boosters).removesuffix(".ubj"): content
            for name, content in files.items()
            if name.startswith(boosters)
        },
    )
