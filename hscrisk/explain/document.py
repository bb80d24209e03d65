"""The frame of a page: one file, no script, no request, a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib

from hscrisk.explain.explanation import DISCLAIMER
from hscrisk.explain.markup import Markup, join, tag
from hscrisk.explain.palette import page_css


def document(title: str, main: Markup, footer: Markup) -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
        Of the window.
    main, footer : Markup
    """
    css = page_css()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    # The one style is named by its hash, so that not even a style could be slipped in.
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="robots", content="noindex"),
        tag("meta", name_="referrer", content="no-referrer"),
        tag("title", title),
        Markup(f"<style>{css}</style>"),
    )
    banner = tag("p", tag("strong", f"{DISCLAIMER}."), class_="disclaimer", role="note")
    body = tag("body", banner, tag("main", main), tag("footer", footer))
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def definitions(rows: dict[str, str], kind: str) -> Markup:
    """Return terms and what is said of them."""
    pairs = [join(tag("dt", term), tag("dd", said)) for term, said in rows.items() if said]
    return tag("dl", *pairs, class_=kind)


def note(title: str, lines: tuple[str, ...]) -> Markup:
    """Return a box that cannot be overlooked."""
    if len(lines) == 1:
        said = tag("p", lines[0])
    else:
        said = tag("ul", *(tag("li", line) for line in lines))
    return tag("div", tag("h2", title), said, class_="note", role="note")
