"""HTML and SVG for the report, every text escaped unless it was made here."""

from __future__ import annotations

import html
import re

_VOID = frozenset({"meta", "br"})
# What XML forbids, lone surrogates, and marks that turn the reading direction.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


class Markup(str):
    """Text that is HTML or SVG already."""

    __slots__ = ()


def escape(text: object) -> Markup:
    """Return a text as it may stand between tags or in an attribute.

    >>> escape("<b> & 'x'")
    '&lt;b&gt; &amp; &#x27;x&#x27;'
    """
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(_UNPRINTABLE.sub("\ufffd", str(text)), quote=True))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element; `class_` is class, `aria_label` aria-label, None is left out.

    >>> tag("p", "5 < 6", class_="note")
    '<p class="note">5 &lt; 6</p>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    inside = "".join(escape(child) for child in children if child is not None)
    return Markup(f"<{name}{written}>{inside}</{name}>")


def table(
    header: tuple[str, ...], rows: list[tuple[object, ...]], caption: str, *, words: int = 1
) -> Markup:
    """Return a table whose first `words` columns are text, the first naming its row."""
    head = tag(
        "tr",
        *(
            tag("th", word, scope="col", class_=None if i < words else "number")
            for i, word in enumerate(header)
        ),
    )
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(
                tag("td", cell, class_=None if i < words else "number")
                for i, cell in enumerate(row[1:], start=1)
            ),
        )
        for row in rows
    ]
    inside = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    # A wide table scrolls by itself; the keyboard must reach it to do so.
    kind = "wide few" if len(header) <= 2 else "wide"
    return tag("div", inside, class_=kind, tabindex="0", role="region", aria_label=caption)
