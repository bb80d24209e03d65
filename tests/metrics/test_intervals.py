"""Bootstrap draws are scores of drawn subjects, and their intervals cover."""

from __future__ import annotations

import numpy as np
import pytest

from hscrisk.metrics import kernels, pairs
from hscrisk.metrics.intervals import bootstrap_multiplicity, percentile_interval
from hscrisk.metrics.states import KnownStates
from hscrisk.survival import DrawnCensoring, Outcome
from tests.metrics.made_up import cohort


def scores(states: KnownStates, risk: np.ndarray, null: float) -> dict[str, np.ndarray]:
    """Return every score of a sample or its draws, and two differences of IPA."""
    together = np.zeros(len(risk), dtype=np.intp)
    brier = kernels.brier(states, risk)
    base = kernels.brier(states, np.full(len(risk), null))
    shrunk = kernels.brier(states, 0.5 * risk + 0.5 * null)
    intercept, slope = kernels.recalibration(states, risk).T
    return {
        "auc": pairs.concordance(states, risk, together),
        "brier": brier,
        "ipa": 1 - brier / base,
        "ipa_difference": (shrunk - brier) / base,
        "oe_ratio": kernels.observed(states) / kernels.expected(states, risk),
        "intercept": intercept,
        "slope": slope,
    }


def test_a_draw_is_the_score_of_the_drawn_subjects_with_a_g_of_their_own() -> None:
    y, risk = cohort(120, mean_follow_up=100)
    fold = np.arange(120, dtype=np.intp) % 3
    drawn = bootstrap_multiplicity(np.arange(120), 6, 1)
    states = KnownStates.drawn(y, 100, drawn, censoring=DrawnCensoring(y, drawn))
    ours = scores(states, risk, 0.4) | {"within": pairs.concordance(states, risk, fold)}
    for k, counts in enumerate(drawn.astype(int)):
        who = np.repeat(np.arange(120), counts)
        again = KnownStates.at(Outcome(y.event[who], y.duration[who]), 100)
        theirs = scores(again, risk[who], 0.4)
        theirs["within"] = pairs.concordance(again, risk[who], fold[who])
        for name, found in theirs.items():
            assert ours[name][k] == pytest.approx(found[0], abs=1e-8), name


def test_groups_are_drawn_whole_and_the_same_for_a_seed() -> None:
    groups = np.repeat(np.arange(50), 3)
    drawn = bootstrap_multiplicity(groups, 20, 0)
    by_group = drawn.reshape(20, 50, 3)
    assert (by_group == by_group[:, :, :1]).all()
    assert (by_group[:, :, 0].sum(axis=1) == 50).all()
    assert (drawn == bootstrap_multiplicity(groups, 20, 0)).all()
    assert (drawn != bootstrap_multiplicity(groups, 20, 1)).any()


def test_an_interval_is_refused_where_a_tenth_of_the_draws_failed() -> None:
    assert all(np.isnan(percentile_interval(np.r_[np.full(20, np.nan), np.ones(80)])))
    assert percentile_interval(np.arange(1.0, 1000.0)) == pytest.approx((25.0, 975.0))


@pytest.mark.slow
def test_intervals_cover_what_a_large_sample_shows() -> None:
    """100 samples of 300, half of them lost to follow-up.

    An interval that covers 95 % misses 14 times or more in 1 of 2,000 runs. Intervals much too
    wide would miss less than 12 times in all 700.
    """
    big, risk = cohort(400_000, seed=99, slope=1.5, mean_follow_up=1e12)
    truth = scores(KnownStates.at(big, 100), risk, 0.4)
    misses = dict.fromkeys(truth, 0)
    for seed in range(100):
        y, risk = cohort(300, seed=1000 + seed, slope=1.5, mean_follow_up=120)
        drawn = bootstrap_multiplicity(np.arange(300), 300, seed)
        states = KnownStates.drawn(y, 100, drawn, censoring=DrawnCensoring(y, drawn))
        for name, found in scores(states, risk, 0.4).items():
            low, high = percentile_interval(found)
            misses[name] += not low <= truth[name][0] <= high
    assert max(misses.values()) <= 13, misses
    assert sum(misses.values()) >= 12, misses
