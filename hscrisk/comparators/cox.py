"""Cause-specific Cox regressions, combined to cumulative incidences."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hscrisk.comparators.base import MIN_EVENTS, FloatArray, ProportionalHazards
from hscrisk.comparators.partial_likelihood import HazardFit, fit_hazard
from hscrisk.comparators.risk_sets import RiskSets
from hscrisk.survival import Outcome


class CauseSpecificCox(ProportionalHazards):
    r"""A ridge Cox regression of each cause's hazard, Efron's way with ties.

    Of those event-free before day u the share :math:`1 - \exp(-\sum_k dH_k(u|x))` has an event on
    it, divided among the causes as their hazards are, so that

    .. math:: F_k(t|x) = \sum_{u \le t} S(u-|x)\, (1 - e^{-\sum_j dH_j})\,
        dH_k / \textstyle\sum_j dH_j, \qquad S(t|x) = e^{-\sum_k H_k(t|x)} .

    Where few have an event on one day this is the product integral
    :math:`\sum S(u-|x)\, dH_k(u|x)`. Where many have (neutrophils recover within ten days), Efron's
    hazards of a day are far above the share of those who have it, and the product integral
    promises too much. A competing cause with fewer than 10 events has the same hazard for
    everybody.

    Parameters
    ----------
    penalty : float, optional
        For every cause; by default chosen for each (`fit_hazard`).
    product_limit : bool
        Take the product integral itself, :math:`S(t|x) = \prod (1 - \sum_k dH_k)`, hazards of a
        day scaled to 1 where they exceed it: what R's `riskRegression::CSC` predicts.

    Attributes
    ----------
    fits_ : tuple of HazardFit, one for each cause 1, 2, ...

    References
    ----------
    Benichou & Gail, Biometrics 1990;46:813-826. Unpenalised equal to R's `survival::coxph` and,
    with `product_limit`, to `riskRegression::CSC` (tests/reference/cox.R).

    Examples
    --------
    >>> from hscrisk.datasets import simulate_cohort
    >>> cohort = simulate_cohort(300, seed=1)
    >>> model = CauseSpecificCox().fit(cohort.X, cohort.y)
    >>> model.predict_cumulative_incidence(cohort.X, [30, 100]).shape
    (300, 2)
    """

    fits_: tuple[HazardFit, ...]

    def __init__(self, penalty: float | None = None, *, product_limit: bool = False) -> None:
        super().__init__(penalty)
        self.product_limit = product_limit

    def _fit(self, design: FloatArray, outcome: Outcome) -> None:
        fits = []
        for cause in range(1, int(outcome.event.max()) + 1):
            dead = outcome.event == cause
            if dead.any():
                few = dead.sum() < MIN_EVENTS
                sets = RiskSets.of(outcome.duration, dead)
                fits.append(fit_hazard(0 * design if few else design, sets, self.penalty))
        self.fits_ = tuple(fits)
        self.times_ = np.unique(np.concatenate([fit.times for fit in fits]))

    def predict_all_causes(self, X: pd.DataFrame, horizons: ArrayLike) -> FloatArray:
        """Return every cause's incidence, shape (n_samples, n_causes, n_horizons).

        Causes that never happened in training have no place among them.
        """
        return self._in_chunks(X, horizons, self._incidences)

    def _incidence(self, design: FloatArray, days: FloatArray) -> FloatArray:
        return self._incidences(design, days)[:, 0]

    def _incidences(self, design: FloatArray, days: FloatArray) -> FloatArray:
        times = self.times_[self.times_ <= days.max()]
        hazards = np.zeros((len(design), len(self.fits_), len(times)))
        for k, fit in enumerate(self.fits_):
            upto = np.searchsorted(fit.times, days.max(), side="right")
            at = np.searchsorted(times, fit.times[:upto])
            hazards[:, k, at] = fit.relative(design)[:, None] * fit.jumps[:upto]
        total = hazards.sum(axis=1, keepdims=True)
        share = np.minimum(total, 1.0) if self.product_limit else -np.expm1(-total)
        hazards *= np.divide(share, total, out=np.zeros_like(total), where=total > 0)
        left = np.cumprod(1.0 - share[:, 0], axis=1)
        before = np.column_stack([np.ones(len(design)), left[:, :-1]])
        curves = np.zeros((len(design), len(self.fits_), len(times) + 1))
        np.cumsum(before[:, None] * hazards, axis=2, out=curves[:, :, 1:])
        return np.minimum(curves[:, :, np.searchsorted(times, days, side="right")], 1.0)
