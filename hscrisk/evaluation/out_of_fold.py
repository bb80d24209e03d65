"""Risks of patients that the model had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import HorizonOutOfRange, MissingColumn, NotEstimable
from hscrisk.evaluation.fitting import CohortLike, common_null, fitted_clone, predicted
from hscrisk.evaluation.splits import Split
from hscrisk.models import MarginalIncidence

__all__ = ["NULL", "CohortLike", "OutOfFold", "predict_out_of_fold"]
FloatArray = NDArray[np.float64]
NULL = "null"


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

    def where(self, kept: NDArray[np.bool_]) -> OutOfFold:
        """Return those judged where `kept`, shape (n_judged,)."""
        risks = {name: risk[kept] for name, risk in self.risks.items()}
        return OutOfFold(self.horizons, self.row[kept], self.fold[kept], risks, self.notes)


def predict_out_of_fold(
    models: Mapping[str, Any], cohort: CohortLike, splits: Sequence[Split], horizons: FloatArray
) -> OutOfFold:
    """Fit a clone of each model, and the null, on each training part; predict its test part.

    Models that come fitted (`Split.external`) are asked as they are; the null is their own.

    Raises
    ------
    InvalidConfiguration
        When fitted models bring no marginal curve, or not the same.
    """
    days = np.asarray(horizons, dtype=np.float64)
    external = any(split.external for split in splits)
    null = common_null(models.values()) if external else MarginalIncidence(horizons=days)
    everyone: dict[str, Any] = {NULL: null, **models}
    row = np.concatenate([s.test for s in splits])
    fold = np.concatenate([np.full(len(s.test), k) for k, s in enumerate(splits)])
    risks = {name: np.full((len(row), len(days)), np.nan) for name in everyone}
    notes: dict[tuple[str, float], str] = {}
    start = 0
    for split in splits:
        here = slice(start, start + len(split.test))
        start += len(split.test)
        for name, model in everyone.items():
            risks[name][here], why = _one(model, cohort, split, days)
            for day, rule in why.items():
                told = rule if split.external else f"in split {split.name}: {rule}"
                notes.setdefault((name, day), told)
    return OutOfFold(days, row, fold, risks, notes)


def _one(
    model: Any, cohort: CohortLike, split: Split, days: FloatArray
) -> tuple[FloatArray, dict[float, str]]:
    try:
        fitted = model if split.external else fitted_clone(model, cohort, split.train)
    except (HorizonOutOfRange, MissingColumn, NotEstimable) as error:
        none = np.full((len(split.test), len(days)), np.nan)
        return none, dict.fromkeys(map(float, days), error.rule)
    return predicted(fitted, cohort, split.test, days)
