"""The steps from the cohort's average to one patient, as a drawing in a file of its own (SVG)."""

from __future__ import annotations

from hscrisk.explain.explanation import Explanation, decimals
from hscrisk.explain.markup import Markup, escape, tag
from hscrisk.explain.palette import standalone_css
from hscrisk.explain.waterfall import (
    axis,
    percent,
    row_of_bar,
    row_of_base,
    row_of_risk,
    row_of_ticks,
    steps,
)
from hscrisk.explain.words import (
    cohort_words,
    counted,
    denominator,
    headline,
    sentence_case,
    signed,
    title,
)

WIDTH, LEFT, RIGHT, EDGE = 820, 300, 90, 24
TOP, ROW = 108, 42
_LETTERS = 44
"""Letters of a line beside the bars; longer ones are cut, and whole in the description."""


def render_figure(explanation: Explanation) -> str:
    """Return the figure of one explanation, with whom it was learned from in it.

    It stands alone: words, colours and a description are inside, and nothing is fetched.
    """
    e = explanation
    places = decimals(e.risk, e.null_risk)
    bars = steps(e)
    scale = axis(e, bars)
    rows = [
        _row(0, "Average of the cohort", "", percent(e.base_risk, places)),
        _graph(0, row_of_base(scale, e.base_risk)),
    ]
    for i, bar in enumerate(bars, start=1):
        said = signed(bar.end - bar.start, places)
        rows.append(_row(i, sentence_case(bar.label), bar.value, said, f"fig-said-{bar.effect}"))
        rows.append(_graph(i, row_of_bar(bar, scale, e.base_risk)))
    last = len(bars) + 1
    interval = f"{100 * e.level:g} % interval {percent(e.low, places)} to {percent(e.high, places)}"
    rows.append(_row(last, "This patient", interval, percent(e.risk, places), "fig-strong"))
    rows.append(_graph(last, row_of_risk(e, scale)))
    rows.append(_graph(last + 1, row_of_ticks(scale)))
    bottom = TOP + ROW * (last + 1) + 34
    foot = f"{e.disclaimer}.{f' Model {e.model_version}.' if e.model_version else ''}"
    drawn = tag(
        "svg",
        tag("title", title(e)),
        tag("desc", _description(e)),
        Markup(f"<style>{escape(standalone_css())}</style>"),
        tag("rect", class_="fig-ground", width="100%", height="100%"),
        _text(EDGE, 36, title(e), "fig-title"),
        _text(EDGE, 60, _cut(cohort_words(e), 118), "fig-muted"),
        _text(EDGE, 82, _figure_words(e)),
        *rows,
        _text(EDGE, bottom + 10, foot, "fig-muted"),
        xmlns="http://www.w3.org/2000/svg",
        class_="fig",
        viewBox=f"0 0 {WIDTH} {bottom + 28}",
        width=str(WIDTH),
        height=str(bottom + 28),
        role="img",
    )
    return f"{drawn}\n"


def _description(e: Explanation) -> str:
    told = "; ".join(
        f"{item.label}: {item.value}, {signed(item.contribution_risk, 2)} percentage points"
        for item in e.items
    )
    return f"{headline(e)} {told}."


def _figure_words(e: Explanation) -> str:
    of = denominator(e)
    return (
        f"{sentence_case(counted(e.risk, of))} of {of:,} patients like this one; in the whole "
        f"cohort {counted(e.null_risk, of)}. Steps in percentage points."
    )


def _row(i: int, label: str, value: str, said: str, kind: str = "") -> Markup:
    y = TOP + ROW * i + ROW // 2
    first = y - 2 if value else y + 5
    below = _text(EDGE, y + 14, _cut(value, _LETTERS), "fig-muted") if value else None
    return tag(
        "g",
        _text(EDGE, first, _cut(label, _LETTERS), "fig-strong"),
        below,
        _text(WIDTH - EDGE, y + 5, said, kind, text_anchor="end"),
    )


def _graph(i: int, drawn: Markup) -> Markup:
    place = {"x": LEFT, "y": TOP + ROW * i, "width": WIDTH - LEFT - RIGHT - EDGE, "height": ROW}
    return tag("svg", drawn, overflow="visible", **place)


def _text(x: int, y: int, words: str, kind: str = "", text_anchor: str | None = None) -> Markup:
    return tag("text", words, class_=kind or None, x=x, y=y, text_anchor=text_anchor)


def _cut(words: str, letters: int) -> str:
    return words if len(words) <= letters else f"{words[: letters - 1].rstrip()}…"
