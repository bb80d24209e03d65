"""Scores of all models at one horizon after another, on the same bootstrap draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import NotEstimable
from hscrisk.evaluation.out_of_fold import NULL, CohortLike, OutOfFold
from hscrisk.metrics import kernels
from hscrisk.metrics.intervals import bootstrap_multiplicity, percentile_interval
from hscrisk.metrics.states import KnownStates, require_estimable
from hscrisk.survival import CensoringDistribution, DrawnCensoring, Outcome, check_outcome

FloatArray = NDArray[np.float64]
Scores = Mapping[str, FloatArray]
METRICS = ("auc", "brier", "ipa", "oe_ratio", "calibration_intercept", "calibration_slope")
WHY_NONE = {
    "auc": "no split holds both an event and a subject known to be free of it",
    "oe_ratio": "no event is expected: every predicted risk is 0",
    "calibration_slope": "the risks do not vary, or separate the outcomes",
}
NO_INTERVAL = "no interval: a tenth or more of the bootstrap draws have no score"
BLOCK = 500_000
"""Draws times subjects held at once (4 MB an array): quicker than all at once, and bounded."""


class Judged:
    """Out-of-fold risks with the draws on which every score and difference is computed.

    Parameters
    ----------
    cohort : Cohort
    found : OutOfFold
    n_draws, seed : int
        Of the bootstrap of patients.
    """

    def __init__(self, cohort: CohortLike, found: OutOfFold, n_draws: int, seed: int) -> None:
        self.endpoint, self.found = str(cohort.endpoint.name), found
        # Repeated splits judge a subject several times; it is counted, and drawn, once.
        rows, self.place = np.unique(found.row, return_inverse=True)
        event, duration = check_outcome(cohort.y)
        self.y = Outcome(event[rows], duration[rows])
        self.censoring = CensoringDistribution().fit(self.y)
        drawn = bootstrap_multiplicity(np.asarray(cohort.patient)[rows], n_draws, seed)
        n_blocks = min(n_draws, max(1, drawn.size // BLOCK))
        self.draws = [(m, DrawnCensoring(self.y, m)) for m in np.array_split(drawn, n_blocks)]

    def rows(self, k: int) -> list[dict[str, Any]]:
        """Return the table's rows of horizon number `k`."""
        horizon = float(self.found.horizons[k])
        events = KnownStates.at(self.y, horizon, censoring=self.censoring).target.sum()
        common = {
            "endpoint": self.endpoint,
            "fold": "pooled",
            "horizon": horizon,
            "n": len(self.y.event),
            "n_events": int(events),
        }
        why = self._why_none(horizon) or self._missing(NULL, k)
        notes = {name: why or self._missing(name, k) for name in self.found.risks}
        risks = {name: r[:, k] for name, r in self.found.risks.items() if not notes[name]}
        scores = self._scores(horizon, risks) if risks else {}
        told = [
            {"model": name, "metric": metric}
            | (summary(scores[name][metric], WHY_NONE.get(metric, "")) if not note else none(note))
            for name, note in notes.items()
            for metric in METRICS
        ]
        return [common | row for row in told + differences(scores)]

    def _why_none(self, horizon: float) -> str:
        try:
            require_estimable(self.y, horizon, censoring=self.censoring)
        except NotEstimable as error:
            return error.rule
        return ""

    def _missing(self, name: str, k: int) -> str:
        if np.isfinite(self.found.risks[name][:, k]).all():
            return ""
        horizon = float(self.found.horizons[k])
        return self.found.notes.get((name, horizon), "a split has no prediction")

    def _scores(self, horizon: float, risks: Mapping[str, FloatArray]) -> dict[str, Scores]:
        """Return each model's scores, the estimate first and those of the draws behind it."""
        parts: dict[str, list[Scores]] = {name: [] for name in risks}
        for states in self._samples(horizon):
            null = kernels.brier(states, risks[NULL])
            for name, risk in risks.items():
                parts[name].append(self._of_one(name, states, risk, null))
        return {
            name: {metric: np.concatenate([p[metric] for p in part]) for metric in METRICS}
            for name, part in parts.items()
        }

    def _samples(self, horizon: float) -> Iterator[KnownStates]:
        yield KnownStates.at(self.y, horizon, censoring=self.censoring).take(self.place)
        for multiplicity, censoring in self.draws:
            states = KnownStates.drawn(self.y, horizon, multiplicity, censoring=censoring)
            yield states.take(self.place)

    def _of_one(self, name: str, states: KnownStates, risk: FloatArray, null: FloatArray) -> Scores:
        brier, expected = kernels.brier(states, risk), kernels.expected(states, risk)
        observed, nan = kernels.observed(states), np.full(len(brier), np.nan)
        intercept, slope = kernels.recalibration(states, risk).T
        return {
            "auc": kernels.concordance(states, risk, self.found.fold),
            "brier": brier,
            "ipa": 1 - np.divide(brier, null, out=nan.copy(), where=null > 0),
            "oe_ratio": np.divide(observed, expected, out=nan.copy(), where=expected > 0),
            "calibration_intercept": intercept,
            # The null varies between splits only, by chance; a slope on that says nothing.
            "calibration_slope": nan if name == NULL else slope,
        }


def differences(scores: Mapping[str, Scores]) -> list[dict[str, Any]]:
    """Return paired differences of IPA between every model and those named before it."""
    names = [n for n in scores if n != NULL]
    return [
        {"model": later, "metric": f"ipa_minus_{earlier}"}
        | summary(scores[later]["ipa"] - scores[earlier]["ipa"])
        for i, earlier in enumerate(names)
        for later in names[i + 1 :]
    ]


def summary(scores: FloatArray, why_none: str = "") -> dict[str, Any]:
    """Return estimate, 95 % interval and note of a score followed by those of the draws."""
    estimate = float(scores[0])
    if not np.isfinite(estimate):
        return none(why_none)
    low, high = percentile_interval(scores[1:])
    note = "" if np.isfinite(low) else NO_INTERVAL
    return {"estimate": estimate, "low": low, "high": high, "note": note}


def none(why: str) -> dict[str, Any]:
    """Return what stands in the table where nothing can be estimated, because `why`."""
    return {**dict.fromkeys(("estimate", "low", "high"), float("nan")), "note": why}
