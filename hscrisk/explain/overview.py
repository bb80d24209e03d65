"""All endpoints of one patient on a page, each with its interval and the cohort beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hscrisk.explain.document import definitions, document
from hscrisk.explain.explanation import INTENDED_USE, Explanation
from hscrisk.explain.markup import Markup, join, tag
from hscrisk.explain.page import provenance
from hscrisk.explain.risk_figure import strip
from hscrisk.explain.words import cohort_words, counted, denominator, when


def render_overview(
    explanations: Sequence[Explanation],
    links: Mapping[str, str],
    refused: Mapping[str, str] | None = None,
) -> str:
    """Return the page that lists the endpoints of one patient.

    Parameters
    ----------
    explanations : sequence of Explanation
        At least one.
    links : mapping of str to str
        Address of the page of each endpoint.
    refused : mapping of str to str, optional
        Endpoints that cannot be explained, with the reason.
    """
    cohorts = dict.fromkeys(cohort_words(e) for e in explanations)
    facts = {"Learned from": " ".join(cohorts), "Intended use": INTENDED_USE}
    main = join(
        tag("p", "One transplant, all endpoints", class_="eyebrow"),
        tag("h1", "What may follow this transplant"),
        definitions(facts, "facts"),
        tag(
            "p",
            "Each figure counts patients like this one; a patient who dies first cannot have "
            "another event later. The dot is this patient with its interval, the line the whole "
            "cohort. How far a model can be relied on stands on its own page.",
            class_="apart",
        ),
        _table(explanations, links),
        _refused(refused or {}),
    )
    return document("One transplant, all endpoints", main, provenance(explanations[0]))


def _table(explanations: Sequence[Explanation], links: Mapping[str, str]) -> Markup:
    columns = ("Endpoint", "Patients like this one", "0 to 100 %", "Whole cohort")
    head = tag("tr", *(tag("th", name, scope="col", role="columnheader") for name in columns))
    rows = [_row(e, links[e.endpoint]) for e in explanations]
    return tag(
        "table",
        tag("thead", head, role="rowgroup"),
        tag("tbody", *rows, role="rowgroup"),
        class_="overview",
        role="table",
    )


def _row(e: Explanation, link: str) -> Markup:
    of = denominator(e)
    doubt = None
    if not e.supported:
        doubt = tag("span", "Not supported by the cohort: do not rely on it", class_="doubt")
    figure = f"{counted(e.risk, of)} of {of:,}"
    interval = f"{100 * e.level:g}\u00a0% interval {counted(e.low, of)} to {counted(e.high, of)}"
    return tag(
        "tr",
        tag(
            "th",
            tag("a", e.label, href=link),
            " ",
            tag("span", when(e)),
            " ",
            doubt,
            scope="row",
            role="rowheader",
        ),
        tag("td", tag("b", figure), " ", tag("span", interval), role="cell", class_="figures"),
        tag("td", strip(e, words=False), role="cell", class_="graph"),
        tag("td", f"{counted(e.null_risk, of)} of {of:,}", role="cell", class_="rest"),
        role="row",
    )


def _refused(refused: Mapping[str, str]) -> Markup | None:
    if not refused:
        return None
    lines = [tag("li", f"{name.replace('_', ' ')}: {why}") for name, why in refused.items()]
    return join(tag("h2", "Not explained"), tag("ul", *lines))
