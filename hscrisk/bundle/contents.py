"""What every format of bundle is read into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hscrisk.applicability import CohortProfile
from hscrisk.endpoints import Endpoint
from hscrisk.schema import Contract


@dataclass(frozen=True)
class Contents:
    """The parsed content of a bundle, before it is given its id."""

    name: str
    endpoints: Mapping[str, Endpoint]
    models: Mapping[str, Any]
    contract: Contract
    profiles: Mapping[str, CohortProfile]
    metrics: Mapping[str, Any]
    reference: Mapping[str, Any]
    cards: Mapping[str, str]
    info: Mapping[str, Any]
    software: Mapping[str, str]
