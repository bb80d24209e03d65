"""Cohorts and models that are put side by side, and what each made of them, kept on disk.

A cell is one model on one endpoint and one division into five folds. It holds out-of-fold risks,
weighted squared errors and seconds, under `runs/bench`, so that a run that was broken off goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import hscrisk
from benchmarks import peers
from hscrisk.cohort import Cohort
from hscrisk.comparators import CauseSpecificCox, FineGray, PublishedScore, TunedLogistic
from hscrisk.datasets import simulate_registry
from hscrisk.errors import MissingColumn, NotEstimable
from hscrisk.evaluation import make_splits, predict_out_of_fold
from hscrisk.survival import CensoringDistribution, check_outcome

FloatArray = NDArray[np.float64]
KEPT = Path("runs/bench")
EARLIER = ("null", "tuned logistic", "default")
"""Order of the losses that `default_against_logistic` keeps."""
FAILURES = (MissingColumn, ValueError, ArithmeticError, np.linalg.LinAlgError)
"""A score that a cohort lacks, a peer that gives up: a cell says so, and the others go on."""

Maker = Callable[[Cohort, int], Any]
MODELS: dict[str, Maker] = {
    "default": lambda cohort, seed: hscrisk.LinearBoostedIncidence(
        endpoint=cohort.endpoint, n_refits=0, random_state=seed
    ),
    "tuned logistic": lambda cohort, seed: TunedLogistic(cohort.endpoint, random_state=seed),
    "cause-specific Cox": lambda cohort, seed: CauseSpecificCox(),
    "Fine-Gray": lambda cohort, seed: FineGray(),
    "HCT-CI alone": lambda cohort, seed: PublishedScore(_score(cohort), cohort.endpoint),
    "comprisk Fine-Gray": lambda cohort, seed: peers.CompriskFineGray(),
    "comprisk penalised": lambda cohort, seed: peers.CompriskPenalised(),
    "comprisk forest": lambda cohort, seed: peers.CompriskForest(random_state=seed),
    "SurvivalBoost": lambda cohort, seed: peers.SurvivalBoostPeer(random_state=seed),
    "scikit-survival boosting": lambda cohort, seed: peers.ScikitSurvivalBoosting(seed),
}


@dataclass(frozen=True)
class Cell:
    """What one model made of one endpoint and division.

    Attributes
    ----------
    losses : ndarray, shape (n_patients, n_horizons)
        Weighted squared errors; NaN at a horizon that the model does not answer in every fold.
    seconds, cpu : float
        Of all five fits and predictions, by the clock and of the processor (other work on the
        machine does not count); NaN where an earlier run did not keep them.
    note : str
        Why losses are missing.
    """

    losses: FloatArray
    seconds: float
    cpu: float
    note: str


def cohorts(source: str, names: tuple[str, ...]) -> Iterator[Cohort]:
    """Yield the cohorts of the endpoints that `source` carries.

    Parameters
    ----------
    source : str
        `simulated:N`, or `MAPPING:FILE`.
    """
    kind, _, rest = source.partition(":")
    if kind == "simulated":
        records = replace(simulate_registry(int(rest), seed=1).records, source=f"simulated_{rest}")
    else:
        records = hscrisk.read_records(rest, mapping=kind).accepted
    for name in names:
        try:
            yield hscrisk.build_cohort(records, endpoint=name)
        except NotEstimable as error:
            print(f"{name}: {error}", flush=True)


def cell(cohort: Cohort, model: str, seed: int, *, fill: bool) -> Cell | None:
    """Return a cell from the disk, or made now where `fill` allows it."""
    days = np.asarray(cohort.endpoint.horizons, dtype=np.float64)
    stem = f"{cohort.source}-{cohort.endpoint.name}-{seed}"
    earlier, path = KEPT / f"{stem}.npy", KEPT / f"{stem}-{model.replace(' ', '_')}.npz"
    if model in EARLIER and earlier.exists():
        losses = np.load(earlier, allow_pickle=False)[EARLIER.index(model)]
        return Cell(losses, np.nan, np.nan, "")
    if path.exists():
        kept = np.load(path, allow_pickle=False)
        cpu = float(kept["cpu"]) if "cpu" in kept else np.nan
        return Cell(kept["losses"], float(kept["seconds"]), cpu, str(kept["note"]))
    if not fill:
        return None
    start, begun = time.perf_counter(), time.process_time()
    risk, note = _out_of_fold(cohort, model, seed, days)
    seconds, cpu = time.perf_counter() - start, time.process_time() - begun
    made = Cell(_losses(cohort, risk, days), seconds, cpu, note)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        losses=made.losses,
        risks=risk,
        seconds=seconds,
        cpu=cpu,
        note=note,
        horizons=days,
    )
    print(f"{path.name}: {seconds:.0f} s (processor {cpu:.0f} s) {note}", flush=True)
    return made


def _out_of_fold(cohort: Cohort, model: str, seed: int, days: FloatArray) -> tuple[FloatArray, str]:
    splits = make_splits("5-fold", cohort.y, cohort.patient, random_state=seed)
    models = {} if model == "null" else {model: MODELS[model](cohort, seed)}
    risk = np.full((len(cohort), len(days)), np.nan)
    try:
        found = predict_out_of_fold(models, cohort, splits, days)
    except FAILURES as error:
        return risk, f"{type(error).__name__}: {error}"
    risk[found.row] = found.risks[model]
    return risk, "; ".join(sorted({why for (name, _), why in found.notes.items() if name == model}))


def _losses(cohort: Cohort, risk: FloatArray, days: FloatArray) -> FloatArray:
    y = check_outcome(cohort.y)
    g = CensoringDistribution().fit(y)
    target = (y.event == 1)[:, None] & (y.duration[:, None] <= days)
    weights = np.column_stack([g.weights_at(y, day) for day in days])
    found: FloatArray = weights * (target - risk) ** 2
    return np.where(np.isnan(risk).any(axis=0), np.nan, found)


def _score(cohort: Cohort) -> str:
    return next((name for name in cohort.X.columns if name.startswith("hctci")), "hctci_score")
