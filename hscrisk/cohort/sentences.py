"""What `check` says of a cohort in sentences, for the terminal and the page alike."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

WIDTH = 100
"""Characters of a line that lists many things."""
_LOUD = 0.2


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
    """Yield what makes the whole cohort, or an outcome of it, unfit for some uses."""
    chosen = summary["selection"]
    if chosen["suspected"]:
        yield (
            f"Nobody dies before day {chosen['first_death']:.0f}, and "
            f"{chosen['deaths_soon_after']:,} die in as many days after it: was the cohort chosen "
            f"for having survived so long? Then no incidence from infusion on can be learnt from "
            f"it, nor any effect: take time from day {chosen['first_death']:.0f} instead."
        )
    for told in summary["endpoints"].values():
        lost = told["known"] - told["n"]
        if told["known"] and lost > _LOUD * told["known"]:
            yield f"DO NOT USE {told['label']} yet. {undated_words(told)}"


def undated_words(told: Mapping[str, Any]) -> str | None:
    """Return who leaves because a day is missing, and what that does to the incidence."""
    undated = told["undated"]
    events, free = undated["events"], undated["others"]
    lost = told["known"] - told["n"]
    if lost <= 0.05 * told["known"]:
        return None
    words = (
        f"Of {told['known']:,} transplants with a known status {lost:,} have no usable day and "
        f"leave: {events:,} of {undated['events_known']:,} with the event, {free:,} of "
        f"{undated['others_known']:,} without it."
    )
    share_events = events / max(undated["events_known"], 1)
    share_free = free / max(undated["others_known"], 1)
    if share_free > share_events + 0.05:
        return (
            f"{words} The incidence comes out too high. Map the last day followed of those "
            f"without the event, or declare follow_up: overall where followup_day is theirs."
        )
    if share_events > share_free + 0.05:
        return f"{words} The incidence comes out too low."
    return f"{words} What is left need not be like what left."


def attrition_words(told: Mapping[str, Any]) -> str | None:
    """Return the steps at which transplants leave an endpoint, with how many; None if none do.

    >>> steps = [("accepted records", 9, 4), ("status unknown", 7, 3), ("came first", 7, 2)]
    >>> keys = ("step", "transplants", "events")
    >>> attrition_words({"attrition": [dict(zip(keys, step)) for step in steps]})
    '9 accepted records, less 2 (status unknown) = 7; 3 flagged as the event, first in 2'
    """
    steps = told["attrition"]
    parts, last = [], steps[0]
    for step in steps[1:]:
        gone = last["transplants"] - step["transplants"]
        if gone:
            parts.append(f"less {gone:,} ({step['step']})")
        last = step
    flagged = next(s["events"] for s in steps if s["transplants"] == last["transplants"])
    end = f" = {last['transplants']:,}" if parts else ""
    first = (
        f"; {flagged:,} flagged as the event, first in {last['events']:,}"
        if flagged != last["events"]
        else ""
    )
    if not parts and not first:
        return None
    begin = f"{steps[0]['transplants']:,} accepted records"
    return f"{', '.join([begin, *parts])}{end}{first}"


def reach_words(endpoints: Mapping[str, Any]) -> str | None:
    """Return which endpoints have events after their last horizon, which no training uses."""
    late = [
        f"{told['label']} {told['events_by_last']:,} of {told['events']:,} (day {told['last']})"
        for told in endpoints.values()
        if told["events_by_last"] != told["events"]
    ]
    if not late:
        return None
    return listed("Events by the last horizon, all that a training counts", late)


def listed(head: str, names: Iterable[str]) -> str:
    """Return a list in lines of a bearable length, each name whole.

    >>> print(listed("Two", ["a 1", "b 2"]))
    Two: a 1, b 2.
    """
    whole = [name.replace(" ", "\0") for name in names]
    text = f"{head}: {', '.join(whole)}."
    lines = textwrap.wrap(
        text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines).replace("\0", " ")
