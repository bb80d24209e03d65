"""Rows that repeat another one word for word: one of them says all that they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.schema.values import is_missing


def row_texts(frame: pd.DataFrame, where: NDArray[np.bool_]) -> list[tuple[Any, ...]]:
    """Return all cells of the rows of a mask, so that rows that are the same are equal."""
    columns = [[_cell(value) for value in frame[name][where]] for name in frame.columns]
    return list(zip(*columns, strict=True))


def copies_in(frame: pd.DataFrame, ids: pd.Series[Any]) -> NDArray[np.bool_]:
    """Return which rows give a transplant again, word for word, shape (n_rows,).

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        The rows as they were found.
    ids : Series, shape (n_rows,)
        The transplant of each.

    Examples
    --------
    >>> table = pd.DataFrame({"id": ["a", "b", "a"], "age": ["1", "1", "1"]})
    >>> copies_in(table, table["id"]).tolist()
    [False, False, True]
    """
    again = (ids.duplicated(keep=False) & ids.notna()).to_numpy()
    copies = np.zeros(len(frame), dtype=bool)
    seen: set[tuple[Any, ...]] = set()
    for row, text in zip(np.flatnonzero(again), row_texts(frame, again), strict=True):
        copies[row] = text in seen
        seen.add(text)
    return copies


def _cell(value: Any) -> Any:
    return None if is_missing(value) else (type(value).__name__, str(value))
