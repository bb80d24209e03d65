"""Numbers with a decimal comma."""

from __future__ import annotations

import re

_COMMA = re.compile(r"[+-]?(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]+)?")


def with_point(text: str) -> str | None:
    """Return a number with a decimal comma as one with a point, None where it is none.

    A point is refused, whether it divides thousands or decimals: 1.234 may be either.

    >>> with_point("39,4"), with_point("12"), with_point("1.234"), with_point("1.234,5")
    ('39.4', '12', None, None)
    """
    plain = text.strip()
    return plain.replace(",", ".") if _COMMA.fullmatch(plain) else None
