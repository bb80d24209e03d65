"""A report as one HTML file: no script, no request, a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import re
from textwrap import wrap

from hscrisk._version import __version__
from hscrisk.cohort.markup import Markup, table, tag
from hscrisk.cohort.text import DISCLAIMER
from hscrisk.evaluation.report.blocks import Figure, Link, Listing, Page, Section, Table
from hscrisk.evaluation.report.drawing import WIDTH, number, text
from hscrisk.evaluation.report.style import figure_css, page_css

_BOX = re.compile(rf'viewBox="0 0 {WIDTH} ([\d.]+)"')
_LETTERS = 112
"""Letters of a line of a caption in a figure of its own."""


def render_html(page: Page) -> str:
    """Return the whole page."""
    facts = [child for term, said in page.facts for child in (tag("dt", term), tag("dd", said))]
    main = tag(
        "main",
        tag("p", page.eyebrow, class_="eyebrow"),
        tag("h1", page.title),
        tag("p", page.verdict, class_="verdict"),
        tag("dl", *facts, class_="facts") if facts else None,
        _warned(page.warnings),
        *(_section(section, k) for k, section in enumerate(page.sections, start=1)),
    )
    return _document(f"{page.title}: {page.eyebrow.lower()}", main, page.footer)


def standalone(figure: Figure) -> str:
    """Return a figure as an SVG file of its own, on white, with style and caption inside."""
    head, _, inside = figure.drawing.partition(">")
    height = float(_BOX.findall(head)[0])
    lines = [*wrap(figure.caption, _LETTERS), DISCLAIMER]
    said = [text(0, height + 16 * k, line, "tick") for k, line in enumerate(lines, start=1)]
    whole = height + 16 * len(lines) + 12
    box = f'viewBox="-14 -8 {WIDTH + 28} {number(whole)}"'
    ground = {"x": "-14", "y": "-8", "width": "100%", "height": "100%", "fill": "#ffffff"}
    css = Markup(f"<style>\n{figure_css()}\n</style>")
    head = _BOX.sub(box, head)
    return (
        f"{head}>{css}{tag('rect', **ground)}{inside.removesuffix('</svg>')}{''.join(said)}</svg>\n"
    )


def _warned(lines: tuple[str, ...]) -> Markup | None:
    if not lines:
        return None
    heading = tag("h2", "Before any number is read")
    return tag(
        "div", heading, tag("ul", *(tag("li", x) for x in lines)), class_="note", role="note"
    )


def _section(section: Section, number: int) -> Markup:
    name = f"section-{number}"
    heading = tag("h2", section.title, id=name)
    return tag("section", heading, *map(_part, section.parts), aria_labelledby=name)


def _part(part: str | Table | Figure | Listing) -> Markup:
    if isinstance(part, Table):
        rows = [tuple(map(_cell, row)) for row in part.rows]
        return table(part.header, rows, part.caption, words=part.words)
    if isinstance(part, Listing):
        return tag("ul", *(tag("li", line) for line in part.lines), class_="said")
    if isinstance(part, str):
        return tag("p", part)
    # A figure scrolls by itself in a narrow window; the keyboard must reach it to do so.
    box = {"class_": "wide", "tabindex": "0", "role": "region", "aria_label": part.alt}
    return tag("figure", tag("div", part.drawing, **box), tag("figcaption", part.caption))


def _cell(cell: str | Link) -> object:
    return tag("a", cell.words, href=cell.href) if isinstance(cell, Link) else cell


def _document(title: str, main: Markup, said: tuple[str, ...]) -> str:
    css = page_css()
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
    last = tag("p", f"hscrisk {__version__}. {DISCLAIMER}")
    body = tag("body", banner, main, tag("footer", *(tag("p", line) for line in said), last))
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"
