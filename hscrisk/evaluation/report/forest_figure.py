"""Whether predicted risks are right on average in every group of patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hscrisk.cohort.markup import Markup
from hscrisk.evaluation.report.drawing import WIDTH, Panel, drawn, rule, text, whisker
from hscrisk.evaluation.report.shown import estimate

_ROW = 21
_TICKS = (0.1, 0.25, 0.5, 0.67, 0.8, 1.0, 1.25, 1.5, 2.0, 4.0, 10.0)
_LESS = ((0.8, 1.25), (0.67, 1.5))
"""What is left out, one pair after another, where more than five would stand there."""


@dataclass(frozen=True)
class ForestRow:
    """A group with its ratio of observed to expected events.

    Attributes
    ----------
    by, level : str
        What divides, and which group it is; the whole cohort has no `by`.
    n, events : str
        As they may be shown.
    ratio, low, high : float
        Not finite where not estimable.
    """

    by: str
    level: str
    n: str
    events: str
    ratio: float
    low: float
    high: float


def forest_figure(rows: Sequence[ForestRow], description: str) -> Markup:
    """Return the ratios on a scale on which twice and half are equally far from 1."""
    lines = _lines(rows)
    ends = [abs(np.log(v)) for r in rows for v in (r.ratio, r.low, r.high) if v > 0 and v < np.inf]
    reach = float(np.exp(min(max([np.log(1.3), *ends]), np.log(8)))) * 1.08
    place = (290, 40, WIDTH - 290 - 160, _ROW * len(lines))
    panel = Panel(*place, x=(1 / reach, reach), y=(0, 1), log_x=True)
    at_one = panel.left + float(panel.across(1.0))
    known = [t for t in _TICKS if panel.across.holds(t)]
    for pair in _LESS:
        known = [t for t in known if t not in pair] if len(known) > 5 else known
    parts: list[object] = [
        text(0, 20, "group", "column"),
        text(194, 20, "n", "column", "end"),
        text(274, 20, "events", "column", "end"),
        text(WIDTH, 20, "observed / expected", "column", "end"),
        *panel.frame([(t, f"{t:g}") for t in known], [], "", ""),
        rule(at_one, panel.top, at_one, panel.top + panel.height, "chance"),
    ]
    for k, line in enumerate(lines):
        y = panel.top + _ROW * (k + 0.5)
        parts += (
            [text(0, y + 4, line, "heading")] if isinstance(line, str) else _row(line, y, panel)
        )
    bottom = panel.top + panel.height + 38
    parts += [
        text(at_one - 14, bottom, "too high", "tick", "end"),
        text(at_one + 14, bottom, "too low", "tick"),
        text(panel.left - 8, bottom, "predicted risk is", "tick", "end"),
    ]
    return drawn("subgroups", "Calibration by group", description, bottom + 10, *parts)


def _lines(rows: Sequence[ForestRow]) -> list[str | ForestRow]:
    lines: list[str | ForestRow] = []
    before = ""
    for row in rows:
        if row.by != before:
            lines.append(row.by)
            before = row.by
        lines.append(row)
    return lines


def _row(row: ForestRow, y: float, panel: Panel) -> list[object]:
    parts: list[object] = [
        text(12 if row.by else 0, y + 4, row.level, "name" if row.by else "heading"),
        text(194, y + 4, row.n, "tick", "end"),
        text(274, y + 4, row.events, "tick", "end"),
    ]
    if not np.isfinite(row.ratio):
        return [*parts, text(panel.left, y + 4, "too few to judge", "tick")]
    x, low, high = (float(panel.across(v)) for v in (row.ratio, row.low, row.high))
    said = estimate(row.ratio, row.low, row.high, 2)
    inside = y - panel.top
    mark = whisker(x, inside, low, high, "lead", upright=False)
    return [*parts, panel.marks(mark), text(WIDTH, y + 4, said, "tick", "end")]
