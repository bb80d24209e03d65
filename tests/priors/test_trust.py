"""Earned trust: taken where the cohort agrees, set aside where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import multivariate_normal

from hscrisk.priors import fit_with_trust
from hscrisk.priors.trust import ALONE_SD, _evidence
from hscrisk.survival.ipcw_logistic import GaussianPrior, fit_ipcw_logistic

MEAN = np.array([-0.5, 0.5, -0.4, 0.3, 0.0])
COVARIANCE = np.diag([0.3, 0.12, 0.12, 0.12, 0.12]) ** 2


def drawn(n: int, seed: int, sign: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    return X, (rng.random(n) < expit(-0.5 + sign * (X @ MEAN[1:]))).astype(float)


def trusted(n: int, seed: int, sign: float):
    X, y = drawn(n, seed, sign)
    return fit_with_trust(X, np.zeros((n, 0)), y, np.ones(n), MEAN, COVARIANCE)


def test_agreement_earns_trust_and_reversal_loses_it() -> None:
    agree = [trusted(300, seed, 1.0) for seed in range(20)]
    against = [trusted(300, seed, -1.0) for seed in range(20)]
    none = [trusted(300, seed, 0.0) for seed in range(20)]
    assert np.mean([f.trust for f in agree]) > 0.75
    assert np.mean([f.trust for f in against]) < 0.1
    assert np.mean([f.trust for f in none]) < 0.4
    assert all(f.conflict < 0.01 for f in against)
    assert sum(f.conflict < 0.01 for f in agree) <= 1


def test_it_is_nearer_the_truth_than_going_alone_and_safe_when_reversed() -> None:
    gains = {1.0: [], -1.0: []}
    for sign in gains:
        for seed in range(20):
            X, y = drawn(100 if sign > 0 else 300, seed, sign)
            n = len(y)
            fit = fit_with_trust(X, np.zeros((n, 0)), y, np.ones(n), MEAN, COVARIANCE)
            alone = fit_ipcw_logistic(X, y, np.ones(n), GaussianPrior.independent(4, 0.22))
            truth = np.concatenate([[-0.5], sign * MEAN[1:]])
            gains[sign].append(((alone.coef - truth) ** 2).sum() - ((fit.coef - truth) ** 2).sum())
    assert np.mean(gains[1.0]) > 0.03
    assert np.mean(gains[-1.0]) > -0.02


def test_evidence_is_laplaces() -> None:
    # Against the integral by importance sampling from the posterior itself.
    X, y = drawn(80, 3, 1.0)
    X = X[:, :2]
    prior = GaussianPrior(np.array([-0.5, 0.5, -0.4]), np.array([4.0, 30.0, 30.0]))
    fit = fit_ipcw_logistic(X, y, np.ones(80), prior)
    rng = np.random.default_rng(0)
    posterior = multivariate_normal(fit.coef, fit.covariance)
    sample = posterior.rvs(40_000, random_state=rng)
    eta = sample[:, :1] + sample[:, 1:] @ X.T
    likelihood = -np.logaddexp(0, np.where(y > 0.5, -eta, eta)).sum(axis=1)
    density = multivariate_normal(prior.mean, np.diag(1 / prior.precision)).logpdf(sample)
    ratio = likelihood + density - posterior.logpdf(sample)
    exact = np.log(np.mean(np.exp(ratio - ratio.max()))) + ratio.max()
    assert _evidence(fit, prior) == pytest.approx(exact, abs=0.05)


def test_intervals_cover_effects_drawn_from_the_prior() -> None:
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(1000 + seed)
        beta = rng.multivariate_normal(MEAN, COVARIANCE)
        X = rng.normal(size=(120, 4))
        y = (rng.random(120) < expit(beta[0] + X @ beta[1:])).astype(float)
        fit = fit_with_trust(X, np.zeros((120, 0)), y, np.ones(120), MEAN, COVARIANCE)
        reach = 1.645 * np.sqrt(np.diag(fit.covariance))
        covered.append(np.abs(fit.coef - beta) <= reach)
    assert 0.85 <= np.concatenate(covered).mean() <= 0.96


def test_own_columns_are_held_to_a_tenth() -> None:
    rng = np.random.default_rng(2)
    X, _ = drawn(60, 2, 1.0)
    own = rng.normal(size=(60, 3))
    y = (rng.random(60) < 0.4).astype(float)
    fit = fit_with_trust(X, own, y, np.ones(60), MEAN, COVARIANCE)
    assert fit.coef.shape == (8,)
    assert np.abs(fit.coef[5:]).max() < 0.15
    assert np.sqrt(np.diag(fit.covariance))[5:].max() <= 0.1 + 1e-9
    assert ALONE_SD == 0.2
