"""Everything that an evaluation depends on, read once and hashed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hscrisk.bundle import Bundle, load_bundle
from hscrisk.bundle.prediction import require_endpoints
from hscrisk.endpoints import Endpoint, endpoint_names, load_endpoint
from hscrisk.errors import InvalidConfiguration
from training.config import ModelConfig, fingerprint, load_model_config
from training.evaluation_config import EvaluationConfig
from training.inputs import code_hash, data_path, hashes_of, in_order

EXTERNAL = "external"
RECALIBRATED = "5-fold"
"""Where a bundle is judged as it came and recalibrated, side by side."""


@dataclass(frozen=True)
class EvaluationInputs:
    """What goes into an evaluation run.

    Attributes
    ----------
    data : Path
    endpoints : tuple of Endpoint
        A bundle's own where one is judged.
    models : dict of str to ModelConfig
        By the name that tables show.
    designs : tuple of str
    bundle : Bundle or None
    hashes : dict of str to str
        SHA-256 of the data, of the mapping and of the lock.
    code : str
        Hash of the programs and the library.
    """

    data: Path
    endpoints: tuple[Endpoint, ...]
    models: dict[str, ModelConfig]
    designs: tuple[str, ...]
    bundle: Bundle | None
    hashes: dict[str, str]
    code: str

    def key(self, config: EvaluationConfig, endpoint: Endpoint, design: str) -> str:
        """Return the hash of all that one evaluation depends on."""
        said = config.model_dump(
            mode="json", include={"comparators", "subgroups", "seed", "n_draws", "cluster"}
        )
        parts: dict[str, Any] = {
            **said,
            **self.hashes,
            "cohort": config.cohort,
            "integrate": config.integrate,
            "tracking": config.tracking.model_dump(mode="json"),
            "code": self.code,
            "endpoint": endpoint.to_dict(),
            "design": design,
            "models": {name: m.model_dump(mode="json") for name, m in self.models.items()},
            "bundle": self.bundle.id if self.bundle else None,
            "recalibrate": config.bundle.recalibrate if config.bundle else None,
        }
        return fingerprint(parts)


def gather(config: EvaluationConfig) -> EvaluationInputs:
    """Find and hash the inputs of a run; a bundle is refused here if it is not the expected one."""
    bundle = None
    if config.bundle is not None:
        bundle = load_bundle(config.bundle.folder, config.bundle.sha256)
    data = data_path(config.data)
    models = {_name(name): load_model_config(name) for name in config.models}
    if len(models) < len(config.models):
        raise InvalidConfiguration("two model files have the same name", field="models")
    return EvaluationInputs(
        data=data,
        endpoints=_endpoints(config, bundle),
        models=models,
        designs=_designs(config),
        bundle=bundle,
        hashes=hashes_of(data, config.mapping),
        code=code_hash(),
    )


def _designs(config: EvaluationConfig) -> tuple[str, ...]:
    if config.bundle is None:
        return config.designs
    return (EXTERNAL,) if config.bundle.recalibrate is None else (EXTERNAL, RECALIBRATED)


def _endpoints(config: EvaluationConfig, bundle: Bundle | None) -> tuple[Endpoint, ...]:
    if bundle is None:
        asked = endpoint_names() if config.endpoints == "all" else config.endpoints
        found = {endpoint.name: endpoint for endpoint in map(load_endpoint, asked)}
    else:
        names = list(bundle.endpoints) if config.endpoints == "all" else list(config.endpoints)
        require_endpoints(bundle, names)
        found = {name: bundle.endpoints[name] for name in names}
    return tuple(found[name] for name in in_order(found))


def _name(name_or_path: str) -> str:
    return Path(name_or_path).stem if "/" in name_or_path else name_or_path.removesuffix(".yaml")
