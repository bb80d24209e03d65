"""Groupings of a field: which level holds a value, and which grouping tells more than another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.schema.fields import Contract, Field
from hscrisk.schema.findings import Findings

Codes = NDArray[np.int64]
"""Numbers of levels, -1 where none is known, shape (n_rows,)."""


@dataclass(frozen=True)
class _Grouping:
    """A grouping, and for each finer one the number of its level for each of theirs."""

    field: Field
    whole: Field
    finer: Mapping[str, Codes]
    dtype: pd.CategoricalDtype


def fill_groupings(frame: pd.DataFrame, contract: Contract, findings: Findings) -> None:
    """Fill groupings in `frame` from what they group, else from finer groupings.

    A given level is never overwritten; where it disagrees, a soft violation says so.
    """
    given = {name for name in frame.columns if contract[name].coarsens}
    for grouping in _groupings(contract):
        codes = _codes(frame, grouping, given)
        name = grouping.field.name
        if name in given:
            own = _level_codes(frame[name])
            differs = (own >= 0) & (codes >= 0) & (own != codes)
            rule = f"{grouping.field.label} must agree with {grouping.whole.label}"
            findings.add(differs, name, frame[name], rule, "Correct it, or leave it out.", "soft")
            codes = np.where(own >= 0, own, codes)
        elif not (codes >= 0).any():
            continue
        frame[name] = pd.Categorical.from_codes(codes, dtype=grouping.dtype)


def _codes(frame: pd.DataFrame, grouping: _Grouping, given: set[str]) -> Codes:
    codes: Codes = np.full(len(frame), -1, dtype=np.int64)
    if grouping.whole.name in frame.columns:
        codes = level_codes(grouping.field, grouping.whole, frame[grouping.whole.name])
    for name, held in grouping.finer.items():
        if name in given and (codes < 0).any():
            fine = _level_codes(frame[name])
            codes = np.where((codes < 0) & (fine >= 0), held[fine], codes)
    return codes


def level_codes(field: Field, whole: Field, column: pd.Series[Any]) -> Codes:
    """Return the number of the level of `field` for each value of the field that it groups.

    Examples
    --------
    >>> from hscrisk.schema import load_contract
    >>> contract = load_contract()
    >>> field, whole = contract["hctci_group"], contract["hctci_score"]
    >>> level_codes(field, whole, pd.Series([0.0, 2.0, 7.0, None])).tolist()
    [0, 2, 3, -1]
    """
    if field.merges:
        place = {part: i for i, lv in enumerate(field.levels) for part in field.merges[lv]}
        held = np.array([place[part] for part in whole.levels], dtype=np.int64)
        inner = _level_codes(column)
        return np.where(inner >= 0, held[inner], -1)
    values = column.to_numpy(dtype=np.float64)
    codes = np.full(len(values), -1, dtype=np.int64)
    for i, level in enumerate(field.levels):
        low, high = field.bounds[level]
        codes[(values >= low) & (values < high)] = i
    return codes


def _level_codes(column: pd.Series[Any]) -> Codes:
    codes: Codes = np.asarray(column.cat.codes, dtype=np.int64)
    return codes


@lru_cache(maxsize=8)
def _groupings(contract: Contract) -> tuple[_Grouping, ...]:
    groupings = [field for field in contract.values() if field.coarsens]
    return tuple(
        _Grouping(
            field,
            contract[str(field.coarsens)],
            {
                fine.name: np.array([field.levels.index(held[lv]) for lv in fine.levels])
                for fine in groupings
                if (held := nesting(field, fine)) is not None
            },
            pd.CategoricalDtype(list(field.levels)),
        )
        for field in groupings
    )


def nesting(coarse: Field, fine: Field) -> Mapping[str, str] | None:
    """Return the level of `coarse` that holds each level of `fine`, None where some are split.

    >>> from hscrisk.schema import load_contract
    >>> contract = load_contract()
    >>> nesting(contract["hctci_group_3"], contract["hctci_group"])
    {'0': '0', '1': '1_2', '2': '1_2', '3_plus': '3_plus'}
    >>> nesting(contract["hctci_group"], contract["hctci_group_3"]) is None
    True
    """
    if coarse.coarsens is None or coarse.coarsens != fine.coarsens or coarse.name == fine.name:
        return None
    held = {}
    for level in fine.levels:
        homes = [home for home in coarse.levels if _holds(coarse, home, fine, level)]
        if not homes:
            return None
        held[level] = homes[0]
    return held


def _holds(coarse: Field, home: str, fine: Field, level: str) -> bool:
    if coarse.merges and fine.merges:
        return set(fine.merges[level]) <= set(coarse.merges[home])
    if coarse.bounds and fine.bounds:
        (low, high), (inner_low, inner_high) = coarse.bounds[home], fine.bounds[level]
        return low <= inner_low and inner_high <= high
    return False
