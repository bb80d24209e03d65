"""Calibration with competing events and censoring."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import NotEstimable
from hscrisk.metrics import kernels
from hscrisk.metrics.states import states_of_each
from hscrisk.survival import CensoringDistribution

FloatArray = NDArray[np.float64]


def observed_expected_ratio(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> FloatArray:
    """Return observed / expected at each horizon, shape (n_horizons,); 1 is right on average.

    Observed is the Aalen-Johansen incidence of `y` (as the weighted mean of the states, which
    equals it wherever no weight is clipped), expected the mean risk.

    Parameters
    ----------
    y, predicted, horizons, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `hscrisk.metrics.brier_score`.
    """
    found = []
    for states, risk in states_of_each(y, predicted, horizons, censoring, event_of_interest):
        if not risk.any():
            raise NotEstimable("no event is expected: every predicted risk is 0")
        found.append(float(kernels.observed(states)[0] / kernels.expected(states, risk)[0]))
    return np.array(found)


def calibration_intercept_slope(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> FloatArray:
    """Return calibration intercept and slope, shape (2, n_horizons); 0 and 1 are right.

    The intercept is that of a weighted logistic recalibration with the slope held at 1
    (calibration in the large); the slope is free in a second one. Risks that do not vary have no
    slope, nor have risks that separate the outcomes (NaN).

    Parameters
    ----------
    y, predicted, horizons, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `hscrisk.metrics.brier_score`.

    References
    ----------
    Cox, Biometrika 1958;45:562-565; with competing risks van Geloven et al.,
    BMJ 2022;377:e069249.
    """
    pairs = [
        kernels.recalibration(states, risk)[0]
        for states, risk in states_of_each(y, predicted, horizons, censoring, event_of_interest)
    ]
    return np.array(pairs).reshape(-1, 2).T
