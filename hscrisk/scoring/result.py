"""One risk as it is shown to a person: never without horizon, interval, null and cohort."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hscrisk.explain.explanation import DISCLAIMER


@dataclass(frozen=True)
class Cohort:
    """The patients that a prediction was learned from."""

    name: str
    n: int
    years: tuple[int, int] | None


@dataclass(frozen=True)
class RiskPrediction:
    """One patient, one endpoint, one horizon.

    Attributes
    ----------
    endpoint, label : str
        Its name and its label in words.
    horizon_days : float
        Days from infusion.
    risk : float
        Cumulative incidence: the event by that day, competing events counted as such.
    low, high : float
        Interval of the risk.
    level : float
        Level of that interval.
    null_risk : float
        The cohort's own marginal cumulative incidence, the same for everybody.
    cohort : Cohort
        Whom the model learned from.
    supported : bool
        Whether training saw patients like this one.
    reasons : tuple of str
        Why it is not supported, and what else must be known to read the risk.
    model_version, schema_version : str
        What predicted it, under which data contract.
    disclaimer : str
        Intended use, wherever the number is shown.
    """

    endpoint: str
    label: str
    horizon_days: float
    risk: float
    low: float
    high: float
    level: float
    null_risk: float
    cohort: Cohort
    supported: bool
    reasons: tuple[str, ...]
    model_version: str
    schema_version: str
    disclaimer: str = DISCLAIMER

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (JSON)."""
        return asdict(self)
