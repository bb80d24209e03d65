"""How much the trees count beside the backbone: little where events are few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hscrisk.models.growing import log_loss

FloatArray = NDArray[np.float64]
HALF_TRUST = 300.0
"""Events (or non-events, whichever are fewer) at which half of the full weight is given."""
FULL = 0.45
GRID = np.linspace(0.0, 1.0, 41)


def fading_weight(scarcity: FloatArray) -> FloatArray:
    """Return the trees' weight, .45 m / (m + 300), at each anchor."""
    return np.asarray(FULL * scarcity / (scarcity + HALF_TRUST), dtype=np.float64)


def learned_weight(
    linear: FloatArray,
    boosted: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    groups: NDArray[np.intp],
    scarcity: float,
) -> float:
    """Return the weight at one anchor, moved towards the learned one where that is proven.

    Parameters
    ----------
    linear, boosted : ndarray, shape (n_samples,)
        Out-of-fold log-odds of patients whose state is known.
    target, weight : ndarray, shape (n_samples,)
    groups : ndarray of int, shape (n_samples,)
        The standard error is that of sums over groups.
    scarcity : float
        Weighted events or non-events, whichever are fewer.
    """
    start = float(fading_weight(np.array([scarcity]))[0])
    losses = [
        float((weight * log_loss((1 - w) * linear + w * boosted, target)).sum()) for w in GRID
    ]
    learned = float(GRID[int(np.argmin(losses))])
    ours = log_loss((1 - start) * linear + start * boosted, target)
    theirs = log_loss((1 - learned) * linear + learned * boosted, target)
    _, codes = np.unique(groups, return_inverse=True)
    gains = np.bincount(codes, weights=weight * (ours - theirs))
    error = float(np.sqrt(len(gains)) * gains.std())
    if gains.sum() <= error:
        return start
    return start + (learned - start) * scarcity / (scarcity + HALF_TRUST)
