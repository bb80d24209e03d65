"""Discrimination with competing events and censoring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.metrics import pairs
from hscrisk.metrics.states import KnownStates, states_of_each
from hscrisk.survival import CensoringDistribution

FloatArray = NDArray[np.float64]


def cumulative_dynamic_auc(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> FloatArray:
    """Return the IPCW AUC at each horizon, shape (n_horizons,); .5 is chance, ties count half.

    Cases had the event of interest by the horizon; controls are all others whose state then is
    known, those with a competing event included.

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
    Blanche, Dartigues & Jacqmin-Gadda, Stat Med 2013;32:5381-5397 (definition of controls 2).
    """
    each = states_of_each(y, predicted, horizons, censoring, event_of_interest)
    return _each(pairs.concordance, each)


def wolbers_c_index(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> FloatArray:
    """Return Wolbers' C up to each horizon, shape (n_horizons,); .5 is chance, ties count half.

    The chance that of two subjects the one with the event by the horizon, while the other is free
    of it or had a competing event before, has the larger risk. Subjects with the event on one and
    the same day are not compared; one censored on that day was free of it through the day.

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
    Wolbers et al., Biostatistics 2014;15:526-539, their estimator with inverse probability of
    censoring weights; R: `pec::cindex`.
    """
    each = states_of_each(y, predicted, horizons, censoring, event_of_interest)
    return _each(pairs.concordance_in_time, each)


def roc_curve(
    y: Any,
    predicted: ArrayLike,
    horizon: float,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> tuple[FloatArray, FloatArray]:
    """Return false and true positive rates from (0, 0) to (1, 1), two arrays (n_thresholds + 1,).

    Each distinct risk is a threshold, the largest first. The area below the straight lines
    between the points is `cumulative_dynamic_auc`.

    Parameters
    ----------
    y, predicted, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`, with one risk a subject.
    horizon : float

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `hscrisk.metrics.brier_score`.

    References
    ----------
    Blanche, Dartigues & Jacqmin-Gadda, Stat Med 2013;32:5381-5397 (definition of controls 2).
    """
    ((states, risk),) = states_of_each(y, predicted, horizon, censoring, event_of_interest)
    order = np.argsort(-risk, kind="stable")
    last = np.flatnonzero(np.diff(risk[order], append=-1.0))
    rates = []
    for positive in (1 - states.target, states.target):
        upto = np.cumsum((states.weight[0] * positive)[order])
        rates.append(np.concatenate([[0.0], upto[last] / upto[-1]]))
    return rates[0], rates[1]


def _each(
    kernel: Callable[[KnownStates, FloatArray, NDArray[np.intp]], FloatArray],
    states_and_risks: list[tuple[KnownStates, FloatArray]],
) -> FloatArray:
    return np.array(
        [float(kernel(s, risk, np.zeros(len(risk), np.intp))[0]) for s, risk in states_and_risks]
    )
