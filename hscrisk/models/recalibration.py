"""A line through a model's log-odds at each anchor, for another centre or a later year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration
from hscrisk.models.state import ModelState

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Recalibration:
    """Log-odds become intercept + slope * log-odds.

    Attributes
    ----------
    intercept, slope : ndarray, shape (n_anchors,)
    covariance : ndarray, shape (n_anchors, 3)
        Variance of the intercept, of the slope, and their covariance.
    found : dict
        `n`, `n_events`, and for each anchor what was chosen and why.
    """

    intercept: FloatArray
    slope: FloatArray
    covariance: FloatArray
    found: dict[str, Any]

    def variance(self, recalibrated: FloatArray) -> FloatArray:
        """Return what the line's own error adds to log-odds, shape (n_samples, n_anchors)."""
        x = (recalibrated - self.intercept) / self.slope
        of_intercept, of_slope, together = self.covariance.T
        return np.asarray(np.maximum(of_intercept + 2 * x * together + x**2 * of_slope, 0.0))

    def to_state(self, prefix: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings and arrays to be kept."""
        arrays = {
            f"{prefix}.intercept": self.intercept,
            f"{prefix}.slope": self.slope,
            f"{prefix}.covariance": self.covariance,
        }
        return {prefix: self.found}, arrays

    @classmethod
    def from_state(cls, state: ModelState, prefix: str) -> Recalibration | None:
        """Rebuild from a model's state; None where the model was not recalibrated.

        Raises
        ------
        InvalidConfiguration
            When the parts are of different sizes, or a slope is not above 0.
        """
        if prefix not in state.settings:
            return None
        intercept, slope = (state.array(f"{prefix}.{n}", 1) for n in ("intercept", "slope"))
        covariance = state.array(f"{prefix}.covariance", 2)
        size = len(state.array("horizons", 1))
        fits = intercept.shape == slope.shape == (size,) and covariance.shape == (size, 3)
        if not fits or (slope <= 0).any():
            raise InvalidConfiguration("the recalibration does not fit the model", field=prefix)
        return cls(intercept, slope, covariance, dict(state.setting(prefix)))
