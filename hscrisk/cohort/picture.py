"""The incidence of an endpoint and of what competes with it, drawn as steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hscrisk.cohort.markup import Markup, tag

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 150, 14, 40


def incidence_picture(told: Mapping[str, Any], name: str) -> Markup:
    """Return the curve of an endpoint with its 95 % band, and of its competing events together.

    The same numbers stand in the table beside it; the picture says so to who cannot see it.
    """
    curve = told["curve"]
    last = float(max([row["horizon"] for row in told["horizons"]] + [1]))
    days = curve["day"]
    parts = [
        *_axes(told, last),
        tag("path", d=_band(curve, last), class_="band"),
        tag("path", d=_steps(days, curve["competing"], last), class_="rival"),
        tag("path", d=_steps(days, curve["incidence"], last), class_="curve"),
        *_names(curve, last, competes=bool(told["competing"])),
    ]
    return tag(
        "svg",
        tag("title", f"{told['label']}: cumulative incidence", id=f"{name}-title"),
        tag("desc", _described(told), id=f"{name}-desc"),
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="picture",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def _described(told: Mapping[str, Any]) -> str:
    said = [
        f"by day {row['horizon']} {100 * row['incidence']:.1f} % "
        f"({100 * row['low']:.1f} to {100 * row['high']:.1f} %)"
        for row in told["horizons"]
        if "incidence" in row
    ]
    return f"{'; '.join(said) or 'not estimable'}; drawn as far as 10 are still followed."


def _x(day: float, last: float) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * day / last, 1)


def _y(share: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - share), 1)


def _steps(days: list[float], shares: list[float], last: float) -> str:
    steps = zip(days[1:], [*shares[1:], shares[-1]], strict=False)
    path = "".join(f"H{_x(day, last)}V{_y(share)}" for day, share in steps)
    return f"M{_x(days[0], last)} {_y(shares[0])}{path}"


def _band(curve: Mapping[str, list[float]], last: float) -> str:
    days, low, high = curve["day"], curve["low"], curve["high"]
    over = _steps(days, high, last)
    # Back along the lower limit: across first on the level of the day before.
    back = [f"L{_x(days[-1], last)} {_y(low[-1])}"]
    back += [
        f"V{_y(low[place - 1])}H{_x(days[place - 1], last)}"
        for place in range(len(days) - 1, 0, -1)
    ]
    return f"{over}{''.join(back)}Z"


def _axes(told: Mapping[str, Any], last: float) -> list[Markup]:
    right = WIDTH - _RIGHT
    parts = []
    for percent in (0, 25, 50, 75, 100):
        y = _y(percent / 100)
        parts.append(tag("line", x1=_LEFT, x2=right, y1=y, y2=y, class_="grid"))
        words = f"{percent} %"
        parts.append(tag("text", words, x=_LEFT - 8, y=y + 4, text_anchor="end", class_="tick"))
    for day in (0, *(row["horizon"] for row in told["horizons"])):
        x, floor = _x(day, last), _y(0)
        parts.append(tag("line", x1=x, x2=x, y1=floor, y2=floor + 5, class_="mark"))
        parts.append(tag("text", day, x=x, y=floor + 19, text_anchor="middle", class_="tick"))
    place = {"x": (_LEFT + right) / 2, "y": HEIGHT - 4}
    words = "days from infusion"
    parts.append(tag("text", words, **place, text_anchor="middle", class_="tick"))
    return parts


def _names(curve: Mapping[str, list[float]], last: float, *, competes: bool) -> list[Markup]:
    own, rival = _y(curve["incidence"][-1]), _y(curve["competing"][-1])
    if competes and abs(own - rival) < 18:
        middle = (own + rival) / 2
        own, rival = (middle - 9, middle + 9) if own <= rival else (middle + 9, middle - 9)
    x = _x(curve["day"][-1], last) + 8
    names = [tag("text", "this endpoint", x=x, y=round(own + 4, 1), class_="name")]
    if competes:
        names.append(tag("text", "competing events", x=x, y=round(rival + 4, 1), class_="other"))
    return names
