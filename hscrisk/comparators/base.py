"""What comparators share: encoded features in, risks out."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, NotEstimable
from hscrisk.features import FeaturePipeline, LinearDesign
from hscrisk.survival import Outcome, check_outcome

FloatArray = NDArray[np.float64]
CHUNK = 512
"""Patients predicted at a time: curves of each are held."""
MIN_EVENTS = 10
"""Fewer events carry no regression (as for the models of hscrisk)."""


class ProportionalHazards(BaseEstimator):  # type: ignore[misc]
    """Base of regressions on hazards: one fit answers every day followed.

    Features are one-hot, median-imputed, with missing indicators; numbers in standard deviations,
    0/1 columns as they are, all centred.

    Parameters
    ----------
    penalty : float, optional
        Ridge penalty of every coefficient; by default chosen (`fit_hazard`).
    """

    pipeline_: FeaturePipeline
    design_: LinearDesign
    last_day_: float

    def __init__(self, penalty: float | None = None) -> None:
        self.penalty = penalty

    def fit(self, X: pd.DataFrame, y: Any, groups: Any = None) -> Self:
        """Fit on features `X` and outcomes `y` (`event`, `duration`); `groups` changes nothing.

        Raises
        ------
        NotEstimable
            With fewer than 10 events of interest, or where the likelihood has no maximum.
        """
        outcome = check_outcome(y)
        if self.penalty is not None and not (np.isfinite(self.penalty) and self.penalty >= 0):
            raise InvalidConfiguration("a penalty is 0 or more", field="penalty")
        n_events = int((outcome.event == 1).sum())
        if n_events < MIN_EVENTS:
            raise NotEstimable(f"only {n_events} events; a regression needs {MIN_EVENTS}")
        self.pipeline_ = FeaturePipeline().fit(X)
        self.feature_names_in_ = self.pipeline_.feature_names_in_
        self.n_features_in_ = self.pipeline_.n_features_in_
        matrix = self.pipeline_.transform(X)
        self.design_ = LinearDesign.fit(matrix)
        self.last_day_ = float(outcome.duration.max())
        # The bits of a product of matrices may depend on the number of threads.
        with threadpool_limits(limits=1, user_api="blas"):
            self._fit(self.design_.standardise(matrix), outcome)
        return self

    def predict_cumulative_incidence(self, X: pd.DataFrame, horizons: ArrayLike) -> FloatArray:
        """Return P(event 1 by each horizon, before any other), shape (n_samples, n_horizons).

        Raises
        ------
        HorizonOutOfRange
            Beyond the last day followed in training.
        """
        return self._in_chunks(X, horizons, self._incidence)

    def _in_chunks(self, X: pd.DataFrame, horizons: ArrayLike, answer: Any) -> FloatArray:
        check_is_fitted(self, "design_")
        days = np.atleast_1d(np.asarray(horizons, dtype=np.float64))
        if not np.isfinite(days).all() or (days < 0).any():
            raise InvalidConfiguration("horizons must be days, 0 or later", field="horizons")
        if (days > self.last_day_).any():
            raise HorizonOutOfRange(
                f"nobody was followed beyond day {self.last_day_:g}",
                field="horizon",
                value=float(days.max()),
            )
        matrix = self.pipeline_.transform(X)
        parts = [
            answer(self.design_.standardise(matrix[start : start + CHUNK]), days)
            for start in range(0, max(1, len(matrix)), CHUNK)
        ]
        return np.concatenate(parts)

    def _fit(self, design: FloatArray, outcome: Outcome) -> None:
        raise NotImplementedError

    def _incidence(self, design: FloatArray, days: FloatArray) -> FloatArray:
        raise NotImplementedError
