"""The sums behind every score, for a sample and for all draws from it at once.

`KnownStates.multiplicity` of shape (n_draws, n_samples) says how often each subject is taken. A
row of ones gives the score itself, bootstrap draws give its interval, and the same draws for two
models give the interval of their difference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from hscrisk.metrics.states import KnownStates

FloatArray = NDArray[np.float64]
TINY = 1e-12
MAX_STEPS = 50
CONVERGED = 1e-7
"""Last step; what is left behind it is of the order of its square."""
FURTHEST = 30.0
"""Log-odds for a standard deviation of logit(risk) beyond which the outcomes are separated."""
SINGULAR = 1e-10
"""Share of the curvature left once the level is known, below which risks do not vary."""
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


def concordance(states: KnownStates, risk: FloatArray, fold: NDArray[np.intp]) -> FloatArray:
    """Return the share of (case, control) pairs of one fold ranked right, shape (n_draws,).

    Pairs are weighted by both subjects' weights, ties count one half. Only pairs of the same fold
    are compared: risks of different folds come from different models, whose levels differ by
    chance. (A null pooled over folds would rank *against* the outcome, since a fold with more
    events leaves fewer to be trained on.)
    """
    right = np.zeros(len(states.weight))
    pairs = np.zeros(len(states.weight))
    for k in np.unique(fold):
        inside = np.flatnonzero(fold == k)
        order = inside[np.argsort(risk[inside], kind="stable")]
        starts = np.flatnonzero(np.diff(risk[order], prepend=-1.0))
        weight, target = states.weight[:, order], states.target[order]
        cases = np.add.reduceat(weight * target, starts, axis=1)
        controls = np.add.reduceat(weight * (1 - target), starts, axis=1)
        below = np.cumsum(controls, axis=1) - controls
        right += (cases * (below + controls / 2)).sum(axis=1)
        pairs += cases.sum(axis=1) * controls.sum(axis=1)
    share: FloatArray = np.divide(right, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return share


def recalibration(states: KnownStates, risk: FloatArray) -> FloatArray:
    """Return calibration intercept (slope held at 1) and slope, shape (n_draws, 2).

    Weighted logistic regressions of the target on logit(risk), by Newton's method. NaN where there
    is no maximum: without an event, without a subject known to be free of it, or (the slope) with
    risks that do not vary or that separate the outcomes.
    """
    x = logit(np.clip(risk, TINY, 1 - TINY))
    spread = float(x.std())
    found = np.full((len(states.weight), 2), np.nan)
    events = states.weight @ states.target
    solvable = (events > 0) & (states.weight @ (1 - states.target) > 0)
    w = states.weight[solvable]
    if not len(w):
        return found
    # All draws start from the solution of their mean, and few steps are left.
    mean = w.mean(axis=0, keepdims=True)
    found[solvable, 0] = _shift(w, states.target, x, _shift(mean, states.target, x, np.zeros(1)))
    if spread > SAME:
        z = (x - float(x.mean())) / spread
        level = float(logit((mean @ states.target)[0] / mean.sum()))
        start = _line(mean, states.target, z, np.array([[level, 0.0]]))
        found[solvable, 1] = _line(w, states.target, z, start)[:, 1] / spread
    return found


def _shift(w: FloatArray, target: FloatArray, x: FloatArray, start: FloatArray) -> FloatArray:
    shift = np.full(len(w), start[0])
    step = np.full(len(w), np.inf)
    for k in range(MAX_STEPS):
        p = expit(shift[:, None] + x) if k else expit(start[0] + x)
        step = _total(w, target - p) / np.maximum(_total(w, p * (1 - p)), TINY)
        # Far from the maximum the curvature is nearly flat; a longer step would overshoot.
        shift += np.clip(step, -2, 2)
        if np.abs(step).max() < CONVERGED:
            break
    return np.where(np.abs(step) < CONVERGED, shift, np.nan)


def _line(w: FloatArray, target: FloatArray, z: FloatArray, start: FloatArray) -> FloatArray:
    begin = start if np.isfinite(start).all() else np.zeros((1, 2))
    beta = np.repeat(begin, len(w), axis=0)
    size, determinant = np.full(len(w), np.inf), np.zeros(len(w))
    floor = np.zeros(len(w))
    for k in range(MAX_STEPS):
        eta = beta[:, :1] + beta[:, 1:] * z if k else begin[0, 0] + begin[0, 1] * z
        p = expit(eta)
        error, curvature = target - p, p * (1 - p)
        g0, g1 = _total(w, error), _total(w, error * z)
        h00, h01, h11 = (_total(w, curvature * z**power) for power in range(3))
        determinant, floor = h00 * h11 - h01**2, SINGULAR * h00 * h11
        step = np.column_stack([h11 * g0 - h01 * g1, h00 * g1 - h01 * g0])
        step /= np.maximum(determinant, np.finfo(float).tiny)[:, None]
        size = np.abs(step).max(axis=1)
        beta += step / np.maximum(1.0, size / 2)[:, None]
        if ((size < CONVERGED) | (np.abs(beta).max(axis=1) > FURTHEST)).all():
            break
    reached = (size < CONVERGED) & (np.abs(beta).max(axis=1) < FURTHEST) & (determinant > floor)
    return np.where(reached[:, None], beta, np.nan)


def _total(w: FloatArray, values: FloatArray) -> FloatArray:
    """Return sums over subjects of w times values, which all draws share or each has its own."""
    total: FloatArray = w @ values if values.ndim == 1 else np.einsum("ij,ij->i", w, values)
    return total
