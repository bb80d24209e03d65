"""Reasons not to trust one prediction, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.applicability.profile import CohortProfile, K, LevelsSeen, NumbersSeen

NOTHING_KNOWN = "nothing that the model uses is recorded"


Population = Mapping[str, Sequence[str]]


def assess(
    profile: CohortProfile, X: pd.DataFrame, population: Population | None = None
) -> list[list[str]]:
    """Return for each row why its prediction has no support in the training cohort.

    A number outside the range that at least 5 training patients share on either side; a level
    that fewer than 5 of them had; another kind of transplant; nothing recorded at all. A single
    missing value is no reason: the models are trained with gaps.

    Parameters
    ----------
    profile : CohortProfile
    X : DataFrame, shape (n_samples, n_features)
        Rows to be predicted, in any order of columns; an absent column counts as missing.
    population : mapping of str to sequence of str, optional
        Levels that a field must have for the endpoint to exist, as `transplant_type: [allogeneic]`.
        The transplant types of the training cohort are added where they are known.

    Returns
    -------
    list of list of str
        One list a row, empty where nothing speaks against it, in the profile's order.
    """
    reasons: list[list[str]] = [[] for _ in range(len(X))]
    recorded = np.zeros(len(X), dtype=bool)
    population = _population(profile, population or {})
    for name, seen in profile.predictors.items():
        if name not in X.columns:
            continue
        column = X[name]
        recorded |= column.notna().to_numpy()
        if name not in population:
            _note(reasons, _found(seen, column))
    for name, levels in population.items():
        if name in X.columns:
            _note(reasons, _others(profile, name, levels, X[name]))
    for row in np.flatnonzero(~recorded):
        reasons[row].append(NOTHING_KNOWN)
    return reasons


Found = Iterator[tuple[NDArray[np.bool_], str]]


def _note(reasons: list[list[str]], found: Found) -> None:
    for where, text in found:
        for row in np.flatnonzero(where):
            reasons[row].append(text)


def _found(seen: NumbersSeen | LevelsSeen, column: pd.Series[Any]) -> Found:
    return _numbers(seen, column) if isinstance(seen, NumbersSeen) else _levels(seen, column)


def _population(profile: CohortProfile, asked: Population) -> dict[str, Sequence[str]]:
    kind = profile.predictors.get("transplant_type")
    if not isinstance(kind, LevelsSeen):
        return dict(asked)
    allowed = asked.get("transplant_type", kind.common())
    return {**asked, "transplant_type": [level for level in kind.common() if level in allowed]}


def _others(
    profile: CohortProfile, name: str, levels: Sequence[str], column: pd.Series[Any]
) -> Found:
    seen = profile.predictors.get(name)
    label = seen.label if seen else name.replace("_", " ")
    where = column.notna() & ~column.astype(object).isin(list(levels))
    yield where.to_numpy(), f"another population: {label} is not {' or '.join(levels) or 'known'}"


def _numbers(seen: NumbersSeen, column: pd.Series[Any]) -> Iterator[tuple[NDArray[np.bool_], str]]:
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if seen.low is None or seen.high is None:
        yield ~np.isnan(values), f"{seen.label}: recorded in too few training patients"
        return
    yield values < seen.low, f"{seen.label} is below the training range ({seen.words()})"
    yield values > seen.high, f"{seen.label} is above the training range ({seen.words()})"


def _levels(seen: LevelsSeen, column: pd.Series[Any]) -> Found:
    codes, levels = pd.factorize(column.astype(object).map(str, na_action="ignore"), sort=True)
    common = set(seen.common())
    for code, level in enumerate(levels):
        if level in common:
            continue
        # What is no word of the contract may be anything: it is not repeated.
        value = f"'{level}'" if level in seen.levels else "a value"
        yield codes == code, f"{seen.label}: {value} which fewer than {K} training patients had"
