"""Violations, collected as blocks of rows while checks run, and told as one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Severity = Literal["hard", "soft"]

COLUMNS = ("row", "transplant_id", "field", "value", "rule", "mend", "severity")


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
    blocks: list[pd.DataFrame] = field(default_factory=list)

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
        mends = mend if isinstance(mend, str) else np.asarray(mend, dtype=object)[index]
        self.blocks.append(
            pd.DataFrame(
                {
                    "row": self.rows[index],
                    "transplant_id": self.names[index],
                    "field": _text(name),
                    "value": pd.Series(found, dtype=object),
                    "rule": rule,
                    "mend": mends,
                    "severity": severity,
                }
            )
        )

    def table(self) -> pd.DataFrame:
        """Return all violations, by row, those of one row in the order of the checks.

        A field that breaks a hard rule is not doubted as well: its value is gone already.
        """
        table = in_order(self.blocks)
        place = pd.MultiIndex.from_frame(table[["row", "field"]])
        hard = (table["severity"] == "hard").to_numpy()
        return table[hard | ~place.isin(place[hard])].reset_index(drop=True)

    def hard_rows(self) -> NDArray[np.int64]:
        """Return the rows to be quarantined."""
        table = self.table()
        return np.unique(table.loc[table["severity"] == "hard", "row"].to_numpy(dtype=np.int64))


def in_order(blocks: list[pd.DataFrame]) -> pd.DataFrame:
    """Return some tables of violations as one, sorted by row."""
    blocks = [block for block in blocks if len(block)]
    if not blocks:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    table = pd.concat(blocks, ignore_index=True)
    return table.sort_values("row", kind="stable", ignore_index=True)


def _text(value: Any) -> str | None:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, float | np.floating) and np.isfinite(value) and value == int(value):
        return str(int(value))
    # A lone surrogate can come in JSON, and no file or terminal can take it.
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
