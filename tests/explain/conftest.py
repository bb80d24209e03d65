"""Explanations made by hand, so that words and pictures are tested without a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from scipy.special import expit, logit

from hscrisk.explain import CohortFacts, Explanation, Item
from hscrisk.explain.explanation import decimals, effect_of

Make = Callable[..., Explanation]


def made(
    added: dict[str, float] | None = None,
    *,
    states: dict[str, str] | None = None,
    base: float = -1.0,
    **changed: Any,
) -> Explanation:
    """Return an explanation whose contributions (log-odds, by field) are `added`."""
    added = (
        {"patient_age": 0.6, "donor_age": -0.2, "graft_source": 0.05} if added is None else added
    )
    log_odds = base + sum(added.values())
    risk = float(expit(log_odds))
    slope = (risk - expit(base)) / (log_odds - base) if added and log_odds != base else 0.2
    null_risk = changed.pop("null_risk", 0.26)
    places = decimals(risk, null_risk)
    items = [
        Item(
            field=name,
            label=name.replace("_", " "),
            value="not recorded" if (states or {}).get(name) == "missing" else f"value of {name}",
            state=(states or {}).get(name, "given"),  # type: ignore[arg-type]
            contribution_log_odds=phi,
            contribution_risk=float(phi * slope),
            effect=effect_of(float(phi * slope), places),
            fields=(name,),
        )
        for name, phi in added.items()
    ]
    items.sort(key=lambda item: -abs(item.contribution_risk))
    given: dict[str, Any] = {
        "endpoint": "acute_gvhd",
        "label": "Acute GVHD of any grade",
        "kind": "time_to_event",
        "direction": "adverse",
        "prediction_time": "at_infusion",
        "horizon_days": 100.0,
        "risk": risk,
        "low": float(expit(log_odds - 0.4)),
        "high": float(expit(log_odds + 0.4)),
        "level": 0.9,
        "null_risk": null_risk,
        "base_log_odds": base,
        "base_risk": float(expit(base)),
        "log_odds": log_odds,
        "items": tuple(items),
        "cohort": CohortFacts("somewhere", 1234, (2001, 2009), "adults with leukaemia"),
        "supported": True,
        "verdict": "The model beats the marginal curve",
        "model_version": "somewhere@0123456789ab",
        "schema_version": "1.0",
    }
    return Explanation(**{**given, **changed})


def at_risk(risk: float, **changed: Any) -> Explanation:
    """Return an explanation of a given risk."""
    f = float(logit(risk))
    return made({"patient_age": f + 1.0}, base=-1.0, **changed)


@pytest.fixture(scope="session")
def make() -> Make:
    return made


@pytest.fixture(scope="session")
def make_at() -> Make:
    return at_risk
