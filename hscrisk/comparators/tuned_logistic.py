"""What a careful analyst would fit at each horizon; shares no solver with the models of hscrisk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from hscrisk.comparators.at_horizons import AtHorizons, FloatArray

PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Candidate inverse penalties C."""


class TunedLogistic(AtHorizons):
    """Ridge logistic regression by IPCW at each horizon, its penalty tuned in inner 5-fold.

    scikit-learn's solver on one-hot, median-imputed, standardised columns. Each horizon is fitted
    by itself, as is usual: nothing keeps a patient's risk from falling between two of them. The
    inner folds follow the order of the rows.

    Parameters
    ----------
    endpoint : Endpoint, optional
    horizons : array of days, optional
        Wins over the endpoint's.
    random_state : int

    Attributes
    ----------
    penalties_ : dict of float to float
        The inverse penalty C chosen at each horizon.

    Examples
    --------
    >>> from hscrisk.datasets import simulate_cohort
    >>> cohort = simulate_cohort(300, seed=1)
    >>> model = TunedLogistic(horizons=[30, 100]).fit(cohort.X, cohort.y)
    >>> model.predict_cumulative_incidence(cohort.X, [100]).shape
    (300, 1)
    """

    def __init__(
        self, endpoint: Any = None, horizons: ArrayLike | None = None, random_state: int = 0
    ) -> None:
        self.endpoint, self.horizons, self.random_state = endpoint, horizons, random_state

    @property
    def penalties_(self) -> dict[float, float]:
        """Return the inverse penalty C chosen at each horizon."""
        return {day: float(fit[-1].C) for day, fit in self.regressions_.items()}

    def _fit_one(self, X: pd.DataFrame, target: NDArray[np.intp], weight: FloatArray) -> Any:
        """Choose the penalty by the weighted log-loss of inner folds, then fit on all rows."""
        losses = dict.fromkeys(PENALTIES, 0.0)
        folds = StratifiedKFold(5, shuffle=True, random_state=self.random_state)
        for train, test in folds.split(X, target):
            design = _design(X.iloc[train])
            inside, outside = design.fit_transform(X.iloc[train]), design.transform(X.iloc[test])
            for c in PENALTIES:
                model = LogisticRegression(C=c, max_iter=2000)
                model.fit(inside, target[train], sample_weight=weight[train])
                p = model.predict_proba(outside)[np.arange(len(test)), target[test]]
                losses[c] -= float((weight[test] * np.log(np.maximum(p, 1e-12))).sum())
        best = min(losses, key=lambda c: losses[c])
        model = make_pipeline(_design(X), LogisticRegression(C=best, max_iter=2000))
        return model.fit(X, target, logisticregression__sample_weight=weight)

    def _predict_one(self, regression: Any, X: pd.DataFrame) -> FloatArray:
        return np.asarray(regression.predict_proba(X)[:, 1], dtype=np.float64)


def _design(X: pd.DataFrame) -> Pipeline:
    numbers = [c for c in X.columns if pd.api.types.is_numeric_dtype(X[c])]
    words = [c for c in X.columns if c not in numbers]
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(
        ColumnTransformer(
            [
                (
                    "numbers",
                    SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
                    numbers,
                ),
                ("words", make_pipeline(_Words(), one_hot), words),
            ]
        ),
        StandardScaler(),
    )


class _Words:
    """Categories as plain text, so that a missing one is a level like any other."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> _Words:
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return text."""
        return X.astype(object).where(X.notna(), "missing").astype(str)
