"""Violations, collected while checks run, and told as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Severity = Literal["hard", "soft"]

LONGEST_SHOWN = 60
"""Characters of a value in a reason; the row itself stands beside it."""
COLUMNS = ("row", "transplant_id", "field", "value", "rule", "mend", "severity")


@dataclass(frozen=True)
class _Block:
    """A rule and the positions of the rows that break it."""

    positions: NDArray[np.intp]
    field: str
    values: list[str | None]
    rule: str
    mends: list[str]
    severity: Severity


@dataclass
class Findings:
    """What is wrong with `rows`, which are counted from 1 as a person counts data rows.

    Attributes
    ----------
    rows : ndarray of int, shape (n_rows,)
    names : ndarray of str, shape (n_rows,)
        The transplant of each row ('' where it has none).
    """

    rows: NDArray[np.int64]
    names: NDArray[np.object_]
    _blocks: list[_Block] = field(default_factory=list)

    def add(
        self,
        where: Any,
        name: str,
        values: Any,
        rule: str,
        mend: Any = "",
        severity: Severity = "hard",
    ) -> None:
        """Note a rule broken where the mask `where` holds; `values`, `mend` may be columns."""
        index = np.flatnonzero(np.asarray(where, dtype=bool))
        if len(index) == 0:
            return
        found = [_text(value) for value in np.asarray(values, dtype=object)[index]]
        one = isinstance(mend, str)
        mends = [mend] * len(index) if one else np.asarray(mend, dtype=object)[index].tolist()
        self._blocks.append(_Block(index, printable(name), found, rule, mends, severity))

    def table(self) -> pd.DataFrame:
        """Return all violations, by row, those of one row in the order of the checks.

        A field that breaks a hard rule is not doubted as well: its value is gone already.
        """
        gone = {
            (block.field, position)
            for block in self._blocks
            if block.severity == "hard"
            for position in block.positions.tolist()
        }
        told = [
            (position, block.field, value, block.rule, mend, block.severity)
            for block in self._blocks
            for position, value, mend in zip(
                block.positions.tolist(), block.values, block.mends, strict=True
            )
            if block.severity == "hard" or (block.field, position) not in gone
        ]
        if not told:
            return in_order([])
        told.sort(key=lambda one: self.rows[one[0]])
        positions = np.array([one[0] for one in told], dtype=np.intp)
        columns = list(zip(*told, strict=True))[1:]
        table = {"row": self.rows[positions], "transplant_id": self.names[positions]}
        table |= {
            name: np.array([*column, None], dtype=object)[:-1]
            for name, column in zip(COLUMNS[2:], columns, strict=True)
        }
        return pd.DataFrame({name: pd.Series(c) for name, c in table.items()})

    def hard_rows(self) -> NDArray[np.int64]:
        """Return the rows to be quarantined."""
        hard = [block.positions for block in self._blocks if block.severity == "hard"]
        return np.unique(self.rows[np.concatenate(hard)]) if hard else np.empty(0, dtype=np.int64)


def in_order(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return some tables of violations as one, sorted by row, none told twice."""
    tables = [table for table in tables if len(table)]
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    if len(tables) == 1:
        return tables[0]
    table = pd.concat(tables, ignore_index=True).sort_values("row", kind="stable")
    return table.drop_duplicates(ignore_index=True)


def in_words(violations: pd.DataFrame) -> list[str]:
    """Return each violation of a table as text: field, rule, what was found, and the mend.

    >>> found = Findings(np.array([1]), np.array(["a"], dtype=object))
    >>> found.add([True], "patient_age", ["340"], "must be below 100", "Give years.")
    >>> in_words(found.table())
    ["patient_age: must be below 100 (got '340'). Give years."]
    """
    columns = (violations[name].tolist() for name in ("field", "rule", "value", "mend"))
    return [
        f"{name}: {rule}{_got(value)}. {mend}".rstrip()
        for name, rule, value, mend in zip(*columns, strict=True)
    ]


def _got(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    shown = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}..."
    return f" (got {shown!r})"


def printable(text: str) -> str:
    """Return text that every file and terminal can take: JSON can bring lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _text(value: Any) -> str | None:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating) and np.isfinite(value) and value == int(value):
        return str(int(value))
    return printable(str(value))
