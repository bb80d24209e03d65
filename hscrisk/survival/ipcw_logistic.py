"""Penalised logistic regression on weighted states: the one solver of models and priors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit, logit

from hscrisk.errors import NotEstimable

FloatArray = NDArray[np.float64]
MAX_STEPS = 100
TOLERANCE = 1e-10
"""Newton's decrement at which the fit is finished."""
FLAT = 1e-9
"""Least curvature of a maximum, relative to a column's weighted sum of squares."""
SEPARATED = "a term without a prior may separate the outcome"


@dataclass(frozen=True)
class GaussianPrior:
    """Prior N(mean, precision^-1) of the coefficients, intercept first.

    Attributes
    ----------
    mean : ndarray, shape (1 + n_terms,)
    precision : ndarray, shape (1 + n_terms,) or (1 + n_terms, 1 + n_terms)
        Inverse variances, or the whole inverse covariance; 0 leaves a coefficient free.
    """

    mean: FloatArray
    precision: FloatArray

    @classmethod
    def independent(cls, n_terms: int, sd: float) -> GaussianPrior:
        """Return N(0, sd^2) for each term, the intercept free."""
        precision = np.full(1 + n_terms, 1.0 / sd**2)
        precision[0] = 0.0
        return cls(np.zeros(1 + n_terms), precision)

    def matrix(self) -> FloatArray:
        """Return the precision as a matrix."""
        return np.diag(self.precision) if self.precision.ndim == 1 else self.precision


@dataclass(frozen=True)
class LogisticFit:
    """A maximum a posteriori fit.

    Attributes
    ----------
    coef : ndarray, shape (1 + n_terms,)
        Intercept first.
    covariance : ndarray, shape (1 + n_terms, 1 + n_terms)
        Inverse of (information + prior precision) at `coef`.
    information : ndarray, shape (1 + n_terms, 1 + n_terms)
        Of the data alone.
    log_likelihood, log_posterior : float
        Up to the prior's constant.
    n_steps : int
    """

    coef: FloatArray
    covariance: FloatArray
    information: FloatArray
    log_likelihood: float
    log_posterior: float
    n_steps: int


def effective_weights(weights: ArrayLike) -> FloatArray:
    r"""Return weights multiplied by :math:`\sum w / \sum w^2`, so that they sum to the effective n.

    Inverse probability weights overstate what is known; without this factor intervals are too
    narrow where much is censored (Kish, Survey Sampling, 1965, section 11.7).
    """
    w = np.asarray(weights, dtype=np.float64)
    total = float((w**2).sum())
    return w * (w.sum() / total) if total > 0 else w


def fit_ipcw_logistic(
    design: ArrayLike,
    target: ArrayLike,
    weights: ArrayLike,
    prior: GaussianPrior,
    *,
    offset: ArrayLike = 0.0,
    start: FloatArray | None = None,
) -> LogisticFit:
    """Fit by Newton's method with step halving.

    Parameters
    ----------
    design : array, shape (n_samples, n_terms)
        Without a column of ones.
    target : array of 0/1, shape (n_samples,)
    weights : array, shape (n_samples,)
        Inverse probability of censoring weights; 0 leaves a row out. They enter as
        `effective_weights`.
    prior : GaussianPrior
    offset : array, shape (n_samples,), optional
        Added to the log-odds, with no coefficient.
    start : ndarray, optional
        Where to begin; by default the prior's mean, with the weighted incidence as intercept.

    Raises
    ------
    NotEstimable
        When nobody's state is known, or no maximum is reached (a free coefficient that separates
        the outcome).

    References
    ----------
    Weighting: Scheike, Zhang & Gerds, Biometrika 2008;95:205-220. Step halving: without it fits
    of nearly certain events diverge from a distant start.
    """
    used = np.asarray(weights, dtype=np.float64) > 0
    if not used.any():
        raise NotEstimable("nobody's state at the horizon is known")
    x = np.asarray(design, dtype=np.float64)[used]
    x = np.column_stack([np.ones(len(x)), x])
    y = np.asarray(target, dtype=np.float64)[used]
    w = effective_weights(np.asarray(weights, dtype=np.float64)[used])
    fixed = np.broadcast_to(np.asarray(offset, dtype=np.float64), used.shape)[used]
    return _newton(x, y, w, prior, fixed, _start(y, w, prior) if start is None else start)


def _start(y: FloatArray, w: FloatArray, prior: GaussianPrior) -> FloatArray:
    beta = prior.mean.copy()
    incidence = float((w * y).sum() / w.sum())
    beta[0] = logit(min(max(incidence, 1e-4), 1 - 1e-4))
    return beta


def _log_likelihood(eta: FloatArray, y: FloatArray, w: FloatArray) -> float:
    return float(-(w * np.logaddexp(0.0, np.where(y > 0.5, -eta, eta))).sum())


def _newton(
    x: FloatArray,
    y: FloatArray,
    w: FloatArray,
    prior: GaussianPrior,
    offset: FloatArray,
    beta: FloatArray,
) -> LogisticFit:
    precision = prior.matrix()

    def penalty(b: FloatArray) -> float:
        away = b - prior.mean
        return float(0.5 * away @ precision @ away)

    eta = x @ beta + offset
    value = _log_likelihood(eta, y, w) - penalty(beta)
    for steps in range(MAX_STEPS):
        p = expit(eta)
        information = (x * (w * p * (1 - p))[:, None]).T @ x
        gradient = x.T @ (w * (y - p)) - precision @ (beta - prior.mean)
        try:
            factor = cho_factor(information + precision)
        except LinAlgError as error:
            raise NotEstimable("the regression is singular; give every term a prior") from error
        step = cho_solve(factor, gradient)
        decrement = float(gradient @ step)
        if decrement < TOLERANCE:
            _refuse_separation(information + precision, x, w)
            covariance = cho_solve(factor, np.eye(len(beta)))
            return LogisticFit(
                beta,
                (covariance + covariance.T) / 2,
                information,
                value + penalty(beta),
                value,
                steps,
            )
        size = 1.0
        while True:
            trial = beta + size * step
            eta_trial = x @ trial + offset
            reached = _log_likelihood(eta_trial, y, w) - penalty(trial)
            if reached >= value or size < 1e-10:
                break
            size /= 2
        beta, eta, value = trial, eta_trial, reached
    raise NotEstimable(f"the regression reached no maximum in {MAX_STEPS} steps; {SEPARATED}")


def _refuse_separation(curvature: FloatArray, x: FloatArray, w: FloatArray) -> None:
    """Refuse a maximum at infinity: the likelihood flattens there, and steps end all the same."""
    size = np.sqrt((w[:, None] * x**2).sum(axis=0))
    size[size == 0] = 1.0
    if np.linalg.eigvalsh(curvature / np.outer(size, size))[0] < FLAT:
        raise NotEstimable(f"the regression has no maximum: {SEPARATED}")
