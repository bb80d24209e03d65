"""The models against a known truth, at full size (`make prove`)."""

from __future__ import annotations

import numpy as np
import pytest

from hscrisk.datasets import simulate_cohort
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence

DAYS = [30, 60, 100]
NEW = 20_000


def accuracy(risk: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the expected IPA at each horizon, given the true risks."""

    def brier(p: np.ndarray) -> np.ndarray:
        return (truth * (1 - p) ** 2 + (1 - truth) * p**2).mean(axis=0)

    return 1 - brier(risk) / brier(np.broadcast_to(truth.mean(axis=0), truth.shape))


@pytest.mark.parametrize("interactions", [True, False])
def test_ten_thousand(*, interactions: bool) -> None:
    cohort = simulate_cohort(10_000, seed=21, interactions=interactions)
    new = simulate_cohort(NEW, seed=22, interactions=interactions)
    truth = new.truth(DAYS)
    linear = LogisticIncidence(horizons=DAYS).fit(cohort.X, cohort.y)
    default = LinearBoostedIncidence(horizons=DAYS, n_refits=0).fit(cohort.X, cohort.y)
    best = accuracy(truth, truth)
    plain = accuracy(linear.predict_cumulative_incidence(new.X), truth)
    joined = accuracy(default.predict_cumulative_incidence(new.X), truth)
    print(f"\nIPA: truth {best.round(4)}, backbone {plain.round(4)}, default {joined.round(4)}")
    if interactions:
        assert ((best - plain) > 0.10).all()
        assert ((best - plain) < 0.15).all()
        assert ((joined - plain) / (best - plain) >= 0.5).all()
    else:
        assert (joined - plain).min() >= -0.002


@pytest.mark.parametrize(("n", "least"), [(300, 0.80), (1000, 0.86)])
def test_coverage_of_the_interval(n: int, least: float) -> None:
    """How often the 90 % interval of a new patient's risk holds the true risk.

    The simulated effects are up to three times what the prior expects, so small cohorts shrink
    them and cover less.
    """
    new = simulate_cohort(1000, seed=1000)
    truth, covered = new.truth(DAYS), []
    for seed in range(12):
        cohort = simulate_cohort(n, seed=seed)
        model = LinearBoostedIncidence(horizons=DAYS, n_refits=20, random_state=seed)
        low, high = model.fit(cohort.X, cohort.y).predict_interval(new.X)
        covered.append(((low <= truth) & (truth <= high)).mean())
    print(f"\nn {n}: covered {np.mean(covered):.3f} (each {np.round(covered, 2)})")
    assert least <= np.mean(covered) <= 0.97
