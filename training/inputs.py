"""Everything that a result depends on, read once and hashed: data, configuration, lock, code."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hscrisk
from hscrisk._version import __version__
from hscrisk.datasets.bundled import COHORTS, bundled_cohort
from hscrisk.endpoints import Endpoint, endpoint_names, load_endpoint
from hscrisk.errors import InputOutputFailed, InvalidConfiguration, nearest
from hscrisk.ingest.mapping import CONTRACT
from hscrisk.schema.configuration import find_config
from training.config import KEPT, ModelConfig, TrainingConfig, fingerprint, load_model_config

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "all.txt"


@dataclass(frozen=True)
class Inputs:
    """What goes into a run.

    Attributes
    ----------
    data : Path
        The file (or folder of tables) that is read.
    endpoints : tuple of Endpoint
    models : dict of str to ModelConfig
        By the name that evaluation shows: the comparators and 'default', the one kept.
    hashes : dict of str to str
        SHA-256 of the data's bytes, of the configuration, and of the lock.
    code : str
        Hash of the programs and the library, so that an edit trains anew.
    tracking : str
        Hash of where the run is tracked and under which alias: models are not registered there by
        a run that was kept elsewhere.
    """

    data: Path
    endpoints: tuple[Endpoint, ...]
    models: dict[str, ModelConfig]
    hashes: dict[str, str]
    code: str
    tracking: str

    @property
    def key(self) -> str:
        """Return the hash of all of it."""
        return fingerprint({**self.hashes, "code": self.code, "tracking": self.tracking})


def gather(config: TrainingConfig) -> Inputs:
    """Find and hash the inputs of a run; nothing is trained yet."""
    asked = endpoint_names() if config.endpoints == "all" else config.endpoints
    found = {endpoint.name: endpoint for endpoint in map(load_endpoint, asked)}
    endpoints = tuple(found[name] for name in in_order(found))
    models = {name: load_model_config(name) for name in config.comparators}
    models["default"] = load_model_config(config.model)
    if models["default"].kind not in KEPT:
        rule = f"a model of kind '{models['default'].kind}' is there to be compared with, not kept"
        mend = f"Name one of: {', '.join(KEPT)}."
        raise InvalidConfiguration(rule, field="model", value=config.model, mend=mend)
    data = data_path(config.data)
    hashes = {
        "data": _sha256_of_all(data),
        "configuration": fingerprint(_what_matters(config, endpoints, models)),
        "lock": _lock_hash(),
    }
    tracking = fingerprint(config.tracking.model_dump(mode="json"))
    return Inputs(data, endpoints, models, hashes, code_hash(), tracking)


def data_path(name_or_path: str) -> Path:
    """Return the file (or folder of tables) that a training file's `data` means.

    Raises
    ------
    InputOutputFailed
        When it is neither a bundled cohort nor there.
    """
    if name_or_path in COHORTS:
        return bundled_cohort(name_or_path).path
    path = Path(name_or_path)
    if not path.exists():
        rule = "the data are neither a bundled cohort nor a file"
        mend = f"{nearest(path.name, COHORTS)} Or name a file that there is."
        raise InputOutputFailed(rule, field="data", value=path.name, mend=mend)
    return path


def in_order(names: Iterable[str]) -> list[str]:
    """Return endpoint names in the order in which endpoints are shown, one's own last."""
    shipped = endpoint_names()
    return sorted(names, key=lambda n: (shipped.index(n) if n in shipped else len(shipped), n))


def code_version() -> str:
    """Return the commit of a checkout (marked when edited), else the package's version."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return __version__
    command = [
        git,
        "-C",
        str(ROOT),
        "describe",
        "--always",
        "--abbrev=40",
        "--dirty",
        "--exclude=*",
    ]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or __version__


def _what_matters(
    config: TrainingConfig,
    endpoints: tuple[Endpoint, ...],
    models: dict[str, ModelConfig],
) -> dict[str, Any]:
    # Places and names of files are left out: the same content elsewhere is the same training.
    said = config.model_dump(mode="json", exclude={"data", "mapping", "out", "model", "tracking"})
    return {
        **said,
        "mapping": _mapping_hash(config.mapping),
        "endpoints": [endpoint.to_dict() for endpoint in endpoints],
        "models": {name: model.model_dump(mode="json") for name, model in models.items()},
    }


def hashes_of(data: Path, mapping: str) -> dict[str, str]:
    """Return the SHA-256 of data, of the mapping that reads them, and of the lock."""
    return {
        "data": _sha256_of_all(data),
        "mapping": _mapping_hash(mapping),
        "lock": _lock_hash(),
    }


def _lock_hash() -> str:
    return _sha256(LOCK) if LOCK.is_file() else "not recorded"


def _mapping_hash(name_or_path: str) -> str:
    if name_or_path == CONTRACT:
        return CONTRACT
    return _sha256(find_config("registries", name_or_path))


def code_hash() -> str:
    """Return the hash of the library's and the programs' files, so that an edit trains anew."""
    folders = (Path(hscrisk.__file__).parent, Path(__file__).parent)
    sources = sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".py", ".yaml", ".md", ".html", ".css"} and path.is_file()
    )
    return fingerprint([_sha256(path) for path in sources])


def _sha256_of_all(path: Path) -> str:
    if path.is_file():
        return _sha256(path)
    tables = sorted(file for file in path.iterdir() if file.is_file())
    return fingerprint({file.name: _sha256(file) for file in tables})


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
