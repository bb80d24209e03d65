"""Nothing fitted has seen who is judged: poison among them changes no bit of the model."""

from __future__ import annotations

from itertools import product
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone

from hscrisk.comparators import CauseSpecificCox, FineGray, PublishedScore, TunedLogistic
from hscrisk.errors import NotEstimable
from hscrisk.evaluation import TunedIncidence, evaluate, make_splits
from hscrisk.models import (
    BoostedIncidence,
    LinearBoostedIncidence,
    LogisticIncidence,
    MarginalIncidence,
)
from hscrisk.models.growing import TreeSettings
from tests.evaluation.made_up import HORIZONS, cohort

N = 240
QUICK: Any = {"trees": TreeSettings(eta=0.2, max_rounds=30, patience=8, depths=(1,), inner_folds=3)}
ESTIMATORS = {
    "marginal": MarginalIncidence(horizons=HORIZONS),
    "logistic": LogisticIncidence(horizons=HORIZONS),
    "boosted": BoostedIncidence(horizons=HORIZONS, n_refits=0, **QUICK),
    "linear boosted": LinearBoostedIncidence(horizons=HORIZONS, n_refits=0, **QUICK),
    "with centres": LogisticIncidence(horizons=HORIZONS, centre_intercepts=True),
    "with years": LogisticIncidence(horizons=HORIZONS, calendar_year=True),
    "tuned": TunedIncidence(
        LogisticIncidence(horizons=HORIZONS), {"prior_sd": [0.05, 0.5]}, n_folds=2
    ),
}
COMPARATORS = {
    "tuned logistic": TunedLogistic(horizons=HORIZONS),
    "cox": CauseSpecificCox(),
    "fine-gray": FineGray(),
    "score": PublishedScore("b", horizons=HORIZONS),
}
OWN = [(np.arange(N) % 3 > 0, np.arange(N) % 3 == 0)]
DESIGNS = {
    "2-fold": "2-fold",
    "repeated": "repeated-2x2-fold",
    "centres": "leave-centres-out",
    "temporal": "temporal-2006",
    "own": OWN,
}


class Probed(BaseEstimator):
    """Says what it predicts of a fixed frame as soon as it is fitted."""

    said: ClassVar[list[bytes]] = []

    def __init__(self, model: Any) -> None:
        self.model = model
        self.centre_intercepts = getattr(model, "centre_intercepts", False)
        self.calendar_year = getattr(model, "calendar_year", False)

    def fit(self, X: Any, y: Any, groups: Any = None, **more: Any) -> Probed:
        try:
            self.fitted_ = clone(self.model).fit(X, y, groups=groups, **more)
        except NotEstimable:
            Probed.said.append(b"cannot be fitted")
            raise
        centre = {name: ["a", "b", "c", "a"] for name in more}
        frame = probe() if self.calendar_year else probe().drop(columns="year_of_hct")
        said = self.fitted_.predict_cumulative_incidence(frame, HORIZONS, **centre)
        Probed.said.append(said.tobytes())
        return self

    def predict_cumulative_incidence(self, X: Any, horizons: Any, **more: Any) -> np.ndarray:
        found: np.ndarray = self.fitted_.predict_cumulative_incidence(X, horizons, **more)
        return found


def probe() -> pd.DataFrame:
    return pd.DataFrame({"a": [-1.0, 0.0, 2.0, np.nan], "b": ["u", "v", "w", "never"]}).assign(
        year_of_hct=[2000.0, 2005.0, 2011.0, 2030.0]
    )


def registry() -> Any:
    data = cohort(N)
    data.X["b"] = np.where(data.X["a"] + np.arange(N) % 2 > 0.5, "u", "v")
    data.centre = pd.Series(np.array(["a", "b", "c"])[np.arange(N) % 3])
    data.year = pd.Series(2000.0 + np.arange(N) % 12)
    return data


def poisoned(rows: np.ndarray, *, keep_events: bool) -> Any:
    """Features, outcomes and their order made absurd in some rows."""
    data, rng = registry(), np.random.default_rng(5)
    data.X.loc[rows, "a"] = rng.choice([1e9, -1e9, np.nan, 0.0], len(rows))
    data.X.loc[rows, "b"] = rng.choice(["poison", "u"], len(rows))
    event = data.y["event"].to_numpy().copy()
    drawn = rng.integers(0, 4, len(rows))
    # Folds are dealt so that events are spread evenly: who has one must stay for them to be the
    # same folds.
    same = (event[rows] == 1) if keep_events else np.zeros(len(rows), dtype=bool)
    event[rows] = np.where(same, 1, np.where((drawn == 1) & keep_events, 2, drawn))
    data.y["event"] = event
    data.y.loc[rows, "duration"] = rng.integers(1, 5000, len(rows)).astype(float)
    return data


def models_of(model: Any, data: Any, splits: Any) -> tuple[list[bytes], Any]:
    Probed.said.clear()
    found = evaluate({"m": Probed(model)}, data, splits=splits, n_draws=10).predictions
    return list(Probed.said), found


@pytest.mark.parametrize(
    ("name", "design"),
    [*product(ESTIMATORS, DESIGNS), *product(COMPARATORS, ["own"])],
)
def test_poisoned_rows_change_no_bit_of_the_model_that_judges_them(name: str, design: str) -> None:
    data, model, splits = registry(), (ESTIMATORS | COMPARATORS)[name], DESIGNS[design]
    made = make_splits(splits, data.y, data.patient, centre=data.centre, year=data.year)
    clean, _ = models_of(model, data, splits)
    assert len(clean) == len(made)
    assert b"cannot be fitted" not in clean
    for k in {0, len(made) - 1}:
        bad = poisoned(made[k].test, keep_events=design in ("2-fold", "repeated"))
        said, found = models_of(model, bad, splits)
        assert said[k] == clean[k]
        np.testing.assert_array_equal(found.row[found.fold == k], made[k].test)
        # The poison is strong enough to be seen where it is trained on.
        others = [j for j in range(len(made)) if np.isin(made[j].train, made[k].test).any()]
        assert all(said[j] != clean[j] for j in others)


def test_the_poison_is_seen_by_a_model_that_looks() -> None:
    data = registry()
    (rows,) = [test for _, test in OWN]
    bad = poisoned(np.flatnonzero(rows), keep_events=False)
    for name in ("logistic", "marginal"):
        here = [
            clone(ESTIMATORS[name])
            .fit(d.X, d.y)
            .predict_cumulative_incidence(probe().drop(columns="year_of_hct"), HORIZONS)
            for d in (data, bad)
        ]
        assert not np.array_equal(here[0], here[1])
