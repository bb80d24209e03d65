"""Designs: who is trained on and who is judged. Patients, never rows, are dealt to folds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.models.inner_folds import inner_folds
from hscrisk.survival import check_outcome

IntArray = NDArray[np.intp]
SMALL_CENTRE = 10
"""Centres with fewer transplants are left out together."""


@dataclass(frozen=True)
class Split:
    """One division of a cohort.

    Attributes
    ----------
    name : str
    train, test : ndarray of int
        Row numbers. Nobody is trained on where models have been fitted already ("external").
    """

    name: str
    train: IntArray
    test: IntArray

    @property
    def external(self) -> bool:
        """Whether models come fitted from elsewhere."""
        return len(self.train) == 0


def make_splits(
    splits: str | Iterable[tuple[Any, Any]],
    y: Any,
    patient: Any,
    *,
    centre: Any = None,
    year: Any = None,
    random_state: int = 0,
) -> tuple[Split, ...]:
    """Return the splits that a design names.

    Parameters
    ----------
    splits : str or iterable of (train, test)
        "5-fold" (any number), "repeated-5x5-fold" (five divisions into five folds),
        "leave-centres-out" (every centre of at least 10 transplants by itself, the smaller ones
        together), "temporal-2015" (transplants of that year and later are judged, earlier ones
        trained on), "external" (everybody is judged, nobody trained on), or row numbers of your
        own.
    y : outcomes
    patient : array, shape (n_samples,)
        All transplants of a patient stay together.
    centre, year : array, shape (n_samples,), optional
    random_state : int

    Raises
    ------
    InvalidConfiguration
        For an unknown design, rows that are not there, or rows of one patient on both sides.
    NotEstimable
        When the cohort cannot be divided so.
    """
    patient = np.asarray(patient)
    if not isinstance(splits, str):
        given = [
            Split(str(k + 1), _row_numbers(a, patient), _row_numbers(b, patient))
            for k, (a, b) in enumerate(splits)
        ]
        return _checked(given, patient)
    folds = re.fullmatch(r"(?:repeated-(\d+)x)?(\d+)-fold", splits)
    if folds and int(folds[1] or 1) >= 1 and int(folds[2]) >= 2:
        return _folds(y, patient, int(folds[1] or 1), int(folds[2]), random_state)
    if splits == "leave-centres-out":
        return _centres_out(patient, centre)
    if splits == "external":
        return (Split("external", np.arange(0), np.arange(len(patient))),)
    first = re.fullmatch(r"temporal-(\d{4})", splits)
    if first:
        return _temporal(patient, year, int(first[1]))
    raise InvalidConfiguration(
        "splits must be 'K-fold', 'repeated-RxK-fold', 'leave-centres-out', 'temporal-YYYY', "
        "'external' or pairs of row numbers",
        field="splits",
        value=splits,
    )


def design_in_words(splits: str | Iterable[Any], n_splits: int) -> str:
    """Return who was judged by models of whom.

    >>> design_in_words("temporal-2015", 1)
    'transplants of 2015 and later judged by models of the earlier ones'
    """
    if not isinstance(splits, str):
        return f"{n_splits} splits" if n_splits != 1 else "1 split"
    if splits.endswith("-fold"):
        return f"{splits} cross-validation by patient"
    if splits == "leave-centres-out":
        return "each centre judged by models of the other centres"
    if splits == "external":
        return "models fitted elsewhere"
    year = splits.removeprefix("temporal-")
    return f"transplants of {year} and later judged by models of the earlier ones"


def _folds(
    y: Any, patient: NDArray[Any], n_repeats: int, n_folds: int, seed: int
) -> tuple[Split, ...]:
    labels, codes = np.unique(patient, return_inverse=True)
    if len(labels) < n_folds:
        raise NotEstimable(f"{len(labels)} patients cannot be dealt to {n_folds} folds")
    event = check_outcome(y).event
    made: list[Split] = []
    for repeat in range(n_repeats):
        fold = inner_folds(event, codes.astype(np.intp), n_folds, seed + repeat)
        prefix = f"{repeat + 1}." if n_repeats > 1 else ""
        made += _by_label(fold, [f"{prefix}{k + 1}" for k in range(n_folds)])
    return tuple(made)


def _centres_out(patient: NDArray[Any], centre: Any) -> tuple[Split, ...]:
    if centre is None:
        raise NotEstimable("the cohort names no centre, so none can be left out")
    known = np.where(pd.isna(centre), "unknown centre", np.asarray(centre, dtype=str))
    names, code, size = np.unique(known, return_inverse=True, return_counts=True)
    label = np.where((size < SMALL_CENTRE)[code], len(names), code)
    used, fold = np.unique(label, return_inverse=True)
    if len(used) < 2:
        raise NotEstimable("a single centre cannot be left out")
    told = [*(str(n) for n in names), "small centres"]
    apart = [_apart(s, patient) for s in _by_label(fold, [told[int(k)] for k in used])]
    return _checked(apart, patient)


def _temporal(patient: NDArray[Any], year: Any, first: int) -> tuple[Split, ...]:
    years = np.full(len(patient), np.nan)
    if year is not None:
        years = pd.to_numeric(pd.Series(year)).to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(years).all():
        raise NotEstimable("the cohort records no year of transplant to be divided by")
    whole = Split(str(first), np.flatnonzero(years < first), np.flatnonzero(years >= first))
    split = _apart(whole, patient)
    if not len(split.train) or not len(split.test):
        missing = f"of {first} or later" if len(split.train) else f"before {first}"
        raise NotEstimable(
            f"no patients {missing} are left: transplants are of {np.nanmin(years):.0f} to "
            f"{np.nanmax(years):.0f}"
        )
    return _checked([split], patient)


def _apart(split: Split, patient: NDArray[Any]) -> Split:
    """Who is judged with one transplant is not trained on with another."""
    both = np.isin(patient[split.train], patient[split.test])
    return Split(split.name, split.train[~both], split.test)


def _row_numbers(rows: Any, patient: NDArray[Any]) -> IntArray:
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == patient.shape:
        return np.flatnonzero(rows)
    if rows.ndim != 1 or not (rows.dtype.kind in "iu" or not len(rows)):
        raise InvalidConfiguration(
            "each side of a split must be row numbers, or one truth value for each row",
            field="splits",
        )
    return np.asarray(rows, dtype=np.intp)


def _by_label(fold: NDArray[Any], names: Sequence[str]) -> tuple[Split, ...]:
    return tuple(
        Split(name, np.flatnonzero(fold != k), np.flatnonzero(fold == k))
        for k, name in enumerate(names)
    )


def _checked(splits: Sequence[Split], patient: NDArray[Any]) -> tuple[Split, ...]:
    if not splits:
        raise InvalidConfiguration("at least one split is needed", field="splits")
    for split in splits:
        for rows in (split.train, split.test):
            if not len(rows) or rows.min() < 0 or rows.max() >= len(patient):
                raise InvalidConfiguration(
                    f"split '{split.name}' must name rows 0 to {len(patient) - 1} on both sides",
                    field="splits",
                )
        if np.isin(patient[split.train], patient[split.test]).any():
            raise InvalidConfiguration(
                f"transplants of one patient lie on both sides of split '{split.name}'",
                field="splits",
                mend="Keep all rows of a patient on one side.",
            )
    return tuple(splits)
