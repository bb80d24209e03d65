"""Groups of a cohort: by a field of the contract, or by a column of the registry's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.schema import Records, load_contract
from hscrisk.schema.values import canonical, is_missing, parse_number

UNKNOWN = "unknown"
MOST = 400
"""So many codes at most make groups: a column of measurements divides nobody."""

Group = tuple[dict[str, str], NDArray[np.bool_]]


def groups_of(records: Records, by: list[str]) -> list[Group]:
    """Return the groups in order, each with what names it and who belongs to it.

    Parameters
    ----------
    records : Records
    by : list of str
        Categories, flags, centre or year; or a column of the source that its mapping reads, whose
        codes stay as they are.

    Raises
    ------
    InvalidConfiguration
        When one of them does not divide into groups.
    """
    if not by:
        return []
    columns = [column_to_divide_by(records, name) for name in by]
    words = [[_word(value) for value in column] for column in columns]
    keys = list(zip(*words, strict=True))
    order = sorted(
        set(keys), key=lambda key: [_place(c, w) for c, w in zip(columns, key, strict=True)]
    )
    return [
        (dict(zip(by, key, strict=True)), np.array([k == key for k in keys], dtype=bool))
        for key in order
    ]


def column_to_divide_by(records: Records, name: str) -> pd.Series[Any]:
    """Return a field, or else a column of the source, that divides a cohort into groups.

    Raises
    ------
    InvalidConfiguration
        When there is none of that name; the nearest known one is named.
    """
    frame, contract = records.frame, load_contract()
    fields = [
        n
        for n, f in contract.items()
        if n in frame.columns and (f.is_categorical or f.role in ("centre", "year"))
    ]
    if name in fields:
        return frame[name]
    own = records.columns
    if own is not None and name in own.columns and name not in contract:
        if own[name].nunique() <= MOST:
            return own[name]
        rule = f"the column has more than {MOST} different values, which are no groups"
        raise InvalidConfiguration(rule, field=name)
    known = [*fields, *([] if own is None else map(str, own.columns))]
    rule = "the cohort cannot be divided by this field"
    raise InvalidConfiguration(rule, field=name, mend=nearest(name, known))


def group_name(by: Mapping[str, str]) -> str:
    """Return what a group is called: labels of fields, columns as they are.

    >>> group_name({"abo_match": "minor", "drabomatch": "1"})
    'blood group match minor, drabomatch 1'
    """
    contract = load_contract()
    labels = {name: contract[name].label if name in contract else name for name in by}
    return ", ".join(f"{labels[name]} {level}" for name, level in by.items())


def _word(value: Any) -> str:
    return UNKNOWN if is_missing(value) else canonical(value)


def _place(column: pd.Series[Any], word: str) -> tuple[int, float, str]:
    if word == UNKNOWN:
        return (2, 0.0, "")
    if isinstance(column.dtype, pd.CategoricalDtype):
        return (0, float(list(column.dtype.categories).index(word)), word)
    number = parse_number(word)
    return (1, 0.0, word) if number is None else (0, number, word)
