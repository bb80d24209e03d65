"""The default model against a tuned logistic regression on a public cohort, seed by seed.

`python -m benchmarks.default_against_logistic MAPPING FILE` runs 5-fold cross-validation for
seeds 10 to 14, on which nothing was chosen, for each endpoint and anchor horizon. The regression
is fitted at that very horizon on the same features. Losses are averaged over seeds per patient
first, intervals are by bootstrap over patients. Each endpoint and seed is kept under `runs/bench`,
so that a run that was broken off goes on.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import hscrisk
from hscrisk.cohort import Cohort
from hscrisk.comparators import TunedLogistic
from hscrisk.evaluation import make_splits
from hscrisk.survival import AalenJohansen, CensoringDistribution, check_outcome

ENDPOINTS = (
    "acute_gvhd_2_4",
    "acute_gvhd_3_4",
    "chronic_gvhd",
    "neutrophil_engraftment",
    "platelet_engraftment",
)
SEEDS = (10, 11, 12, 13, 14)
KEPT = Path("runs/bench")
DRAWS = 2000
FloatArray = NDArray[np.float64]


def losses_of(cohort: Cohort, days: FloatArray, seed: int) -> FloatArray:
    """Return weighted squared errors, shape (null | logistic | default, n_patients, n_horizons)."""
    y = check_outcome(cohort.y)
    risk = np.empty((3, len(y.event), len(days)))
    for split in make_splits("5-fold", cohort.y, cohort.patient, random_state=seed):
        X, inside = cohort.X.iloc[split.train], cohort.y.iloc[split.train]
        test = cohort.X.iloc[split.test]
        risk[0, split.test] = AalenJohansen().fit(inside).predict(days)
        regression = TunedLogistic(horizons=days, random_state=seed).fit(X, inside)
        risk[1, split.test] = regression.predict_cumulative_incidence(test, days)
        model = hscrisk.LinearBoostedIncidence(
            endpoint=cohort.endpoint, n_refits=0, random_state=seed
        )
        model.fit(X, inside, groups=np.asarray(cohort.patient)[split.train])
        risk[2, split.test] = model.predict_cumulative_incidence(test, days)
    g = CensoringDistribution().fit(y)
    out = np.empty_like(risk)
    for k, day in enumerate(days):
        target = (y.event == 1) & (y.duration <= day)
        out[:, :, k] = g.weights_at(y, day) * (target - risk[:, :, k]) ** 2
    return out


def kept_losses(cohort: Cohort, days: FloatArray, seed: int) -> FloatArray:
    """Return `losses_of`, from the folder of earlier runs if it is there."""
    path = KEPT / f"{cohort.source}-{cohort.endpoint.name}-{seed}.npy"
    if path.exists():
        return np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
    start = time.perf_counter()
    losses = losses_of(cohort, days, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, losses, allow_pickle=False)
    print(f"  {path.name}: {time.perf_counter() - start:.0f} s", flush=True)
    return losses


def main(mapping: str, file: str) -> None:
    """Print one line for each endpoint and horizon, and the mean over all."""
    records = hscrisk.read_records(file, mapping=mapping).accepted
    means = []
    print("endpoint, day, IPA logistic, IPA default, difference [95 % interval]")
    for name in ENDPOINTS:
        cohort = hscrisk.build_cohort(records, endpoint=name)
        days = np.asarray(cohort.endpoint.horizons, dtype=np.float64)
        losses = np.mean([kept_losses(cohort, days, seed) for seed in SEEDS], axis=0)
        n = losses.shape[1]
        drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=DRAWS)
        for k, day in enumerate(days):
            null, logistic, default = losses[:, :, k]
            draws = drawn @ (logistic - default) / (drawn @ null)
            low, high = np.quantile(draws, [0.025, 0.975])
            difference = (logistic - default).sum() / null.sum()
            means.append(difference)
            print(
                f"{name}, {day:g}, {1 - logistic.sum() / null.sum():.4f}, "
                f"{1 - default.sum() / null.sum():.4f}, {difference:.4f} [{low:.4f}, {high:.4f}]"
                f"{'' if low > -0.003 else '  SHORT'}",
                flush=True,
            )
    print(f"mean difference over {len(means)} endpoint-horizons: {np.mean(means):.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
