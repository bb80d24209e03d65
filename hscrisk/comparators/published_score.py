"""A recorded score alone, given the cohort's own level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hscrisk.comparators.at_horizons import AtHorizons, FloatArray
from hscrisk.errors import MissingColumn, NotEstimable, nearest
from hscrisk.features import FeaturePipeline, LinearDesign
from hscrisk.survival.ipcw_logistic import GaussianPrior, LogisticFit, fit_ipcw_logistic

PRIOR_SD = 2.0
"""Weak: it keeps the odds of a level finite in which all or none had the event."""


class PublishedScore(AtHorizons):
    """A published score (HCT-CI, a disease risk index) as the only predictor.

    A score of levels gets the risk of each level, a score of points a line in the log-odds; a
    missing score is a level of its own. Fitted at each horizon by IPCW logistic regression, so
    that the score is judged as calibrated to this cohort, which is the best case for it. A later
    risk is never below an earlier one.

    Parameters
    ----------
    field : str
        Column of `X` that holds the score.
    endpoint : Endpoint, optional
    horizons : array of days, optional
        Wins over the endpoint's.

    Examples
    --------
    >>> from hscrisk.datasets import simulate_cohort
    >>> cohort = simulate_cohort(300, seed=1)
    >>> field = str(cohort.X.columns[0])
    >>> model = PublishedScore(field, horizons=[100]).fit(cohort.X, cohort.y)
    >>> model.predict_cumulative_incidence(cohort.X).shape
    (300, 1)
    """

    def __init__(self, field: str, endpoint: Any = None, horizons: ArrayLike | None = None) -> None:
        self.field, self.endpoint, self.horizons = field, endpoint, horizons

    def _prepare(self, X: pd.DataFrame) -> None:
        if self.field not in X.columns:
            raise MissingColumn(
                "the cohort does not hold this score",
                field=self.field,
                mend=nearest(self.field, [str(c) for c in X.columns]),
            )
        if X[self.field].isna().all():
            raise NotEstimable(f"the score '{self.field}' is recorded for nobody")
        self.pipeline_ = FeaturePipeline().fit(X[[self.field]])
        self.design_ = LinearDesign.fit(self.pipeline_.transform(X))

    def _fit_one(self, X: pd.DataFrame, target: NDArray[np.intp], weight: FloatArray) -> Any:
        design = self.design_.standardise(self.pipeline_.transform(X))
        prior = GaussianPrior.independent(design.shape[1], PRIOR_SD)
        return fit_ipcw_logistic(design, target, weight, prior)

    def _risks(self, X: pd.DataFrame) -> FloatArray:
        return np.maximum.accumulate(super()._risks(X), axis=1)

    def _predict_one(self, regression: LogisticFit, X: pd.DataFrame) -> FloatArray:
        matrix = self.pipeline_.transform(X)
        log_odds = self.design_.sums(matrix, regression.coef[1:, None])[:, 0] + regression.coef[0]
        return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))), dtype=np.float64)
