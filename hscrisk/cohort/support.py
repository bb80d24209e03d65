"""What a training on a cohort could support and what not, in numbers and in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hscrisk.cohort.build import Cohort
from hscrisk.cohort.follow_up import SMALL, immature_years, piled_days
from hscrisk.cohort.rounding import grain
from hscrisk.cohort.sample_size import SHRINKAGE, guidance
from hscrisk.survival import AalenJohansen

EVENTS_TO_VALIDATE = 100
"""Fewer events leave a validation of a model nearly without information."""
_POINTS = 120
_FEW = 0.01


def support(cohort: Cohort, horizons: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the size of training that a cohort supports, and what to beware of.

    `sample_size`, `immature_years`, `piled_days`, `grain`, `curve`, `cautions`, `verdict`.

    Parameters
    ----------
    cohort : Cohort
    horizons : list of dict
        The incidence at each anchor, as the summary tells it.

    References
    ----------
    100 events for a validation: Collins GS et al., Stat Med 2016;35:214-226.
    """
    y, endpoint = cohort.y, cohort.endpoint
    day = float(endpoint.primary_horizon)
    at = next((row for row in horizons if row["horizon"] == endpoint.primary_horizon), {})
    early = int(((y["event"] == 0) & (y["duration"] < day)).sum())
    told: dict[str, Any] = {
        "sample_size": guidance(
            n=len(y),
            known=len(y) - early,
            risk=float(at.get("incidence", np.nan)),
            events=int((y["event"] == 1).sum()),
            horizon=day,
            parameters=count_parameters(cohort.X),
        ),
        "censored_before_primary": early,
        "immature_years": immature_years(y, cohort.year, day),
        # A state has one day by definition, and so has an event that only a state tells.
        "piled_days": [] if endpoint.event is None or cohort.left_out else piled_days(y),
        "grain": None if endpoint.event is None or cohort.left_out else _grain(y),
        "curve": curve(y, float(endpoint.horizons[-1])),
    }
    told["cautions"] = _cautions(told, len(y), day)
    told["verdict"] = [*_verdict(told, y, day), *told["cautions"]]
    return told


def count_parameters(X: pd.DataFrame) -> int:
    """Return the parameters that features make in a regression: one a number, levels less one.

    Levels that nobody has count for nothing, nor do features that are the same for everybody.
    """
    return sum(
        max(0, column.nunique() - 1)
        if isinstance(column.dtype, pd.CategoricalDtype)
        else int(column.nunique() > 1)
        for _, column in X.items()
    )


def curve(y: pd.DataFrame, last: float) -> dict[str, list[float]]:
    """Return the incidence curve with its 95 % interval, as far as 10 are still followed.

    `competing` is the incidence of every competing event together.
    """
    duration = np.sort(y["duration"].to_numpy(dtype=np.float64))
    end = min(last, duration[-SMALL] if len(duration) >= SMALL else 0.0)
    fitted = AalenJohansen().fit(y)
    days = fitted.times_[fitted.times_ <= end]
    if len(days) > _POINTS:
        days = days[np.unique(np.linspace(0, len(days) - 1, _POINTS).round().astype(int))]
    days = np.unique(np.concatenate([[0.0], days, [end]]))
    low, high = fitted.interval(days)
    incidence = fitted.predict(days)
    competing = 1.0 - fitted.predict_event_free(days) - incidence
    columns = {"day": days, "incidence": incidence, "low": low, "high": high}
    columns["competing"] = np.maximum(competing, 0.0)
    return {name: [round(float(v), 6) for v in values] for name, values in columns.items()}


def _verdict(told: Mapping[str, Any], y: pd.DataFrame, day: float) -> list[str]:
    sizes, events = told["sample_size"], int((y["event"] == 1).sum())
    said = []
    if sizes is None:
        said.append(f"The risk by day {day:g} cannot be estimated here, so no model can be judged.")
    else:
        said.append(_parameters(sizes, day))
        if sizes["risk_margin"] > 0.05:
            needs = sizes["n_needed"]["overall_risk"]
            said.append(
                f"Even the overall risk is known to ± {100 * sizes['risk_margin']:.0f} points "
                f"only; ± 5 points need {needs:,} transplants."
            )
    if events < EVENTS_TO_VALIDATE:
        said.append(
            f"With {events} events (below {EVENTS_TO_VALIDATE}) a validation says little: "
            f"intervals will be wide, and a calibration curve cannot be trusted."
        )
    return said


def _cautions(told: Mapping[str, Any], n: int, day: float) -> list[str]:
    said = _years(told["immature_years"], told["censored_before_primary"] / n, day)
    for pile in told["piled_days"]:
        if pile["day"] <= 1:
            said.append(
                f"{pile['events']:,} events on day 1: mostly no onsets but states found at the "
                f"start ('never below the threshold', 'never in remission')."
            )
    if (steps := told["grain"]) is not None:
        said.append(
            f"Days come from {steps['words']}: events can fall on every {steps['step']:.4g} days "
            f"only, and curves rise in steps; a day is known to about {steps['step']:.0f} days."
        )
    later = [pile for pile in told["piled_days"] if pile["day"] > 1]
    if later:
        days = ", ".join(f"{pile['day']} ({pile['events']:,})" for pile in later[:4])
        said.append(
            f"Events pile up on day {days}: dates that were probably filled in by rule. Trust no "
            f"horizon before day {later[-1]['day']}, or map dates_usable_from."
        )
    return said


def _grain(y: pd.DataFrame) -> dict[str, Any] | None:
    found = grain(y.loc[y["event"] == 1, "duration"].to_numpy(dtype=np.float64))
    return None if found is None else {"words": found.words, "step": found.step}


def _parameters(sizes: Mapping[str, Any], day: float) -> str:
    most, have = sizes["max_parameters"], sizes["parameters"]
    known, expected = sizes["n_known"], sizes["expected_events"]
    head = f"{known:,} transplants known on day {day:g} with about {expected:,.0f} events carry "
    words = {0: "not even one parameter", 1: "one parameter at most"}
    head += words.get(most, f"{most} parameters at most")
    if have <= most:
        return f"{head}; the features here make {have}."
    shrinkage = sizes["expected_shrinkage"]
    return (
        f"{head}; the features here make {have}, so that effects are expected to shrink to "
        f"{shrinkage:.2f} of what they look like ({SHRINKAGE:g} is wanted): choose fewer "
        f"beforehand, penalise, and trust no model not compared with the marginal curve."
    )


def _years(years: list[dict[str, Any]] | None, early: float, day: float) -> list[str]:
    if years is None:
        if early < _FEW:
            return []
        return [
            f"{100 * early:.0f} % are censored before day {day:g}, and no year is known: immature "
            f"years cannot be left out."
        ]
    late = ", ".join(str(row["year"]) for row in years if row["immature"])
    if not late:
        return []
    return [
        f"Immature for day {day:g} (more than 10 % of the year censored before): {late}. Leave "
        f"these years out of a training of this endpoint."
    ]
