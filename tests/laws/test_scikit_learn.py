"""scikit-learn's own checks, through an adaptor from bare arrays to frames and outcomes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import check_is_fitted, validate_data

import hscrisk.models
from hscrisk.errors import HscriskError
from hscrisk.models.growing import TreeSettings


class FromArrays(BaseEstimator):
    """An estimator of ours that takes what scikit-learn's checks give.

    Rows become patients: `y` ranks them in time, and the sign of its fluctuation says what
    happened.
    """

    def __init__(self, kind: str = "MarginalIncidence", min_events: int = 1) -> None:
        self.kind = kind
        self.min_events = min_events

    def fit(self, X: Any, y: Any) -> Self:
        X, y = validate_data(self, X, y, dtype="numeric", y_numeric=False)
        _, ranks = np.unique(y, return_inverse=True)
        days = 1.0 + ranks + np.arange(len(ranks)) % 5
        outcome = pd.DataFrame({"event": np.arange(len(ranks)) % 3, "duration": days})
        made = getattr(hscrisk.models, self.kind)
        settings = {
            "min_events": self.min_events,
            "n_refits": 2,
            "trees": TreeSettings(max_rounds=5, inner_folds=2, depths=(1,)),
        }
        known = made().get_params()
        self.model_ = made(**{name: v for name, v in settings.items() if name in known})
        try:
            self.model_.fit(self._frame(X), outcome)
        except HscriskError as error:
            # The checks ask for ValueError; 1 sample is "too few events" to us.
            message = f"{error} (n_samples={len(X)})"
            raise ValueError(message) from error
        return self

    def predict(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False, dtype="numeric")
        return np.asarray(self.model_.predict_cumulative_incidence(self._frame(X))[:, -1])

    def _frame(self, X: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])


KINDS = ["MarginalIncidence", "LogisticIncidence", "BoostedIncidence", "LinearBoostedIncidence"]
NOT_OURS = {"check_array_api_input": "frames, not arrays of other libraries, are what we take"}


def checks() -> list[Any]:
    found = []
    for kind in KINDS:
        for estimator, check in estimator_checks_generator(FromArrays(kind), legacy=True):
            name = check.func.__name__
            if name not in NOT_OURS:
                found.append(pytest.param(estimator, check, id=f"{kind}-{name}"))
    return found


@pytest.mark.parametrize(("estimator", "check"), checks())
def test_scikit_learn(estimator: FromArrays, check: Any) -> None:
    check(estimator)
