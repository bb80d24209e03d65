"""A registry's centres and years: what the default is worth at centres and in years it never saw.

`python -m benchmarks.centres MAPPING FILE [YEAR]` judges the default with and without the centre
layer, the regression, and the default with the calendar year on trial, trained on the years before
YEAR (2015) and judged on the later ones, and on centres left out, in ten folds of centres.
Intervals are by bootstrap over centres. Each endpoint and design is kept under `runs/bench`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import hscrisk
from hscrisk.cohort import Cohort
from hscrisk.models.inner_folds import inner_folds

ENDPOINTS = (
    "acute_gvhd_2_4",
    "chronic_gvhd",
    "acute_gvhd_3_4",
    "platelet_engraftment",
    "neutrophil_engraftment",
)
FOLDS = 10
KEPT = Path("runs/bench")
SHOWN = ("ipa", "auc", "oe_ratio", "calibration_slope")


def models_of(cohort: Cohort, *, known_centres: bool) -> dict[str, Any]:
    """Return the models; where no centre is known the layer has nothing to add."""

    def default(**more: bool) -> Any:
        return hscrisk.LinearBoostedIncidence(
            endpoint=cohort.endpoint, n_refits=0, random_state=10, **more
        )

    models = {"logistic": hscrisk.LogisticIncidence(endpoint=cohort.endpoint), "default": default()}
    if known_centres:
        models["default_with_centres"] = default(centre_intercepts=True)
        models["default_with_year"] = default(calendar_year=True)
    return models


def folds_of_centres(cohort: Cohort) -> list[tuple[Any, Any]]:
    """Return ten divisions, no centre on both sides, no patient who was seen elsewhere."""
    code = pd.factorize(cohort.centre.fillna("unknown"))[0].astype(np.intp)
    fold = inner_folds(cohort.y["event"].to_numpy(), code, FOLDS, 10)
    patient = cohort.patient.to_numpy()
    pairs = []
    for k in range(FOLDS):
        test = np.flatnonzero(fold == k)
        elsewhere = (fold != k) & ~np.isin(patient, patient[test])
        pairs.append((np.flatnonzero(elsewhere), test))
    return pairs


def judged(cohort: Cohort, design: str) -> pd.DataFrame:
    """Return the table of one design, from the folder of earlier runs if it is there."""
    path = KEPT / f"{cohort.source}-{cohort.endpoint.name}-{design}.csv"
    if path.exists():
        return pd.read_csv(path)
    start = time.perf_counter()
    out = design == "centres-out"
    table = hscrisk.evaluate(
        models_of(cohort, known_centres=not out),
        cohort,
        splits=folds_of_centres(cohort) if out else design,
        random_state=10,
        cluster="centre",
    ).to_frame()
    table = table.replace({"model": {"null": "null_model"}})
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
    print(f"  {path.name}: {time.perf_counter() - start:.0f} s", flush=True)
    return table


def main(mapping: str, file: str, year: str = "2015") -> None:
    """Print a line for each endpoint, design, horizon and model."""
    records = hscrisk.read_records(file, mapping=mapping).accepted
    for name in ENDPOINTS:
        cohort = hscrisk.build_cohort(records, endpoint=name)
        for design in (f"temporal-{year}", "centres-out"):
            table = judged(cohort, design)
            shown = table[table["metric"].isin(SHOWN)]
            for (day, model), rows in shown.groupby(["horizon", "model"], sort=False):
                cells = [
                    f"{r.metric} {r.estimate:.4f} [{r.low:.4f}, {r.high:.4f}]"
                    for r in rows.itertuples()
                    if np.isfinite(r.estimate)
                ]
                print(f"{name}, {design}, {day:g}, {model}: {'; '.join(cells)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4])
