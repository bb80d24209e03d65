"""What moves the risk, as a table with the bars in it: figure and its own alternative in one."""

from __future__ import annotations

from hscrisk.explain.explanation import Explanation, decimals
from hscrisk.explain.markup import Markup, join, tag
from hscrisk.explain.waterfall import (
    Axis,
    Step,
    axis,
    percent,
    row_of_bar,
    row_of_base,
    row_of_risk,
    row_of_ticks,
    steps,
)
from hscrisk.explain.words import sentence_case, signed


def factors_table(explanation: Explanation, labelled_by: str = "factors") -> Markup:
    """Return the steps from the cohort's average to this patient.

    Parameters
    ----------
    explanation : Explanation
    labelled_by : str
        The id of the heading above it.

    The roles are written out because rows become grids on a phone, which would hide them from
    screen readers.
    """
    e = explanation
    places = decimals(e.risk, e.null_risk)
    bars = steps(e)
    scale = axis(e, bars)
    interval = f"interval {percent(e.low, places)} to {percent(e.high, places)}"
    rows = [
        _row(
            "Average of the cohort",
            "",
            row_of_base(scale, e.base_risk),
            percent(e.base_risk, places),
        ),
        *(_bar(bar, scale, e.base_risk, places) for bar in bars),
        _row(
            "This patient", interval, row_of_risk(e, scale), percent(e.risk, places), "total", "end"
        ),
        _row("", "", row_of_ticks(scale), "", "", "axis"),
    ]
    head = tag(
        "tr",
        tag("th", "Variable and value", scope="col", role="columnheader"),
        tag("th", e.noun.capitalize(), scope="col", role="columnheader", class_="graph"),
        tag("th", "Points", scope="col", role="columnheader", class_="number points"),
        role="row",
    )
    return tag(
        "table",
        tag("thead", head, role="rowgroup"),
        tag("tbody", *rows, role="rowgroup"),
        class_="factors",
        role="table",
        aria_labelledby=labelled_by,
    )


def _bar(bar: Step, scale: Axis, base: float, places: int) -> Markup:
    said = signed(bar.end - bar.start, places)
    return _row(sentence_case(bar.label), bar.value, row_of_bar(bar, scale, base), said, bar.effect)


def _row(
    label: str, value: str, graph: Markup, said: str, kind: str = "", row_kind: str = ""
) -> Markup:
    if row_kind == "axis":  # words of the picture only
        empty = tag("td", role="cell")
        return tag("tr", empty, _graph(graph), empty, class_="axis", role="row", aria_hidden="true")
    return tag(
        "tr",
        tag(
            "th",
            label,
            join(" ", tag("span", value)) if value else None,
            scope="row",
            role="rowheader",
        ),
        _graph(graph),
        tag("td", said, role="cell", class_=f"number points {kind}".strip()),
        role="row",
        class_=row_kind or None,
    )


def _graph(drawn: Markup) -> Markup:
    picture = tag("svg", drawn, class_="fig cell", aria_hidden="true")
    return tag("td", picture, role="cell", class_="graph")
