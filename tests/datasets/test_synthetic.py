"""The simulated cohort: its truth is the truth."""

from __future__ import annotations

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from hscrisk.datasets import simulate_cohort
from hscrisk.survival import AalenJohansen

DAYS = np.array([10.0, 30, 60, 100, 180, 365, 800])


def test_the_same_seed_gives_the_same_cohort() -> None:
    one, two = simulate_cohort(50, seed=3), simulate_cohort(50, seed=3)
    assert_frame_equal(one.X, two.X)
    assert_frame_equal(one.y, two.y)
    assert not simulate_cohort(50, seed=4).X.equals(one.X)


@pytest.mark.parametrize("interactions", [False, True])
def test_the_truth_is_what_happens(interactions: bool) -> None:
    cohort = simulate_cohort(20_000, seed=5, interactions=interactions, censoring=False)
    happened = (cohort.y["event"] == 1).to_numpy()
    for day, risk in zip(DAYS, cohort.truth(DAYS).T, strict=True):
        state = happened & (cohort.y["duration"] <= day).to_numpy()
        # By fifths of the true risk: level and slope are right, not only the mean.
        for part in np.array_split(np.argsort(risk), 5):
            error = np.sqrt((risk[part] * (1 - risk[part])).sum()) / len(part)
            assert abs(state[part].mean() - risk[part].mean()) < 4 * error
    other = ((cohort.y["event"] == 2) & (cohort.y["duration"] <= 365)).mean()
    assert other == pytest.approx(cohort.truth2([365]).mean(), abs=0.012)


def test_causes_never_exceed_one_and_grow() -> None:
    cohort = simulate_cohort(500, seed=6, interactions=True)
    first, second = cohort.truth(DAYS), cohort.truth2(DAYS)
    assert (first + second).max() <= 1
    assert np.diff(first, axis=1).min() >= 0
    assert np.diff(second, axis=1).min() >= 0


def test_censoring_hides_and_aalen_johansen_sees_through() -> None:
    cohort = simulate_cohort(5000, seed=7)
    assert 0.05 < (cohort.y["event"] == 0).mean() < 0.6
    estimate = AalenJohansen().fit(cohort.y).predict(DAYS[:-1])
    assert np.abs(estimate - cohort.truth(DAYS[:-1]).mean(axis=0)).max() < 0.03


def test_kinds_of_columns_and_gaps() -> None:
    X = simulate_cohort(2000, seed=8).X
    assert X["mismatch"].dtype == bool
    assert X["disease"].cat.categories.tolist() == ["aml", "all", "mds", "other"]
    gaps = X.isna().mean()
    assert set(gaps[gaps > 0].index) == {"donor_age", "performance", "graft"}


def test_in_the_additive_cohort_log_odds_add_up() -> None:
    """Changing two features at once changes the log-odds by the sum of the two changes."""
    cohort = simulate_cohort(4000, seed=9)
    X, risk = cohort.X, cohort.truth([100])[:, 0]
    eta = np.log(risk / (1 - risk))
    design = np.column_stack(
        [
            np.ones(len(X)),
            X["age"],
            X["donor_age"].fillna(36),
            np.minimum(X["comorbidity"], 5),
            X["disease"] == "mds",
            X["mismatch"],
            X["graft"] == "marrow",
        ]
    ).astype(float)
    left = eta - design @ np.linalg.lstsq(design, eta, rcond=None)[0]
    assert np.abs(left).max() < 1e-9
    mixed = simulate_cohort(4000, seed=9, interactions=True).truth([100])[:, 0]
    eta = np.log(mixed / (1 - mixed))
    left = eta - design @ np.linalg.lstsq(design, eta, rcond=None)[0]
    assert left.std() > 0.5
