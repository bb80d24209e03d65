"""Intervals of ICI, E50 and E90, which chance lifts above 0 and never below.

Draws from a sample err twice, by the sample's chance and by their own, so that percentiles of
their errors lie too high, and those of a perfectly calibrated model never reach 0. Here sizes of
error are tried one after another: an error as large as that is kept in the interval when samples
from it would often enough show as much as this one does. Which shape it has, where risks are too
high and where too low, the sample cannot tell for sure: each draw tries the shape of another draw.
(With the sample's own shape, intervals of the median covered less.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hscrisk.metrics.intervals import tail_of

FloatArray = NDArray[np.float64]
N_BINS = 50
"""Equal shares of the subjects, ordered by risk, at whose mean risk the curve is read."""
N_TRIED = 40
"""Sizes of error tried between 0 and far above what the sample shows."""
MOST_FAILED = 0.1
TINY = 1e-300


def _mean(off: FloatArray) -> FloatArray:
    return np.asarray(off.mean(axis=-1))


def _quantile(share: float) -> Callable[[FloatArray], FloatArray]:
    return lambda off: np.asarray(np.quantile(off, share, axis=-1))


SIZES: dict[str, Callable[[FloatArray], FloatArray]] = {
    "ici": _mean,
    "e50": _quantile(0.5),
    "e90": _quantile(0.9),
}


def binned(risk: FloatArray) -> FloatArray:
    """Return mean risks of equal shares of the subjects in rising order, at most `N_BINS`."""
    shares = np.array_split(np.sort(risk), min(N_BINS, len(risk)))
    return np.array([float(share.mean()) for share in shares])


def error_interval(
    metric: str,
    estimate: float,
    curves: FloatArray,
    risk: FloatArray,
    *,
    level: float = 0.95,
    n_groups: float = np.inf,
) -> tuple[float, float]:
    """Return the interval of one calibration error; NaN where a tenth of the draws failed.

    The lower limit is 0 where a perfectly calibrated model would often enough look as bad.

    Parameters
    ----------
    metric : {"ici", "e50", "e90"}
    estimate : float
    curves : ndarray, shape (1 + n_draws, n_bins)
        The smoothed curve of the sample, then of the draws, at `risk`.
    risk : ndarray, shape (n_bins,)
        As `binned` gives it.
    level, n_groups :
        As `hscrisk.metrics.intervals.percentile_interval`.

    References
    ----------
    Limits by trying values along a one-parameter family through the estimate: DiCiccio & Romano,
    J R Stat Soc B 1988;50:338-354; Int Stat Rev 1990;58:59-76.
    """
    size = SIZES[metric]
    off, chance = curves[0] - risk, curves[1:] - curves[0]
    chance = chance[np.isfinite(chance).all(axis=1)]
    if len(chance) < (1 - MOST_FAILED) * (len(curves) - 1):
        return float("nan"), float("nan")
    shown = float(size(np.abs(off)))
    tried = np.linspace(0, shown + 1.5 * float(size(np.abs(chance)).max()), N_TRIED)
    shape = np.roll(off + chance, 1, axis=0)
    shape /= np.maximum(size(np.abs(shape)), TINY)[:, None]
    found = size(np.abs(tried[:, None, None] * shape + chance))
    tail = tail_of(level, n_groups)
    ends = np.quantile(found, [1 - tail, tail], axis=1, method="weibull")
    low, high = (_first_above(end, shown, tried) for end in ends)
    if high == 0:
        # Less than chance alone would show, as where folds force observed to meet expected: no
        # size is kept, and what chance may show is all that can be said.
        high = float(ends[0][0])
    scale = estimate / shown if shown > 0 else 1.0
    return min(low * scale, estimate), max(high * scale, estimate)


def _first_above(end: FloatArray, shown: float, tried: FloatArray) -> float:
    """Return the size at which this end of what samples would show reaches what one has shown."""
    rising = np.maximum.accumulate(end)
    return 0.0 if rising[0] >= shown else float(np.interp(shown, rising, tried))
