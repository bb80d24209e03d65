"""Intervals of calibration errors, and of few groups."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from hscrisk.metrics import smoothing
from hscrisk.metrics.draws import Draws
from hscrisk.metrics.error_intervals import SIZES, binned, error_interval
from hscrisk.metrics.intervals import effective_groups, percentile_interval, tail_of
from tests.metrics.made_up import cohort


def intervals(n: int, seed: int, shift: float) -> dict[str, tuple[float, float, float]]:
    """Return low, estimate and high of each error of risks moved by `shift` in log-odds."""
    y, risk = cohort(n, seed)
    risk = expit(logit(risk) + shift)
    basis, bins = smoothing.Basis.of(risk), binned(risk)
    samples = Draws(y, n_draws=200, seed=0)
    fitted = np.vstack([smoothing.curve(s, risk, basis) for s in samples.at(100)])
    curves = smoothing.at(fitted, bins, basis)
    own = smoothing.at(fitted[:1], risk, basis)
    errors = smoothing.errors(np.ones_like(own), own, risk)[:, 0]
    found = {}
    for metric, estimate in zip(SIZES, errors, strict=True):
        low, high = error_interval(metric, float(estimate), curves, bins)
        found[metric] = (low, float(estimate), high)
    return found


def test_an_interval_holds_its_estimate_and_reaches_zero_where_calibration_is_perfect() -> None:
    reached = 0
    for seed in range(12):
        for low, estimate, high in intervals(300, seed, 0.0).values():
            assert 0 <= low <= estimate <= high < 0.5
            reached += low == 0
    assert reached >= 30  # 97.5 % of 36


def test_it_lies_above_zero_where_risks_are_far_off_and_narrows_with_size() -> None:
    few, many = intervals(300, 1, 0.9), intervals(4800, 1, 0.9)
    for metric in SIZES:
        assert few[metric][0] > 0.03
        ratio = (few[metric][2] - few[metric][0]) / (many[metric][2] - many[metric][0])
        assert 2.5 < ratio < 6.5


def test_the_sizes_are_mean_median_and_ninetieth_percentile() -> None:
    off = np.array([[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.3]])
    assert [size(off)[0] for size in SIZES.values()] == pytest.approx([0.49, 0.45, 0.85])
    assert binned(np.array([0.3, 0.1])).tolist() == [0.1, 0.3]
    assert len(binned(np.linspace(0, 1, 1001))) == 50


def test_a_single_point_has_the_interval_of_a_folded_normal() -> None:
    """|d| of a flat curve, d known with standard error .05: tried against the distribution itself.

    Where .1 is shown, 0 stays in: perfect calibration shows that much in 4.6 %, and is given up
    below 2.5 %.
    """
    chance = np.random.default_rng(0).normal(0, 0.05, 40_000)
    chance = np.concatenate([chance, -chance])
    curves = 0.3 + np.concatenate([[0.1], 0.1 + chance])[:, None]
    low, high = error_interval("ici", 0.1, curves, np.array([0.3]))
    assert high == pytest.approx(0.1 + 1.96 * 0.05, abs=0.003)
    assert low == 0
    curves = 0.3 + np.concatenate([[0.2], 0.2 + chance])[:, None]
    low, high = error_interval("e90", 0.2, curves, np.array([0.3]))
    assert [low, high] == pytest.approx([0.2 - 1.96 * 0.05, 0.2 + 1.96 * 0.05], abs=0.004)


def test_no_interval_where_a_tenth_of_the_curves_failed() -> None:
    curves = np.full((101, 3), 0.4)
    curves[1:12] = np.nan
    risk = np.array([0.2, 0.3, 0.4])
    assert np.isnan(error_interval("ici", 0.1, curves, risk)).all()
    curves[1:3] = 0.41
    assert np.isfinite(error_interval("ici", 0.1, curves, risk)).all()


def test_few_and_unequal_groups_widen_intervals() -> None:
    assert effective_groups(np.repeat(np.arange(10), 4)) == 10
    assert effective_groups(np.array([0, 0, 0, 1])) == pytest.approx(16 / 10)
    # Phi(-t(.975, 9) sqrt(10 / 9)) = Phi(-2.2622 * 1.0541)
    assert tail_of(0.95, 10) == pytest.approx(0.00855, abs=2e-5)
    assert tail_of(0.95, np.inf) == tail_of(0.95, 1) == pytest.approx(0.025)
    draws = np.random.default_rng(0).normal(size=999)
    low, high = percentile_interval(draws)
    wider = percentile_interval(draws, n_groups=10)
    assert wider[0] < low < high < wider[1]
