"""Groupings of a field: which level holds a value, and which grouping tells more than another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hscrisk.schema.fields import Field


def grouped(field: Field, whole: pd.Series[Any]) -> pd.Series[Any]:
    """Return the level of `field` for each value of the field that it groups; missing stays so.

    Parameters
    ----------
    field : Field
        With `bounds` (a level holds its lower bound, and not its upper one) or `merges`.
    whole : Series, shape (n_rows,)

    Examples
    --------
    >>> from hscrisk.schema import load_contract
    >>> grouped(load_contract()["hctci_group"], pd.Series([0.0, 2.0, 7.0])).tolist()
    ['0', '2', '3_plus']
    """
    if field.merges:
        merged = {part: level for level, parts in field.merges.items() for part in parts}
        return whole.astype(object).map(merged)
    values = whole.to_numpy(dtype=np.float64)
    levels = np.full(len(values), None, dtype=object)
    for level, (low, high) in field.bounds.items():
        levels[(values >= low) & (values < high)] = level
    return pd.Series(levels, index=whole.index, dtype=object)


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
