"""What `check` found, as tables for a terminal. Counts only, never a record's value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from hscrisk.schema import load_contract

DISCLAIMER = "Research decision support, not a medical device."


def check_tables(read: Mapping[str, Any], summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield the parts of the page, from `ReadResult.to_dict` and `CohortSummary.to_dict`."""
    yield (
        f"{summary['source']}: read {read['n_read']} = accepted {read['n_accepted']} "
        f"+ quarantined {read['n_quarantined']}"
    )
    yield from _notes(read)
    if read["violations"]:
        yield _violations(read["violations"])
    yield _who(summary)
    if summary["groups"]:
        yield _groups(summary["groups"])
    if summary["endpoints"]:
        yield _endpoints(summary)
    yield from (
        f"Not estimable: {name}, because {reason}." for name, reason in summary["refused"].items()
    )
    for told in summary["endpoints"].values():
        yield from (f"Definition of {told['label'].lower()}: {m}." for m in told["mismatches"])
    missing = {name: n for name, n in summary["missing"].items() if n}
    yield f"Missing values: {_listed(missing) or 'none'}."
    yield DISCLAIMER


def _notes(read: Mapping[str, Any]) -> Iterator[str]:
    if read["unknown_columns"]:
        yield f"Columns that the mapping does not know: {', '.join(read['unknown_columns'])}."
    if read["absent_columns"]:
        lacking = ", ".join(read["absent_columns"])
        yield f"Columns that the mapping names and the file lacks: {lacking}."


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items())


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False)
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right", overflow="fold")
    return table


def _violations(groups: list[dict[str, Any]]) -> Table:
    table = Table(title="Violations", title_justify="left", title_style="bold", show_edge=False)
    for column in ("", "field", "rule", "rows", "first rows"):
        table.add_column(column, overflow="fold")
    for group in groups:
        kind = "quarantined" if group["severity"] == "hard" else "warning"
        first = ", ".join(map(str, group["rows"][:5])) + (", ..." if group["n"] > 5 else "")
        table.add_row(kind, group["field"], group["rule"], str(group["n"]), first)
    return table


def _who(summary: Mapping[str, Any]) -> str:
    parts = [f"{summary['n']} transplants of {summary['n_patients']} patients"]
    if summary["n_centres"]:
        parts.append(f"{summary['n_centres']} centres")
    if summary["years"]:
        parts.append(f"years {summary['years']}")
    if summary["follow_up_median"] is not None:
        parts.append(f"median follow-up {summary['follow_up_median']:.0f} days")
    if summary["extraction_date"]:
        parts.append(f"extracted {summary['extraction_date']}")
    return ", ".join(parts) + "."


def _groups(groups: list[dict[str, Any]]) -> Table:
    table = _table("Groups", "group", "transplants")
    for group in groups:
        table.add_row(_name(group["by"]), str(group["n"]))
    return table


def _name(by: Mapping[str, str]) -> str:
    contract = load_contract()
    return ", ".join(f"{contract[field].label} {level}" for field, level in by.items())


def _endpoints(summary: Mapping[str, Any]) -> Table:
    table = _table(
        "Endpoints: Aalen-Johansen cumulative incidence [95 % interval], death competing",
        "endpoint",
        "n",
        "events",
        "competing",
        "day",
        "incidence",
    )
    for told in summary["endpoints"].values():
        _add(table, told["label"], told)
        for group in told["groups"]:
            _add(table, f"  {_name(group['by'])}", group)
    return table


def _add(table: Table, name: str, counts: Mapping[str, Any]) -> None:
    first = (name, str(counts["n"]), str(counts["events"]), str(sum(counts["competing"].values())))
    for i, row in enumerate(counts["horizons"] or [{"horizon": "", "note": ""}]):
        told = (
            f"{row['incidence']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            if "incidence" in row
            else row["note"]
        )
        table.add_row(*(first if i == 0 else ("", "", "", "")), str(row["horizon"]), told)
