"""What `check` found, as tables for a terminal. Counts only, never a record's value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table

from hscrisk.cohort.groups import group_name
from hscrisk.cohort.sentences import (
    attrition_words,
    centre_words,
    followed_words,
    listed,
    reach_words,
    warnings,
)

ASSUMED = (
    "Seen so far: whose state on that day is known, since something happened before it or they "
    "were still followed; events: how many of these are expected to have had it by then. Carries: "
    "the most parameters that their number "
    "supports; asked: those that the features here make; shrinkage: what is left of effects if all "
    "of them are used; risk ±: how well even the overall risk is known, in points. By Riley et "
    "al., BMJ 2020;368:m441: shrinkage at least 0.9, optimism at most 0.05, assuming that a model "
    "explains 15 % of what can be explained; trees need many more events."
)
DISCLAIMER = "Research decision support, not a medical device."


def check_tables(read: Mapping[str, Any], summary: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield the parts of the page, from `ReadResult.to_dict` and `CohortSummary.to_dict`."""
    yield (
        f"{summary['source']}: read {read['n_read']} = accepted {read['n_accepted']} "
        f"+ quarantined {read['n_quarantined']}"
    )
    yield from _notes(read)
    for severity, title in (("hard", "Quarantined"), ("soft", "Warnings")):
        found = [group for group in read["violations"] if group["severity"] == severity]
        if found:
            yield _violations(title, found)
    yield _who(summary)
    yield from followed_words(summary)
    if summary["centres"]:
        yield centre_words(summary["centres"])
    yield from (f"BEFORE ANYTHING ELSE: {said}" for said in warnings(summary))
    if summary["groups"]:
        yield _groups(summary["groups"])
    if summary["endpoints"]:
        yield _endpoints(summary)
        yield from _counted(summary["endpoints"])
    if summary["published"]:
        yield _published(summary["published"])
        yield (
            "Here: transplants whose status is known, whether or not its day is. Differences from "
            "the paper are told, and no row is moved to hide them."
        )
    yield from (
        f"Not estimable: {name}, because {reason}." for name, reason in summary["refused"].items()
    )
    for told in summary["endpoints"].values():
        yield from (f"Definition of {told['label']}: {m}." for m in told["mismatches"])
    for told in summary["endpoints"].values():
        yield from (f"Beware, {told['label']}: {said}" for said in told["cautions"])
    if summary["endpoints"]:
        yield _support(summary["endpoints"])
        yield ASSUMED
    missing = [f"{name} {n}" for name, n in summary["missing"].items() if n]
    yield listed("Missing values", missing or ["none"])
    yield DISCLAIMER


def _notes(read: Mapping[str, Any]) -> Iterator[str]:
    if read["unknown_columns"]:
        unknown = read["unknown_columns"]
        yield listed(f"Columns that the mapping does not know ({len(unknown)})", unknown)
    if read["absent_columns"]:
        yield listed("Columns that the mapping names and the file lacks", read["absent_columns"])


def _empty(title: str) -> Table:
    return Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False
    )


def _table(title: str, *columns: str) -> Table:
    """Return a table of numbers behind names: the names may be broken, the numbers never."""
    table = _empty(title)
    for i, column in enumerate(columns):
        if i == 0:
            table.add_column(column, overflow="fold")
        else:
            table.add_column(column, justify="right", no_wrap=True)
    return table


def _violations(title: str, groups: list[dict[str, Any]]) -> Table:
    table = _empty(title)
    table.add_column("field", no_wrap=True)  # a name that is broken cannot be searched for
    table.add_column("rule", overflow="fold", min_width=20)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("first rows", overflow="fold")
    for group in groups:
        first = ", ".join(map(str, group["rows"][:5])) + (", ..." if group["n"] > 5 else "")
        table.add_row(group["field"], group["rule"], str(group["n"]), first)
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


SUPPORT = ("endpoint", "day", "seen so far", "events", "carries", "asked", "shrinkage", "risk ±")


def support_row(told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what an endpoint can carry, in the columns of `SUPPORT`."""
    size = told["sample_size"]
    if size is None:
        return (told["label"], str(told["primary_horizon"]), *["not estimable"] * 6)
    return (
        told["label"],
        f"{size['horizon']:g}",
        f"{size['n_known']:,}",
        f"{size['expected_events']:,.0f}",
        str(size["max_parameters"]),
        str(size["parameters"]),
        f"{size['expected_shrinkage']:.2f}",
        f"{100 * size['risk_margin']:.1f}",
    )


def _support(endpoints: Mapping[str, Any]) -> Table:
    table = _table("What a training could support, at the primary horizon", *SUPPORT)
    for told in endpoints.values():
        table.add_row(*support_row(told))
    return table


def _groups(groups: list[dict[str, Any]]) -> Table:
    table = _table("Groups", "group", "transplants")
    for group in groups:
        table.add_row(group_name(group["by"]), str(group["n"]))
    return table


def _endpoints(summary: Mapping[str, Any]) -> Table:
    told = summary["endpoints"].values()
    counts = [part for one in told for part in (one, *one["groups"])]
    # Who has an outcome without its day stands in a column where there is somebody.
    known = ("known",) if any(part["known"] != part["n"] for part in counts) else ()
    columns = (*known, "n", "events", "competing")
    heads = ("status\nknown" if column == "known" else column for column in columns)
    table = _table(
        "Endpoints: Aalen-Johansen cumulative incidence [95 % interval], death competing",
        "endpoint",
        *heads,
        "day",
        "incidence",
    )
    for one in told:
        _add(table, one["label"], one, columns)
        for group in one["groups"]:
            _add(table, f"  {group_name(group['by'])}", group, columns)
    return table


def _counted(endpoints: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the counts mean, and who left on the way to them."""
    if any(told["known"] != told["n"] for told in endpoints.values()):
        yield (
            "Status known: whether it happened is known, whether or not the day is; n: the day is "
            "known too, and only these count."
        )
    if (late := reach_words(endpoints)) is not None:
        yield late
    for told in endpoints.values():
        if (left := attrition_words(told)) is not None:
            yield f"Who counts for {told['label']}: {left}."


def _published(papers: list[dict[str, Any]]) -> Table:
    title = "Beside the paper: transplants with a known outcome"
    table = _table(title, "endpoint", "group", "here", "paper", "difference")
    for paper in papers:
        for i, row in enumerate(paper["rows"]):
            counts = (str(row["here"]), str(row["published"]), f"{row['difference']:+d}")
            label = f"{paper['label']} ({paper['source']})" if i == 0 else ""
            table.add_row(label, f"{paper['by']} {row['level']}", *counts)
    return table


def _add(table: Table, name: str, counts: Mapping[str, Any], columns: tuple[str, ...]) -> None:
    numbers = {**counts, "competing": sum(counts["competing"].values())}
    first = [name, *(str(numbers[column]) for column in columns)]
    for i, row in enumerate(counts["horizons"] or [{"horizon": "", "note": ""}]):
        told = (
            f"{row['incidence']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
            if "incidence" in row
            else row["note"]
        )
        table.add_row(*(first if i == 0 else [""] * len(first)), str(row["horizon"]), told)
