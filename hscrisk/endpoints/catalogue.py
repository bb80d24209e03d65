"""The endpoints that ship, and those of a user's own file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hscrisk.endpoints.endpoint import Endpoint
from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.schema import Contract, load_contract
from hscrisk.schema.configuration import config_names, find_config, read_yaml, validated

ORDER = (
    "neutrophil_engraftment",
    "platelet_engraftment",
    "primary_graft_failure",
    "acute_gvhd",
    "acute_gvhd_2_4",
    "acute_gvhd_3_4",
    "chronic_gvhd",
    "chronic_gvhd_extensive",
    "relapse",
    "non_relapse_mortality",
    "death",
)


def endpoint_names() -> tuple[str, ...]:
    """Return the names of the shipped endpoints, in the order in which they are shown."""
    names = config_names("endpoints")
    return tuple(sorted(names, key=lambda n: (ORDER.index(n) if n in ORDER else len(ORDER), n)))


def load_endpoint(name_or_path: str | Path) -> Endpoint:
    """Return the endpoint of a shipped name or of a file, checked against the contract.

    Raises
    ------
    InvalidConfiguration
        When the name, a key, a field or a level is unknown; the nearest known one is named.
    """
    path = find_config("endpoints", name_or_path)
    endpoint = validated(Endpoint, read_yaml(path), f"endpoint file {path.name}")
    _check_words(endpoint, load_contract(), path.name)
    return endpoint


def _check_words(endpoint: Endpoint, contract: Contract, where: str) -> None:
    for name in _fields(endpoint):
        if name not in contract:
            rule = f"{where}: no such field in the contract"
            raise InvalidConfiguration(rule, field=name, mend=nearest(name, contract))
    for chosen in (endpoint.population, endpoint.excluded):
        for name, levels in chosen.items():
            for level in levels:
                if level not in contract[name].levels:
                    raise InvalidConfiguration(
                        f"{where}: {name} has no such level",
                        value=level,
                        mend=nearest(level, contract[name].levels),
                    )


def _fields(endpoint: Endpoint) -> Iterator[str]:
    yield from endpoint.population
    yield from endpoint.excluded
    for pair in (endpoint.event, endpoint.record):
        if pair is not None:
            yield from (pair.status, pair.time)
    for competing in endpoint.competing:
        yield from ((competing.status,) if competing.status else ())
        yield competing.time
