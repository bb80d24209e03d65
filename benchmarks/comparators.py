"""Comparators that share no code with the models of hscrisk: what a careful analyst would fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from hscrisk.survival import CensoringDistribution, check_outcome

PENALTIES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Candidate inverse penalties C."""


class TunedLogistic:
    """Ridge logistic regression by IPCW at one horizon, its penalty tuned in inner 5-fold.

    scikit-learn's solver on one-hot, median-imputed, standardised columns.

    Parameters
    ----------
    horizon : float
        Days.
    random_state : int
    """

    def __init__(self, horizon: float, random_state: int = 0) -> None:
        self.horizon, self.random_state = horizon, random_state

    def fit(self, X: pd.DataFrame, y: Any) -> TunedLogistic:
        """Choose the penalty by the weighted log-loss of inner folds, then fit on all rows."""
        outcome = check_outcome(y)
        weight = CensoringDistribution().fit(outcome).weights_at(outcome, self.horizon)
        target = ((outcome.event == 1) & (outcome.duration <= self.horizon)).astype(int)
        known = np.flatnonzero(weight > 0)
        X, target, weight = X.iloc[known], target[known], weight[known]
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
        self.penalty_ = min(losses, key=lambda c: losses[c])
        model = LogisticRegression(C=self.penalty_, max_iter=2000)
        self.model_ = make_pipeline(_design(X), model)
        self.model_.fit(X, target, logisticregression__sample_weight=weight)
        return self

    def predict(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the risk by the horizon, shape (n_samples,)."""
        return np.asarray(self.model_.predict_proba(X)[:, 1], dtype=np.float64)


def _design(X: pd.DataFrame) -> Pipeline:
    numbers = [c for c in X.columns if pd.api.types.is_numeric_dtype(X[c])]
    words = [c for c in X.columns if c not in numbers]
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(
        ColumnTransformer(
            [
                ("numbers", SimpleImputer(strategy="median", add_indicator=True), numbers),
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
