"""The report of a cohort as one HTML file: no script, no request, nothing of a single record."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from hscrisk._version import __version__
from hscrisk.cohort.follow_up import SMALL
from hscrisk.cohort.markup import Markup, tag
from hscrisk.cohort.page_parts import (
    endpoint_tables,
    facts,
    fields_section,
    published_section,
    reading_section,
    size_sections,
    support_section,
)
from hscrisk.cohort.picture import incidence_picture
from hscrisk.cohort.sentences import warnings
from hscrisk.cohort.text import DISCLAIMER
from hscrisk.errors import InputOutputFailed
from hscrisk.places import require_outside


def render_report(read: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Return the page, from `ReadResult.to_dict` and `CohortSummary.to_dict`.

    It may be passed on: counts of centres, years and groups below 10 are not on it, no value of a
    record is, and no row is named.
    """
    main = [
        tag("p", "Cohort report", class_="eyebrow"),
        tag("h1", summary["source"]),
        facts(read, summary),
        _noted(summary),
        reading_section(read),
        *size_sections(summary),
        support_section(summary),
        tag("h2", "Endpoints"),
        _introduction(),
        *(_endpoint(told, name) for name, told in summary["endpoints"].items()),
        _refused(summary["refused"]),
        published_section(summary),
        fields_section(summary),
    ]
    return _document(f"Cohort report: {summary['source']}", main)


def write_report(path: str | Path, read: Mapping[str, Any], summary: Mapping[str, Any]) -> Path:
    """Write the page, whole or not at all, and return where it is.

    Raises
    ------
    InputOutputFailed
        When it cannot be written.
    InvalidConfiguration
        When it would lie in a bundle.
    """
    require_outside(path)
    out = Path(path)
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(6)}.part")
    page = render_report(read, summary)
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(page)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(out)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise InputOutputFailed(
            f"{out.name} cannot be written", mend="Check the folder and its rights."
        ) from error
    return out


def _noted(summary: Mapping[str, Any]) -> Markup | None:
    said = list(warnings(summary))
    if not said:
        return None
    return tag(
        "div",
        tag("h2", "Before anything else"),
        tag("ul", *(tag("li", line) for line in said)),
        class_="note",
        role="note",
    )


def _introduction() -> Markup:
    return tag(
        "p",
        "Cumulative incidence by Aalen and Johansen with its 95 % interval, death and other "
        "competing events never counted as censoring. This is what a model has to beat.",
    )


def _endpoint(told: Mapping[str, Any], name: str) -> Markup:
    late = told["events"] - told["events_by_last"]
    by_last = f" ({told['events_by_last']:,} of them by day {told['last']})" if late else ""
    caption = (
        f"{told['n']:,} transplants, {told['events']:,} events{by_last}, "
        f"{told['censored']:,} censored. "
        f"Solid line and band: the endpoint with its 95 % interval; dashed: competing events."
    )
    return tag(
        "section",
        tag("h3", told["label"], id=f"{name}-heading"),
        tag("figure", incidence_picture(told, name), tag("figcaption", caption)),
        *endpoint_tables(told),
        aria_labelledby=f"{name}-heading",
    )


def _refused(refused: Mapping[str, str]) -> Markup | None:
    if not refused:
        return None
    lines = [tag("li", f"{name.replace('_', ' ')}: {why}") for name, why in refused.items()]
    return tag("section", tag("h3", "Not estimable here"), tag("ul", *lines, class_="said"))


def _document(title: str, main: list[Markup | None]) -> str:
    css = files("hscrisk.cohort").joinpath("report.css").read_text(encoding="utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    # The one style is named by its hash; nothing else is let in.
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="robots", content="noindex"),
        tag("meta", name_="referrer", content="no-referrer"),
        tag("title", title),
        Markup(f"<style>{css}</style>"),
    )
    banner = tag("p", tag("strong", DISCLAIMER), class_="disclaimer", role="note")
    footer = tag(
        "footer",
        tag("p", f"Counts below {SMALL} of a centre, year or group are not shown."),
        tag("p", f"hscrisk {__version__}. {DISCLAIMER}"),
    )
    body = tag("body", banner, tag("main", *main), footer)
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"
