"""Ratios of running times, side by side in one run: `python -m benchmarks.speed`.

Each pair is timed in turns, and the median of the ratios is printed: only ratios travel between
machines.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import hscrisk
from hscrisk.datasets import simulate_cohort

TURNS = 7


def ratio(one: Callable[[], object], other: Callable[[], object]) -> float:
    """Return how many times longer `one` takes than `other`."""

    def seconds(call: Callable[[], object]) -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    one(), other()
    return median(seconds(one) / seconds(other) for _ in range(TURNS))


def main() -> None:
    """Fit on a simulated cohort, then time what is done with the fitted model."""
    cohort = simulate_cohort(3000, seed=1)
    model = hscrisk.LinearBoostedIncidence(horizons=[30, 60, 100], n_refits=20)
    model.fit(cohort.X, cohort.y)
    many = simulate_cohort(20_000, seed=2).X
    logistic = hscrisk.LogisticIncidence(horizons=[30, 60, 100]).fit(cohort.X, cohort.y)

    def point() -> object:
        return model.predict_cumulative_incidence(many)

    print(f"20,000 simulated rows, 3 horizons, depth {model.depth_}, {model.rounds_} rounds")
    both = ratio(lambda: model.predict_interval(many), point)
    print(f"interval / point prediction       {both:5.2f}")
    one_day = ratio(
        lambda: model.contributions(many, 100),
        lambda: model.predict_cumulative_incidence(many, [100]),
    )
    print(f"explanation / point (one horizon) {one_day:5.2f}")
    backbone = ratio(point, lambda: logistic.predict_cumulative_incidence(many))
    print(f"default / backbone alone          {backbone:5.2f}")


if __name__ == "__main__":
    main()
