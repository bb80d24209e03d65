"""From what a file or a JSON record holds to numbers and levels, one distinct value at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype

TEXT: Any = "str" if int(pd.__version__.split(".")[0]) >= 3 else object
"""How pandas keeps text: its own type from 3 on; before, 'str' would turn None into 'None'."""

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WHOLE = re.compile(r"([+-]?[0-9]+)\.0*")


def is_missing(value: Any) -> bool:
    """Return whether a cell holds nothing: None, NaN, NA, or blank text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value))
    return isinstance(value, str) and not value.strip()


def parse_number(value: Any) -> float | None:
    """Return a finite number, or None where the value is none.

    Text must be plain decimal; true and false are no numbers, nor is what overflows.

    >>> parse_number(" 12.50 "), parse_number("1e999"), parse_number("0x1f"), parse_number(True)
    (12.5, None, None, None)
    """
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | float | np.integer | np.floating):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if np.isfinite(number) else None
    # Stripped once: `strip` takes separators off that `float` refuses.
    if isinstance(value, str) and NUMBER.fullmatch(text := value.strip()):
        number = float(text)
        return number if np.isfinite(number) else None
    return None


def canonical(value: Any) -> str:
    """Return the text by which a code is recognised: whole numbers without a decimal part.

    >>> canonical(1.0), canonical("1.0"), canonical(" A "), canonical("01"), canonical(True)
    ('1', '1', 'A', '01', 'true')
    """
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and np.isfinite(value) and value == int(value):
        return str(int(value))
    text = str(value).strip()
    whole = _WHOLE.fullmatch(text)
    return whole.group(1) if whole else text


def each_distinct(
    column: pd.Series[Any], function: Callable[[Any], Any]
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return `function` of every cell that holds something, and which cells do.

    Cells are worked through once for each distinct value; shape (n_rows,) both.
    """
    found = Distinct.of(column, function)
    return found.results[found.codes], found.present[found.codes]


@dataclass(frozen=True)
class Distinct:
    """A function's results for the distinct values of a column: a file has few of them.

    Attributes
    ----------
    codes : ndarray of int, shape (n_rows,)
        Which of the distinct values each cell holds.
    results : ndarray of object, shape (n_distinct,)
        None for a value that holds nothing.
    present : ndarray of bool, shape (n_distinct,)
        Which values hold something.
    """

    codes: NDArray[np.int64]
    results: NDArray[np.object_]
    present: NDArray[np.bool_]

    @classmethod
    def of(cls, column: pd.Series[Any], function: Callable[[Any], Any]) -> Distinct:
        """Call `function` once for each distinct value that holds something."""
        codes, values = _factorised(column)
        present = np.array([not is_missing(value) for value in values], dtype=bool)
        results = np.empty(len(values), dtype=object)
        for i, value in enumerate(values):
            results[i] = function(value) if present[i] else None
        return cls(codes, results, present)

    @property
    def refused(self) -> NDArray[np.bool_]:
        """Return which cells hold something of which the function makes nothing."""
        none = np.array([result is None for result in self.results], dtype=bool)
        return np.asarray((self.present & none)[self.codes], dtype=np.bool_)


def _factorised(column: pd.Series[Any]) -> tuple[NDArray[np.int64], list[Any]]:
    # 1, 1.0 and True are equal to a hash table, yet not the same to a check; text stands apart.
    if column.dtype != object or set(map(type, column)) <= {str, type(None)}:
        codes, kept = pd.factorize(column, use_na_sentinel=False)
        return np.asarray(codes, dtype=np.int64), list(kept)
    seen: dict[Any, int] = {}
    distinct: list[Any] = []
    codes = np.empty(len(column), dtype=np.int64)
    for row, value in enumerate(column):
        key = (type(value), _hashable(value))
        if key not in seen:
            seen[key] = len(distinct)
            distinct.append(value)
        codes[row] = seen[key]
    return codes, distinct


def numbers(column: pd.Series[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the column as float64 (NaN where missing or no number), and where it is no number."""
    if is_float_dtype(column.dtype) or (
        is_integer_dtype(column.dtype) and not is_bool_dtype(column.dtype)
    ):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = np.isinf(values)
        return np.where(wrong, np.nan, values), wrong
    parsed = Distinct.of(column, parse_number)
    told = [np.nan if value is None else value for value in parsed.results]
    return np.array(told, dtype=np.float64)[parsed.codes], parsed.refused


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value
