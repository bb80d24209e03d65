"""A small made-up cohort, judged once, for all tests of reports."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from hscrisk.endpoints import load_endpoint
from hscrisk.errors import NotEstimable
from hscrisk.evaluation import evaluate, evaluate_subgroups
from hscrisk.evaluation.report import About, Bootstrap, Page, evaluation_page
from hscrisk.survival import AalenJohansen

BOOTSTRAP = Bootstrap("auto", 60, 1)


class Slope(BaseEstimator):
    """The marginal curve, shifted by `x` on the log-odds."""

    def __init__(self, slope: float = 1.0) -> None:
        self.slope = slope

    def fit(self, X: Any, y: Any, groups: Any = None) -> Slope:
        self.curve_ = AalenJohansen().fit(y)
        return self

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        risk = np.clip(self.curve_.predict(horizons), 1e-4, 1 - 1e-4)
        shift = self.slope * X["x"].to_numpy()[:, None]
        return 1 / (1 + np.exp(-(np.log(risk / (1 - risk)) + shift)))


class Refuses(BaseEstimator):
    def fit(self, X: Any, y: Any, groups: Any = None) -> Refuses:
        raise NotEstimable("only 3 events by day 100 (10 needed)")


def made_up(n: int = 400, endpoint: str = "acute_gvhd_2_4", rate: float = 0.006) -> Any:
    rng = np.random.default_rng(5)
    x = rng.normal(size=n)
    first = rng.exponential(1 / (rate * np.exp(x)))
    second, lost = rng.exponential(300, n), rng.uniform(90, 400, n)
    duration = np.maximum(np.ceil(np.minimum(np.minimum(first, second), lost)), 1)
    event = np.where(lost <= np.minimum(first, second), 0, np.where(first <= second, 1, 2))
    group = np.where(np.arange(n) < 4, "tiny", np.where(x > 0, "upper", "lower"))
    return SimpleNamespace(
        X=pd.DataFrame({"x": x}),
        y=pd.DataFrame({"event": event, "duration": duration}),
        endpoint=load_endpoint(endpoint),
        patient=pd.Series(np.arange(n)),
        centre=None,
        year=None,
        group=pd.Series(group),
        mismatches=lambda: ["grading: theirs; the endpoint means ours"],
    )


MODELS = {"logistic": Slope(0.3), "default": Slope(1.0), "refuses": Refuses()}


@pytest.fixture(scope="package")
def cohort() -> Any:
    return made_up()


@pytest.fixture(scope="package")
def table(cohort: Any) -> Any:
    how: dict[str, Any] = {"n_draws": 60, "random_state": 1, "integrate": 4}
    return evaluate(MODELS, cohort, **how)


@pytest.fixture(scope="package")
def subgroups(table: Any, cohort: Any) -> Any:
    return evaluate_subgroups(table, cohort, {"half": cohort.group}, n_draws=60, random_state=1)


@pytest.fixture(scope="package")
def page(table: Any, cohort: Any, subgroups: Any) -> Page:
    about = About("made_up", {"Data": "SHA-256 abc"}, ("something first",))
    return evaluation_page(table, cohort, BOOTSTRAP, about, subgroups=subgroups)


@pytest.fixture(scope="package")
def hostile_page(table: Any, cohort: Any, subgroups: Any) -> Page:
    """Return a page in which every word that comes from outside is an attack."""
    attack = "</svg><script>alert('x')</script>|`[a](http://e.x)`"
    endpoint = cohort.endpoint.model_copy(
        update={"label": attack, "definition": {"grading": attack}}
    )
    other = SimpleNamespace(
        **{**vars(cohort), "endpoint": endpoint, "mismatches": lambda: [attack]}
    )
    frame = subgroups.frame.assign(
        variable=attack, group=subgroups.frame["group"].astype(str) + attack
    )
    about = About(attack, {attack: attack}, (attack,))
    return evaluation_page(
        table, other, BOOTSTRAP, about, subgroups=replace(subgroups, frame=frame)
    )
