"""Scores over a span of days in one number each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import InvalidConfiguration
from hscrisk.metrics.accuracy import brier_score
from hscrisk.metrics.discrimination import cumulative_dynamic_auc
from hscrisk.survival import CensoringDistribution

FloatArray = NDArray[np.float64]


def integrated_brier_score(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> float:
    """Return the mean Brier score from day 0, where it is 0, to the last day; 0 is perfect.

    By the trapezoid rule over the days given, which must rise.

    Parameters
    ----------
    y, predicted, horizons, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `hscrisk.metrics.brier_score`; also for days that do not rise.

    References
    ----------
    Graf et al., Stat Med 1999;18:2529-2545.
    """
    days = rising(horizons)
    how: dict[str, Any] = {"censoring": censoring, "event_of_interest": event_of_interest}
    return float(brier_score(y, predicted, days, **how) @ weights_from_zero(days))


def integrated_prediction_accuracy(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    null: ArrayLike,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> float:
    """Return 1 - integrated Brier score / that of the null; 0 is no better than the null.

    Parameters
    ----------
    y, predicted, horizons, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.
    null : array, shape (n_horizons,) or (n_samples, n_horizons)
        As `hscrisk.metrics.index_of_prediction_accuracy`.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `integrated_brier_score`.

    References
    ----------
    Kattan & Gerds, Diagn Progn Res 2018;2:7; Graf et al., Stat Med 1999;18:2529-2545.
    """
    days = rising(horizons)
    base = np.asarray(null, dtype=np.float64)
    if base.shape == days.shape:
        base = np.tile(base, (len(np.asarray(predicted)), 1))
    how: dict[str, Any] = {"censoring": censoring, "event_of_interest": event_of_interest}
    lost = integrated_brier_score(y, predicted, days, **how)
    return 1 - lost / integrated_brier_score(y, base, days, **how)


def integrated_auc(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> float:
    """Return the mean AUC over the span of the days given, by the trapezoid rule; .5 is chance.

    Parameters
    ----------
    y, predicted, horizons, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `integrated_brier_score`.

    References
    ----------
    Blanche, Dartigues & Jacqmin-Gadda, Stat Med 2013;32:5381-5397.
    """
    days = rising(horizons)
    how: dict[str, Any] = {"censoring": censoring, "event_of_interest": event_of_interest}
    return float(cumulative_dynamic_auc(y, predicted, days, **how) @ weights_of_span(days))


def rising(horizons: ArrayLike) -> FloatArray:
    """Return the days, shape (n_days,), or refuse days that do not rise."""
    days = np.atleast_1d(np.asarray(horizons, dtype=np.float64))
    if days.ndim != 1 or not len(days) or not (np.diff(days, prepend=0) > 0).all():
        message = "days to integrate over must be above 0 and rise"
        raise InvalidConfiguration(message, field="horizons", value=days.tolist())
    return days


def weights_from_zero(days: FloatArray) -> FloatArray:
    """Return what each day weighs in the mean from day 0 (value 0) to the last day."""
    steps = np.diff(days, prepend=0)
    weights: FloatArray = (steps + np.append(steps[1:], 0)) / (2 * days[-1])
    return weights


def weights_of_span(days: FloatArray) -> FloatArray:
    """Return what each day weighs in the mean from the first day to the last; they add up to 1."""
    if len(days) == 1:
        return np.ones(1)
    steps = np.diff(days)
    both_sides = np.append(0, steps) + np.append(steps, 0)
    weights: FloatArray = both_sides / (2 * (days[-1] - days[0]))
    return weights
