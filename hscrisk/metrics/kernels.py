"""The sums behind every score, for any multiplicity of the subjects at once.

`multiplicity` has shape (n_draws, n_samples): how often each subject is taken. A row of ones
gives the score itself, bootstrap draws give its interval, and the same draws for two models give
the interval of their difference.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from hscrisk.metrics.states import KnownStates

FloatArray = NDArray[np.float64]
TINY = 1e-12


def brier(states: KnownStates, risk: FloatArray, multiplicity: FloatArray) -> FloatArray:
    """Return sum w (target - risk)^2 / n, shape (n_draws,)."""
    loss = states.weight * (states.target - risk) ** 2
    return _mean(loss, multiplicity)


def observed(states: KnownStates, multiplicity: FloatArray) -> FloatArray:
    """Return sum w target / n, shape (n_draws,): the Aalen-Johansen incidence of the sample."""
    return _mean(states.weight * states.target, multiplicity)


def expected(risk: FloatArray, multiplicity: FloatArray) -> FloatArray:
    """Return the mean risk, shape (n_draws,)."""
    return _mean(risk, multiplicity)


def _mean(values: FloatArray, multiplicity: FloatArray) -> FloatArray:
    mean: FloatArray = (multiplicity @ values) / multiplicity.sum(axis=1)
    return mean


def concordance(
    states: KnownStates, risk: FloatArray, fold: NDArray[np.intp], multiplicity: FloatArray
) -> FloatArray:
    """Return the share of (case, control) pairs of one fold ranked right, shape (n_draws,).

    Pairs are weighted by both subjects' weights, ties count one half. Only pairs of the same fold
    are compared: risks of different folds come from different models.
    """
    right = np.zeros(len(multiplicity))
    pairs = np.zeros(len(multiplicity))
    for k in np.unique(fold):
        inside = np.flatnonzero(fold == k)
        order = inside[np.argsort(risk[inside], kind="stable")]
        starts = np.flatnonzero(np.diff(risk[order], prepend=-1.0))
        drawn = multiplicity[:, order] * states.weight[order]
        cases = np.add.reduceat(drawn * states.target[order], starts, axis=1)
        controls = np.add.reduceat(drawn * (1 - states.target[order]), starts, axis=1)
        below = np.cumsum(controls, axis=1) - controls
        right += (cases * (below + controls / 2)).sum(axis=1)
        pairs += cases.sum(axis=1) * controls.sum(axis=1)
    share: FloatArray = np.divide(right, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return share


def recalibration(
    states: KnownStates, risk: FloatArray, multiplicity: FloatArray, *, steps: int = 25
) -> tuple[FloatArray, FloatArray]:
    """Return calibration intercept (slope held at 1) and slope, each of shape (n_draws,).

    Weighted logistic regressions of the target on logit(risk), by Newton's method. A draw without
    events, or risks that do not vary, give NaN.
    """
    x = logit(np.clip(risk, TINY, 1 - TINY))
    centre = float(x.mean())
    z = x - centre
    w = multiplicity * states.weight
    share = observed(states, multiplicity)
    solvable = (share > 0) & (share < 1)
    only_shift = _newton(w, states.target, z, solvable, steps, slope_free=False)
    intercept = only_shift[:, 0] - centre
    if np.ptp(x) < 1e-9:
        return intercept, np.full(len(w), np.nan)
    return intercept, _newton(w, states.target, z, solvable, steps, slope_free=True)[:, 1]


def _newton(
    w: FloatArray,
    target: FloatArray,
    z: FloatArray,
    solvable: NDArray[np.bool_],
    steps: int,
    *,
    slope_free: bool,
) -> FloatArray:
    found = np.full((len(w), 2), np.nan)
    w = w[solvable]
    if not len(w):
        return found
    mean = (w @ target) / w.sum(axis=1)
    beta = np.column_stack([logit(np.clip(mean, 1e-6, 1 - 1e-6)), np.full(len(w), 1.0)])
    if slope_free:
        beta[:, 1] = 0.0
    for _ in range(steps):
        p = expit(beta[:, :1] + beta[:, 1:] * z)
        error, curvature = w * (target - p), w * p * (1 - p)
        g0, h00 = error.sum(axis=1), curvature.sum(axis=1)
        if not slope_free:
            step = g0 / np.maximum(h00, TINY)
            beta[:, 0] += np.clip(step, -2, 2)
            if np.abs(step).max() < 1e-10:
                break
            continue
        g1, h01, h11 = error @ z, curvature @ z, curvature @ z**2
        determinant = np.maximum(h00 * h11 - h01**2, TINY)
        step0, step1 = (h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant
        # Draws that nearly separate the outcome would overshoot.
        shrink = 1 / np.maximum(1.0, np.maximum(np.abs(step0), np.abs(step1)) / 2)
        beta += np.column_stack([step0 * shrink, step1 * shrink])
        if max(np.abs(step0).max(), np.abs(step1).max()) < 1e-10:
            break
    found[solvable] = beta
    return found
