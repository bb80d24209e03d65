"""Calibration over the whole range of risks, with competing events and censoring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import NotEstimable
from hscrisk.metrics import smoothing
from hscrisk.metrics.draws import Draws
from hscrisk.metrics.intervals import percentile_interval
from hscrisk.metrics.states import KnownStates, states_of_each
from hscrisk.survival import CensoringDistribution

FloatArray = NDArray[np.float64]
N_POINTS = 100
SHOWN = (0.01, 0.99)
"""Quantiles of the risks between which the curve is drawn."""
SEPARATED = "no smoothed curve: a spline of the risks separates the outcomes"


@dataclass(frozen=True)
class CalibrationCurve:
    """Observed against predicted risk.

    Attributes
    ----------
    risk, observed, low, high : ndarray, shape (n_points,)
        Predicted risks, the smoothed share with the event, and its pointwise 95 % interval. Risks
        that do not vary have one point.
    ici, e50, e90 : float
        Mean, median and 90th percentile of |observed - predicted| over the subjects.
    """

    risk: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    ici: float
    e50: float
    e90: float


def calibration_curve(
    y: Any,
    predicted: ArrayLike,
    horizon: float,
    *,
    n_draws: int = 500,
    groups: ArrayLike | None = None,
    seed: int = 0,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> CalibrationCurve:
    """Return the smoothed calibration curve at one horizon, and its errors.

    A weighted logistic regression of the state at the horizon on a restricted cubic spline of
    logit(risk), with three knots at its 10th, 50th and 90th percentile (fewer where they
    coincide), which stay where they are in all draws.

    Parameters
    ----------
    y, predicted, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`, with one risk a subject.
    horizon : float
    n_draws, seed : int
        Of the bootstrap behind the pointwise interval.
    groups : array, shape (n_samples,), optional
        Whom the bootstrap draws together (patients or centres).

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `hscrisk.metrics.brier_score`; the latter also where a spline separates the outcomes.

    References
    ----------
    Austin, Harrell & van Klaveren, Stat Med 2020;39:2714-2742; with competing risks Austin,
    Putter, Giardiello & van Klaveren, Diagn Progn Res 2022;6:2. ICI, E50, E90: Austin &
    Steyerberg, Stat Med 2019;38:4051-4065.
    """
    ((states, risk),) = states_of_each(y, predicted, horizon, censoring, event_of_interest)
    basis = smoothing.Basis.of(risk)
    own = _fit(states, risk, basis)
    first, last = np.quantile(risk, SHOWN)
    grid = np.unique(np.linspace(float(first), float(last), N_POINTS))
    draws = Draws(y, groups, n_draws=n_draws, seed=seed, censoring=censoring)
    drawn = np.vstack(
        [
            smoothing.at(smoothing.curve(s, risk, basis), grid, basis)
            for s in draws.at(horizon, event_of_interest=event_of_interest)
        ]
    )
    ends = np.array([percentile_interval(at, n_groups=draws.n_groups) for at in drawn[1:].T])
    errors = smoothing.errors(states.multiplicity, smoothing.at(own, risk, basis), risk)[:, 0]
    ici, e50, e90 = (float(error) for error in errors)
    return CalibrationCurve(grid, drawn[0], ends[:, 0], ends[:, 1], ici, e50, e90)


def calibration_errors(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> FloatArray:
    """Return ICI, E50 and E90 at each horizon, shape (3, n_horizons); 0 is perfect.

    Mean, median and 90th percentile, over all subjects, of the distance between risk and smoothed
    observed risk (`calibration_curve`). In small samples all three are above 0 by chance.

    Parameters
    ----------
    y, predicted, horizons, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `calibration_curve`.

    References
    ----------
    Austin & Steyerberg, Stat Med 2019;38:4051-4065; with competing risks Austin et al.,
    Diagn Progn Res 2022;6:2.
    """
    found = []
    for states, risk in states_of_each(y, predicted, horizons, censoring, event_of_interest):
        basis = smoothing.Basis.of(risk)
        smoothed = smoothing.at(_fit(states, risk, basis), risk, basis)
        found.append(smoothing.errors(states.multiplicity, smoothed, risk)[:, 0])
    return np.array(found).reshape(-1, 3).T


def _fit(states: KnownStates, risk: FloatArray, basis: smoothing.Basis) -> FloatArray:
    coefficients = smoothing.curve(states, risk, basis)
    if not np.isfinite(coefficients).all():
        raise NotEstimable(SEPARATED)
    return coefficients
