"""One explained risk as a page: who, how many of 100, what moves it, and how far to trust it."""

from __future__ import annotations

from hscrisk.explain.document import definitions, document, note
from hscrisk.explain.explanation import INTENDED_USE, Explanation, Item, decimals
from hscrisk.explain.factors_table import factors_table
from hscrisk.explain.markup import Markup, join, tag
from hscrisk.explain.risk_figure import icon_key, icons, strip
from hscrisk.explain.waterfall import percent
from hscrisk.explain.words import (
    WHEN_KNOWN,
    cohort_words,
    compared,
    counted,
    denominator,
    evaluated,
    factors,
    not_known,
    outcome_words,
    points,
    sentence_case,
    title,
    when,
)

INTERVAL = (
    "The interval says how well the {noun} is known from so many transplants, not what will happen "
    "to one patient."
)
PRIVATE = "This page holds values of a patient's record: keep it as carefully as the record itself."


def render_page(explanation: Explanation, *, index: str | None = None) -> str:
    """Return one explanation as a page that needs nothing else: HTML, style and pictures in one.

    Parameters
    ----------
    explanation : Explanation
    index : str, optional
        Address of the page that lists the patient's other endpoints.
    """
    e = explanation
    main = join(
        _head(e, index),
        _doubts(e),
        _estimate(e),
        _why(e),
        _inputs(e),
    )
    return document(title(e), main, provenance(e))


def provenance(explanation: Explanation) -> Markup:
    """Return what predicted the risk, and how the page is to be kept."""
    e = explanation
    made = [f"Model {e.model_version}"] if e.model_version else []
    made += [f"data contract {e.schema_version}"] if e.schema_version else []
    return join(tag("p", " · ".join(made)) if made else None, tag("p", PRIVATE))


def _head(e: Explanation, index: str | None) -> Markup:
    back = join(" · ", tag("a", "all endpoints of this patient", href=index)) if index else None
    return tag(
        "header",
        tag("p", "One transplant, one endpoint", back, class_="eyebrow"),
        tag("h1", title(e)),
        definitions(
            {
                "Learned from": cohort_words(e),
                "Predicted from": f"what is {WHEN_KNOWN[e.prediction_time]}",
                "Intended use": INTENDED_USE,
            },
            "facts",
        ),
    )


def _doubts(e: Explanation) -> Markup | None:
    boxes = []
    if not e.supported:
        boxes.append(note("Not supported by the cohort: do not rely on this figure", e.reasons))
    if e.notes:
        boxes.append(note("To be known beside this figure", e.notes))
    return join(*boxes) if boxes else None


def _estimate(e: Explanation) -> Markup:
    of = denominator(e)
    risk = counted(e.risk, of)
    big = tag(
        "p",
        tag("strong", risk, class_=None if risk[0].isdigit() else "words"),
        " ",
        tag("span", f"of {of:,} patients like this one"),
        class_="big",
    )
    reading = tag(
        "p",
        f"would be expected to {outcome_words(e)} {when(e)}. ",
        tag(
            "b", f"{100 * e.level:g}\u00a0% interval {counted(e.low, of)} to {counted(e.high, of)}"
        ),
        "; in the whole cohort ",
        tag("b", counted(e.null_risk, of)),
        ".",
        class_="reading",
    )
    said = compared(e)
    apart = tag("p", said, class_="apart") if said else None
    legend = tag(
        "p",
        tag("span", icon_key("sure"), "expected"),
        tag("span", icon_key("within"), icon_key("maybe"), "inside the interval"),
        class_="legend",
    )
    return tag(
        "section",
        tag("h2", "The estimate", id="estimate"),
        tag(
            "div", tag("div", big, reading, apart), tag("div", icons(e), legend), class_="estimate"
        ),
        tag("figure", strip(e), tag("figcaption", INTERVAL.format(noun=e.noun)), class_="line"),
        tag("p", tag("b", "How well the model does: "), evaluated(e), class_="verdict"),
        aria_labelledby="estimate",
    )


def _why(e: Explanation) -> Markup:
    places = decimals(e.risk, e.null_risk)
    lead = (
        f"The bars lead from the average of the cohort under the model "
        f"({percent(e.base_risk, places)}) to this patient ({percent(e.risk, places)}), the "
        f"largest step first."
    )
    parts = (*factors(e), not_known(e), lead)
    return tag(
        "section",
        tag("h2", "Why this figure", id="factors"),
        *(tag("p", part) for part in parts if part),
        factors_table(e),
        aria_labelledby="factors",
    )


def _inputs(e: Explanation) -> Markup:
    places = decimals(e.risk, e.null_risk)
    head = tag(
        "tr",
        tag("th", "Variable", scope="col"),
        tag("th", "Value", scope="col"),
        tag("th", "Points", scope="col", class_="number"),
        tag("th", "Log-odds", scope="col", class_="number logodds"),
    )
    base = _sum(
        "base", "Average of the cohort under the model", e.base_risk, e.base_log_odds, places
    )
    total = _sum("sum", "This patient", e.risk, e.log_odds, places)
    return tag(
        "section",
        tag("h2", "Every input in numbers", id="inputs"),
        tag(
            "table",
            tag("thead", head),
            tag("tbody", base, *(_input(e, item) for item in e.items), total),
            class_="inputs",
        ),
        aria_labelledby="inputs",
    )


def _input(e: Explanation, item: Item) -> Markup:
    weak = None if item.state == "given" else "weak"
    return tag(
        "tr",
        tag("th", sentence_case(item.label), scope="row"),
        tag("td", item.value, class_=weak),
        tag("td", points(e, item), class_="number"),
        tag("td", _log_odds(item.contribution_log_odds), class_="number logodds"),
    )


def _sum(kind: str, words: str, risk: float, log_odds: float, places: int) -> Markup:
    return tag(
        "tr",
        tag("th", words, scope="row"),
        tag("td"),
        tag("td", percent(risk, places), class_="number"),
        tag("td", _log_odds(log_odds, plus=""), class_="number logodds"),
        class_=kind,
    )


def _log_odds(value: float, plus: str = "+") -> str:
    rounded = round(value, 3) + 0.0
    return f"{'−' if rounded < 0 else plus if rounded > 0 else ''}{abs(rounded):.3f}"
