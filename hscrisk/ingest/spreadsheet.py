"""Text that a spreadsheet would calculate, kept from doing so in files that people open.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a line end is a formula to a spreadsheet, and
a formula can send what stands beside it elsewhere. Quarantined rows hold whatever came in and are
read by people, so there such a cell gets an apostrophe in front (a number stays as it is). Scores
hold one text from outside, the transplant's name, by which they are joined: it is never altered,
so a name that begins like that is refused when it is read.

References
----------
OWASP, CSV Injection.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from hscrisk.schema.values import parse_number

_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20].")


def is_formula(value: Any) -> bool:
    """Return whether a spreadsheet would calculate a text.

    >>> [is_formula(text) for text in ("=1+1", "-9", "+1e3", "-x", "-", "a=1", 7)]
    [True, False, False, True, False, False, False]
    """
    if not isinstance(value, str) or not _FORMULA.match(value):
        return False
    return parse_number(value) is None


def disarmed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table, names of columns included, in which nothing is calculated when opened."""
    kept = table.rename(columns=_disarmed)
    for place in range(kept.shape[1]):
        column = kept.iloc[:, place]
        if column.map(is_formula).any():
            kept.isetitem(place, column.map(_disarmed).to_numpy(dtype=object))
    return kept


def _disarmed(value: Any) -> Any:
    return f"'{value}" if is_formula(value) else value
