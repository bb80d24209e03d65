"""A report as Markdown, for a repository, a tracker or a manuscript; figures are linked."""

from __future__ import annotations

import re

from hscrisk._version import __version__
from hscrisk.cohort.text import DISCLAIMER
from hscrisk.evaluation.report.blocks import Figure, Link, Listing, Page, Section, Table

_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def render_markdown(page: Page, figures: str) -> str:
    """Return the whole page; figures are looked for in the folder `figures`.

    Every text is escaped, so that no word of a registry becomes a mark, a link or a tag.
    """
    lines = [f"# {escaped(page.title)}", "", escaped(page.eyebrow), ""]
    lines += [f"**{escaped(DISCLAIMER)}**", "", f"> {escaped(page.verdict)}", ""]
    lines += [f"- {escaped(term)}: {escaped(said)}" for term, said in page.facts]
    lines.append("")
    if page.warnings:
        lines += ["## Before any number is read", ""]
        lines += [*(f"- {escaped(line)}" for line in page.warnings), ""]
    for section in page.sections:
        lines += _section(section, figures)
    lines += [f"{escaped(line)}\n" for line in page.footer]
    return "\n".join([*lines, f"hscrisk {__version__}. {DISCLAIMER}"]) + "\n"


def escaped(words: str) -> str:
    r"""Return words as plain text of Markdown, on one line.

    >>> print(escaped("a_b <i> | c"))
    a\_b \<i\> \| c
    """
    return _MARKS.sub(r"\\\1", _CONTROL.sub(" ", words))


def _section(section: Section, figures: str) -> list[str]:
    lines = [f"## {escaped(section.title)}", ""]
    for part in section.parts:
        if isinstance(part, Table):
            lines += _table(part)
        elif isinstance(part, Figure):
            lines += [f"![{escaped(part.alt)}]({figures}/{part.name}.svg)", ""]
            lines += [f"*{escaped(part.caption)}*"]
        elif isinstance(part, Listing):
            lines += [f"- {escaped(line)}" for line in part.lines]
        else:
            lines.append(escaped(part))
        lines.append("")
    return lines


def _table(table: Table) -> list[str]:
    rule = ["---" if k < table.words else "---:" for k in range(len(table.header))]
    head = [f"{escaped(table.caption)}:", ""]
    said = [table.header, *table.rows]
    cells = [" | ".join(map(_cell, row)) for row in said]
    return [*head, f"| {cells[0]} |", f"| {' | '.join(rule)} |", *(f"| {c} |" for c in cells[1:])]


def _cell(cell: str | Link) -> str:
    return f"[{escaped(cell.words)}]({cell.href})" if isinstance(cell, Link) else escaped(cell)
