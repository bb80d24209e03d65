"""Scores against brute force, and the laws a score must obey whatever the formula says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.metrics import (
    brier_score,
    calibration_intercept_slope,
    cumulative_dynamic_auc,
    index_of_prediction_accuracy,
    kernels,
    observed_expected_ratio,
)
from hscrisk.metrics.intervals import bootstrap_multiplicity, percentile_interval
from hscrisk.metrics.states import KnownStates
from hscrisk.survival import AalenJohansen, Outcome
from tests.reference import brute_force
from tests.survival.test_curves import COHORTS

SCORES: list[Callable[..., Any]] = [
    brier_score,
    cumulative_dynamic_auc,
    observed_expected_ratio,
    calibration_intercept_slope,
]


def cohort(n: int = 400, seed: int = 5, slope: float = 1.0) -> tuple[Outcome, np.ndarray]:
    """Draw outcomes whose risk by day 100 is known, with competing events and censoring."""
    rng = np.random.default_rng(seed)
    risk = expit(rng.normal(-0.5, 1.0, n))
    first = rng.uniform(size=n) < risk
    day = np.ceil(rng.uniform(0, 100, n))
    event = np.where(first, 1, np.where(rng.uniform(size=n) < 0.5, 2, 0))
    duration = np.where(first | (event == 2), day, 200.0)
    lost = np.ceil(rng.exponential(300, n))
    event = np.where(lost < duration, 0, event)
    duration = np.minimum(duration, lost)
    return Outcome(event.astype(np.int64), duration), expit(slope * logit(risk))


def test_brier_and_auc_equal_brute_force_on_small_cohorts_with_ties() -> None:
    rng = np.random.default_rng(7)
    compared = 0
    for y in COHORTS:
        risk = rng.choice([0.1, 0.2, 0.3, 0.5, 0.8], size=len(y.event))
        event, duration = y.event.tolist(), y.duration.tolist()
        once = np.ones((1, len(risk)))
        for t in (2.0, 3.5, 5.0, 8.0):
            states = KnownStates.at(y, t)
            theirs = brute_force.brier(event, duration, risk.tolist(), t)
            assert kernels.brier(states, risk, once)[0] == pytest.approx(theirs, abs=1e-12)
            together = np.zeros(len(risk), dtype=np.intp)
            ours = kernels.concordance(states, risk, together, once)[0]
            cases = ((y.event == 1) & (y.duration <= t)).any()
            if cases and np.isfinite(ours):
                theirs = brute_force.auc(event, duration, risk.tolist(), t)
                assert ours == pytest.approx(theirs, abs=1e-12)
                compared += 1
    assert compared > 200


def test_a_bootstrap_draw_is_the_score_of_the_drawn_subjects() -> None:
    y, risk = cohort(120)
    states = KnownStates.at(y, 100)
    fold = np.arange(120, dtype=np.intp) % 3
    drawn = bootstrap_multiplicity(np.arange(120), 4, 1)
    for k, counts in enumerate(drawn.astype(int)):
        who = np.repeat(np.arange(120), counts)
        again = KnownStates(states.target[who], states.weight[who])
        once = np.ones((1, len(who)))
        pairs = [
            (kernels.brier(states, risk, drawn)[k], kernels.brier(again, risk[who], once)[0]),
            (
                kernels.concordance(states, risk, fold, drawn)[k],
                kernels.concordance(again, risk[who], fold[who], once)[0],
            ),
        ]
        for a, b in zip(
            kernels.recalibration(states, risk, drawn),
            kernels.recalibration(again, risk[who], once),
            strict=True,
        ):
            pairs.append((a[k], b[0]))
        for ours, theirs in pairs:
            assert ours == pytest.approx(theirs, abs=1e-8)


def test_recalibration_solves_its_score_equations() -> None:
    y, risk = cohort(slope=0.5)
    a, b = calibration_intercept_slope(y, risk, [100])[:, 0]
    states = KnownStates.at(y, 100)
    x = logit(risk)
    shifted = states.weight * (states.target - expit(a + x))
    assert shifted.sum() == pytest.approx(0, abs=1e-6)
    # With the slope free, its own intercept is found by a scan: the slope must zero both sums.
    from scipy.optimize import brentq

    own = brentq(lambda c: (states.weight * (states.target - expit(c + b * x))).sum(), -9, 9)
    residual = states.weight * (states.target - expit(own + b * x))
    assert (residual * x).sum() == pytest.approx(0, abs=1e-5)


def test_risks_spread_too_far_have_a_slope_below_one_and_the_right_ones_near_one() -> None:
    y, right = cohort(6000, seed=3)
    _, extreme = cohort(6000, seed=3, slope=2.0)
    assert calibration_intercept_slope(y, right, [100])[1, 0] == pytest.approx(1, abs=0.1)
    assert calibration_intercept_slope(y, extreme, [100])[1, 0] == pytest.approx(0.5, abs=0.05)


def test_the_truth_has_the_smallest_brier_and_the_null_has_ipa_zero() -> None:
    y, truth = cohort(6000, seed=11)
    null = AalenJohansen().fit(y).predict([100])
    ipa = index_of_prediction_accuracy(y, truth, [100], null=null)[0]
    assert ipa > 0.1
    for worse in (expit(logit(truth) + 0.5), expit(0.4 * logit(truth)), np.full(6000, null[0])):
        assert index_of_prediction_accuracy(y, worse, [100], null=null)[0] < ipa
    same = index_of_prediction_accuracy(y, np.full((6000, 1), null[0]), [100], null=null)
    assert same[0] == 0


def test_auc_depends_on_order_only_and_constants_have_a_half() -> None:
    y, risk = cohort()
    auc = cumulative_dynamic_auc(y, risk, [100])[0]
    assert cumulative_dynamic_auc(y, risk**3, [100])[0] == auc
    assert cumulative_dynamic_auc(y, 1 - risk, [100])[0] == pytest.approx(1 - auc, abs=1e-12)
    assert cumulative_dynamic_auc(y, np.full(400, 0.3), [100])[0] == 0.5


def test_observed_over_expected_uses_the_aalen_johansen_incidence() -> None:
    y, risk = cohort()
    f = AalenJohansen().fit(y).predict([60, 100])
    ours = observed_expected_ratio(y, np.column_stack([risk, risk]), [60, 100])
    np.testing.assert_allclose(ours, f / risk.mean(), atol=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_the_order_of_subjects_does_not_matter(score: Callable[..., Any]) -> None:
    y, risk = cohort()
    shuffled = np.random.default_rng(0).permutation(400)
    again = Outcome(y.event[shuffled], y.duration[shuffled])
    np.testing.assert_allclose(
        score(y, risk, [100]), score(again, risk[shuffled], [100]), atol=1e-9
    )


@pytest.mark.parametrize("score", SCORES)
def test_too_few_events_are_not_estimable_and_say_so(score: Callable[..., Any]) -> None:
    y, risk = cohort()
    few = Outcome(np.where(np.cumsum(y.event == 1) > 9, 2, y.event), y.duration)
    with pytest.raises(NotEstimable, match="only 9 events by day 200"):
        score(few, risk, [200])
    everybody = Outcome(np.ones(400, dtype=np.int64), np.full(400, 50.0))
    with pytest.raises(NotEstimable, match="known without the event"):
        score(everybody, risk, [100])
    lost = Outcome(
        np.r_[np.ones(200, np.int64), np.zeros(195, np.int64), np.full(5, 0)],
        np.r_[np.full(200, 10.0), np.full(195, 20.0), np.full(5, 30.0)],
    )
    with pytest.raises(NotEstimable):
        score(lost, risk, [40])


@pytest.mark.parametrize("score", SCORES)
def test_what_is_no_risk_is_refused(score: Callable[..., Any]) -> None:
    y, risk = cohort()
    for wrong in (risk + 1, np.full(400, np.nan), risk[:-1], np.column_stack([risk, risk])):
        with pytest.raises(InvalidConfiguration):
            score(y, wrong, [100])


def test_groups_are_drawn_whole_and_intervals_refuse_many_failures() -> None:
    groups = np.repeat(np.arange(50), 3)
    drawn = bootstrap_multiplicity(groups, 20, 0).reshape(20, 50, 3)
    assert (drawn == drawn[:, :, :1]).all()
    assert (drawn[:, :, 0].sum(axis=1) == 50).all()
    assert all(np.isnan(percentile_interval(np.r_[np.full(20, np.nan), np.ones(80)])))
    assert percentile_interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))


@pytest.mark.slow
def test_intervals_of_brier_auc_and_slope_cover_what_a_large_sample_shows() -> None:
    """60 samples of 300: 95 % intervals miss about 3 times each; 9 or more is 1 in 1,000."""
    big, risk = cohort(200_000, seed=99, slope=1.5)
    together = np.zeros(len(risk), dtype=np.intp)
    states, once = KnownStates.at(big, 100), np.ones((1, len(risk)))
    truth = np.array(
        [
            kernels.brier(states, risk, once)[0],
            kernels.concordance(states, risk, together, once)[0],
            kernels.recalibration(states, risk, once)[1][0],
        ]
    )
    misses = np.zeros(3)
    for seed in range(60):
        y, risk = cohort(300, seed=1000 + seed, slope=1.5)
        states = KnownStates.at(y, 100)
        draws = bootstrap_multiplicity(np.arange(300), 300, seed)
        found = (
            kernels.brier(states, risk, draws),
            kernels.concordance(states, risk, np.zeros(300, dtype=np.intp), draws),
            kernels.recalibration(states, risk, draws)[1],
        )
        limits = np.array([percentile_interval(f) for f in found])
        misses += (truth < limits[:, 0]) | (truth > limits[:, 1])
    assert (misses <= 8).all(), misses
