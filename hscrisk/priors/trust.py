"""A cohort under a prior: how far it trusts the others is earned, by evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from hscrisk.survival.ipcw_logistic import GaussianPrior, LogisticFit, fit_ipcw_logistic

FloatArray = NDArray[np.float64]
SCALES = (1.0, 0.75, 0.5, 0.25)
SCALE_WEIGHTS = (0.4, 0.2, 0.2, 0.1)
ALONE_WEIGHT = 0.1
ALONE_SD = 0.2
"""Of a term's effect where the prior is not trusted at all."""
OWN_SD = 0.1
"""Of a column of the cohort's own, beside the terms."""
CONFLICT = 0.01
WIDENINGS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Factors by which the spread of effects is widened where the cohort contradicts the prior."""


@dataclass(frozen=True)
class TrustedFit:
    """A cohort's coefficients, averaged over how far the prior is trusted.

    Attributes
    ----------
    coef : ndarray, shape (1 + n_terms + n_own,)
        Intercept first.
    covariance : ndarray
        Within and between the fits averaged.
    trust : float
        From 0 (the prior was set aside) to 1 (taken as it is).
    conflict : float
        P-value of the cohort's slope on the prior's log-odds being 1 within what the prior itself
        leaves open.
    widened : float
        What the covariance of the effects was multiplied by until there was no conflict; inf where
        there always was one and the prior was set aside.
    """

    coef: FloatArray
    covariance: FloatArray
    trust: float
    conflict: float
    widened: float = 1.0


def fit_with_trust(
    terms: FloatArray,
    own: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> TrustedFit:
    """Return the fit of states at one day under a pooled prior, with earned trust.

    Fits with the prior's effects times 1, .75, .5 and .25 (weights .4, .2, .2, .1), and once with
    none (N(0, .2^2), weight .1), are averaged by their Laplace evidence. The intercept's prior is
    the same in all, so that trust is a matter of effects. Where the cohort contradicts the prior
    (`conflict` below .01) the covariance of the effects is first widened until it does not.

    Parameters
    ----------
    terms : ndarray, shape (n_samples, n_terms)
    own : ndarray, shape (n_samples, n_own)
        The cohort's own columns, under N(0, .1^2).
    target, weight : ndarray, shape (n_samples,)
    mean, covariance : ndarray, shape (1 + n_terms,) and (1 + n_terms, 1 + n_terms)
        Of the prior.

    Raises
    ------
    NotEstimable
        When nobody's state is known.

    References
    ----------
    Power priors and their mixtures: Ibrahim et al., Stat Med 2015;34:3724-3749; robust mixture
    priors: Schmidli et al., Biometrics 2014;70:1023-1032.
    """
    told = conflict(terms, target, weight, mean, covariance)
    widened, covariance = _widened(terms, target, weight, mean, covariance)
    design = np.column_stack([terms, own])
    n_own = own.shape[1]
    alone = np.diag([covariance[0, 0], *np.full(len(mean) - 1, ALONE_SD**2)])
    candidates = [(0.0, alone, ALONE_WEIGHT)]
    if np.isfinite(widened):
        scaled = zip(SCALES, SCALE_WEIGHTS, strict=True)
        candidates = [*((scale, covariance, share) for scale, share in scaled), *candidates]
    fits, log_weights = [], []
    start = None
    for scale, spread, weight_of in candidates:
        centre = np.concatenate([scale * mean, np.zeros(n_own)])
        centre[0] = mean[0]
        prior = GaussianPrior(centre, _precision(spread, n_own))
        fit = fit_ipcw_logistic(design, target, weight, prior, start=start)
        start = fit.coef
        fits.append(fit)
        log_weights.append(np.log(weight_of) + _evidence(fit, prior))
    share = np.exp(np.array(log_weights) - max(log_weights))
    share /= share.sum()
    coef = np.sum([w * fit.coef for w, fit in zip(share, fits, strict=True)], axis=0)
    whole = np.zeros_like(fits[0].covariance)
    for w, fit in zip(share, fits, strict=True):
        away = fit.coef - coef
        whole += w * (fit.covariance + np.outer(away, away))
    trust = float(share @ np.array([scale for scale, _, _ in candidates]))
    return TrustedFit(coef, whole, trust, told, widened)


def _widened(
    terms: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> tuple[float, FloatArray]:
    wide = covariance
    for factor in WIDENINGS:
        stretch = np.full(len(mean), np.sqrt(factor))
        stretch[0] = 1.0
        wide = covariance * np.outer(stretch, stretch)
        if conflict(terms, target, weight, mean, wide) >= CONFLICT:
            return factor, wide
    return float("inf"), wide


def conflict(
    terms: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    mean: FloatArray,
    covariance: FloatArray,
) -> float:
    """Return the p-value of the slope of the outcomes on the prior's log-odds, expected near 1.

    One degree of freedom has far more power than comparing all terms at once. The slope's variance
    is that of its estimate plus what the prior's own covariance leaves open: with f = x'm, an
    effect b has the slope f'V_f b / f'V_f m over the patients.
    """
    score = terms @ mean[1:]
    centred = score - np.average(score, weights=weight)
    size = float((weight * centred**2).sum())
    if size <= 0:
        return 1.0
    free = GaussianPrior(np.array([0.0, 1.0]), np.array([0.0, 1e-4]))
    fit = fit_ipcw_logistic(score[:, None], target, weight, free)
    towards = (terms * (weight * centred)[:, None]).sum(axis=0) / size
    open_ = float(towards @ covariance[1:, 1:] @ towards)
    variance = float(fit.covariance[1, 1]) + open_
    return float(chi2.sf((fit.coef[1] - 1) ** 2 / variance, 1))


def _precision(covariance: FloatArray, n_own: int) -> FloatArray:
    size = len(covariance)
    whole = np.zeros((size + n_own, size + n_own))
    inverse = np.linalg.inv(covariance)
    whole[:size, :size] = (inverse + inverse.T) / 2
    whole[range(size, size + n_own), range(size, size + n_own)] = OWN_SD**-2.0
    return whole


def _evidence(fit: LogisticFit, prior: GaussianPrior) -> float:
    """Return Laplace's log marginal likelihood, with the prior's normalising constant."""
    precision = prior.matrix()
    _, log_prior = np.linalg.slogdet(precision)
    _, log_posterior = np.linalg.slogdet(fit.covariance)
    return fit.log_posterior + 0.5 * float(log_prior + log_posterior)
