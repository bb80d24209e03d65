"""HTML and SVG in which every text is escaped unless it was made here."""

from __future__ import annotations

import html
import re

VOID = frozenset({"meta", "br", "hr", "link"})

# What XML forbids, lone surrogates (no UTF-8 for them), and marks that turn the reading direction,
# with which a value could be made to read as another one.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


class Markup(str):
    """Text that is HTML or SVG already."""

    __slots__ = ()


def escape(text: object) -> Markup:
    """Return a text as it may stand between tags or in an attribute.

    >>> escape("age < 5 & 'x'")
    'age &lt; 5 &amp; &#x27;x&#x27;'
    >>> escape(escape("<"))
    '&lt;'
    """
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(_UNPRINTABLE.sub("\ufffd", str(text)), quote=True))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element; children and attribute values are escaped.

    Parameters
    ----------
    name : str
    *children : object
        Texts or markup; None is left out.
    **attributes : object
        `class_` is class, `aria_label` is aria-label; None is left out.

    Examples
    --------
    >>> tag("p", "5 < 6", tag("br"), class_="note")
    '<p class="note">5 &lt; 6<br></p>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*parts: object) -> Markup:
    """Return parts one after another, each escaped unless it is markup."""
    return Markup("".join(escape(part) for part in parts if part is not None))
