"""Risks of patients that the model had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from hscrisk.errors import HorizonOutOfRange, NotEstimable
from hscrisk.evaluation.splits import Split
from hscrisk.models import MarginalIncidence

FloatArray = NDArray[np.float64]
NULL = "null"


class CohortLike(Protocol):
    """What evaluation needs of a cohort."""

    @property
    def X(self) -> Any:
        """Features, a data frame."""

    @property
    def y(self) -> Any:
        """`event` and `duration`, a data frame."""

    @property
    def endpoint(self) -> Any:
        """`name`, `horizons` and `primary_horizon`."""

    @property
    def patient(self) -> Any:
        """Whose transplant each row is."""

    @property
    def centre(self) -> Any:
        """Where, or None."""


@dataclass(frozen=True)
class OutOfFold:
    """Out-of-fold risks of each model.

    Attributes
    ----------
    horizons : ndarray, shape (n_horizons,)
    row, fold : ndarray of int, shape (n_judged,)
        Row of the cohort and number of the split that each judged subject stems from.
    risks : dict of str to ndarray, shape (n_judged, n_horizons)
        NaN where a model could not be fitted or does not reach; the null is always there.
    notes : dict of (model, horizon) to str
        Why, where a risk is missing.
    """

    horizons: FloatArray
    row: NDArray[np.intp]
    fold: NDArray[np.intp]
    risks: dict[str, FloatArray]
    notes: dict[tuple[str, float], str]


def predict_out_of_fold(
    models: Mapping[str, Any], cohort: CohortLike, splits: Sequence[Split], horizons: FloatArray
) -> OutOfFold:
    """Fit a clone of each model, and the null, on each training part; predict its test part."""
    everyone: dict[str, Any] = {NULL: MarginalIncidence(horizons=horizons), **models}
    row = np.concatenate([s.test for s in splits])
    fold = np.concatenate([np.full(len(s.test), k) for k, s in enumerate(splits)])
    risks = {name: np.full((len(row), len(horizons)), np.nan) for name in everyone}
    notes: dict[tuple[str, float], str] = {}
    start = 0
    for split in splits:
        here = slice(start, start + len(split.test))
        start += len(split.test)
        for name, model in everyone.items():
            risks[name][here] = _one(name, model, cohort, split, horizons, notes)
    return OutOfFold(horizons, row, fold, risks, notes)


def _one(
    name: str,
    model: Any,
    cohort: CohortLike,
    split: Split,
    horizons: FloatArray,
    notes: dict[tuple[str, float], str],
) -> FloatArray:
    found = np.full((len(split.test), len(horizons)), np.nan)
    x, y = cohort.X.iloc[split.train], cohort.y.iloc[split.train]
    try:
        fitted = clone(model).fit(x, y, groups=np.asarray(cohort.patient)[split.train])
    except NotEstimable as error:
        _note(notes, name, horizons, split, error.rule)
        return found
    test = cohort.X.iloc[split.test]
    for k, t in enumerate(horizons):
        try:
            risk = np.asarray(fitted.predict_cumulative_incidence(test, [t]), dtype=np.float64)
        except (HorizonOutOfRange, NotEstimable) as error:
            _note(notes, name, [t], split, error.rule)
            continue
        if risk.shape != (len(test), 1) or not ((risk >= 0) & (risk <= 1)).all():
            rule = f"risks must be {len(test)} numbers from 0 to 1 for each horizon"
            _note(notes, name, [t], split, rule)
            continue
        found[:, k] = risk[:, 0]
    return found


def _note(
    notes: dict[tuple[str, float], str], name: str, horizons: Any, split: Split, rule: str
) -> None:
    for t in horizons:
        notes.setdefault((name, float(t)), f"in split {split.name}: {rule}")
