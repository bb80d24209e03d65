"""Other packages' models behind the doors of hscrisk, each with its own defaults.

They are installed apart (`benchmarks/requirements-peers.txt`), never with hscrisk; scikit-survival
is under the GPL and is asked for answers only.

Each peer takes numbers. Categories come as one 0/1 column a level (`hscrisk.features`). What is
missing stays NaN for those that take it (SurvivalBoost); for the others it is the training median
with an indicator. Regressions without a penalty get columns of full rank.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from hscrisk.features import FeaturePipeline, LinearDesign
from hscrisk.survival import Outcome, check_outcome

FloatArray = NDArray[np.float64]


class Peer(BaseEstimator):  # type: ignore[misc]
    """Encode, hand over, and give the incidence of event 1 back."""

    keeps_missing = False

    def fit(self, X: pd.DataFrame, y: Any, groups: Any = None) -> Self:
        outcome = check_outcome(y)
        self.pipeline_ = FeaturePipeline().fit(X)
        matrix = self.pipeline_.transform(X)
        self.design_ = LinearDesign.fit(matrix)
        self.columns_ = np.flatnonzero(self.design_.scale != 0)
        self.last_ = float(outcome.duration[outcome.event > 0].max())
        self._fit(self._encode(X), outcome)
        return self

    def predict_cumulative_incidence(self, X: pd.DataFrame, horizons: ArrayLike) -> FloatArray:
        days = np.minimum(np.atleast_1d(np.asarray(horizons, dtype=np.float64)), self.last_)
        return np.clip(self._predict(self._encode(X), days), 0.0, 1.0)

    def _encode(self, X: pd.DataFrame) -> FloatArray:
        matrix = self.pipeline_.transform(X)
        values = matrix if self.keeps_missing else self.design_.standardise(matrix)
        return np.ascontiguousarray(values[:, self.columns_], dtype=np.float64)

    def _fit(self, matrix: FloatArray, outcome: Outcome) -> None:
        raise NotImplementedError

    def _predict(self, matrix: FloatArray, days: FloatArray) -> FloatArray:
        raise NotImplementedError


class SurvivalBoostPeer(Peer):
    """`hazardous.SurvivalBoost` (MIT): boosted trees with time as a feature."""

    keeps_missing = True

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def _fit(self, matrix: FloatArray, outcome: Outcome) -> None:
        from hazardous import SurvivalBoost

        y = pd.DataFrame({"event": outcome.event, "duration": outcome.duration})
        self.model_ = SurvivalBoost(show_progressbar=False, random_state=self.random_state)
        self.model_.fit(matrix, y)

    def _predict(self, matrix: FloatArray, days: FloatArray) -> FloatArray:
        return np.asarray(self.model_.predict_cumulative_incidence(matrix, times=days)[:, 1])


class CompriskFineGray(Peer):
    """`comprisk.FineGrayRegression` (Apache-2.0): as R's `crr`, without a penalty."""

    def _fit(self, matrix: FloatArray, outcome: Outcome) -> None:
        from comprisk import FineGrayRegression

        self.full_rank_ = _independent(matrix)
        self.model_ = FineGrayRegression()
        self.model_.fit(matrix[:, self.full_rank_], time=outcome.duration, event=outcome.event)

    def _predict(self, matrix: FloatArray, days: FloatArray) -> FloatArray:
        kept = matrix[:, self.full_rank_]
        return np.asarray(self.model_.predict_cumulative_incidence(kept, times=days))


class CompriskPenalised(Peer):
    """`comprisk.PenalizedFineGrayRegression` (Apache-2.0): lasso, the penalty chosen by BIC."""

    def _fit(self, matrix: FloatArray, outcome: Outcome) -> None:
        from comprisk import PenalizedFineGrayRegression

        self.model_ = PenalizedFineGrayRegression()
        self.model_.fit(matrix, time=outcome.duration, event=outcome.event)

    def _predict(self, matrix: FloatArray, days: FloatArray) -> FloatArray:
        return np.asarray(self.model_.predict_cumulative_incidence(matrix, times=days))


class CompriskForest(Peer):
    """`comprisk.CompetingRiskForest` (Apache-2.0): 100 trees, log-rank splits."""

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def _fit(self, matrix: FloatArray, outcome: Outcome) -> None:
        from comprisk import CompetingRiskForest

        self.model_ = CompetingRiskForest(random_state=self.random_state, n_jobs=1)
        self.model_.fit(matrix, outcome.duration, outcome.event)

    def _predict(self, matrix: FloatArray, days: FloatArray) -> FloatArray:
        return np.asarray(self.model_.predict_cif(matrix, times=days)[:, 0])


class ScikitSurvivalBoosting(Peer):
    """`sksurv.ensemble.GradientBoostingSurvivalAnalysis` (GPL-3.0): one event, none competing."""

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def _fit(self, matrix: FloatArray, outcome: Outcome) -> None:
        from sksurv.ensemble import GradientBoostingSurvivalAnalysis
        from sksurv.util import Surv

        if outcome.event.max() > 1:
            raise ValueError("this peer knows no competing events")
        self.model_ = GradientBoostingSurvivalAnalysis(random_state=self.random_state)
        self.model_.fit(matrix, Surv.from_arrays(outcome.event == 1, outcome.duration))

    def _predict(self, matrix: FloatArray, days: FloatArray) -> FloatArray:
        curves = self.model_.predict_survival_function(matrix)
        return 1 - np.array([curve(np.clip(days, *curve.domain)) for curve in curves])


def _independent(matrix: FloatArray) -> NDArray[np.intp]:
    """Return columns that, with a constant, are linearly independent: the first of each set."""
    from scipy.linalg import qr

    centred = matrix - matrix.mean(axis=0)
    r, order = qr(centred, mode="r", pivoting=True)
    size = np.abs(np.diag(r))
    return np.sort(order[: int((size > 1e-8 * size[0]).sum())])
