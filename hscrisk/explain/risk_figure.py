"""The risk itself in pictures: of 100 patients, and on a line from 0 to 100 %."""

from __future__ import annotations

from hscrisk.explain.explanation import Explanation
from hscrisk.explain.markup import Markup, join, tag
from hscrisk.explain.waterfall import percent
from hscrisk.explain.words import counted, outcome_words, when

ACROSS, APART, RADIUS = 10, 11, 4.2
_NEAR_EDGE = 14.0


def icons(explanation: Explanation) -> Markup:
    """Return 100 dots: filled as many as are expected, ringed as many as the interval spans."""
    e = explanation
    low, risk, high = (round(100 * share) for share in (e.low, e.risk, e.high))
    dots = [
        tag(
            "circle",
            class_=f"icon-{_kind(i, low, risk, high)}",
            cx=f"{APART * (i % ACROSS + 0.5):g}",
            cy=f"{APART * (i // ACROSS + 0.5):g}",
            r=str(RADIUS),
        )
        for i in range(100)
    ]
    side = APART * ACROSS
    words = (
        f"{counted(e.risk, 100)} of 100 dots are filled: those expected to {outcome_words(e)} "
        f"{when(e)}. The interval runs from {counted(e.low, 100)} to {counted(e.high, 100)}."
    )
    return tag(
        "svg",
        *dots,
        class_="fig icons",
        viewBox=f"0 0 {side} {side}",
        role="img",
        aria_label=words,
    )


def icon_key(kind: str) -> Markup:
    """Return one dot, for a legend."""
    dot = tag("circle", class_=f"icon-{kind}", cx="6", cy="6", r=str(RADIUS))
    return tag("svg", dot, class_="key", viewBox="0 0 12 12", aria_hidden="true")


def strip(explanation: Explanation, *, words: bool = True) -> Markup:
    """Return the risk with its interval, and the cohort's figure, on a line from 0 to 100 %.

    Parameters
    ----------
    explanation : Explanation
    words : bool
        Whether the marks are named; without, it fits into a line of a table.
    """
    e = explanation
    top = 22 if words else 5
    drawn = [
        _rect("fig-rail", 0.0, 1.0, top + 3, 6),
        _rect("fig-band", e.low, e.high, top, 12),
        tag("circle", class_="fig-dot", cx=_at(e.risk), cy=str(top + 6), r="6"),
        tag(
            "line",
            class_="fig-null",
            x1=_at(e.null_risk),
            x2=_at(e.null_risk),
            y1=str(top - 3),
            y2=str(top + 15),
        ),
    ]
    if words:
        drawn.append(_said(f"this patient {said_percent(e.risk)}", e.risk, 13, "fig-strong"))
        drawn.append(_said(f"whole cohort {said_percent(e.null_risk)}", e.null_risk, top + 30, ""))
        drawn += [_said(percent(t), t, top + 48, "fig-muted") for t in (0, 0.25, 0.5, 0.75, 1)]
    label = (
        f"{e.label}: {said_percent(e.risk)}, {100 * e.level:g} % interval "
        f"{said_percent(e.low)} to {said_percent(e.high)}; whole cohort {said_percent(e.null_risk)}"
    )
    kind = "fig strip" if words else "fig strip strip-small"
    return tag("svg", join(*drawn), class_=kind, role="img", aria_label=label)


def said_percent(share: float) -> str:
    """Return a share in whole percent, never rounded to impossible or certain.

    >>> said_percent(0.342).split(), said_percent(0.001).split()
    (['34', '%'], ['under', '1', '%'])
    """
    whole = round(100 * share)
    if whole < 1:
        return "under 1\u00a0%"
    return "over 99\u00a0%" if whole > 99 else f"{whole}\u00a0%"


def _kind(i: int, low: int, risk: int, high: int) -> str:
    if i < min(low, risk):
        return "sure"
    if i < risk:
        return "within"
    return "maybe" if i < high else "none"


def _at(share: float) -> str:
    return f"{round(100 * share, 3)}%"


def _rect(kind: str, low: float, high: float, y: int, height: int) -> Markup:
    width = f"{round(100 * (high - low), 3)}%"
    return tag("rect", class_=kind, x=_at(low), y=str(y), width=width, height=str(height), rx="3")


def _said(words: str, share: float, y: int, kind: str) -> Markup:
    at = 100 * share
    anchor = "start" if at < _NEAR_EDGE else "end" if at > 100 - _NEAR_EDGE else "middle"
    return tag("text", words, class_=kind or None, x=_at(share), y=str(y), text_anchor=anchor)
