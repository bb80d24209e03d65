"""Penalised proportional hazards: Newton's method on a weighted partial likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from hscrisk.comparators.risk_sets import RiskSets
from hscrisk.errors import NotEstimable

FloatArray = NDArray[np.float64]
MAX_STEPS = 20
"""As R's `coxph`: convergence takes ten; a likelihood that rises for ever takes more than these."""
TOLERANCE = 1e-12
"""Newton's decrement at which the next step is the last."""
NEAR = 1e-6
"""Decrement below which whole steps are taken: rounding of the likelihood hides what they gain."""
CURVED = 1e-3
"""From this penalty on every direction is curved enough for Cholesky's way to a step."""
STEEPEST = 100.0
"""Largest log hazard ratio against the mean patient: beyond it is infinity."""
PENALTIES = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
"""Candidates: coefficients with standard deviations from .03 to 1, strongest first."""


@dataclass(frozen=True)
class HazardFit:
    """Proportional hazards of one cause.

    Attributes
    ----------
    coef : ndarray, shape (n_terms,)
    penalty : float
    times, jumps : ndarray, shape (n_times,)
        The baseline hazard where the design is 0: Breslow's estimate, with Efron's denominators
        at ties.
    log_likelihood : float
        Partial, without the penalty.
    effective_terms : float
        Trace of (information + penalty)^-1 information.
    """

    coef: FloatArray
    penalty: float
    times: FloatArray
    jumps: FloatArray
    log_likelihood: float
    effective_terms: float

    def relative(self, design: FloatArray) -> FloatArray:
        """Return hazard ratios against a design of 0, shape (n_samples,).

        Summed column by column, so that a patient's ratio does not depend on the batch.
        """
        eta = np.zeros(len(design))
        for j in np.flatnonzero(self.coef):
            eta += self.coef[j] * design[:, j]
        return np.asarray(np.exp(np.clip(eta, -STEEPEST, STEEPEST)), dtype=np.float64)


@dataclass(frozen=True)
class _Point:
    log_likelihood: float
    relative: FloatArray
    denominators: FloatArray
    rates: FloatArray
    exposure: FloatArray


def fit_hazard(design: FloatArray, sets: RiskSets, penalty: float | None) -> HazardFit:
    r"""Maximise :math:`l(\beta) - \lambda |\beta|^2 / 2`.

    Parameters
    ----------
    design : ndarray, shape (n_samples, n_terms)
    sets : RiskSets
        Of at least one event.
    penalty : float, optional
        None chooses the one of `PENALTIES` with the greatest log-likelihood less effective number
        of terms (Akaike's criterion for a penalised fit). 0 leaves coefficients free; of
        solutions that predict the same, the shortest is taken.

    Raises
    ------
    NotEstimable
        When there is no maximum.

    References
    ----------
    Cox, J R Stat Soc B 1972;34:187-220. Ties: Efron, JASA 1977;72:557-565. Penalty and its choice:
    Verweij & van Houwelingen, Stat Med 1994;13:2427-2436.
    """
    start = np.zeros(design.shape[1])
    if penalty is not None:
        return _newton(design, sets, float(penalty), start)
    found: list[HazardFit] = []
    for candidate in PENALTIES:
        found.append(_newton(design, sets, candidate, start))
        start = found[-1].coef
    return max(found, key=lambda fit: fit.log_likelihood - fit.effective_terms)


def _newton(x: FloatArray, sets: RiskSets, penalty: float, beta: FloatArray) -> HazardFit:
    point = _evaluate(x, sets, beta)
    for _ in range(MAX_STEPS):
        curvature = _information(x, sets, point)
        penalised = curvature + penalty * np.eye(len(beta))
        gradient = x.T @ (sets.dead - point.relative * point.exposure) - penalty * beta
        step = _solve(penalised, gradient, penalty)
        decrement = float(gradient @ step)
        size = 1.0
        while True:
            trial = beta + size * step
            reached = _evaluate(x, sets, trial)
            gain = reached.log_likelihood - point.log_likelihood
            gain -= penalty * float(trial @ trial - beta @ beta) / 2
            if decrement < NEAR or gain >= 0 or size < 1e-10:
                break
            size /= 2
        beta, point = trial, reached
        if decrement < TOLERANCE:
            terms = float(np.trace(_solve(penalised, curvature, penalty)))
            return HazardFit(beta, penalty, sets.times, point.rates, point.log_likelihood, terms)
    raise NotEstimable(
        f"the proportional hazards reached no maximum in {MAX_STEPS} steps",
        mend="Give the coefficients a penalty; a term without one may separate the outcome.",
    )


def _solve(matrix: FloatArray, right: FloatArray, penalty: float) -> FloatArray:
    if penalty >= CURVED:
        return np.asarray(cho_solve(cho_factor(matrix), right), dtype=np.float64)
    return np.asarray(np.linalg.lstsq(matrix, right, rcond=1e-11)[0], dtype=np.float64)


def _evaluate(x: FloatArray, sets: RiskSets, beta: FloatArray) -> _Point:
    eta = np.clip(x @ beta, -STEEPEST, STEEPEST)
    relative = np.exp(eta)
    at_risk, dying = (
        sets.sums(relative[:, None])[:, 0],
        sets.sums_of_events(relative[:, None])[:, 0],
    )
    j = sets.step_time
    denominators = at_risk[j] - sets.fraction * dying[j]
    rates, spared = np.zeros(len(sets.times)), np.zeros(len(sets.times))
    np.add.at(rates, j, 1 / denominators)
    np.add.at(spared, j, sets.fraction / denominators)
    value = float(eta[sets.dead].sum() - np.log(denominators).sum())
    return _Point(value, relative, denominators, rates, sets.exposure(rates, spared))


def _information(x: FloatArray, sets: RiskSets, point: _Point) -> FloatArray:
    """Return sum of r A x x' less sum of E E': no array of n x p x p is made."""
    weighted = point.relative[:, None] * x
    j = sets.step_time
    mean = sets.sums(weighted)[j] - sets.fraction[:, None] * sets.sums_of_events(weighted)[j]
    mean /= point.denominators[:, None]
    found: FloatArray = (weighted * point.exposure[:, None]).T @ x - mean.T @ mean
    return found
