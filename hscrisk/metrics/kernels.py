"""The sums behind every score, for a sample and for all draws from it at once.

`KnownStates.multiplicity` of shape (n_draws, n_samples) says how often each subject is taken. A
row of ones gives the score itself, bootstrap draws give its interval, and the same draws for two
models give the interval of their difference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from hscrisk.metrics.logistic import TINY, weighted_logistic
from hscrisk.metrics.states import KnownStates

FloatArray = NDArray[np.float64]
SAME = 1e-9
"""Standard deviation of logit(risk) that rounding alone can leave."""


def brier(states: KnownStates, risk: FloatArray) -> FloatArray:
    """Return sum w (target - risk)^2 / n, shape (n_draws,)."""
    return _mean(states.weight, (states.target - risk) ** 2, states)


def observed(states: KnownStates) -> FloatArray:
    """Return sum w target / n, shape (n_draws,): the Aalen-Johansen incidence of the sample."""
    return _mean(states.weight, states.target, states)


def expected(states: KnownStates, risk: FloatArray) -> FloatArray:
    """Return the mean risk, shape (n_draws,)."""
    return _mean(states.multiplicity, risk, states)


def _mean(weight: FloatArray, values: FloatArray, states: KnownStates) -> FloatArray:
    mean: FloatArray = (weight @ values) / states.multiplicity.sum(axis=1)
    return mean


def net_benefit(states: KnownStates, risk: FloatArray, thresholds: FloatArray) -> FloatArray:
    """Return the net benefit of treating from each threshold on, shape (n_draws, n_thresholds).

    The weighted share of true positives less that of false ones, at the odds of the threshold.
    """
    treated = (risk[:, None] >= thresholds).astype(np.float64)
    true = (states.weight * states.target) @ treated
    false = (states.weight * (1 - states.target)) @ treated
    worth = true - false * thresholds / (1 - thresholds)
    benefit: FloatArray = worth / states.multiplicity.sum(axis=1, keepdims=True)
    return benefit


def recalibration(states: KnownStates, risk: FloatArray, *, level: bool = False) -> FloatArray:
    """Return calibration intercept (slope held at 1) and slope, shape (n_draws, 2).

    Weighted logistic regressions of the target on logit(risk). NaN where there is no maximum:
    without an event, without a subject known to be free of it, or (the slope) with risks that do
    not vary or that separate the outcomes; a `level` has none.
    """
    x = log_odds(risk)
    spread = float(x.std())
    ones = np.ones((len(x), 1))
    found = np.full((len(states.weight), 2), np.nan)
    found[:, :1] = weighted_logistic(states.weight, states.target, ones, x)
    if spread > SAME and not level:
        line = np.column_stack([ones, (x - float(x.mean())) / spread])
        found[:, 1] = weighted_logistic(states.weight, states.target, line)[:, 1] / spread
    return found


def log_odds(risk: FloatArray) -> FloatArray:
    """Return logit(risk), finite where the risk is 0 or 1."""
    odds: FloatArray = logit(np.clip(risk, TINY, 1 - TINY))
    return odds
