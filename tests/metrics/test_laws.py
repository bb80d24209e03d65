"""Laws a score must obey whatever the formula says."""

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
    observed_expected_ratio,
)
from hscrisk.survival import AalenJohansen, CensoringDistribution, Outcome
from tests.metrics.made_up import cohort

SCORES: list[Callable[..., Any]] = [
    brier_score,
    cumulative_dynamic_auc,
    observed_expected_ratio,
    calibration_intercept_slope,
]


def with_null(y: Any, risk: Any, horizons: Any, **how: Any) -> Any:
    return index_of_prediction_accuracy(y, risk, horizons, null=[0.4], **how)


EVERY = [*SCORES, with_null]


@pytest.mark.parametrize("score", EVERY)
def test_order_unit_of_time_and_names_of_competing_causes_do_not_matter(
    score: Callable[..., Any],
) -> None:
    y, risk = cohort()
    there = score(y, risk, [100])
    shuffled = np.random.default_rng(0).permutation(400)
    again = Outcome(y.event[shuffled], y.duration[shuffled])
    np.testing.assert_allclose(score(again, risk[shuffled], [100]), there, atol=1e-9)
    weeks = Outcome(y.event, y.duration / 7)
    np.testing.assert_allclose(score(weeks, risk, [100 / 7]), there, atol=1e-9)
    apart = Outcome(np.where((y.event == 2) & (risk > 0.5), 3, y.event), y.duration)
    np.testing.assert_array_equal(score(apart, risk, [100]), there)


@pytest.mark.parametrize("score", EVERY)
def test_another_cause_is_the_first_with_codes_exchanged(score: Callable[..., Any]) -> None:
    y, risk = cohort()
    exchanged = Outcome(np.array([0, 2, 1])[y.event], y.duration)
    np.testing.assert_array_equal(
        score(exchanged, risk, [100], event_of_interest=2), score(y, risk, [100])
    )
    with pytest.raises(InvalidConfiguration, match="0 is censoring"):
        score(y, risk, [100], event_of_interest=0)


@pytest.mark.parametrize("score", EVERY)
def test_taking_every_subject_twice_changes_nothing(score: Callable[..., Any]) -> None:
    y, risk = cohort()
    twice = Outcome(np.tile(y.event, 2), np.tile(y.duration, 2))
    np.testing.assert_allclose(
        score(twice, np.tile(risk, 2), [100]), score(y, risk, [100]), atol=1e-9
    )


@pytest.mark.parametrize("score", EVERY)
def test_subjects_lost_before_anything_happens_add_nothing(score: Callable[..., Any]) -> None:
    """Their weight passes to all others evenly; with the mean risk, they do not move O/E."""
    y, risk = cohort()
    more = Outcome(np.r_[y.event, np.zeros(50, np.int64)], np.r_[y.duration, np.full(50, 0.5)])
    there = score(y, risk, [100])
    np.testing.assert_allclose(
        score(more, np.r_[risk, np.full(50, risk.mean())], [100]), there, atol=1e-9
    )


@pytest.mark.parametrize("score", EVERY)
def test_horizons_are_judged_one_by_one_and_g_may_come_from_elsewhere(
    score: Callable[..., Any],
) -> None:
    y, risk = cohort()
    if score is with_null:
        both = index_of_prediction_accuracy(y, np.c_[risk, risk], [60, 100], null=[0.4, 0.4])
    else:
        both = score(y, np.c_[risk, risk], [60, 100])
    assert both.shape[-1] == 2
    np.testing.assert_array_equal(both[..., 1], score(y, risk, [100])[..., 0])
    own = CensoringDistribution().fit(y)
    np.testing.assert_array_equal(score(y, risk, [100], censoring=own), score(y, risk, [100]))
    other = CensoringDistribution().fit(cohort(seed=6, mean_follow_up=80)[0])
    assert (score(y, risk, [100], censoring=other) != score(y, risk, [100])).any()


def test_auc_depends_on_order_only_and_constants_have_a_half() -> None:
    y, risk = cohort()
    auc = cumulative_dynamic_auc(y, risk, [100])[0]
    assert auc > 0.6
    assert cumulative_dynamic_auc(y, risk**3, [100])[0] == auc
    assert cumulative_dynamic_auc(y, 1 - risk, [100])[0] == pytest.approx(1 - auc, abs=1e-12)
    assert cumulative_dynamic_auc(y, np.full(400, 0.3), [100])[0] == 0.5


def test_the_truth_has_the_smallest_brier_and_the_null_has_ipa_zero() -> None:
    y, truth = cohort(6000, seed=11)
    null = AalenJohansen().fit(y).predict([100])
    ipa = index_of_prediction_accuracy(y, truth, [100], null=null)[0]
    assert ipa > 0.1
    for worse in (expit(logit(truth) + 0.5), expit(0.4 * logit(truth)), np.full(6000, null[0])):
        assert index_of_prediction_accuracy(y, worse, [100], null=null)[0] < ipa
    same = index_of_prediction_accuracy(y, np.full((6000, 1), null[0]), [100], null=null)
    assert same[0] == 0


def test_weights_undo_what_censoring_does() -> None:
    """Heavily censored, each score stays near that of the same subjects followed to the end."""
    whole, risk = cohort(20_000, seed=21, mean_follow_up=1e9)
    lost, _ = cohort(20_000, seed=21, mean_follow_up=120)
    unknown = (lost.event == 0) & (lost.duration < 100)
    assert unknown.mean() > 0.3
    for score in SCORES:
        np.testing.assert_allclose(score(lost, risk, [100]), score(whole, risk, [100]), atol=0.05)


def test_observed_over_expected_uses_the_aalen_johansen_incidence() -> None:
    y, risk = cohort()
    f = AalenJohansen().fit(y).predict([60, 100])
    ours = observed_expected_ratio(y, np.column_stack([risk, risk]), [60, 100])
    np.testing.assert_allclose(ours, f / risk.mean(), atol=1e-12)
    with pytest.raises(NotEstimable, match="no event is expected"):
        observed_expected_ratio(y, np.zeros(400), [100])


def test_recalibration_finds_shift_and_stretch_however_small_the_spread() -> None:
    """Risks shifted by .4 and stretched by k have an intercept and slope that undo it."""
    y, risk = cohort(3000, seed=3)
    _, own = calibration_intercept_slope(y, risk, [100])[:, 0]
    assert own == pytest.approx(1, abs=0.15)
    for stretch in (3.0, 0.1, 0.01, 0.001):
        spread = expit(0.4 + stretch * logit(risk))
        slope = calibration_intercept_slope(y, spread, [100])[1, 0]
        assert slope * stretch == pytest.approx(own, rel=1e-6)
    intercept = calibration_intercept_slope(y, risk, [100])[0, 0]
    moved = calibration_intercept_slope(y, expit(0.4 + logit(risk)), [100])
    np.testing.assert_allclose(moved[:, 0], [intercept - 0.4, own], atol=1e-8)


def test_risks_without_spread_or_that_separate_have_an_intercept_but_no_slope() -> None:
    y, risk = cohort()
    happened = (y.event == 1) & (y.duration <= 100)
    for flat in (np.full(400, 0.3), np.where(happened, 0.6, 0.3) + risk / 10):
        intercept, slope = calibration_intercept_slope(y, flat, [100])[:, 0]
        assert np.isfinite(intercept)
        assert np.isnan(slope)


@pytest.mark.parametrize("score", EVERY)
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


@pytest.mark.parametrize("score", EVERY)
def test_what_is_no_risk_or_no_day_is_refused(score: Callable[..., Any]) -> None:
    y, risk = cohort()
    for wrong in (risk + 1, np.full(400, np.nan), risk[:-1], np.column_stack([risk, risk])):
        with pytest.raises(InvalidConfiguration):
            score(y, wrong, [100])
    for days in ([0], [-5], [np.nan]):
        with pytest.raises(InvalidConfiguration, match="days above 0"):
            score(y, risk, days)
