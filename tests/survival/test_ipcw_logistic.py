"""The one solver: against another implementation, and against its own optimum conditions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from hscrisk.errors import NotEstimable
from hscrisk.survival.ipcw_logistic import (
    GaussianPrior,
    effective_weights,
    fit_ipcw_logistic,
)


def data(seed: int, n: int = 300, p: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    y = (rng.random(n) < expit(x @ rng.normal(0, 0.7, p) - 0.8)).astype(float)
    w = np.where(rng.random(n) < 0.2, 0.0, rng.uniform(1, 4, n))
    return x, y, w


@pytest.mark.parametrize("sd", [0.05, 0.22, 3.0])
def test_equals_scikit_learn(sd: float) -> None:
    x, y, w = data(1)
    fit = fit_ipcw_logistic(x, y, w, GaussianPrior.independent(4, sd))
    other = LogisticRegression(C=sd**2, tol=1e-10, max_iter=10000)
    other.fit(x, y, sample_weight=effective_weights(w))
    assert np.allclose(fit.coef, [*other.intercept_, *other.coef_[0]], atol=1e-5)


def negative_log_posterior(
    beta: np.ndarray, x: np.ndarray, y: np.ndarray, w: np.ndarray, prior: GaussianPrior
) -> float:
    eta = beta[0] + x @ beta[1:]
    away = beta - prior.mean
    fit = (effective_weights(w) * (np.log1p(np.exp(eta)) - y * eta)).sum()
    return float(fit + 0.5 * away @ prior.matrix() @ away)


def test_full_prior_equals_a_general_optimiser() -> None:
    x, y, w = data(2)
    root = np.random.default_rng(5).normal(size=(5, 5))
    prior = GaussianPrior(np.array([-1.0, 0.5, 0, -0.5, 0.2]), root @ root.T)
    fit = fit_ipcw_logistic(x, y, w, prior)
    found = minimize(negative_log_posterior, np.zeros(5), (x, y, w, prior), method="BFGS", tol=1e-9)
    assert np.allclose(fit.coef, found.x, atol=1e-4)
    assert fit.log_posterior == pytest.approx(-found.fun, abs=1e-6)


def test_covariance_is_the_inverse_curvature() -> None:
    x, y, w = data(3, p=2)
    prior = GaussianPrior.independent(2, 0.5)
    fit = fit_ipcw_logistic(x, y, w, prior)
    step, k = 1e-3, 3
    curvature = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            a, b = np.eye(k)[i] * step, np.eye(k)[j] * step
            terms = [
                s * negative_log_posterior(fit.coef + u * a + v * b, x, y, w, prior)
                for u, v, s in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
            ]
            curvature[i, j] = sum(terms) / (4 * step**2)
    assert np.allclose(fit.covariance, np.linalg.inv(curvature), rtol=1e-3, atol=1e-6)
    assert np.allclose(fit.information + prior.matrix(), np.linalg.inv(fit.covariance))


@given(st.integers(0, 10_000), st.floats(0.5, 20))
def test_scale_of_the_weights_is_irrelevant(seed: int, factor: float) -> None:
    x, y, w = data(seed, n=60, p=2)
    prior = GaussianPrior.independent(2, 0.3)
    one, other = fit_ipcw_logistic(x, y, w, prior), fit_ipcw_logistic(x, y, w * factor, prior)
    assert np.allclose(one.coef, other.coef, atol=1e-7)


def test_effective_weights_sum_to_the_effective_size() -> None:
    w = np.array([1.0, 1.0, 4.0, 0.0])
    assert effective_weights(w).sum() == pytest.approx(6**2 / 18)
    assert effective_weights(np.ones(7)).tolist() == [1.0] * 7


def test_equal_weights_need_no_correction_and_the_intercept_is_free() -> None:
    x, y, _ = data(4)
    fit = fit_ipcw_logistic(np.zeros_like(x), y, np.ones(len(y)), GaussianPrior.independent(4, 0.1))
    assert expit(fit.coef[0]) == pytest.approx(y.mean(), abs=1e-8)
    assert (fit.coef[1:] == 0).all()


def test_a_distant_start_ends_in_the_same_place() -> None:
    # Plain Newton steps diverge from here: step halving brings them back.
    x, y, w = data(6)
    prior = GaussianPrior.independent(4, 0.22)
    near = fit_ipcw_logistic(x, y, w, prior)
    far = fit_ipcw_logistic(x, y, w, prior, start=np.array([9.0, -8.0, 8.0, -8.0, 8.0]))
    assert np.allclose(near.coef, far.coef, atol=1e-5)


def test_a_nearly_certain_event_converges() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 3))
    y = np.ones(400)
    y[:4] = 0
    fit = fit_ipcw_logistic(x, y, np.ones(400), GaussianPrior.independent(3, 0.22))
    assert expit(fit.coef[0] + x @ fit.coef[1:]).mean() == pytest.approx(0.99, abs=1e-6)


def test_what_cannot_be_estimated_is_said() -> None:
    x, y, w = data(7)
    with pytest.raises(NotEstimable, match="nobody"):
        fit_ipcw_logistic(x, y, np.zeros(len(y)), GaussianPrior.independent(4, 0.2))
    free = GaussianPrior(np.zeros(2), np.zeros(2))
    with pytest.raises(NotEstimable, match=r"maximum|singular"):
        fit_ipcw_logistic(np.sign(x[:, :1]), (x[:, 0] > 0).astype(float), np.ones(len(y)), free)
    doubled = np.column_stack([x[:, :1], x[:, :1]])
    with pytest.raises(NotEstimable, match=r"singular|maximum"):
        fit_ipcw_logistic(doubled, y, w, GaussianPrior(np.zeros(3), np.zeros(3)))
