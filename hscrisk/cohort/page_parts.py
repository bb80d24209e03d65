"""The tables of the report's page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hscrisk.cohort.follow_up import SMALL
from hscrisk.cohort.groups import group_name
from hscrisk.cohort.markup import Markup, table, tag
from hscrisk.cohort.sentences import followed_words
from hscrisk.cohort.text import ASSUMED, SUPPORT, support_row
from hscrisk.schema import load_contract

FEW = f"fewer than {SMALL}"


def facts(read: Mapping[str, Any], summary: Mapping[str, Any]) -> Markup:
    """Return what the cohort is, as terms and what is said of them."""
    centres = summary["centres"]
    rows = {
        "Transplants": f"{summary['n']:,} of {summary['n_patients']:,} patients",
        "Read": f"{read['n_read']:,} = {read['n_accepted']:,} accepted + "
        f"{read['n_quarantined']:,} quarantined",
        "Centres": f"{centres['n']:,}" if centres else "not recorded",
        "Years": summary["years"] or "not recorded",
        "Extracted": summary["extraction_date"] or "the mapping does not say when",
        "Follow-up": " ".join(followed_words(summary)) or "not recorded",
    }
    for name, said in summary["definitions"].items():
        rows[_term(name)] = _words(said)
    pairs = [child for term, said in rows.items() for child in (tag("dt", term), tag("dd", said))]
    return tag("dl", *pairs, class_="facts")


def _term(name: str) -> str:
    if name == "follow_up":
        return "Follow-up is kept"
    return name.replace("_", " ").capitalize().replace("gvhd", "GVHD").replace("Nrm", "NRM")


def _words(said: Any) -> str:
    if isinstance(said, Mapping):
        return "; ".join(f"{str(key).replace('_', ' ')}: {_words(v)}" for key, v in said.items())
    if isinstance(said, list | tuple):
        return ", ".join(map(_words, said))
    return str(said)


def reading_section(read: Mapping[str, Any]) -> Markup:
    """Return what was found wrong, by field and rule; no row and no value."""
    listed = [
        tag("p", f"{words}: {', '.join(read[key])}.")
        for key, words in (
            ("unknown_columns", "Columns that the mapping does not know"),
            ("absent_columns", "Columns that the mapping names and the file lacks"),
        )
        if read[key]
    ]
    wrong = [
        _violations(caption, [g for g in read["violations"] if g["severity"] == severity])
        for severity, caption in (
            ("hard", "Quarantined: no row that breaks one of these is counted"),
            ("soft", "Doubted: these rows are counted"),
        )
    ]
    found = [part for part in wrong if part is not None]
    nothing = [] if found else [tag("p", "Nothing was wrong.")]
    return tag("section", tag("h2", "Reading"), *listed, *found, *nothing)


def _violations(caption: str, groups: list[dict[str, Any]]) -> Markup | None:
    contract = load_contract()
    rows: list[tuple[object, ...]] = [
        (
            contract[group["field"]].label if group["field"] in contract else group["field"],
            group["rule"],
            f"{group['n']:,}",
        )
        for group in groups
    ]
    return table(("field", "rule", "rows"), rows, caption, words=2) if rows else None


def size_sections(summary: Mapping[str, Any]) -> list[Markup]:
    """Return the centres and the years."""
    sections, centres = [], summary["centres"]
    if centres:
        rows: list[tuple[object, ...]] = [
            (band["transplants"], f"{band['centres']:,}") for band in centres["bands"]
        ]
        median = FEW if centres["median"] is None else f"{centres['median']:,}"
        words = f"Half of the {centres['n']:,} centres have {median} transplants or fewer."
        if centres["median"] is None:
            words = f"Half of the {centres['n']:,} centres have {FEW} transplants."
        shown = table(("transplants", "centres"), rows, "Centres by their size")
        sections.append(tag("section", tag("h2", "Centres"), tag("p", words), shown))
    if summary["year_counts"]:
        rows = [
            (one["year"], FEW if one["n"] is None else f"{one['n']:,}")
            for one in summary["year_counts"]
        ]
        shown = table(("year", "transplants"), rows, "Transplants of each year")
        sections.append(tag("section", tag("h2", "Years"), shown))
    return sections


def support_section(summary: Mapping[str, Any]) -> Markup | None:
    """Return what a training could support."""
    if not summary["endpoints"]:
        return None
    rows: list[tuple[object, ...]] = [support_row(told) for told in summary["endpoints"].values()]
    caption = "At each endpoint's primary horizon"
    return tag(
        "section",
        tag("h2", "What a training could support"),
        table(SUPPORT, rows, caption),
        tag("p", ASSUMED, class_="small"),
    )


def published_section(summary: Mapping[str, Any]) -> Markup | None:
    """Return the numbers of papers beside those of the file."""
    parts = []
    for paper in summary["published"]:
        rows: list[tuple[object, ...]] = [
            (f"{paper['by']} {row['level']}", *_beside(row)) for row in paper["rows"]
        ]
        caption = f"{paper['label']}: transplants with a known outcome ({paper['source']})"
        parts.append(table(("group", "here", "paper", "difference"), rows, caption))
    return tag("section", tag("h2", "Beside the paper"), *parts) if parts else None


def _beside(row: Mapping[str, Any]) -> tuple[str, str, str]:
    if row["here"] < SMALL:
        return FEW, f"{row['published']:,}", ""
    return f"{row['here']:,}", f"{row['published']:,}", f"{row['difference']:+,d}"


def endpoint_tables(told: Mapping[str, Any]) -> list[Markup]:
    """Return the numbers of an endpoint: incidence, how its cohort came about, what it carries."""
    header = ("day", "incidence", "95 % interval", "still followed")
    parts = [table(header, [_anchor(row) for row in told["horizons"]], "Incidence")]
    if told["groups"]:
        parts.append(_groups(told["groups"]))
    steps: list[tuple[object, ...]] = [
        (step["step"], f"{step['transplants']:,}", f"{step['events']:,}")
        for step in told["attrition"]
    ]
    parts.append(table(("step", "transplants", "events"), steps, "Who counts"))
    if told["competing"]:
        rivals: list[tuple[object, ...]] = [
            (name, f"{n:,}") for name, n in told["competing"].items()
        ]
        parts.append(table(("competing event", "transplants"), rivals, "What came first"))
    said = [*told["verdict"], *(f"Definition: {words}." for words in told["mismatches"])]
    parts.append(tag("ul", *(tag("li", line) for line in said), class_="said"))
    return parts


def fields_section(summary: Mapping[str, Any]) -> Markup:
    """Return the missing values of every field that is known before the outcome."""
    contract, n = load_contract(), summary["n"]
    rows: list[tuple[object, ...]] = [
        (contract[name].label, f"{missing:,}", f"{100 * missing / n:.1f} %" if n else "")
        for name, missing in summary["missing"].items()
    ]
    shown = table(("field", "missing", "share"), rows, "Fields that the cohort has")
    return tag("section", tag("h2", "Missing values"), shown)


def _anchor(row: Mapping[str, Any]) -> tuple[object, ...]:
    if "incidence" not in row:
        return (row["horizon"], row["note"], "", f"{row['at_risk']:,}")
    low, high = 100 * row["low"], 100 * row["high"]
    words = f"{low:.1f} to {high:.1f} %"
    return (row["horizon"], f"{100 * row['incidence']:.1f} %", words, f"{row['at_risk']:,}")


def _groups(groups: list[dict[str, Any]]) -> Markup:
    rows: list[tuple[object, ...]] = []
    for group in groups:
        name = group_name(group["by"])
        if group["n"] < SMALL:
            rows.append((name, FEW, "", "", "", ""))
            continue
        counts = (f"{group['n']:,}", f"{group['events']:,}")
        for i, row in enumerate(group["horizons"]):
            day, share, interval, _ = _anchor(row)
            rows.append(
                (name if i == 0 else "", *(counts if i == 0 else ("", "")), day, share, interval)
            )
    header = ("group", "transplants", "events", "day", "incidence", "95 % interval")
    return table(header, rows, "By group")
