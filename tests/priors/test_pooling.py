"""Pooling against its own equations by plain loops, against raw data, and against a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.priors import Prior, Summary, pool, summarise_states
from hscrisk.priors.pooling import INFLATION
from hscrisk.priors.summary import AnchorSummary
from hscrisk.survival.ipcw_logistic import GaussianPrior, fit_ipcw_logistic
from tests.priors.conftest import registry, shared

MU = np.array([-0.5, 0.4, -0.3, 0.2, 0.0])
SPREAD = np.array([0.3, 0.1, 0.2, 0.05, 0.1])


def drawn(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    beta = MU + SPREAD * rng.normal(size=5)
    X = rng.normal(size=(n, 4))
    return X, (rng.random(n) < expit(beta[0] + X @ beta[1:])).astype(float)


def several(k: int, n: int, seed: int) -> list[AnchorSummary]:
    rng = np.random.default_rng(seed)
    return [summarise_states(*drawn(n, rng), np.ones(n), 100.0) for _ in range(k)]


def test_the_result_solves_its_equations() -> None:
    found = several(7, 300, 1)
    result = pool(found)
    t = result.spread**2
    precision = np.diag([1e-6, 4, 4, 4, 4])
    pulled = np.zeros(5)
    for s in found:
        own = np.linalg.inv(s.information)
        estimate = s.point + own @ s.gradient
        weight = np.linalg.inv(own + np.diag(t))
        precision = precision + weight
        pulled += weight @ estimate
    assert result.mean == pytest.approx(np.linalg.solve(precision, pulled), abs=1e-6)
    expected = (np.linalg.inv(precision) + np.diag(t)) * INFLATION
    assert result.covariance == pytest.approx(expected, abs=1e-6)
    squares = 2 * np.array([0.09, 0.01, 0.01, 0.01, 0.01])
    mean_covariance = np.linalg.inv(precision)
    for s in found:
        inverse = np.linalg.inv(s.information + np.diag(1 / t))
        own = inverse @ (s.information @ s.point + s.gradient + result.mean / t)
        rest = np.eye(5) - inverse @ np.diag(1 / t)
        variance = inverse + rest @ mean_covariance @ rest.T
        squares = squares + (own - result.mean) ** 2 + np.diag(variance)
    assert t == pytest.approx(squares / 9, abs=1e-5)


def test_a_known_truth_is_found() -> None:
    results = [pool(several(20, 400, seed)) for seed in range(10)]
    means = np.array([r.mean for r in results])
    assert np.abs(means.mean(axis=0) - MU).max() < 0.06
    spreads = np.mean([r.spread for r in results], axis=0)
    assert np.abs(spreads - SPREAD).max() < 0.06


def test_order_changes_nothing() -> None:
    found = several(6, 200, 3)
    first, again = pool(found), pool(found[::-1])
    assert np.array_equal(first.mean, again.mean)
    assert np.array_equal(first.covariance, again.covariance)


def test_summaries_lose_little_against_raw_data() -> None:
    rng = np.random.default_rng(4)
    beta = np.array([-0.5, 0.4, -0.3, 0.2, 0.1])
    parts = []
    for n in (150, 300, 600, 900):
        X = rng.normal(size=(n, 4))
        parts.append((X, (rng.random(n) < expit(beta[0] + X @ beta[1:])).astype(float)))
    linear, information = np.zeros(5), np.diag([0.0, 4, 4, 4, 4])
    for X, y in parts:
        s = summarise_states(X, y, np.ones(len(y)), 100.0)
        linear += s.linear()
        information += s.information
    pooled = np.linalg.solve(information, linear)
    X, y = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    raw = fit_ipcw_logistic(X, y, np.ones(len(y)), GaussianPrior.independent(4, 0.5))
    assert pooled == pytest.approx(raw.coef, abs=0.02)


def test_an_absent_field_has_no_information_and_leaves_the_prior_open(
    summaries: list[Summary],
) -> None:
    prior = Prior.of(summaries, name="made_up")
    names = list(prior.terms.names)
    at = prior.endpoints["acute_gvhd_2_4"][-1].pooled
    assert at.n_cohorts[1 + names.index("age")] == 6
    assert at.n_cohorts[1 + names.index("female_donor_to_male")] == 5
    assert at.n_cohorts[1 + names.index("donor_age")] == 0
    donor_age = 1 + names.index("donor_age")
    assert at.mean[donor_age] == pytest.approx(0, abs=1e-9)
    assert at.covariance[donor_age, donor_age] == pytest.approx((0.25 + 0.01) * INFLATION, rel=1e-6)
    assert at.mean[1 + names.index("myeloablative")] == pytest.approx(0.5, abs=0.15)
    assert at.mean[1 + names.index("age")] == pytest.approx(0.3, abs=0.1)


def test_a_term_told_by_few_is_refitted_without() -> None:
    rng = np.random.default_rng(5)
    X, y = drawn(300, rng)
    rare = np.zeros(300)
    rare[:9] = 1
    found = summarise_states(np.column_stack([X, rare]), y, np.ones(300), 100.0)
    alone = summarise_states(X, y, np.ones(300), 100.0)
    assert found.information[5].tolist() == [0.0] * 6
    assert np.array_equal(found.information[:5, :5], alone.information)
    assert np.array_equal(found.point[:5], alone.point)


def test_what_would_tell_of_few_is_not_shared() -> None:
    with pytest.raises(NotEstimable, match="nothing can be shared"):
        shared(40, 1, "tiny")
    with pytest.raises(NotEstimable, match="50 patients"):
        summarise_states(np.zeros((49, 1)), np.r_[np.ones(20), np.zeros(29)], np.ones(49), 100.0)
    with pytest.raises(NotEstimable, match="10 events"):
        summarise_states(np.zeros((90, 1)), np.r_[np.ones(9), np.zeros(81)], np.ones(90), 100.0)
    one = registry(400, 1)
    one.y["duration"] = np.where(one.y["event"] == 1, 90.0, one.y["duration"])
    found = shared(400, 1, "some")
    assert all(a.n_events >= 10 for a in found.endpoints["acute_gvhd_2_4"])


def test_what_does_not_pool_is_refused(summaries: list[Summary]) -> None:
    from dataclasses import replace

    with pytest.raises(InvalidConfiguration, match="no summary"):
        Prior.of([], name="none")
    with pytest.raises(InvalidConfiguration, match="once"):
        Prior.of([summaries[0], summaries[0]], name="twice")
    with pytest.raises(InvalidConfiguration, match="terms"):
        Prior.of([replace(summaries[0], terms_hash="0" * 64)], name="other")


def test_without_pools_again(summaries: list[Summary]) -> None:
    overlaps = {"study_1": {"study_0": 0.4}, "study_2": {"study_5": 0.1}}
    prior = Prior.of(summaries, name="made_up", overlaps=overlaps)
    left = prior.without(["study_0"])
    assert left.studies == tuple(f"study_{k}" for k in range(1, 6))
    direct = Prior.of(summaries[1:], name="made_up", overlaps=overlaps)
    assert left.hash == direct.hash != prior.hash
    apart = prior.without(["study_0"], overlapping=True)
    assert apart.studies == ("study_2", "study_3", "study_4", "study_5")
    assert prior.sharing("study_5") == {"study_2"}
    with pytest.raises(InvalidConfiguration, match="no such study") as error:
        prior.without(["study_9"])
    assert "study_" in str(error.value)


def test_overlapping_patients_count_once(summaries: list[Summary]) -> None:
    whole = Prior.of(summaries, name="made_up")
    all_shared = {"study_1": {"study_0": 1.0}}
    same = Prior.of(summaries, name="made_up", overlaps=all_shared)
    one, other = (p.endpoints["acute_gvhd_2_4"][-1].pooled for p in (whole, same))
    assert np.diag(other.covariance)[1] > np.diag(one.covariance)[1]


def test_between_its_days_it_is_interpolated_and_outside_silent(summaries: list[Summary]) -> None:
    prior = Prior.of(summaries, name="made_up")
    days = {30.0: -2.0, 45.0: -1.5, 60.0: -1.0, 100.0: -0.5}

    def log_odds(asked: np.ndarray) -> np.ndarray:
        return np.array([days[float(d)] for d in asked])

    left, right = (prior.at("acute_gvhd_2_4", d, log_odds) for d in (30.0, 60.0))
    middle = prior.at("acute_gvhd_2_4", 45.0, log_odds)
    assert middle.pooled.mean == pytest.approx((left.pooled.mean + right.pooled.mean) / 2)
    assert prior.at("acute_gvhd_2_4", 100.0, log_odds).day == 100
    assert prior.at("acute_gvhd_2_4", 14.0, log_odds) is None
    assert prior.at("acute_gvhd_2_4", 365.0, log_odds) is None
    assert prior.at("relapse", 100.0, log_odds) is None
