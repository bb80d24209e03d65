"""The explanation as a clinician reads it in twenty seconds: who, how many of 100, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hscrisk.explain.explanation import (
    DISCLAIMER,
    INTENDED_USE,
    Effect,
    Explanation,
    Item,
    decimals,
)

TOP = 3
"""Factors named in each direction."""

NO_CAUSE = (
    "These are factors that the model associates with the outcome in past patients, not causes: "
    "changing one need not change the {noun}."
)
NOT_APART = (
    "The interval includes the figure of the whole cohort: the model does not clearly set this "
    "patient apart from the average."
)
NOT_EVALUATED = (
    "No evaluation is kept with this model, so nothing shows that it does better than the figure "
    "of the whole cohort."
)
WHEN_KNOWN = {
    "before_conditioning": "known before conditioning starts",
    "at_infusion": "known on the day of infusion",
}
_DIED = {
    "death": "have died",
    "non_relapse_mortality": "have died without relapse",
}
_HIGHER: dict[Effect, str] = {"raises": "higher", "lowers": "lower"}
_LONG = {365: "1 year", 730: "2 years", 1095: "3 years", 1825: "5 years"}


def paragraphs(explanation: Explanation) -> tuple[str, ...]:
    """Return the explanation in words: cohort and intended use first, then the number, then why."""
    parts = (
        who(explanation),
        trust(explanation),
        f"{headline(explanation)} {compared(explanation)}",
        " ".join(factors(explanation)),
        not_known(explanation),
        evaluated(explanation),
    )
    return tuple(part.strip() for part in parts if part)


def with_text(explanation: Explanation) -> dict[str, Any]:
    """Return the explanation as plain values (JSON), the words beside the numbers."""
    return {**explanation.to_dict(), "text": list(paragraphs(explanation))}


def title(explanation: Explanation) -> str:
    """Return what is predicted and when."""
    return f"{explanation.label} {when(explanation)}"


def when(explanation: Explanation) -> str:
    """Return the horizon: by a day, or on it for a state."""
    day = explanation.horizon_days
    known = f" ({_LONG[int(day)]})" if day in _LONG else ""
    return f"{'on' if explanation.kind == 'state_at_horizon' else 'by'} day {day:g}{known}"


def who(explanation: Explanation) -> str:
    """Return whom the model learned from and what it is for."""
    return f"Learned from {cohort_words(explanation)} {DISCLAIMER}. {INTENDED_USE}"


def cohort_words(explanation: Explanation) -> str:
    """Return the cohort as a sentence without its verb."""
    cohort = explanation.cohort
    years = f", {cohort.years[0]} to {cohort.years[1]}" if cohort.years else ""
    told = f": {cohort.description.rstrip('.')}" if cohort.description else ""
    return f"{cohort.n:,} transplants of the cohort {cohort.name}{years}{told}."


def trust(explanation: Explanation) -> str:
    """Return why the number should not be relied on, and what else must be known."""
    told = [f"{_sentence(note)}" for note in explanation.notes]
    if not explanation.supported:
        reasons = "; ".join(explanation.reasons)
        told.insert(0, f"Not supported by the cohort, do not rely on this figure: {reasons}.")
    return " ".join(told)


def headline(explanation: Explanation) -> str:
    """Return the risk, its interval and the cohort's own figure as numbers of patients."""
    e, of = explanation, denominator(explanation)
    risk = counted(e.risk, of)
    about = f"about {risk}" if risk[0].isdigit() else risk
    return (
        f"Of {of:,} patients like this one, {about} ({100 * e.level:g}\u00a0% interval "
        f"{counted(e.low, of)} to {counted(e.high, of)}) would be expected to "
        f"{outcome_words(e)} {when(e)}; in the whole cohort {counted(e.null_risk, of)}."
    )


def compared(explanation: Explanation) -> str:
    """Return how the interval lies to the cohort's figure, and which way is good."""
    e = explanation
    told = [NOT_APART] if e.low <= e.null_risk <= e.high else []
    if e.direction == "favourable":
        told.append("For this endpoint a higher number is the better news.")
    return " ".join(told)


def factors(explanation: Explanation) -> tuple[str, ...]:
    """Return sentences on the recorded values that move the risk most, in each direction.

    The largest first, and the direction of the largest of all first.
    """
    e = explanation
    named = {effect: reasons_named(e.items, effect)[:TOP] for effect in _HIGHER}
    told = sorted(
        (found for found in named.items() if found[1]),
        key=lambda found: -abs(found[1][0].contribution_risk),
    )
    if not told:
        least = 10.0 ** -decimals(e.risk, e.null_risk)
        return (f"No recorded value moves the {e.noun} by {least:g} percentage points or more.",)
    sentences = [
        f"Associated with a {_HIGHER[effect]} {e.noun} (change in percentage points): "
        f"{'; '.join(f'{_named(item)} ({points(e, item)})' for item in items)}."
        for effect, items in told
    ]
    return (*sentences, NO_CAUSE.format(noun=e.noun))


def not_known(explanation: Explanation) -> str:
    """Return what the model had to do without, and how far that moves the risk."""
    e = explanation
    told = []
    missing = [item for item in e.items if item.state == "missing"]
    if missing:
        told.append(f"Not recorded: {_moved(e, missing)}.")
    unseen = [item for item in e.items if item.state in ("unknown", "rare")]
    if unseen:
        told.append(f"Hardly known to the model: {_moved(e, unseen)}.")
    return " ".join(told)


def evaluated(explanation: Explanation) -> str:
    """Return what evaluation found."""
    return _sentence(explanation.verdict) if explanation.verdict else NOT_EVALUATED


def reasons_named(items: Iterable[Item], effect: Effect) -> list[Item]:
    """Return the items that may be told as a reason in that direction, in their order.

    A value that is not recorded, or that the model hardly knows, is no reason.
    """
    return [item for item in items if item.effect == effect and item.state == "given"]


def outcome_words(explanation: Explanation) -> str:
    """Return what would have happened, as a verb."""
    name, label = explanation.endpoint, explanation.label
    if name in _DIED:
        return _DIED[name]
    lowered = label[:1].lower() + label[1:] if label[1:2].islower() else label
    if name.endswith("engraftment"):
        return f"have reached {lowered}"
    return f"have {'developed' if 'gvhd' in name else 'had'} {lowered}"


def denominator(explanation: Explanation) -> int:
    """Return of how many patients is told: 100, or 1,000 where the risk is near 0 or 1."""
    return 100 if 0.015 <= explanation.risk <= 0.985 else 1000


def counted(share: float, of: int) -> str:
    """Return a share as a number of patients, never rounded to none or all.

    >>> counted(0.342, 100), counted(0.001, 100), counted(0.9994, 100)
    ('34', 'fewer than 1', 'more than 99')
    """
    n = round(share * of)
    if n < 1:
        return "fewer than 1"
    return f"{n:,}" if n < of else f"more than {of - 1:,}"


def points(explanation: Explanation, item: Item) -> str:
    """Return a contribution in percentage points with its sign."""
    return signed(item.contribution_risk, decimals(explanation.risk, explanation.null_risk))


def signed(share: float, places: int) -> str:
    """Return percentage points with a sign that is read aloud rightly.

    >>> signed(0.0612, 1), signed(-0.02, 1), signed(0.0001, 1)
    ('+6.1', '−2.0', '0.0')
    """
    value = round(100 * share, places)
    text = f"{abs(value):.{places}f}"
    return text if value == 0 else f"{'+' if value > 0 else chr(0x2212)}{text}"


def _named(item: Item) -> str:
    return f"{item.label}: {item.value}"


def _moved(explanation: Explanation, items: list[Item]) -> str:
    return "; ".join(f"{item.label} ({points(explanation, item)})" for item in items)


def sentence_case(text: str) -> str:
    """Return a text with its first letter raised and the others as they are."""
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    text = sentence_case(text.strip())
    return text if text.endswith((".", "!", "?")) else f"{text}."
