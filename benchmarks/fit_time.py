"""How long the default takes to fit against SurvivalBoost, and what each is worth afterwards.

`python -m benchmarks.fit_time [N ...]` (1,000, 10,000 and 50,000 by default), in the environment of
`benchmarks/requirements-peers.txt`, one thread each (OMP_NUM_THREADS=1). Patients are those of
`hscrisk.datasets.simulate_cohort` with interactions, which favours trees. The default chooses depth
and rounds inside; the refits for intervals are left out. Seconds are those of the processor, so
that other work on the machine does not count, and the wall clock's beside them. The integrated
Brier score is that of 10,000 further patients, 25 days up to the last, with a paired bootstrap.
Fits are kept under `runs/bench`: a run that was broken off goes on.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hscrisk
from benchmarks.peers import SurvivalBoostPeer
from hscrisk.datasets import simulate_cohort
from hscrisk.survival import AalenJohansen, CensoringDistribution, check_outcome

SIZES = (1_000, 10_000, 50_000)
HORIZONS = (30, 60, 100)
DAYS = np.linspace(4, 100, 25)
NEW = 10_000
DRAWS = 2000
FloatArray = NDArray[np.float64]
MODELS: dict[str, Any] = {
    "default": lambda: hscrisk.LinearBoostedIncidence(horizons=HORIZONS, n_refits=0),
    "SurvivalBoost": SurvivalBoostPeer,
}


def fitted(name: str, n: int) -> tuple[float, float, FloatArray]:
    """Return seconds of the processor, of the clock, and risks of the new patients."""
    path = Path("runs/bench") / f"fit_time-{n}-{name}.npz"
    if not path.exists():
        cohort, model = simulate_cohort(n, seed=31, interactions=True), MODELS[name]()
        clock, cpu = time.perf_counter(), time.process_time()
        model.fit(cohort.X, cohort.y)
        seconds = time.process_time() - cpu, time.perf_counter() - clock
        new = simulate_cohort(NEW, seed=32, interactions=True).X
        risk = model.predict_cumulative_incidence(new, DAYS)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, cpu=seconds[0], wall=seconds[1], risk=risk)
    kept = np.load(path, allow_pickle=False)
    return float(kept["cpu"]), float(kept["wall"]), kept["risk"]


def integrated_losses(risk: FloatArray) -> FloatArray:
    """Return each new patient's weighted squared error, its mean over the days from 0."""
    y = check_outcome(simulate_cohort(NEW, seed=32, interactions=True).y)
    g = CensoringDistribution().fit(y)
    weights = np.column_stack([g.weights_at(y, day) for day in DAYS])
    target = (y.event == 1)[:, None] & (y.duration[:, None] <= DAYS)
    losses = np.column_stack([np.zeros(NEW), weights * (target - risk) ** 2])
    found: FloatArray = np.trapezoid(losses, np.concatenate([[0.0], DAYS]), axis=1) / DAYS[-1]
    return found


def main(sizes: list[int]) -> None:
    """Print a line for each size as soon as it is there."""
    print("n, seconds default, SurvivalBoost (wall), ratio; integrated Brier null, default,")
    print("SurvivalBoost, difference default - SurvivalBoost [95 %]", flush=True)
    drawn = np.random.default_rng(0).multinomial(NEW, np.full(NEW, 1 / NEW), DRAWS) / NEW
    for n in sizes:
        found = {name: fitted(name, n) for name in MODELS}
        (ours, our_wall, our_risk), (theirs, their_wall, their_risk) = found.values()
        null = AalenJohansen().fit(simulate_cohort(n, seed=31, interactions=True).y).predict(DAYS)
        a, b, c = map(integrated_losses, (our_risk, their_risk, np.tile(null, (NEW, 1))))
        low, high = np.quantile(drawn @ (a - b), [0.025, 0.975])
        print(
            f"{n}: {ours:.1f} ({our_wall:.0f}), {theirs:.1f} ({their_wall:.0f}), "
            f"{theirs / ours:.1f} times; {c.mean():.5f}, {a.mean():.5f}, {b.mean():.5f}, "
            f"{(a - b).mean():.5f} [{low:.5f}, {high:.5f}]",
            flush=True,
        )


if __name__ == "__main__":
    main([int(n) for n in sys.argv[1:]] or list(SIZES))
