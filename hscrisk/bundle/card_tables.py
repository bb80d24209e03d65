"""Tables of a model card: three decimals, small cells suppressed, blanks said in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hscrisk.evaluation.words import model_name

SMALL = 10
"""A count from 1 to this less one is not shown: it could point at a person."""

MODELS = {
    "null": "marginal curve (null)",
    "default": "this model",
    "logistic": "penalised regression",
}
PERFORMANCE = {
    "auc": "AUC",
    "wolbers_c": "Wolbers' C",
    "brier": "Brier",
    "ipa": "IPA",
    "ipa_minus_logistic": "IPA minus regression",
}
CALIBRATION = {
    "oe_ratio": "observed / expected",
    "calibration_intercept": "intercept",
    "calibration_slope": "slope",
    "ici": "ICI",
    "e50": "E50",
    "e90": "E90",
}
SUBGROUPS = {"auc": "AUC", "ipa": "IPA", "oe_ratio": "observed / expected"}


def suppressed(n: int) -> int | str:
    """Return a count, or that it is too small to leave the registry.

    >>> suppressed(9), suppressed(10), suppressed(0)
    ('<10', 10, 0)
    """
    return f"<{SMALL}" if 0 < n < SMALL else n


def suppressed_flow(
    events: int, competing: Mapping[str, int], censored: int
) -> dict[str, int | str | dict[str, int | str]]:
    """Return what became of a cohort, with no small count and none to be had by subtraction.

    Where one kind of end is rare, all kinds but the event are told as one sum.

    >>> suppressed_flow(42, {"death": 41}, 54)
    {'events': 42, 'competing': {'death': 41}, 'censored': 54}
    >>> suppressed_flow(120, {"death": 16}, 1)
    {'events': 120, 'competing': {'death': 'not told apart'}, 'censored': '17 with death'}
    """
    ends = [*competing.values(), censored]
    if not any(0 < n < SMALL for n in ends):
        return {"events": events, "competing": dict(competing), "censored": censored}
    apart = dict.fromkeys(competing, "not told apart")
    rest = sum(ends)
    with_them = f"{suppressed(rest)} with {' and '.join(competing)}"
    shown = f"over {events + rest - SMALL}" if rest < SMALL else events
    return {"events": shown, "competing": {**apart}, "censored": with_them}


def count(n: int | str | None) -> str:
    """Return a count as it is shown; a blank in words.

    >>> count(9), count("<10"), count(1234), count(None)
    ('<10', '<10', '1,234', 'not reported')
    """
    if n is None:
        return "not reported"
    shown = suppressed(n) if isinstance(n, int) else n
    return f"{shown:,}" if isinstance(shown, int) else shown


def number(value: float | None) -> str:
    """Return a number with three decimals, or a dash.

    >>> number(0.12345), number(None)
    ('0.123', '–')
    """
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.3f}".replace("-0.000", "0.000").replace("-", "−")


def interval(row: Mapping[str, Any] | None) -> str:
    """Return an estimate with its interval in brackets, or a dash."""
    if row is None or not _is_known(row):
        return "–"
    shown = number(row["estimate"])
    if row.get("low") is None or not math.isfinite(row["low"]):
        return shown
    return f"{shown} [{number(row['low'])}, {number(row['high'])}]"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
        for row in rows
    ]
    return "\n".join(lines)


def performance_table(metrics: Sequence[Mapping[str, Any]]) -> str:
    """Return discrimination and accuracy of every model at every horizon, the null first."""
    return _by_model(metrics, PERFORMANCE, with_null=True)


def calibration_table(metrics: Sequence[Mapping[str, Any]]) -> str:
    """Return calibration of every model but the null, which is calibrated by construction."""
    return _by_model(metrics, CALIBRATION, with_null=False)


def calibration_curve_table(told: Mapping[str, Any]) -> str:
    """Return the smoothed calibration curve at tenths of the predicted risks, or why none."""
    if "rows" not in told:
        return f"No calibration curve, because {told.get('why', 'none was recorded')}."
    rows = [
        (
            number(row["risk"]),
            f"{number(row['observed'])} [{number(row['low'])}, {number(row['high'])}]",
        )
        for row in told["rows"]
    ]
    head = (f"predicted by day {told['horizon']:g}", "observed [95 % interval]")
    return markdown_table(head, rows)


def subgroups_table(told: Mapping[str, Any]) -> str:
    """Return scores by group of patients, with counts that may be shown, or why none."""
    if "rows" not in told:
        return f"No groups of patients, because {told.get('why', 'none were recorded')}."
    rows, small = [], []
    for row in told["rows"]:
        if row["note"]:
            small.append(f"- {row['variable']} {row['group']} cannot be judged: {row['note']}.")
            continue
        cells = [interval(row.get(metric)) for metric in SUBGROUPS]
        rows.append([row["variable"], row["group"], row["n"], row["n_events"], *cells])
    head = ["", "group", "transplants", "events", *SUBGROUPS.values()]
    parts = [
        f"By day {told['horizon']:g}, this model, out of fold; 95 % intervals.",
        markdown_table(head, rows) if rows else "",
        "\n".join(small),
        str(told["sentence"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _by_model(
    metrics: Sequence[Mapping[str, Any]], wanted: Mapping[str, str], *, with_null: bool
) -> str:
    cells = {(row["horizon"], row["model"], row["metric"]): row for row in metrics}
    present = {row["model"] for row in metrics} - (set() if with_null else {"null"})
    models = [m for m in MODELS if m in present] + sorted(present - set(MODELS))
    rows, notes = [], []
    for horizon in sorted({row["horizon"] for row in metrics}):
        for model in models:
            found = [cells.get((horizon, model, metric)) for metric in wanted]
            title = MODELS.get(model, model_name(model))
            if any(_is_known(cell) for cell in found):
                rows.append([f"{horizon:g}", title, *map(interval, found)])
            else:
                why = next((cell["note"] for cell in found if cell and cell["note"]), "no reason")
                notes.append(f"Day {horizon:g}, {title}: not estimable, because {why}.")
    table = markdown_table(["day", "model", *wanted.values()], rows) if rows else "not reported"
    return "\n\n".join([table, *dict.fromkeys(notes)])


def _is_known(row: Mapping[str, Any] | None) -> bool:
    return row is not None and row.get("estimate") is not None and math.isfinite(row["estimate"])
