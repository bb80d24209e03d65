"""Every estimator that `hscrisk.models` offers, fitted small, for the laws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hscrisk.models
from hscrisk.datasets import simulate_cohort
from hscrisk.datasets.synthetic import SimulatedCohort
from hscrisk.models.base import IncidenceModel
from hscrisk.models.growing import TreeSettings

HORIZONS = (20, 45, 100, 200)
SMALL = TreeSettings(eta=0.15, max_rounds=40, patience=20, depths=(2,), inner_folds=3)


def kinds() -> list[str]:
    """Walk the package: a new estimator is under the laws by being offered."""
    offered = [getattr(hscrisk.models, name) for name in hscrisk.models.__all__]
    return [k.__name__ for k in offered if isinstance(k, type) and issubclass(k, IncidenceModel)]


def small(kind: str, **changes: Any) -> IncidenceModel:
    """Return an estimator with quick settings."""
    made = getattr(hscrisk.models, kind)
    quick = {"horizons": list(HORIZONS), "trees": SMALL, "n_refits": 4} | changes
    known = made().get_params()
    return made(**{name: value for name, value in quick.items() if name in known})


@pytest.fixture(scope="session")
def cohort() -> SimulatedCohort:
    simulated = simulate_cohort(600, seed=11, interactions=True)
    # A third cause, so that the split of the competing events is under the laws too.
    third = (simulated.y["event"] == 2) & (simulated.X["age"] > 50)
    simulated.y.loc[third, "event"] = 3
    return simulated


@pytest.fixture(scope="session")
def fitted(cohort: SimulatedCohort) -> dict[str, IncidenceModel]:
    return {kind: small(kind).fit(cohort.X, cohort.y) for kind in kinds()}


@pytest.fixture(params=kinds())
def model(request: pytest.FixtureRequest, fitted: dict[str, IncidenceModel]) -> IncidenceModel:
    return fitted[request.param]


@pytest.fixture(params=kinds())
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def make() -> Callable[..., IncidenceModel]:
    return small
