"""One explained risk: the number, what it must never be shown without, and what it is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

State = Literal["given", "missing", "unknown", "rare"]
Effect = Literal["raises", "lowers", "neither"]

DISCLAIMER = "Research decision support, not a medical device"
INTENDED_USE = (
    "Meant for clinicians and researchers who review a planned transplant of a patient like those "
    "of this cohort; it informs their discussion and never decides on treatment by itself."
)


@dataclass(frozen=True)
class CohortFacts:
    """The patients that a model learned from.

    Attributes
    ----------
    name : str
    n : int
        Transplants.
    years : tuple of int, optional
        First and last year of transplant.
    description : str
        Who they were, in words.
    """

    name: str
    n: int
    years: tuple[int, int] | None = None
    description: str = ""


@dataclass(frozen=True)
class Context:
    """What stands beside a risk, from outside of the model.

    Attributes
    ----------
    cohort : CohortFacts
    reasons : tuple of str
        Why training does not support this prediction; empty where it does.
    notes : tuple of str
        What else must be known to read the risk.
    verdict : str
        What evaluation found, in words; above all whether the model beats the marginal curve.
    seen : mapping of str to collection of str, optional
        Levels that enough training patients had, by field; others are shown as rare.
    null_risk : float, optional
        The cohort's marginal incidence; the model's own by default.
    level : float
        Level of the interval.
    model_version, schema_version : str
    """

    cohort: CohortFacts
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verdict: str = ""
    seen: Mapping[str, Collection[str]] | None = None
    null_risk: float | None = None
    level: float = 0.9
    model_version: str = ""
    schema_version: str = ""


@dataclass(frozen=True)
class Item:
    """What one clinical variable adds.

    Attributes
    ----------
    field, label : str
        Name in the data contract, and what a reader calls it.
    value : str
        In words, with its unit.
    state : {'given', 'missing', 'unknown', 'rare'}
        Not recorded; a level the model has not seen; one that fewer than 5 patients had.
    contribution_log_odds, contribution_risk : float
        Added to the base, on either scale.
    effect : {'raises', 'lowers', 'neither'}
        'neither' where the contribution is not shown to be different from 0.
    fields : tuple of str
        All input columns that are told as this one variable.
    """

    field: str
    label: str
    value: str
    state: State
    contribution_log_odds: float
    contribution_risk: float
    effect: Effect
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """One patient, one endpoint, one horizon.

    Attributes
    ----------
    endpoint, label : str
    kind : {'time_to_event', 'state_at_horizon'}
    direction : {'adverse', 'favourable'}
        Whether the event is bad or good news.
    prediction_time : {'before_conditioning', 'at_infusion'}
    horizon_days : float
    risk, low, high, level : float
        Cumulative incidence and its interval.
    null_risk : float
        The cohort's marginal cumulative incidence, the same for everybody.
    base_log_odds, base_risk : float
        Mean log-odds of the cohort under the model, from which the contributions depart (the
        risk at the mean log-odds, which is near `null_risk` but not the same).
    log_odds : float
        Of `risk`.
    items : tuple of Item
        By size, the largest first; base + sum = risk on either scale.
    cohort : CohortFacts
    supported : bool
    reasons, notes : tuple of str
    verdict, model_version, schema_version, disclaimer : str
    """

    endpoint: str
    label: str
    kind: str
    direction: str
    prediction_time: str
    horizon_days: float
    risk: float
    low: float
    high: float
    level: float
    null_risk: float
    base_log_odds: float
    base_risk: float
    log_odds: float
    items: tuple[Item, ...]
    cohort: CohortFacts
    supported: bool
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    verdict: str = ""
    model_version: str = ""
    schema_version: str = ""
    disclaimer: str = field(default=DISCLAIMER)

    @property
    def noun(self) -> str:
        """What the probability is called: a risk, or the chance of good news."""
        return "chance" if self.direction == "favourable" else "risk"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (JSON); `hscrisk.explain.words.with_text` adds the words."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Rebuild an explanation from `to_dict`, whether or not the words stand beside it."""
        given = {key: value for key, value in content.items() if key != "text"}
        cohort, years = dict(given["cohort"]), given["cohort"]["years"]
        cohort["years"] = None if years is None else (int(years[0]), int(years[1]))
        items = (Item(**{**item, "fields": tuple(item["fields"])}) for item in given["items"])
        return cls(
            **{
                **given,
                "cohort": CohortFacts(**cohort),
                "items": tuple(items),
                "reasons": tuple(given["reasons"]),
                "notes": tuple(given["notes"]),
            }
        )


def decimals(*shares: float) -> int:
    """Return how many decimals of a percentage are shown: one more where all are small.

    >>> decimals(0.2, 0.31), decimals(0.004, 0.012)
    (1, 2)
    """
    return 2 if max(shares, default=1.0) < 0.02 else 1


def effect_of(contribution_risk: float, places: int) -> Effect:
    """Return the direction of a contribution as it is shown, with so many decimals of percent."""
    if abs(round(100 * contribution_risk, places)) == 0:
        return "neither"
    return "raises" if contribution_risk > 0 else "lowers"
