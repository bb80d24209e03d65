"""Reasons not to trust one prediction, in plain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.applicability.profile import CohortProfile, K, LevelsSeen, NumbersSeen

NOTHING_KNOWN = "nothing that the model uses is recorded"

Population = Mapping[str, Sequence[str]]
Flags = NDArray[np.bool_]
Reasons = list[tuple[Flags, str]]
"""Each with the rows that have it."""


@dataclass(frozen=True)
class Assessment:
    """What speaks against the predictions of some rows.

    Attributes
    ----------
    texts : tuple of str
        Every reason that some row has.
    kinds : tuple of tuple of int
        Every set of reasons that some row has, as positions in `texts`.
    kind : ndarray of int, shape (n_samples,)
        Which of those sets is that of each row: a file has many rows and few kinds of them.
    """

    texts: tuple[str, ...]
    kinds: tuple[tuple[int, ...], ...]
    kind: NDArray[np.intp]

    @classmethod
    def of(cls, found: Sequence[tuple[Flags, str]], n_rows: int) -> Assessment:
        """Collect reasons, each with the rows that have it."""
        kind = np.zeros(n_rows, dtype=np.intp)
        kinds: list[tuple[int, ...]] = [()]
        for position, (where, _) in enumerate(found):
            # Rows of one kind part where some have the next reason and some have not.
            met, kind = np.unique(2 * kind + where, return_inverse=True)
            kinds = [kinds[k // 2] + (position,) * int(k % 2) for k in met]
        return cls(tuple(text for _, text in found), tuple(kinds), kind)

    def of_kinds(self) -> list[list[str]]:
        """Return every set of reasons in words."""
        return [[self.texts[position] for position in kind] for kind in self.kinds]

    def of_row(self, row: int) -> list[str]:
        """Return the reasons of one row."""
        return [self.texts[position] for position in self.kinds[self.kind[row]]]

    def joined(self) -> NDArray[np.object_]:
        """Return the reasons of each row in one text, shape (n_samples,)."""
        told = ["; ".join(reasons) for reasons in self.of_kinds()]
        return np.array(told, dtype=object)[self.kind]

    @property
    def supported(self) -> Flags:
        """Return where nothing speaks against it, shape (n_samples,)."""
        return np.array([not kind for kind in self.kinds], dtype=bool)[self.kind]


def assess(
    profile: CohortProfile, X: pd.DataFrame, population: Population | None = None
) -> list[list[str]]:
    """Return for each row why its prediction has no support in the training cohort.

    One list a row, empty where nothing speaks against it; see `assess_all`.
    """
    found = assess_all(profile, X, population)
    return [found.of_row(row) for row in range(len(X))]


def assess_all(
    profile: CohortProfile, X: pd.DataFrame, population: Population | None = None
) -> Assessment:
    """Return why predictions have no support in the training cohort, of many rows at once.

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
    Assessment
        The reasons of each row, none where nothing speaks against it, in the profile's order.
    """
    population = _population(profile, population or {})
    nothing = np.ones(len(X), dtype=bool)
    found: Reasons = []
    for name, seen in profile.predictors.items():
        if name not in X.columns:
            continue
        column = X[name]
        missing, told = (
            _numbers(seen, column) if isinstance(seen, NumbersSeen) else _levels(seen, column)
        )
        nothing &= missing
        if name not in population:
            found += told
    for name, levels in population.items():
        if name in X.columns:
            found.append(_others(profile, name, levels, X[name]))
    found.append((nothing, NOTHING_KNOWN))
    return Assessment.of([(where, text) for where, text in found if where.any()], len(X))


def _population(profile: CohortProfile, asked: Population) -> dict[str, Sequence[str]]:
    kind = profile.predictors.get("transplant_type")
    if not isinstance(kind, LevelsSeen):
        return dict(asked)
    allowed = asked.get("transplant_type", kind.common())
    return {**asked, "transplant_type": [level for level in kind.common() if level in allowed]}


def _others(
    profile: CohortProfile, name: str, levels: Sequence[str], column: pd.Series[Any]
) -> tuple[Flags, str]:
    seen = profile.predictors.get(name)
    label = seen.label if seen else name.replace("_", " ")
    words, codes = _coded(column)
    other = np.array([word not in levels for word in words] + [False], dtype=bool)
    return other[codes], f"another population: {label} is not {' or '.join(levels) or 'known'}"


def _numbers(seen: NumbersSeen, column: pd.Series[Any]) -> tuple[Flags, Reasons]:
    """Return where nothing is recorded, and what speaks against what is."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    missing = np.isnan(values)
    if seen.low is None or seen.high is None:
        return missing, [(~missing, f"{seen.label}: recorded in too few training patients")]
    return missing, [
        (values < seen.low, f"{seen.label} is below the training range ({seen.words()})"),
        (values > seen.high, f"{seen.label} is above the training range ({seen.words()})"),
    ]


def _levels(seen: LevelsSeen, column: pd.Series[Any]) -> tuple[Flags, Reasons]:
    """Return where nothing is recorded, and what speaks against what is."""
    words, codes = _coded(column)
    common = set(seen.common())
    rare: dict[str, Flags] = {}
    for code, word in enumerate(words):
        if word not in common:
            # What is no word of the contract may be anything: it is not repeated.
            value = f"'{word}'" if word in seen.levels else "a value"
            # One more place, for the cells that hold nothing (-1).
            rare.setdefault(value, np.zeros(len(words) + 1, dtype=bool))[code] = True
    return codes < 0, [
        (of_words[codes], f"{seen.label}: {value} which fewer than {K} training patients had")
        for value, of_words in rare.items()
    ]


def _coded(column: pd.Series[Any]) -> tuple[list[str], NDArray[np.intp]]:
    """Return the words of a column and which one each cell holds, -1 where it holds none."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes, values = column.cat.codes.to_numpy(), column.cat.categories
    else:
        codes, values = pd.factorize(column.astype(object))
    return [str(value) for value in values], np.asarray(codes, dtype=np.intp)
