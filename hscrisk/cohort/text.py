"""What `check` found, as tables for a terminal. Counts only, never a record's value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from hscrisk.cohort.groups import group_name

ASSUMED = (
    "Known: whose state is known on that day. Carries: the most parameters that their number "
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
    if read["violations"]:
        yield _violations(read["violations"])
    yield _who(summary)
    yield from followed_words(summary)
    if summary["centres"]:
        yield centre_words(summary["centres"])
    yield from warnings(summary)
    if summary["groups"]:
        yield _groups(summary["groups"])
    if summary["endpoints"]:
        yield _endpoints(summary)
    if summary["published"]:
        yield _published(summary["published"])
        yield (
            "Known: transplants whose outcome is known, whether or not its day is; n: those with a "
            "day. Differences from the paper are told, and no row is moved to hide them."
        )
    yield from (
        f"Not estimable: {name}, because {reason}." for name, reason in summary["refused"].items()
    )
    for told in summary["endpoints"].values():
        yield from (f"Definition of {told['label'].lower()}: {m}." for m in told["mismatches"])
    for told in summary["endpoints"].values():
        yield from (f"Beware, {told['label'].lower()}: {said}" for said in told["cautions"])
    if summary["endpoints"]:
        yield _support(summary["endpoints"])
        yield ASSUMED
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


SUPPORT = ("endpoint", "day", "known", "events", "carries", "asked", "shrinkage", "risk ±")


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


def followed_words(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield how far the cohort was followed, and how completely."""
    told = summary["follow_up"]
    if told["median"] is not None:
        low, high = (
            "not reached"
            if told[f"{name}_quartile"] is None
            else f"{told[f'{name}_quartile']:,.0f}"
            for name in ("lower", "upper")
        )
        yield (
            f"Follow-up by reverse Kaplan-Meier: median {told['median']:,.0f} days "
            f"(quartiles {low} to {high}), {told['deaths']:,} deaths."
        )
    if told["completeness"] is not None and told["dated"]:
        yield (
            f"Completeness of follow-up to the extraction (Clark's C): "
            f"{100 * told['completeness']:.0f} %, each infusion taken as the middle of its year."
        )
    parts = [
        f"{100 * row['completeness']:.1f} % to day {row['horizon']}"
        for row in told["complete_to"]
        if row["completeness"] is not None
    ]
    if parts:
        possible = "of the time possible" if told["dated"] else "were all to be followed so long"
        yield f"Followed {', '.join(parts)} ({possible})."


def centre_words(centres: Mapping[str, Any]) -> str:
    """Return the number of centres and how large they are; sizes below 10 are not told."""
    bands = ", ".join(
        f"{band['centres']} with {band['transplants']}"
        for band in centres["bands"]
        if band["centres"]
    )
    return f"Centres: {centres['n']}; transplants each: {bands}."


def warnings(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield what makes the whole cohort unfit for some uses."""
    chosen = summary["selection"]
    if chosen["suspected"]:
        yield (
            f"Nobody dies before day {chosen['first_death']:.0f}, and "
            f"{chosen['deaths_soon_after']:,} die in as many days after it: was the cohort chosen "
            f"for having survived so long? Then no incidence from infusion on can be learnt from "
            f"it, nor any effect: take time from day {chosen['first_death']:.0f} instead."
        )


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
    table = _table(
        "Endpoints: Aalen-Johansen cumulative incidence [95 % interval], death competing",
        "endpoint",
        *columns,
        "day",
        "incidence",
    )
    for one in told:
        _add(table, one["label"], one, columns)
        for group in one["groups"]:
            _add(table, f"  {group_name(group['by'])}", group, columns)
    return table


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
