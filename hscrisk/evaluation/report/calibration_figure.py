"""How far predicted risks are right: smoothed curves with bands, and the risks beneath."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from hscrisk.cohort.markup import Markup, tag
from hscrisk.evaluation.report.drawing import (
    WIDTH,
    FloatArray,
    Panel,
    drawn,
    number,
    text,
    ticks,
)
from hscrisk.evaluation.sharing import SMALL
from hscrisk.evaluation.words import fixed, model_name

_BARS = 54


@dataclass(frozen=True)
class Smoothed:
    """A smoothed calibration curve.

    Attributes
    ----------
    risk, observed, low, high : ndarray, shape (n_grid,)
    ici : float
        Mean distance between predicted and observed.
    risks : ndarray, shape (n_judged,)
        The predicted risks themselves.
    """

    risk: FloatArray
    observed: FloatArray
    low: FloatArray
    high: FloatArray
    ici: float
    risks: FloatArray


def calibration_figure(
    curves: Mapping[str, Smoothed], kinds: Mapping[str, str], description: str
) -> Markup:
    """Return a panel a model, all with the same scales, `curves` in their order."""
    columns = min(len(curves), 3)
    gap, left = 22, 58
    side = min(290.0, (WIDTH - left - 16 - gap * (columns - 1)) / columns)
    high = _end(curves)
    row = side + _BARS + 94
    parts: list[object] = []
    for k, (model, curve) in enumerate(curves.items()):
        place = (left + (k % columns) * (side + gap), 34 + (k // columns) * row)
        parts += _one(model, curve, place, side, high, kinds[model], first=k % columns == 0)
    height = 34 + row * ceil(len(curves) / columns) - 30
    return drawn("calibration", "Calibration", description, height, *parts)


def _end(curves: Mapping[str, Smoothed]) -> float:
    """Return the end of the scales: all risks but the most extreme, and the curves, fit in."""
    ends = [
        float(end)
        for c in curves.values()
        for end in (np.quantile(c.risks, 0.995), np.nanmax(c.observed))
    ]
    step = 0.1 if max(ends) > 0.25 else 0.05
    return min(1.0, step * ceil(max(ends) / step + 1e-9))


def _one(
    model: str,
    curve: Smoothed,
    place: tuple[float, float],
    side: float,
    high: float,
    kind: str,
    *,
    first: bool,
) -> list[object]:
    left, top = place
    panel = Panel(left, top, side, side, (0, high), (0, high))
    shares = [(t, f"{100 * t:g}") for t in ticks(0, high, 5 if side > 220 else 4)]
    y_label = "observed, %" if first else ""
    bars = Panel(left, top + side + 46, side, _BARS, (0, high), (0, 1))
    return [
        text(left, top - 16, model_name(model), "heading"),
        text(left + 8, top + 16, f"ICI {fixed(100 * curve.ici, 1)} points", "tick"),
        *panel.frame(shares, shares if first else [(t, "") for t, _ in shares], "", y_label),
        panel.marks(
            panel.line([0, high], [0, high], "chance"),
            panel.band(curve.risk, curve.low, curve.high, f"band {kind}"),
            panel.line(curve.risk, curve.observed, f"line {kind}"),
        ),
        *_distribution(curve.risks, bars, kind),
        text(left + side / 2, top + side + 34, "predicted, %", "axis", "middle"),
    ]


def _distribution(risks: FloatArray, panel: Panel, kind: str) -> list[Markup]:
    """Return bars of how many have which risk; small ones show only that they are small."""
    n_bars = 25 if len(risks) >= 1000 else 10
    counts, edges = np.histogram(np.clip(risks, *panel.x), bins=n_bars, range=panel.x)
    most = max(int(counts.max()), SMALL)
    parts = []
    for n, low, high in zip(counts, edges[:-1], edges[1:], strict=True):
        if not n:
            continue
        x, right = (float(panel.across(v)) for v in (low, high))
        height = panel.height * max(int(n), SMALL) / most
        place = {"x": x + 0.5, "y": panel.height - height, "width": right - x - 1, "height": height}
        shown = "bar" if n >= SMALL else "bar few"
        coordinates = {key: number(value) for key, value in place.items()}
        parts.append(tag("rect", class_=f"{shown} {kind}", **coordinates))
    return [panel.marks(*parts)]
