"""The default model on a registry whose truth is known, with interactions and without.

`python -m benchmarks.interactions [ENDPOINT ...]` trains on 10,000 simulated adults and judges the
primary horizon on 25,000 others by their true risks, seeds 10 to 12. What interactions are worth is
the IPA of the true risk minus that of the best additive approximation: the backbone fitted to the
true risks themselves of 50,000 others. Each cell is kept under `runs/bench`, so that a run that was
broken off goes on.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hscrisk.cohort import Cohort, build_cohort
from hscrisk.datasets import simulate_registry
from hscrisk.features import FeaturePipeline
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence
from hscrisk.models.anchors import States
from hscrisk.models.backbone import Backbone

ENDPOINTS = (
    "neutrophil_engraftment",
    "platelet_engraftment",
    "acute_gvhd_2_4",
    "acute_gvhd_3_4",
    "chronic_gvhd",
    "relapse",
)
SEEDS = (10, 11, 12)
TRAINED, JUDGED, LARGE = 10_000, 25_000, 50_000
KEPT = Path("runs/bench/interactions")
FloatArray = NDArray[np.float64]
Cell = dict[str, float]


def drawn(name: str, n: int, seed: int, *, interactions: bool) -> tuple[Cohort, FloatArray]:
    """Return a cohort of adults and its true risks at the primary horizon."""
    # Neither year nor centre is a feature, so neither may matter here.
    registry = simulate_registry(
        n, seed, interactions=interactions, drift=False, centre_effects=False
    )
    cohort = build_cohort(registry.records, name)
    day = [cohort.endpoint.primary_horizon]
    return cohort, registry.truth(cohort.endpoint, day, cohort.transplant_id)[:, 0]


def accuracy(risk: FloatArray, truth: FloatArray) -> float:
    """Return the expected IPA, given the true risks."""

    def brier(p: FloatArray) -> float:
        return float((truth * (1 - p) ** 2 + (1 - truth) * p**2).mean())

    return 1 - brier(risk) / brier(np.full_like(truth, truth.mean()))


def additive(name: str, *, interactions: bool) -> Cell:
    """Return the IPA of the true risk and of its best additive approximation.

    The backbone is fitted to true risks, not to outcomes, under a wide prior: nothing is left to
    chance but who is among the 50,000.
    """
    known, truth = drawn(name, LARGE, 1000, interactions=interactions)
    new, judged = drawn(name, JUDGED, 1001, interactions=interactions)
    pipeline = FeaturePipeline().fit(known.X)
    day = np.array([float(known.endpoint.primary_horizon)])
    states = States(day, truth[:, None], np.ones((len(truth), 1)))
    backbone = Backbone.fit(pipeline.transform(known.X), states, prior_sd=2.0, spread=False)
    log_odds = backbone.log_odds(pipeline.transform(new.X))[:, 0]
    return {
        "truth": accuracy(judged, judged),
        "additive": accuracy(1 / (1 + np.exp(-log_odds)), judged),
    }


def trained(name: str, seed: int, *, interactions: bool) -> Cell:
    """Return the IPA of the true risk, the backbone and the default on new patients."""
    cohort, _ = drawn(name, TRAINED, seed, interactions=interactions)
    new, truth = drawn(name, JUDGED, 100 + seed, interactions=interactions)
    day = [cohort.endpoint.primary_horizon]
    linear = LogisticIncidence(cohort.endpoint).fit(cohort.X, cohort.y)
    default = LinearBoostedIncidence(cohort.endpoint, n_refits=0, random_state=seed)
    default.fit(cohort.X, cohort.y)
    at = list(default.horizons_).index(day[0])
    return {
        "truth": accuracy(truth, truth),
        "backbone": accuracy(linear.predict_cumulative_incidence(new.X, day)[:, 0], truth),
        "default": accuracy(default.predict_cumulative_incidence(new.X, day)[:, 0], truth),
        "depth": default.depth_,
        "rounds": default.rounds_,
        "weight": float(default.tree_weight_[at]),
    }


def kept(name: str, seed: int | None, *, interactions: bool) -> Cell:
    """Return a cell, from the folder of earlier runs if it is there; no seed: `additive`."""
    kind = "interactions" if interactions else "additive"
    path = KEPT / f"{name}-{kind}-{'large' if seed is None else seed}.json"
    if path.exists():
        return dict(json.loads(path.read_text(encoding="utf-8")))
    start = time.perf_counter()
    if seed is None:
        cell = additive(name, interactions=interactions)
    else:
        cell = trained(name, seed, interactions=interactions)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(cell), encoding="utf-8")
    print(f"  {path.stem}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return cell


def line(name: str, *, interactions: bool) -> str:
    """Return one line of the table."""
    large = kept(name, None, interactions=interactions)
    cells = [kept(name, seed, interactions=interactions) for seed in SEEDS]
    truth, backbone, default = (
        np.array([cell[model] for cell in cells]) for model in ("truth", "backbone", "default")
    )
    gained = default - backbone
    closed = gained / (truth - backbone)
    met = closed.mean() >= 0.5 if interactions else gained.mean() >= -0.002
    grown = "; ".join(f"{c['depth']}, {c['rounds']}, {c['weight']:.2f}" for c in cells)
    return (
        f"| {name} | {'yes' if interactions else 'no'} | {large['truth'] - large['additive']:.3f} "
        f"| {truth.mean():.3f} | {backbone.mean():.3f} | {default.mean():.3f} "
        f"| {gained.mean():+.4f} ({gained.min():+.4f}) | {closed.mean():.0%} ({closed.min():.0%}) "
        f"| {grown} | {'met' if met else 'short'} |"
    )


def main(names: list[str]) -> None:
    """Print one line for each endpoint, with interactions and without; means (worst seed)."""
    print("| endpoint | interactions | worth | truth | backbone | default | gain | gap closed "
          "| depth, rounds, weight | |\n|" + "---|" * 10)  # fmt: skip
    for name in names or ENDPOINTS:
        for interactions in (True, False):
            print(line(name, interactions=interactions), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
