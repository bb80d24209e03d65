"""From input columns to clinical variables: what each is called and what its value is in words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.explain.explanation import State
from hscrisk.explain.level_words import level_words, number_words
from hscrisk.features import FeaturePipeline
from hscrisk.schema import Field

MISSING = "not recorded"
UNKNOWN = "a level that the model has not seen"
RARE = "fewer than 5 training patients had it"

# Told as one variable where all of them are inputs: each part says nothing that the pair does not.
TOGETHER: Mapping[str, tuple[str, ...]] = {
    "sex_match": ("donor_sex", "patient_sex"),
    "cmv_match": ("donor_cmv_igg", "patient_cmv_igg"),
}


@dataclass(frozen=True)
class Value:
    """The value of one variable in words, and whether it can be called a reason."""

    words: str
    state: State


def groups(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return for each clinical variable the positions of its input columns, its own first.

    >>> groups(["donor_sex", "sex_match", "patient_age", "patient_sex"])
    {'sex_match': (1, 0, 3), 'patient_age': (2,)}
    """
    at = {name: i for i, name in enumerate(names)}
    paired = {whole: parts for whole, parts in TOGETHER.items() if at.keys() >= {whole, *parts}}
    inside = {part for parts in paired.values() for part in parts}
    members = {
        name: tuple(at[each] for each in (name, *paired.get(name, ())))
        for name in names
        if name not in inside
    }
    return dict(sorted(members.items(), key=lambda member: min(member[1])))


def fold(values: NDArray[np.float64], members: Mapping[str, tuple[int, ...]]) -> NDArray[Any]:
    """Return the sums of the columns of each variable, shape (n_samples, n_variables)."""
    sums = [values[:, list(positions)].sum(axis=1) for positions in members.values()]
    return np.stack(sums, axis=1) if sums else np.zeros((len(values), 0))


def label_of(name: str, contract: Mapping[str, Field]) -> str:
    """Return what a reader calls a field; a column that is not of the contract keeps its name."""
    known = contract.get(name)
    return known.label if known else name.replace("_", " ")


def values_of(
    X: pd.DataFrame,
    pipeline: FeaturePipeline,
    contract: Mapping[str, Field],
    seen: Mapping[str, Collection[str]] | None = None,
) -> dict[str, Value]:
    """Return the value of each input column of the one row of `X`, as the model saw it.

    Levels are read off the encoded row, so that the words cannot differ from what was predicted.

    Parameters
    ----------
    X : DataFrame, shape (1, n_features)
    pipeline : FeaturePipeline
        The model's own, fitted.
    contract : mapping of str to Field
    seen : mapping of str to collection of str, optional
        Levels that enough training patients had, by field.
    """
    encoded = pipeline.transform(X)[0]
    found: dict[str, Value] = {}
    start = 0
    for column in pipeline.columns_:
        codes = encoded[start : start + column.width]
        start += column.width
        if codes[-1] > 0:
            found[column.name] = Value(MISSING, "missing")
        elif column.levels is None:
            found[column.name] = _number(X[column.name].iloc[0], contract.get(column.name))
        else:
            common = None if seen is None else seen.get(column.name)
            found[column.name] = _level(column.name, column.levels, codes[:-1], common)
    return found


def _number(cell: Any, field: Field | None) -> Value:
    if isinstance(cell, bool | np.bool_):
        return Value("yes" if cell else "no", "given")
    value = float(cell)
    if not math.isfinite(value):
        raise AssertionError  # the pipeline refuses it
    return Value(number_words(value, field.unit if field else None), "given")


def _level(
    name: str, levels: tuple[str, ...], codes: NDArray[Any], common: Collection[str] | None
) -> Value:
    if not codes.any():
        return Value(UNKNOWN, "unknown")
    level = levels[int(codes.argmax())]
    words = level_words(name, level)
    if common is not None and level not in common:
        return Value(f"{words} ({RARE})", "rare")
    return Value(words, "given")


def value_of_group(name: str, parts: Sequence[str], values: Mapping[str, Value]) -> Value:
    """Return the value of a variable from those of its columns.

    The pair speaks for its parts; where it is not known, the parts that are speak for it.
    """
    own = values[name]
    known = [part for part in parts if values[part].state == "given"]
    if own.state != "missing" or not known:
        return own
    told = ", ".join(f"{part.split('_')[0]} {values[part].words}" for part in known)
    return Value(f"{MISSING} as a pair ({told})", "missing")
