"""Every score of one model, with what stands in the table for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.metrics import kernels, pairs, smoothing
from hscrisk.metrics.calibration_curve import SEPARATED
from hscrisk.metrics.error_intervals import SIZES, binned, error_interval
from hscrisk.metrics.intervals import percentile_interval
from hscrisk.metrics.states import KnownStates

FloatArray = NDArray[np.float64]
Scores = Mapping[str, FloatArray]
"""By metric: the estimate first, and behind it those of the draws."""
METRICS = (
    "auc",
    "wolbers_c",
    "brier",
    "ipa",
    "oe_ratio",
    "calibration_intercept",
    "calibration_slope",
    "ici",
    "e50",
    "e90",
)
INTEGRATED = ("integrated_brier", "integrated_ipa", "integrated_auc")
COMPARED = ("ipa", "auc", "integrated_ipa")
"""Scores whose paired differences are told."""
NO_PAIRS = "no split holds both an event and a subject known to be free of it"
NO_ERROR = "the null makes no error"
WHY_NONE = {
    "auc": NO_PAIRS,
    "wolbers_c": "no split holds an event and a subject that it can be compared with",
    "ipa": NO_ERROR,
    "oe_ratio": "no event is expected: every predicted risk is 0",
    "calibration_slope": "the risks do not vary, or separate the outcomes",
    "integrated_ipa": NO_ERROR,
    "integrated_auc": NO_PAIRS,
    **dict.fromkeys(SIZES, SEPARATED),
}
NO_INTERVAL = "no interval: a tenth or more of the bootstrap draws have no score"


class Judge:
    """What computes every score of one model at one horizon.

    Parameters
    ----------
    risk : ndarray, shape (n_judged,)
    fold : ndarray of int, shape (n_judged,)
    level : bool
        Whether risks vary between splits only, by chance; a slope or a curve on that says nothing.
    """

    def __init__(self, risk: FloatArray, fold: NDArray[np.intp], *, level: bool) -> None:
        self.risk, self.fold = risk, fold
        self.basis = smoothing.Basis.of(risk, level=level)
        self.bins = binned(risk)
        self._parts: list[Scores] = []

    def take(self, states: KnownStates, null: FloatArray) -> None:
        """Score the sample, or a block of draws from it; `null` holds the null's Brier scores."""
        risk, basis = self.risk, self.basis
        brier = kernels.brier(states, risk)
        intercept, slope = kernels.recalibration(states, risk, level=basis.level).T
        fitted = smoothing.curve(states, risk, basis)
        errors = smoothing.errors(states.multiplicity, smoothing.at(fitted, risk, basis), risk)
        self._parts.append(
            {
                "auc": pairs.concordance(states, risk, self.fold),
                "wolbers_c": pairs.concordance_in_time(states, risk, self.fold),
                "brier": brier,
                "ipa": 1 - ratio(brier, null),
                "oe_ratio": ratio(kernels.observed(states), kernels.expected(states, risk)),
                "calibration_intercept": intercept,
                "calibration_slope": slope,
                **dict(zip(SIZES, errors, strict=True)),
                "curve": smoothing.at(fitted, self.bins, basis),
            }
        )

    def scores(self) -> dict[str, FloatArray]:
        """Return all scores, and the curves, shape (1 + n_draws, n_bins), at `bins`."""
        names = self._parts[0]
        joined = {name: np.concatenate([part[name] for part in self._parts]) for name in names}
        return joined | {"bins": self.bins}


def summary(metric: str, scores: Scores, n_groups: float) -> dict[str, Any]:
    """Return estimate, 95 % interval and note of one of the scores.

    Calibration errors by `hscrisk.metrics.error_intervals`, all else by percentiles.
    """
    estimate = float(scores[metric][0])
    if not np.isfinite(estimate):
        return none(WHY_NONE.get(metric, ""))
    if metric in SIZES:
        curves, bins = scores["curve"], scores["bins"]
        low, high = error_interval(metric, estimate, curves, bins, n_groups=n_groups)
    else:
        low, high = percentile_interval(scores[metric][1:], n_groups=n_groups)
    note = "" if np.isfinite(low) else NO_INTERVAL
    return {"estimate": estimate, "low": low, "high": high, "note": note}


def none(why: str) -> dict[str, Any]:
    """Return what stands in the table where nothing can be estimated, because `why`."""
    return {**dict.fromkeys(("estimate", "low", "high"), float("nan")), "note": why}


def ratio(over: FloatArray, under: FloatArray) -> FloatArray:
    """Return over / under, NaN where nothing is under."""
    found: FloatArray = np.divide(over, under, out=np.full(len(over), np.nan), where=under > 0)
    return found
