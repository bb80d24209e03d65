"""From log-odds at the anchors to a curve: monotone, and linear in the marginal log-odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Mixing:
    """How the log-odds at each horizon follow from those at two anchors.

    Attributes
    ----------
    left, right : ndarray of int, shape (n_horizons,)
        Indices of the anchors.
    share : ndarray, shape (n_horizons,)
        Weight of the right one.
    shift : ndarray, shape (n_horizons,)
        Added; -inf where no event had happened by then.
    """

    left: IntArray
    right: IntArray
    share: FloatArray
    shift: FloatArray

    def apply(self, at_anchors: FloatArray) -> FloatArray:
        """Return values at the horizons from values at the anchors, shape (n, n_horizons)."""
        mixed = (1 - self.share) * at_anchors[:, self.left] + self.share * at_anchors[:, self.right]
        return np.asarray(mixed + self.shift, dtype=np.float64)


@dataclass(frozen=True)
class MarginalCurve:
    """A marginal incidence as a step function of log-odds.

    Attributes
    ----------
    times, incidence : ndarray, shape (n_times,)
    """

    times: FloatArray
    incidence: FloatArray

    def log_odds(self, horizons: FloatArray) -> FloatArray:
        """Return logit F(t) at each horizon; -inf before the first event."""
        padded = np.concatenate([[0.0], self.incidence])
        values = padded[np.searchsorted(self.times, horizons, side="right")]
        return np.asarray(logit(np.minimum(values, 1 - 1e-12)), dtype=np.float64)

    def mixing(self, anchors: FloatArray, horizons: FloatArray) -> Mixing:
        """Place horizons among anchors.

        At an anchor its own value; between two, linear in the marginal log-odds; before the
        first and beyond the last, parallel to them.
        """
        at, there = self.log_odds(anchors), self.log_odds(horizons)
        last = len(anchors) - 1
        right = np.searchsorted(anchors, horizons, side="left")
        exact = (right <= last) & (anchors[np.minimum(right, last)] == horizons)
        outside = ((right == 0) | (right > last)) & ~exact
        right = np.minimum(right, last)
        left = np.where(exact | outside, right, np.maximum(right - 1, 0))
        span = at[right] - at[left]
        inside = span > 0
        share = np.zeros(len(horizons))
        share[inside] = np.clip((there - at[left])[inside] / span[inside], 0.0, 1.0)
        shift = np.where(outside, there - at[right], 0.0)
        return Mixing(left, right, share, shift)


def running_maximum(at_anchors: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the running maximum over anchors and which anchor binds, both (n, n_anchors).

    Log-odds fitted anchor by anchor may cross; the earlier, higher value then stands.
    """
    highest = np.maximum.accumulate(at_anchors, axis=1)
    binding = np.zeros(at_anchors.shape, dtype=np.intp)
    for k in range(1, at_anchors.shape[1]):
        binding[:, k] = np.where(at_anchors[:, k] >= highest[:, k - 1], k, binding[:, k - 1])
    return highest, binding
