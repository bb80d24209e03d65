"""The default model side by side with what others would fit, in the same folds.

`python -m benchmarks.against_peers SOURCE [--fill MODEL,...] [--seeds 10,...] [--endpoints ...]`
with SOURCE `cibmtr_ds1302:FILE`, `uci_bmt_children:FILE` or `simulated:3000`. `--fill` makes the
cells that are not kept yet (model by model, as listed), then the table of all cells is printed.
The peers need their own environment (`benchmarks/requirements-peers.txt`).

A difference is the paired IPA of a comparator less the default's, on the seeds that both have,
losses averaged over seeds for each patient; the interval is by bootstrap over centres (patients
where no centre is recorded). Holm's correction is over all comparisons of the table. To be shown:
for no comparator does the whole interval lie above 0.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from benchmarks.comparators import MODELS, Cell, cell, cohorts
from hscrisk.cohort import Cohort

ENDPOINTS = (
    "neutrophil_engraftment",
    "platelet_engraftment",
    "acute_gvhd_2_4",
    "acute_gvhd_3_4",
    "chronic_gvhd",
)
SEEDS = (10, 11, 12, 13, 14)
DRAWS = 4000
FloatArray = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("--fill", default="")
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--endpoints", default=",".join(ENDPOINTS))
    args = parser.parse_args()
    wanted = list(cohorts(args.source, tuple(args.endpoints.split(","))))
    seeds = [int(seed) for seed in args.seeds.split(",")]
    for model in filter(None, args.fill.split(",")):
        for seed in seeds:
            for cohort in wanted:
                cell(cohort, model, seed, fill=True)
    print_table([row for cohort in wanted for row in compare(cohort)])


def compare(cohort: Cohort) -> list[dict[str, object]]:
    """Return a row for each comparator and horizon of a cohort."""
    found = {
        model: {seed: c for seed in SEEDS if (c := cell(cohort, model, seed, fill=False))}
        for model in MODELS
    }
    null = {seed: cell(cohort, "null", seed, fill=True) for seed in SEEDS}
    index = clusters(cohort)
    rows = []
    for model, cells in found.items():
        seeds = sorted(set(cells) & set(found["default"]))
        if model == "default" or not seeds:
            continue
        theirs, ours, nobody = (
            _mean([by_seed[seed] for seed in seeds]) for by_seed in (cells, found["default"], null)
        )
        clock, cpu = (
            _mean_of([getattr(cells[seed], name) for seed in seeds]) for name in ("seconds", "cpu")
        )
        both = (cells, found["default"])
        notes = "; ".join(sorted({c[seed].note for c in both for seed in seeds} - {""}))
        for k, day in enumerate(cohort.endpoint.horizons):
            rows.append(
                {
                    "endpoint": cohort.endpoint.name,
                    "day": day,
                    "model": model,
                    "seeds": len(seeds),
                    "seconds": f"{clock:.0f} ({cpu:.0f})",
                    "note": notes,
                    **difference(theirs[:, k], ours[:, k], nobody[:, k], index),
                }
            )
    return rows


def difference(
    theirs: FloatArray, ours: FloatArray, null: FloatArray, index: NDArray[np.intp]
) -> dict[str, float]:
    """Return both IPAs, their difference with its 95 % interval, and its two-sided p.

    `index` numbers each patient's centre; whole centres are drawn.
    """
    if np.isnan(theirs).any() or np.isnan(ours).any():
        return dict.fromkeys(("theirs", "ours", "difference", "low", "high", "p"), np.nan)
    n = int(index.max()) + 1
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), DRAWS)
    draws = drawn @ np.bincount(index, ours - theirs) / (drawn @ np.bincount(index, null))
    low, high = np.quantile(draws, [0.025, 0.975])
    gain = float((ours - theirs).sum() / null.sum())
    return {
        "theirs": float(1 - theirs.sum() / null.sum()),
        "ours": float(1 - ours.sum() / null.sum()),
        "difference": gain,
        "low": float(low),
        "high": float(high),
        "p": float(2 * norm.sf(abs(gain) / draws.std())) if draws.std() > 0 else 1.0,
    }


def clusters(cohort: Cohort) -> NDArray[np.intp]:
    """Return the number of each patient's centre; whoever has none is one of their own."""
    names = cohort.patient if cohort.centre is None else cohort.centre.fillna(cohort.patient)
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1]


def holm(p: FloatArray) -> FloatArray:
    """Return p-values corrected for their number (Holm, Scand J Stat 1979;6:65-70)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    out = np.empty(len(p))
    out[order] = np.minimum(stepped, 1.0)
    return out


def print_table(rows: list[dict[str, object]]) -> None:
    """Print the comparisons, and in one sentence for which of them the interval is above 0."""
    judged = [row for row in rows if not np.isnan(float(str(row["p"])))]
    corrected = dict(
        zip(
            map(id, judged),
            holm(np.array([row["p"] for row in judged], dtype=np.float64)),
            strict=True,
        )
    )
    print("| endpoint, day | model | IPA (null 0) | IPA default | difference [95 %] | Holm p | |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        head = f"| {row['endpoint']}, {row['day']} | {row['model']} ({row['seeds']} seeds) |"
        if id(row) not in corrected:
            print(f"{head} not estimable: {row['note']} | | | | |")
            continue
        verdict = "better" if row["low"] > 0 else "worse" if row["high"] < 0 else ""
        print(
            f"{head} {row['theirs']:.4f} | {row['ours']:.4f} | {row['difference']:.4f} "
            f"[{row['low']:.4f}, {row['high']:.4f}] | {corrected[id(row)]:.3f} | {verdict} |"
        )
    above = [row for row in judged if row["low"] > 0]
    print(f"\n{len(judged)} comparisons; interval wholly above 0: {len(above)}")
    for row in above:
        print(
            f"  {row['model']}, {row['endpoint']} day {row['day']}: Holm p {corrected[id(row)]:.3f}"
        )
    for model in dict.fromkeys(str(row["model"]) for row in judged):
        mine = [row for row in judged if row["model"] == model]
        gains = [float(str(row["difference"])) for row in mine]
        seconds = {row["endpoint"]: str(row["seconds"]) for row in mine}
        print(
            f"{model}: mean difference {np.mean(gains):.4f}; worse in "
            f"{sum(row['high'] < 0 for row in mine)} of {len(mine)}; "
            f"seconds for five folds (processor) {', '.join(seconds.values())}"
        )


def _mean_of(seconds: list[float]) -> float:
    known = [s for s in seconds if np.isfinite(s)]
    return float(np.mean(known)) if known else np.nan


def _mean(cells: list[Cell]) -> FloatArray:
    mean: FloatArray = np.mean([c.losses for c in cells], axis=0)
    return mean


if __name__ == "__main__":
    main()
