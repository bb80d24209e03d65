"""Designs: who is trained on and who is judged. Patients, never rows, are dealt to folds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.models.inner_folds import inner_folds
from hscrisk.survival import check_outcome

IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Split:
    """One division of a cohort.

    Attributes
    ----------
    name : str
    train, test : ndarray of int
        Row numbers.
    """

    name: str
    train: IntArray
    test: IntArray


def make_splits(
    splits: str | Iterable[tuple[Any, Any]],
    y: Any,
    patient: Any,
    *,
    centre: Any = None,
    random_state: int = 0,
) -> tuple[Split, ...]:
    """Return the splits that a design names.

    Parameters
    ----------
    splits : str or iterable of (train, test)
        "5-fold" (any number), "leave-centres-out" (every centre of at least 10 transplants by
        itself, the smaller ones together), or row numbers of your own.
    y : outcomes
    patient : array, shape (n_samples,)
        All transplants of a patient stay together.
    centre : array, shape (n_samples,), optional
    random_state : int

    Raises
    ------
    InvalidConfiguration
        For an unknown design, or rows of one patient on both sides.
    NotEstimable
        When the cohort cannot be divided so.
    """
    patient = np.asarray(patient)
    if not isinstance(splits, str):
        given = [
            Split(str(k + 1), np.asarray(a, dtype=np.intp), np.asarray(b, dtype=np.intp))
            for k, (a, b) in enumerate(splits)
        ]
        return _checked(given, patient)
    folds = re.fullmatch(r"(\d+)-fold", splits)
    if folds and int(folds[1]) >= 2:
        codes = np.unique(patient, return_inverse=True)[1].astype(np.intp)
        fold = inner_folds(check_outcome(y).event, codes, int(folds[1]), random_state)
        return _by_label(fold, [str(k + 1) for k in range(int(fold.max()) + 1)])
    if splits == "leave-centres-out":
        if centre is None:
            raise NotEstimable("the cohort names no centre, so none can be left out")
        names, code, size = np.unique(
            np.asarray(centre, dtype=str), return_inverse=True, return_counts=True
        )
        small = size < 10
        label = np.where(small[code], len(names), code)
        kept = [str(n) for n in names]
        used, fold = np.unique(label, return_inverse=True)
        if len(used) < 2:
            raise NotEstimable("a single centre cannot be left out")
        return _checked(
            list(_by_label(fold, [[*kept, "small centres"][int(k)] for k in used])), patient
        )
    raise InvalidConfiguration(
        "splits must be 'K-fold', 'leave-centres-out' or pairs of row numbers",
        field="splits",
        value=splits,
    )


def _by_label(fold: NDArray[Any], names: Sequence[str]) -> tuple[Split, ...]:
    return tuple(
        Split(name, np.flatnonzero(fold != k), np.flatnonzero(fold == k))
        for k, name in enumerate(names)
    )


def _checked(splits: Sequence[Split], patient: NDArray[Any]) -> tuple[Split, ...]:
    for split in splits:
        if np.isin(patient[split.train], patient[split.test]).any():
            raise InvalidConfiguration(
                f"transplants of one patient lie on both sides of split '{split.name}'",
                field="splits",
                mend="Keep all rows of a patient on one side.",
            )
    return tuple(splits)
