"""How well models tell who will have the event: ROC curves, and the AUC day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hscrisk.cohort.markup import Markup
from hscrisk.evaluation.report.drawing import (
    WIDTH,
    FloatArray,
    Panel,
    drawn,
    legend,
    legend_height,
    rule,
    text,
    ticks,
    whisker,
)
from hscrisk.evaluation.report.shown import day
from hscrisk.evaluation.words import model_name

_SIDE = 290


@dataclass(frozen=True)
class Point:
    """A score of a model at a horizon, with its interval."""

    model: str
    horizon: float
    estimate: float
    low: float
    high: float


def discrimination_figure(
    curves: Mapping[str, tuple[FloatArray, FloatArray]],
    points: Sequence[Point],
    horizon: float,
    kinds: Mapping[str, str],
    description: str,
) -> Markup:
    """Return the ROC curves at one horizon beside the AUC at each.

    Parameters
    ----------
    curves : mapping of str to (false positive rate, true positive rate)
    points : sequence of Point
        AUCs; not finite where not estimable.
    horizon : float
    kinds : mapping of str to str
        Class of each model.
    description : str
    """
    entries = [(kinds[m], model_name(m)) for m in curves]
    top, bottom = 34.0, 34.0 + _SIDE
    shares = [(t, f"{t:.1f}") for t in (0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    roc = Panel(62, top, _SIDE, _SIDE, (0, 1), (0, 1))
    lines = [
        roc.line(x, y, f"line {kinds[model]}") for model, (x, y) in reversed(list(curves.items()))
    ]
    return drawn(
        "discrimination",
        "Discrimination",
        description,
        bottom + 60 + legend_height(entries, WIDTH - 62),
        text(62, 18, f"ROC curve at {day(horizon)}", "heading"),
        *roc.frame(shares, shares, "false positive rate", "true positive rate"),
        roc.marks(roc.line([0, 1], [0, 1], "chance"), *lines),
        *_by_day(points, kinds, top),
        legend(62, bottom + 58, entries, WIDTH - 62),
    )


def _by_day(points: Sequence[Point], kinds: Mapping[str, str], top: float) -> list[Markup]:
    known = [p for p in points if np.isfinite(p.estimate) and p.model in kinds]
    days = sorted({p.horizon for p in points})
    ends = [v for p in known for v in (p.estimate, p.low, p.high) if np.isfinite(v)]
    low = min([0.45, *ends]) - 0.02
    high = max([0.7, *ends]) + 0.02
    panel = Panel(440, top, WIDTH - 440 - 10, _SIDE, (0, len(days)), (max(0, low), min(1, high)))
    named = [(k + 0.5, f"{d:g}") for k, d in enumerate(days)]
    levels = [(t, f"{t:.2f}") for t in ticks(*panel.y)]
    models = [m for m in kinds if any(p.model == m for p in known)]
    dots = []
    for p in known:
        # Side by side within their day, in the order of the legend.
        aside = (models.index(p.model) - (len(models) - 1) / 2) * min(0.66 / len(models), 0.16)
        x = float(panel.across(days.index(p.horizon) + 0.5 + aside))
        y, y_low, y_high = (float(panel.up(v)) for v in (p.estimate, p.low, p.high))
        dots.append(whisker(x, y, y_low, y_high, kinds[p.model], upright=True))
    chance = float(panel.up(0.5))
    return [
        text(440, 18, "AUC with 95 % interval", "heading"),
        *panel.frame(named, levels, "days from infusion", ""),
        panel.marks(rule(0, chance, panel.width, chance, "chance"), *dots),
    ]
