"""How one column of a data frame becomes columns of numbers.

The codes are our own (never a library's categories), so that an unseen level is "unknown" on
every version of XGBoost and pandas: all its level columns are 0 and so is its missing indicator.
"""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidRecord

LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Column:
    """The layout of one input column.

    Attributes
    ----------
    name : str
    levels : tuple of str, or None
        The known levels in their order; None for a number.
    """

    name: str
    levels: tuple[str, ...] | None

    @property
    def width(self) -> int:
        """Number of output columns: the value or the levels, then the missing indicator."""
        return 2 if self.levels is None else len(self.levels) + 1

    def output_names(self) -> list[str]:
        """Return the names of the output columns."""
        values = (
            [self.name]
            if self.levels is None
            else [f"{self.name}={level}" for level in self.levels]
        )
        return [*values, f"{self.name}__missing"]

    def write(self, series: pd.Series[Any], out: NDArray[np.float32]) -> None:
        """Write the codes of `series` into `out`, shape (n_samples, width)."""
        if self.levels is None:
            values = _numbers(series, self.name)
            out[:, 0] = values
            out[:, 1] = np.isnan(values)
            return
        codes, uniques = _factorise(series, self.name)
        known = {level: i for i, level in enumerate(self.levels)}
        table = np.array([known.get(_word(value, self.name), -2) for value in uniques] + [-1])
        index = table[codes]
        for i in range(len(self.levels)):
            out[:, i] = index == i
        out[:, -1] = index == -1


def learn_column(series: pd.Series[Any], name: str) -> Column:
    """Return the layout of a training column.

    A categorical dtype gives its levels in its order; words give their sorted unique values;
    numbers and flags are numbers.

    Raises
    ------
    InvalidRecord
        For values that are neither numbers nor words (dates, lists, complex numbers).
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        levels = (_word(level, name) for level in series.cat.categories)
        return Column(name, tuple(dict.fromkeys(levels)))
    if _is_number(series.dtype):
        return Column(name, None)
    if not _is_text(series.dtype):
        raise InvalidRecord(
            f"a feature must hold numbers or words, not {series.dtype}",
            field=name,
            mend="Turn dates into days from infusion, or leave the column out.",
        )
    present = list(series.dropna())
    if all(isinstance(value, numbers.Real | np.bool_) for value in present):
        return Column(name, None)
    return Column(name, tuple(sorted({_word(value, name) for value in present})))


def _is_number(dtype: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype))


def _is_text(dtype: Any) -> bool:
    return bool(pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype))


def _factorise(series: pd.Series[Any], name: str) -> tuple[NDArray[np.intp], list[Any]]:
    if isinstance(series.dtype, pd.CategoricalDtype):
        return np.asarray(series.cat.codes, dtype=np.intp), list(series.cat.categories)
    if pd.api.types.is_object_dtype(series.dtype):
        series = series.map(lambda value: _word(value, name), na_action="ignore")
    codes, uniques = pd.factorize(series)
    return np.asarray(codes, dtype=np.intp), list(uniques)


def _word(value: Any, name: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Real | np.bool_):
        # A code read as 1.0 (because its column has gaps) is the code 1.
        number = float(value)
        whole = number.is_integer() and not isinstance(value, bool | np.bool_)
        return str(int(number)) if whole else str(value)
    raise InvalidRecord(
        "a feature must hold numbers or words",
        field=name,
        value=value,
        mend="Convert the column before it is used.",
    )


def _numbers(series: pd.Series[Any], name: str) -> NDArray[np.float64]:
    if _is_number(series.dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        _refuse_words(series, name)
        values = np.array(
            [
                np.nan if missing else float(value)
                for value, missing in zip(series, series.isna(), strict=True)
            ],
            dtype=np.float64,
        )
    infinite = np.isinf(values)
    if infinite.any():
        row = int(np.flatnonzero(infinite)[0])
        raise InvalidRecord(
            "a number must be finite",
            row=row,
            field=name,
            value=float(values[row]),
            mend="Leave the cell empty where the value is unknown.",
        )
    return np.asarray(np.clip(values, -LARGEST, LARGEST), dtype=np.float64)


def _refuse_words(series: pd.Series[Any], name: str) -> None:
    for row, (value, missing) in enumerate(zip(series, series.isna(), strict=True)):
        if not missing and not isinstance(value, numbers.Real | np.bool_):
            raise InvalidRecord(
                "this column held numbers in training",
                row=row,
                field=name,
                value=value,
                mend="Convert it to numbers, or leave the cell empty.",
            )
