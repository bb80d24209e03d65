"""Predicted days to neutrophil and platelet recovery against the observed, on a public cohort.

`python -m benchmarks.days_to_recovery MAPPING FILE [SEED ...]` predicts, out of fold (5-fold by
patient), the risk on every day up to the last anchor horizon, and reads off each patient's 10 %,
50 % and 90 % days given recovery by then. Each endpoint and seed is kept under `runs/bench`, so
that a run that was broken off goes on. By default seeds 10 to 14, on which nothing was chosen.
Errors are averaged over seeds per patient first; intervals are by bootstrap over centres where the
cohort names 20, else over patients.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import hscrisk
from hscrisk.cohort import Cohort
from hscrisk.evaluation import OutOfFold, make_splits, predict_out_of_fold
from hscrisk.evaluation.recovery import judge_days
from hscrisk.evaluation.words import fixed

ENDPOINTS = ("neutrophil_engraftment", "platelet_engraftment")
SEEDS = (10, 11, 12, 13, 14)
KEPT = Path("runs/bench")
SHAPE: Any = {"index": "metric", "columns": "model", "values": "told"}


def predictions_of(cohort: Cohort, seed: int) -> OutOfFold:
    """Return out-of-fold risks on every day up to the last anchor, from an earlier run if kept."""
    path = KEPT / f"recovery-{cohort.source}-{cohort.endpoint.name}-{seed}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as kept:
            risks = {
                name.removeprefix("risk."): kept[name] for name in kept if name.startswith("risk.")
            }
            return OutOfFold(kept["horizons"], kept["row"], kept["fold"], risks, {})
    start = time.perf_counter()
    models = {
        "logistic": hscrisk.LogisticIncidence(endpoint=cohort.endpoint),
        "default": hscrisk.LinearBoostedIncidence(
            endpoint=cohort.endpoint, n_refits=0, random_state=seed
        ),
    }
    splits = make_splits("5-fold", cohort.y, cohort.patient, random_state=seed)
    days = np.arange(1.0, max(cohort.endpoint.horizons) + 1)
    found = predict_out_of_fold(models, cohort, splits, days)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        horizons=found.horizons,
        row=found.row,
        fold=found.fold,
        **{f"risk.{name}": risk for name, risk in found.risks.items()},  # type: ignore[arg-type]
    )
    print(f"  {path.name}: {time.perf_counter() - start:.0f} s", flush=True)
    return found


def joined(found: Sequence[OutOfFold]) -> OutOfFold:
    """Return several divisions of one cohort as one repeated division."""
    n_folds = np.cumsum([0] + [int(part.fold.max()) + 1 for part in found[:-1]])
    return OutOfFold(
        found[0].horizons,
        np.concatenate([part.row for part in found]),
        np.concatenate([part.fold + start for part, start in zip(found, n_folds, strict=True)]),
        {name: np.concatenate([part.risks[name] for part in found]) for name in found[0].risks},
        {},
    )


def main(mapping: str, file: str, *seeds: str) -> None:
    """Print a table for each endpoint: every model beside the null."""
    records = hscrisk.read_records(file, mapping=mapping).accepted
    chosen = [int(seed) for seed in seeds] or list(SEEDS)
    for name in ENDPOINTS:
        cohort = hscrisk.build_cohort(records, endpoint=name)
        found = joined([predictions_of(cohort, seed) for seed in chosen])
        table = judge_days(found, cohort)
        first = table.iloc[0]
        print(
            f"{name}: {first['n']} with the event by day {first['horizon']:g}, "
            f"5-fold, seeds {', '.join(map(str, chosen))}, 95 % intervals"
        )
        print(pd.pivot(table.assign(told=table.apply(in_words, axis=1)), **SHAPE).to_string())


def in_words(row: pd.Series[Any]) -> str:
    """Return an estimate with its interval."""
    return f"{fixed(row['estimate'])} ({fixed(row['low'])} to {fixed(row['high'])})"


if __name__ == "__main__":
    main(*sys.argv[1:])
