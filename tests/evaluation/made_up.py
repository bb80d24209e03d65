"""A cohort with something to find, and a model that needs no fitting."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.base import BaseEstimator

HORIZONS = [30.0, 100.0]
ENDPOINT = SimpleNamespace(name="made_up", horizons=HORIZONS, primary_horizon=100.0)


class Knows(BaseEstimator):
    """Needs no fitting: the risk is a function of the one feature."""

    def __init__(self, shift: float = 0.0, slope: float = 1.0) -> None:
        self.shift, self.slope = shift, slope

    def fit(self, X: Any, y: Any, groups: Any = None) -> Knows:
        return self

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        late = np.log(np.asarray(horizons) / 100)
        return expit(self.shift + self.slope * X["a"].to_numpy()[:, None] + late)


def cohort(n: int = 300, seed: int = 3, *, transplants: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({"a": rng.normal(size=n)})
    first, second = rng.exponential(170 / np.exp(x["a"])), rng.exponential(250, n)
    lost = rng.uniform(20, 300, n)
    duration = np.ceil(np.minimum(np.minimum(first, second), lost))
    event = np.where(lost <= np.minimum(first, second), 0, np.where(first <= second, 1, 2))
    again = np.tile(np.arange(n), transplants)
    return SimpleNamespace(
        X=x.iloc[again].reset_index(drop=True),
        y=pd.DataFrame({"event": event, "duration": duration}).iloc[again].reset_index(drop=True),
        endpoint=ENDPOINT,
        patient=pd.Series(again),
        centre=None,
    )
