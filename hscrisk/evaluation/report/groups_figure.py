"""What happened to those of low and of high predicted risk, beside what was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hscrisk.cohort.markup import Markup, tag
from hscrisk.evaluation.report.drawing import (
    WIDTH,
    FloatArray,
    Panel,
    ceiling,
    drawn,
    legend,
    number,
    text,
    ticks,
)

ENTRIES = (("group4", "observed, 95 % band"),)


@dataclass(frozen=True)
class RiskGroup:
    """Those of one quarter of predicted risk.

    Attributes
    ----------
    label : str
    n, events : int
        Events by the last horizon.
    day, observed, low, high : ndarray, shape (n_days,)
        Aalen-Johansen incidence with its 95 % interval, as far as `material.reach` says.
    horizons, predicted : ndarray, shape (n_horizons,)
        Mean predicted risk at each horizon.
    """

    label: str
    n: int
    events: int
    day: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    horizons: FloatArray
    predicted: FloatArray


def groups_figure(groups: Sequence[RiskGroup], description: str) -> Markup:
    """Return observed incidence by group of predicted risk, with diamonds for what was predicted.

    Groups run from the lowest risk to the highest.
    """
    last = float(max(g.horizons.max() for g in groups))
    ends = [v for g in groups for v in (np.nanmax(g.high, initial=0), np.nanmax(g.predicted))]
    high = min(1.0, ceiling(1.03 * max(ends)))
    panel = Panel(62, 14, WIDTH - 62 - 130, 310, (0, last * 1.02), (0, high))
    days = [0.0, *groups[0].horizons]
    drawn_groups: list[Markup | None] = []
    for k, g in enumerate(groups):
        kind = f"group{_rank(k, len(groups))}"
        drawn_groups += [
            panel.band(g.day, g.low, g.high, f"band {kind}", step=True),
            panel.steps(g.day, g.observed, f"line {kind}"),
        ]
    marks = [
        _diamond(panel, d, p, f"group{_rank(k, len(groups))}")
        for k, g in enumerate(groups)
        for d, p in zip(g.horizons, g.predicted, strict=True)
    ]
    bottom = 14 + 310 + 60
    key = Panel(62, bottom - 6, 12, 12, (0, 1), (0, 1))
    return drawn(
        "risk_groups",
        "Incidence by predicted risk",
        description,
        bottom + 20,
        *panel.frame(
            [(d, f"{d:g}") for d in days],
            [(t, f"{100 * t:g}") for t in ticks(0, high)],
            "days from infusion",
            "cumulative incidence, %",
        ),
        panel.marks(*drawn_groups, *marks),
        *_names(groups, panel),
        legend(62, bottom, ENTRIES, 260),
        tag("g", _diamond(key, 0.5, 0.5, "group4"), transform=f"translate(300 {bottom - 6})"),
        text(318, bottom + 4, "mean predicted", "name"),
    )


def _rank(k: int, n: int) -> int:
    """Return the shade, 1 to 4: the highest group is always the darkest."""
    return 4 - (n - 1 - k)


def _diamond(panel: Panel, x: float, y: float, kind: str) -> Markup:
    a, b = float(panel.across(x)), float(panel.up(y))
    corners = ((a, b - 5.5), (a + 5.5, b), (a, b + 5.5), (a - 5.5, b))
    points = " ".join(f"{number(u)},{number(v)}" for u, v in corners)
    return tag("polygon", points=points, class_=f"diamond {kind}")


def _names(groups: Sequence[RiskGroup], panel: Panel) -> list[Markup]:
    """Return the groups' names at the ends of their curves, apart from each other."""
    wanted = [panel.top + float(panel.up(g.observed[-1])) for g in groups]
    order = sorted(range(len(groups)), key=lambda k: wanted[k])
    y, placed = -np.inf, {}
    for k in order:
        y = max(wanted[k], y + 17)
        placed[k] = y
    over = max(placed.values()) - (panel.top + panel.height)
    x = panel.left + panel.width + 8
    return [
        text(x, placed[k] - max(over, 0) + 4, g.label, f"name group{_rank(k, len(groups))}")
        for k, g in enumerate(groups)
    ]
