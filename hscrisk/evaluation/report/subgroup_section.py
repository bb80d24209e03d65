"""Every group of patients: how many, how well the model does in it, and which is furthest off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hscrisk.evaluation.out_of_fold import NULL
from hscrisk.evaluation.report.blocks import Figure, Listing, Section, Table
from hscrisk.evaluation.report.forest_figure import ForestRow, forest_figure
from hscrisk.evaluation.report.shown import count, estimate
from hscrisk.evaluation.subgroups import SubgroupTable
from hscrisk.evaluation.words import in_sentence

TITLE = "Groups of patients"
MOST_LEVELS = 12
"""What divides into more groups, as centres may, is left to the table."""
_COLUMNS = (
    ("auc", "AUC"),
    ("ipa", "IPA"),
    ("oe_ratio", "observed / expected"),
    ("calibration_slope", "slope"),
)


def subgroup_section(
    found: SubgroupTable, whole: pd.DataFrame, model: str, horizon: float, where: str
) -> Section:
    """Return the groups at one horizon, by one model, with the marginal curve's ratio beside.

    Counts are those that may leave a registry (`hscrisk.evaluation.sharing`).

    Parameters
    ----------
    found : SubgroupTable
    whole : DataFrame
        The table of everybody, for the first line.
    model : str
    horizon : float
    where : str
        Cohort and design, for the captions.
    """
    frame = found.shareable()
    # Of those judged, one group may be all that is left of a variable: it says nothing more.
    several = frame.groupby("variable", sort=False)["group"].transform("nunique") > 1
    frame = frame[(frame["horizon"] == horizon) & several]
    mine, null = (frame[frame["model"] == name] for name in (model, NULL))
    if mine.empty:
        return Section(TITLE, ("Nothing that is recorded divides those who are judged.",))
    rows = _forest_rows(mine, whole[(whole["horizon"] == horizon) & (whole["model"] == model)])
    told = SubgroupTable(frame, found.design).sentence(model, horizon)
    parts: list[str | Table | Figure | Listing] = [told]
    parts.append(_figure(rows, model, where))
    parts.append(_table(mine, null, f"{where} By {in_sentence(model)}, 95 % intervals"))
    small = _too_small(mine)
    return Section(TITLE, (*parts, *([Listing(small)] if small else [])))


def _forest_rows(mine: pd.DataFrame, whole: pd.DataFrame) -> list[ForestRow]:
    first: Any = whole[whole["metric"] == "oe_ratio"].iloc[0]
    rows = [_row("", "everybody", first)]
    for _, group in mine[mine["metric"] == "oe_ratio"].iterrows():
        rows.append(_row(str(group["variable"]), str(group["group"]), group))
    return rows


def _row(by: str, level: str, row: Any) -> ForestRow:
    return ForestRow(
        by,
        level,
        _count(row["n"]),
        _count(row["n_events"]),
        float(row["estimate"]),
        float(row["low"]),
        float(row["high"]),
    )


def _count(value: Any) -> str:
    return value if isinstance(value, str) else count(int(value))


def _figure(rows: Sequence[ForestRow], model: str, where: str) -> Figure:
    sizes = pd.Series([r.by for r in rows]).value_counts()
    many = [by for by in sizes.index if by and sizes[by] > MOST_LEVELS]
    drawn = [r for r in rows if r.by not in many]
    said = [
        f"{r.by} {r.level}".strip() + f" {estimate(r.ratio, r.low, r.high, 2)}"
        for r in drawn
        if np.isfinite(r.ratio)
    ]
    alt = f"Observed over expected by group: {'; '.join(said)}."
    left = f" Not drawn, for their number: {', '.join(many)}." if many else ""
    caption = (
        f"{where} Events observed over expected by {in_sentence(model)}, with 95 % interval; 1 "
        f"is right. Groups with fewer than 10 events, or 10 without, are not judged.{left}"
    )
    return Figure("subgroups", forest_figure(drawn, alt), alt, caption)


def _table(mine: pd.DataFrame, null: pd.DataFrame, caption: str) -> Table:
    own, base = _cells(mine), _cells(null)
    rows = []
    for variable, group in dict.fromkeys((str(v), str(g)) for v, g, _ in own):
        cells = [own.get((variable, group, metric)) for metric, _ in _COLUMNS]
        cells.append(base.get((variable, group, "oe_ratio")))
        known = next(cell for cell in cells if cell is not None)
        counts = (_count(known["n"]), _count(known["n_events"]))
        rows.append((f"{variable}: {group}", *counts, *map(_said, cells)))
    names = (name for _, name in _COLUMNS)
    header = ("group", "transplants", "events", *names, "observed / expected, marginal curve")
    return Table(caption, header, tuple(rows))


def _cells(frame: pd.DataFrame) -> Mapping[tuple[str, str, str], Any]:
    records: list[Any] = frame.to_dict("records")
    return {(str(r["variable"]), str(r["group"]), str(r["metric"])): r for r in records}


def _said(cell: Any) -> str:
    if cell is None or not np.isfinite(cell["estimate"]):
        return "–"
    return estimate(
        cell["estimate"], cell["low"], cell["high"], 2 if cell["metric"] != "ipa" else 3
    )


def _too_small(mine: pd.DataFrame) -> tuple[str, ...]:
    rows = mine[(mine["metric"] == "auc") & mine["estimate"].isna() & (mine["note"] != "")]
    return tuple(
        f"{row['variable']} {row['group']} cannot be judged: {row['note']}."
        for _, row in rows.iterrows()
    )
