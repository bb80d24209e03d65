"""From the cohort's average to this patient: the steps, and where they stand on an axis."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hscrisk.explain.explanation import Effect, Explanation, decimals, effect_of
from hscrisk.explain.markup import Markup, join, tag

SHOWN = 10
"""Variables drawn one by one; the others are drawn together."""

THICK = 16
"""Of a bar, in pixels."""


@dataclass(frozen=True)
class Step:
    """One bar, from one risk to the next.

    Attributes
    ----------
    label, value : str
    start, end : float
        Risks.
    effect : {'raises', 'lowers', 'neither'}
    """

    label: str
    value: str
    start: float
    end: float
    effect: Effect


def steps(explanation: Explanation, shown: int = SHOWN) -> tuple[Step, ...]:
    """Return the bars in order; the first starts at the base, the last ends at the risk."""
    places = decimals(explanation.risk, explanation.null_risk)
    items = explanation.items
    # Those that move nothing are told together, and one alone is not "others".
    alone = [item for item in items if item.effect != "neither"][:shown]
    if len(items) == len(alone) + 1:
        alone = list(items)
    at, out = explanation.base_risk, []
    for item in alone:
        end = at + item.contribution_risk
        out.append(Step(item.label, item.value, at, end, item.effect))
        at = end
    rest = len(items) - len(alone)
    if rest:
        words = f"{rest} other variables together"
        total = explanation.risk - at
        out.append(Step(words, "", at, explanation.risk, effect_of(total, places)))
    return tuple(out)


@dataclass(frozen=True)
class Axis:
    """A piece of the scale of risk, in shares of its length.

    Attributes
    ----------
    low, high : float
        Risks at its ends.
    ticks : tuple of float
        Risks marked on it.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, risk: float) -> float:
        """Return where a risk stands, 0 to 100, kept inside."""
        share = (risk - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 3)


def axis(explanation: Explanation, bars: tuple[Step, ...]) -> Axis:
    """Return the axis that holds every bar and the interval, with round ticks inside.

    Steps on a straight line may pass 0 or 1 on their way; the axis then does too, its ticks do not.
    """
    e = explanation
    inside = [e.base_risk, e.risk, e.low, e.high, *(bar.end for bar in bars)]
    low, high = min(inside), max(inside)
    span = max(high - low, 0.01)
    # A margin, so that marks at the ends are whole; but no scale of risk below 0 for its sake.
    low = max(low - 0.06 * span, min(low, 0.0))
    high = min(high + 0.06 * span, max(high, 1.0))
    width = next(w for w in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if span / w <= 5)
    first = math.ceil(max(low, 0.0) / width - 1e-9)
    last = math.floor(min(high, 1.0) / width + 1e-9)
    return Axis(low, high, tuple(round(k * width, 4) for k in range(first, last + 1)))


def percent(risk: float, places: int = 0) -> str:
    """Return a risk in percent, the sign after a space that does not break.

    >>> percent(0.25).split(), percent(0.005, 1).split()
    (['25', '%'], ['0.5', '%'])
    """
    return f"{100 * risk:.{places}f}\u00a0%"


def tick_words(scale: Axis) -> list[tuple[float, str]]:
    """Return each tick's place and its words, with decimals where the ticks need them."""
    places = 0 if all(abs(100 * t - round(100 * t)) < 1e-6 for t in scale.ticks) else 1
    return [(scale.at(tick), percent(tick, places)) for tick in scale.ticks]


def row_of_bar(bar: Step, scale: Axis, base: float) -> Markup:
    """Return the drawing of one bar, in shares of the row that it is put into."""
    left, right = sorted((scale.at(bar.start), scale.at(bar.end)))
    kind = {"raises": "up", "lowers": "down", "neither": "neither"}[bar.effect]
    return _row(
        scale,
        base,
        _upright("fig-join", scale.at(bar.start), "0%", "50%"),
        _upright("fig-join", scale.at(bar.end), "50%", "100%"),
        tag(
            "rect",
            class_=f"fig-{kind}",
            x=f"{left}%",
            y="50%",
            width=f"{round(right - left, 3)}%",
            height=str(THICK),
            transform=f"translate(0 -{THICK // 2})",
        ),
    )


def row_of_base(scale: Axis, base: float) -> Markup:
    """Return the drawing of where the bars start."""
    at = f"{scale.at(base)}%"
    return _row(
        scale,
        base,
        _upright("fig-join", scale.at(base), "50%", "100%"),
        tag("circle", class_="fig-ring", cx=at, cy="50%", r="4.5"),
    )


def row_of_risk(explanation: Explanation, scale: Axis) -> Markup:
    """Return the drawing of where the bars end, with the interval of the risk."""
    e = explanation
    low, high, at = scale.at(e.low), scale.at(e.high), scale.at(e.risk)
    return _row(
        scale,
        e.base_risk,
        _upright("fig-join", at, "0%", "50%"),
        tag("line", class_="fig-whisker", x1=f"{low}%", x2=f"{high}%", y1="50%", y2="50%"),
        _upright("fig-whisker", low, "40%", "60%"),
        _upright("fig-whisker", high, "40%", "60%"),
        tag("circle", class_="fig-dot", cx=f"{at}%", cy="50%", r="6"),
    )


def row_of_ticks(scale: Axis) -> Markup:
    """Return the words of the axis."""
    words = [
        tag("text", text, class_="fig-muted", x=f"{at}%", y="65%", text_anchor="middle")
        for at, text in tick_words(scale)
    ]
    return join(*words)


def _row(scale: Axis, base: float, *drawn: Markup) -> Markup:
    grid = [_upright("fig-grid", scale.at(tick), "0%", "100%") for tick in scale.ticks]
    return join(*grid, _upright("fig-base", scale.at(base), "0%", "100%"), *drawn)


def _upright(kind: str, at: float, top: str, bottom: str) -> Markup:
    return tag("line", class_=kind, x1=f"{at}%", x2=f"{at}%", y1=top, y2=bottom)
