"""Where the truth is known: trees find what a linear model cannot, and cost nothing elsewhere."""

from __future__ import annotations

import numpy as np

from hscrisk.datasets import simulate_cohort
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence
from hscrisk.models.growing import TreeSettings

DAYS = [30, 60, 100]


def accuracy(risk: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the expected IPA at each horizon, given the true risks."""

    def brier(p: np.ndarray) -> np.ndarray:
        return (truth * (1 - p) ** 2 + (1 - truth) * p**2).mean(axis=0)

    return 1 - brier(risk) / brier(np.broadcast_to(truth.mean(axis=0), truth.shape))


def compare(
    n: int, *, interactions: bool, trees: TreeSettings | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the IPA of the truth, the backbone and the default on new patients."""
    cohort = simulate_cohort(n, seed=21, interactions=interactions)
    new = simulate_cohort(20_000, seed=22, interactions=interactions)
    truth = new.truth(DAYS)
    linear = LogisticIncidence(horizons=DAYS).fit(cohort.X, cohort.y)
    default = LinearBoostedIncidence(horizons=DAYS, n_refits=0, trees=trees)
    default.fit(cohort.X, cohort.y)
    risks = (truth, *(m.predict_cumulative_incidence(new.X) for m in (linear, default)))
    best, plain, joined = (accuracy(risk, truth) for risk in risks)
    return best, plain, joined


QUICK = TreeSettings(eta=0.08, max_rounds=250, depths=(3,), inner_folds=3)


def test_interactions_are_found_by_three_thousand() -> None:
    best, plain, joined = compare(3000, interactions=True, trees=QUICK)
    assert ((best - plain) > 0.10).all()
    assert ((joined - plain) / (best - plain) > 0.5).all()


def test_an_additive_truth_costs_nothing_by_three_thousand() -> None:
    _, plain, joined = compare(3000, interactions=False, trees=QUICK)
    assert (joined - plain).min() > -0.002
