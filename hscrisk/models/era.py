"""The calendar year: left out, or in up to the last mature year, as inner temporal folds say.

A trend must not be carried beyond the years that were seen: next year's patients have the level of
the last year in which follow-up was long enough to tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import NotEstimable
from hscrisk.features import FeaturePipeline
from hscrisk.models.anchors import States, usable_anchors
from hscrisk.models.backbone import Backbone
from hscrisk.survival import Outcome

FloatArray = NDArray[np.float64]
YEAR = "year_of_hct"
IMMATURE = 0.1
"""Share censored before the last anchor above which a year is not mature."""
CUTS = (0.4, 0.6, 0.8)
"""Shares of the cohort, by year, that the inner temporal folds are trained on."""

PROVEN = 2.0
"""Standard errors that the year must gain."""


@dataclass(frozen=True)
class Era:
    """What was decided about the calendar year.

    Attributes
    ----------
    cap : float or None
        Last mature year, which stands for all later ones; None where the year is left out.
    reason : str
        Why.
    """

    cap: float | None
    reason: str

    def dated(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return `X` with the year as the model takes it: capped, or left out.

        A record without a year is of the last mature one.
        """
        if self.cap is None:
            return X.drop(columns=YEAR, errors="ignore")
        if YEAR not in X.columns:
            return X.assign(**{YEAR: self.cap})
        year = pd.to_numeric(X[YEAR]).astype(np.float64)
        return X.assign(**{YEAR: year.clip(upper=self.cap).fillna(self.cap)})


def decide(X: pd.DataFrame, y: Outcome, anchors: FloatArray, prior_sd: float) -> Era:
    """Return whether the year in `X` is worth having, judged on years later than those fitted on.

    The linear model is fitted with and without the year on the earlier years and judged on the
    next by the weighted log-loss summed over the anchors; the year stays where it gains more than
    two standard errors. (Patients of one year share its practice, so the standard error over
    patients is too small; and leaving the year out is the safe side.) Years after the last mature
    one are no part of the trial.

    Parameters
    ----------
    X : DataFrame
        With a column `year_of_hct`.
    y : Outcome
    anchors : ndarray of days
    prior_sd : float
        Of the linear model.
    """
    year = pd.to_numeric(X[YEAR]).to_numpy(dtype=np.float64)
    cap = _last_mature(y, year, float(anchors[-1]))
    if cap is None:
        return Era(None, "no calendar year has follow-up long enough to tell")
    # Of later years only events are known yet, so that a marginal G shows a trend where none is.
    kept = np.flatnonzero(~(year > cap))
    X, y = X.iloc[kept], Outcome(y.event[kept], y.duration[kept])
    gains = [
        gain for rows in _temporal(year[kept]) for gain in _gain(X, y, anchors, prior_sd, *rows)
    ]
    if not gains:
        return Era(None, "the years are too few to be judged on later ones")
    total, error = float(np.sum(gains)), float(np.sqrt(len(gains)) * np.std(gains))
    words = f"on later years it gains {total:.1f} of log-loss (standard error {error:.1f})"
    if total <= PROVEN * error:
        return Era(None, words)
    return Era(cap, f"{words}; {cap:.0f} stands for all later years")


def _last_mature(y: Outcome, year: FloatArray, last: float) -> float | None:
    open_end = (y.event == 0) & (y.duration < last)
    known = np.unique(year[np.isfinite(year)])
    mature = [one for one in known if open_end[year == one].mean() <= IMMATURE]
    return float(max(mature)) if mature else None


def _temporal(year: FloatArray) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], float]]:
    """Yield training rows, the later rows to judge on, and the last year trained on."""
    known = np.isfinite(year)
    cuts = np.unique(np.quantile(year[known], CUTS, method="lower"))
    ends = [*cuts[1:], np.inf]
    for cut, end in zip(cuts, ends, strict=True):
        train, test = known & (year <= cut), known & (year > cut) & (year <= end)
        if test.any():
            yield np.flatnonzero(train), np.flatnonzero(test), float(cut)


def _gain(
    X: pd.DataFrame,
    y: Outcome,
    anchors: FloatArray,
    prior_sd: float,
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    cut: float,
) -> FloatArray:
    """Return what the year gains in log-loss for each patient judged."""
    dated = Era(cut, "").dated(X)
    inside = Outcome(y.event[train], y.duration[train])
    used, _ = usable_anchors(inside, anchors, 10)
    if not len(used):
        return np.zeros(0)
    states, judged = States.of(inside, used), States.of(y, used)
    losses = []
    for frame in (dated.drop(columns=YEAR), dated):
        pipeline = FeaturePipeline().fit(frame.iloc[train])
        try:
            fitted = Backbone.fit(
                pipeline.transform(frame.iloc[train]), states, prior_sd, spread=False
            )
        except NotEstimable:
            return np.zeros(0)
        eta = fitted.log_odds(pipeline.transform(frame.iloc[test]))
        loss = np.logaddexp(0.0, np.where(judged.target[test] > 0.5, -eta, eta))
        losses.append((judged.weight[test] * loss).sum(axis=1))
    return np.asarray(losses[0] - losses[1])
