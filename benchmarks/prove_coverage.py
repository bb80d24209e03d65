"""How often 95 % intervals of each score hold the true score (`make prove`).

    python -m benchmarks.prove_coverage [n_repeats]

Fixed models are judged on fresh patients, 1,000 times: by patients (`simulate_cohort`, 500 a
time), and by centres (40 unequal ones that differ in their outcomes as no model knows). The true
score is that of 200,000 patients of whom nobody is lost. Each repeat is kept in
runs/coverage/<design>.csv, and a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from hscrisk.datasets import simulate_cohort
from hscrisk.evaluation.judged import Judged
from hscrisk.evaluation.out_of_fold import OutOfFold

DAY = 365.0
N_REPEATS = 1000
N_DRAWS = 200
"""Fewer than in a table: quantiles of type 6 keep their level, and it takes less time."""
N_CHUNKS, CHUNK = 40, 5_000
"""Of the patients that the truth is taken from; pairs are compared within chunks."""
WANTED = (0.935, 0.965)
BOUNDARY = "perfect"
"""Errors of a perfectly calibrated model are 0, where an interval can miss on one side only."""
SHORT = {
    *(("patients", BOUNDARY, metric) for metric in ("ici", "e50", "e90")),
    ("centres", "shifted", "e50"),
    ("centres", "noisy", "e50"),
}
"""Found outside WANTED (`benchmarks/CLAIMS.md` says by how much), and named after that was seen;
any other fails the proof."""
FIRST_SEED = 7_000_000
"""No interval was chosen on these repeats."""


@dataclass(frozen=True)
class Patients:
    event: np.ndarray
    duration: np.ndarray
    risks: dict[str, np.ndarray]
    centre: np.ndarray | None = None


def patients(n: int, seed: int, *, censoring: bool = True) -> Patients:
    """Return patients on their own, of whom 35-40 % have the event."""
    made = simulate_cohort(n, seed, censoring=censoring)
    truth = made.truth([DAY])[:, 0]
    noise = made.X["noise"].to_numpy()
    return Patients(
        made.y["event"].to_numpy(),
        made.y["duration"].to_numpy(),
        {
            "noisy": expit(logit(truth) + 0.4 * noise),
            BOUNDARY: truth,
        },
    )


def centres(n: int, seed: int, *, censoring: bool = True) -> Patients:
    """Return patients of 40 centres of 5 to 40 patients, or of n / 20 centres where n is given."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice([5, 10, 20, 40], size=40) if censoring else np.full(n // 20, 20)
    centre = np.repeat(np.arange(len(sizes)), sizes)
    n = len(centre)
    known, unknown = rng.normal(size=n) - 0.5, rng.normal(0, 0.5, len(sizes))[centre]
    first = rng.random(n) < expit(known + unknown)
    day = np.ceil(np.where(first, rng.exponential(60, n), rng.exponential(400, n)))
    lost = np.ceil(rng.uniform(60, 900, n)) if censoring else np.full(n, np.inf)
    event = np.where(day <= lost, np.where(first, 1, 2), 0)
    risks = {
        "shifted": expit(0.2 + 0.7 * known),
        "noisy": expit(0.9 * known + 0.4 * rng.normal(size=n)),
    }
    return Patients(event, np.maximum(np.minimum(day, lost), 1), risks, centre)


DESIGNS: dict[str, tuple[Callable[..., Patients], int]] = {
    "patients": (patients, 500),
    "centres": (centres, 750),
}


def judge(made: Patients, null: float, n_draws: int, seed: int, fold: np.ndarray) -> pd.Series:
    """Return low, estimate and high of each model's scores."""
    n = len(made.event)
    risks = {"null": np.full((n, 1), null)} | {k: r[:, None] for k, r in made.risks.items()}
    cohort = SimpleNamespace(
        endpoint=SimpleNamespace(name="simulated"),
        y={"event": made.event, "duration": made.duration},
        patient=np.arange(n),
        centre=made.centre,
    )
    found = OutOfFold(np.array([DAY]), np.arange(n), fold, risks, {})
    frame = pd.DataFrame(Judged(cohort, found, n_draws, seed).rows(0))
    frame = frame[frame["model"] != "null"]
    return frame.set_index(["model", "metric"])[["low", "estimate", "high"]].stack()


def truth(design: str) -> tuple[float, pd.Series]:
    """Return the null's risk and the true scores by model and metric."""
    make, _ = DESIGNS[design]
    parts = [make(CHUNK, 10**6 + k, censoring=False) for k in range(N_CHUNKS)]
    whole = Patients(
        np.concatenate([p.event for p in parts]),
        np.concatenate([p.duration for p in parts]),
        {k: np.concatenate([p.risks[k] for p in parts]) for k in parts[0].risks},
    )
    null = float(((whole.event == 1) & (whole.duration <= DAY)).mean())
    fold = np.arange(len(whole.event)) // CHUNK
    scores = judge(whole, null, 1, 0, fold).xs("estimate", level=2)
    if BOUNDARY in whole.risks:
        scores[[(BOUNDARY, metric) for metric in ("ici", "e50", "e90")]] = 0.0
    return null, scores


def repeat(design: str, n_repeats: int, folder: Path = Path("runs/coverage")) -> pd.DataFrame:
    """Return whether each interval lay too low (-1), held the truth (0), or lay too high (1)."""
    make, n = DESIGNS[design]
    folder.mkdir(parents=True, exist_ok=True)
    path, kept = folder / f"{design}.csv", folder / f"{design}_truth.csv"
    if not kept.exists():
        null, scores = truth(design)
        scores.to_frame("value").assign(null=null).to_csv(kept)
    known = pd.read_csv(kept, index_col=[0, 1])
    null, names = float(known["null"].iloc[0]), list(known.index)
    if not path.exists():
        path.write_text(",".join(["seed", *("/".join(name) for name in names)]) + "\n")
    done = pd.read_csv(path)
    for seed in range(FIRST_SEED + len(done), FIRST_SEED + n_repeats):
        made = make(n, seed)
        rows = judge(made, null, N_DRAWS, seed, np.zeros(len(made.event), dtype=np.intp)).unstack()
        rows = rows.loc[names]
        off = (known["value"] > rows["high"]).astype(int) * -1 + (known["value"] < rows["low"])
        off = off.where(rows["low"].notna())
        with path.open("a", newline="") as file:
            csv.writer(file).writerow([seed, *off.to_list()])
        if (seed + 1) % 50 == 0:
            print(f"{design}: {seed + 1 - FIRST_SEED} of {n_repeats}", flush=True)
    return pd.read_csv(path, nrows=n_repeats).drop(columns="seed")


def coverage(off: pd.DataFrame) -> pd.DataFrame:
    """Return the share of intervals that hold the truth, and of those too low and too high."""
    names = off.columns.str.split("/", expand=True)
    shares = {
        "covers": (off == 0).sum() / off.notna().sum(),
        "too low": (off == -1).sum() / off.notna().sum(),
        "too high": (off == 1).sum() / off.notna().sum(),
        "no interval": off.isna().mean(),
    }
    return pd.DataFrame(shares).set_index(
        pd.MultiIndex.from_tuples(names, names=["model", "metric"])
    )


@pytest.mark.parametrize("design", list(DESIGNS))
def test_intervals_cover(design: str) -> None:
    found = coverage(repeat(design, N_REPEATS))
    print(f"\n{design}\n{found.round(3).to_string()}")
    outside = found[~found["covers"].between(*WANTED)]
    print(f"outside {WANTED}:\n{outside.round(3).to_string()}" if len(outside) else "all within")
    assert {(design, *cell) for cell in outside.index} <= SHORT


if __name__ == "__main__":
    for name in DESIGNS:
        asked = int(sys.argv[1]) if len(sys.argv) > 1 else N_REPEATS
        print(name, coverage(repeat(name, asked)).round(3).to_string(), sep="\n")
