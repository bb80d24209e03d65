from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from hscrisk.models.joining import fading_weight, learned_weight


def test_the_weight_fades_with_few_events() -> None:
    assert fading_weight(np.array([0.0, 100, 300, 1e9])) == pytest.approx([0, 0.1125, 0.225, 0.45])


def scene(signal: float, n: int = 2000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return linear and boosted log-odds, the boosted ones alone knowing part of the truth."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=n), rng.normal(size=n)
    target = (rng.random(n) < expit(a + signal * b)).astype(float)
    return a, a + signal * b, target


def weigh(signal: float, swap: bool = False, n: int = 2000) -> float:
    linear, boosted, target = scene(signal, n)
    if swap:
        linear, boosted = boosted, linear
    return learned_weight(linear, boosted, target, np.ones(n), np.arange(n), 600.0)


def test_what_is_not_proven_leaves_the_rule() -> None:
    assert weigh(0.0) == pytest.approx(0.3)


def test_a_gain_within_one_standard_error_moves_nothing() -> None:
    moved = {True: 0, False: 0}
    grid = np.arange(41) / 40
    for seed in range(40):
        rng = np.random.default_rng(seed)
        linear, boosted = rng.normal(size=(2, 150))
        signal = (0.3, 1.2)[seed % 2]
        target = (rng.random(150) < expit(linear + signal * boosted)).astype(float)
        weight = rng.uniform(1, 3, 150)

        def losses(w: float) -> np.ndarray:
            p = expit((1 - w) * linear + w * boosted)  # noqa: B023
            return -weight * np.log(np.where(target > 0, p, 1 - p))  # noqa: B023

        best = grid[np.argmin([losses(w).sum() for w in grid])]
        start = 0.45 * 300 / 600
        gain = losses(start) - losses(best)
        proven = bool(gain.sum() > np.sqrt(150) * gain.std())
        moved[proven] += 1
        ours = learned_weight(linear, boosted, target, weight, np.arange(150), 300.0)
        assert ours == pytest.approx(start + (best - start) / 2 if proven else start)
    assert min(moved.values()) >= 5


def test_trees_that_know_more_count_more() -> None:
    # Towards 1 by m / (m + 300) = 2/3.
    assert weigh(1.5) == pytest.approx(0.3 + 0.7 * 2 / 3, abs=0.05)


def test_trees_that_know_less_count_less() -> None:
    assert weigh(1.5, swap=True) == pytest.approx(0.3 - 0.3 * 2 / 3, abs=0.05)


def test_evidence_is_counted_by_group() -> None:
    linear, boosted, target = scene(0.5, 400)
    many = learned_weight(linear, boosted, target, np.ones(400), np.arange(400), 100.0)
    # The same patients twenty times over are no more evidence than once.
    copies = [np.repeat(values, 20) for values in (linear, boosted, target)]
    groups = np.repeat(np.arange(400), 20)
    again = learned_weight(*copies, np.ones(8000), groups, 100.0)
    assert again == pytest.approx(many)
