"""Scales, frames and marks of the figures: SVG whose bytes follow from the numbers alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log, log10
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.cohort.markup import Markup, tag

FloatArray = NDArray[np.float64]
WIDTH = 720
"""Units of every figure; letters are 12 or 13 of them high."""
_ROW = 20.0


@dataclass(frozen=True)
class Scale:
    """From a quantity to units of the drawing.

    Attributes
    ----------
    low, high : float
        The quantity at either end.
    start, end : float
        Where the ends lie.
    log : bool
        Whether equal ratios take equal room.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: ArrayLike) -> FloatArray:
        """Return where `value` lies; what lies far outside is put a little outside."""
        given = np.asarray(value, dtype=np.float64)
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.log(given / self.low) / log(self.high / self.low)
        else:
            share = (given - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * np.clip(share, -0.5, 1.5)

    def holds(self, value: float) -> bool:
        """Return whether `value` lies between the ends."""
        slack = 1e-9 * abs(self.high - self.low)
        return self.low - slack <= value <= self.high + slack


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`.

    >>> ticks(0, 0.43)
    [0.0, 0.1, 0.2, 0.3, 0.4]
    """
    raw = (high - low) / about
    power = 10.0 ** floor(log10(raw))
    step = min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - raw))
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [float(round(k * step, 10)) + 0.0 for k in range(first, last + 1)]


def ceiling(value: float, about: int = 5) -> float:
    """Return a round number at or above `value` that is a tick of the scale that ends there.

    >>> ceiling(0.43)
    0.5
    """
    step = ticks(0, value, about)[1]
    return float(round(step * ceil(value / step - 1e-9), 10))


@dataclass(frozen=True)
class Panel:
    """A frame with two scales; marks outside of it are cut off.

    Attributes
    ----------
    left, top, width, height : float
    x, y : tuple of float
        The quantities from left to right and from bottom to top.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    log_x: bool = False

    @property
    def across(self) -> Scale:
        """Return the scale from left to right."""
        return Scale(*self.x, 0.0, self.width, self.log_x)

    @property
    def up(self) -> Scale:
        """Return the scale from bottom to top."""
        return Scale(*self.y, self.height, 0.0)

    def marks(self, *parts: Markup | None) -> Markup:
        """Return marks, cut off at the frame."""
        place = {"x": self.left, "y": self.top, "width": self.width, "height": self.height}
        return tag("svg", *parts, **{key: number(value) for key, value in place.items()})

    def line(self, x: ArrayLike, y: ArrayLike, kind: str) -> Markup:
        """Return a line through points; where a number is missing it is interrupted."""
        return tag("path", d=path(self.across(x), self.up(y)), class_=kind)

    def steps(self, x: ArrayLike, y: ArrayLike, kind: str) -> Markup:
        """Return a line that keeps its height until the next point."""
        return tag("path", d=path(*stepped(self.across(x), self.up(y))), class_=kind)

    def band(
        self, x: ArrayLike, low: ArrayLike, high: ArrayLike, kind: str, *, step: bool = False
    ) -> Markup | None:
        """Return the area between two lines, where both are known."""
        across, under, over = self.across(x), self.up(low), self.up(high)
        if step:
            (across, under), over = stepped(across, under), stepped(across, over)[1]
        known = np.isfinite(across) & np.isfinite(under) & np.isfinite(over)
        if known.sum() < 2:
            return None
        xs = np.concatenate([across[known], across[known][::-1]])
        ys = np.concatenate([over[known], under[known][::-1]])
        return tag("path", d=f"{path(xs, ys)}Z", class_=kind)

    def frame(
        self,
        x_ticks: Iterable[tuple[float, str]],
        y_ticks: Iterable[tuple[float, str]],
        x_label: str,
        y_label: str,
    ) -> list[Markup]:
        """Return grid, ticks and names of the axes."""
        floor_, right = self.top + self.height, self.left + self.width
        parts: list[Markup] = []
        for value, words in y_ticks:
            y = self.top + float(self.up(value))
            parts.append(rule(self.left, y, right, y, "grid"))
            parts.append(text(self.left - 7, y + 4, words, "tick", "end"))
        for value, words in x_ticks:
            x = self.left + float(self.across(value))
            parts.append(rule(x, floor_, x, floor_ + 4, "mark"))
            parts.append(text(x, floor_ + 17, words, "tick", "middle"))
        parts.append(rule(self.left, floor_, right, floor_, "mark"))
        middle, centre = self.left + self.width / 2, self.top + self.height / 2
        if x_label:
            parts.append(text(middle, floor_ + 36, x_label, "axis", "middle"))
        if y_label:
            turned = f"rotate(-90 {number(self.left - 44)} {number(centre)})"
            parts.append(text(self.left - 44, centre, y_label, "axis", "middle", transform=turned))
        return parts


def number(value: float) -> str:
    """Return a coordinate: a tenth of a unit is more than can be seen.

    >>> number(-0.01), number(12.34)
    ('0', '12.3')
    """
    return f"{round(float(value), 1) + 0.0:g}"


def path(x: FloatArray, y: FloatArray) -> str:
    """Return the path through points, lifted where one is missing."""
    said, lifted = [], True
    for a, b in zip(x, y, strict=True):
        if not (np.isfinite(a) and np.isfinite(b)):
            lifted = True
            continue
        said.append(f"{'M' if lifted else 'L'}{number(a)} {number(b)}")
        lifted = False
    return "".join(said)


def stepped(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return points with the corners of a step function between them."""
    return np.repeat(x, 2)[1:], np.repeat(y, 2)[:-1]


def text(
    x: float, y: float, words: object, kind: str, anchor: str = "start", **more: Any
) -> Markup:
    """Return words at a place; `anchor` says which end of them lies there."""
    return tag("text", words, x=number(x), y=number(y), class_=kind, text_anchor=anchor, **more)


def rule(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """Return a straight line."""
    ends = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
    return tag("line", **{key: number(value) for key, value in ends.items()}, class_=kind)


def whisker(x: float, y: float, low: float, high: float, kind: str, *, upright: bool) -> Markup:
    """Return a dot with the line of its interval."""
    ends = (x, low, x, high) if upright else (low, y, high, y)
    known = np.isfinite(low) and np.isfinite(high)
    dot = tag("circle", cx=number(x), cy=number(y), r="3.6", class_=f"dot {kind}")
    return tag("g", rule(*ends, f"whisker {kind}") if known else None, dot)


def legend(left: float, top: float, entries: Sequence[tuple[str, str]], width: float) -> Markup:
    """Return names with a piece of their line, side by side as far as they fit."""
    parts = []
    for (kind, words), (x, y) in zip(entries, _places(entries, width), strict=True):
        parts.append(rule(left + x, top + y, left + x + 28, top + y, f"line {kind}"))
        parts.append(text(left + x + 35, top + y + 4, words, "name"))
    return tag("g", *parts)


def legend_height(entries: Sequence[tuple[str, str]], width: float) -> float:
    """Return the room that `legend` takes."""
    return _places(entries, width)[-1][1] + _ROW if entries else 0.0


def _places(entries: Sequence[tuple[str, str]], width: float) -> list[tuple[float, float]]:
    places, x, y = [], 0.0, 0.0
    for _, words in entries:
        room = 54 + 6.7 * len(words)
        if x > 0 and x + room > width:
            x, y = 0.0, y + _ROW
        places.append((x, y))
        x += room
    return places


def drawn(name: str, title: str, description: str, height: float, *parts: object) -> Markup:
    """Return the whole drawing; `title` and `description` are read to who cannot see it."""
    return tag(
        "svg",
        tag("title", title, id=f"{name}-title"),
        tag("desc", description, id=f"{name}-desc"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {number(height)}",
        class_="picture",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )
