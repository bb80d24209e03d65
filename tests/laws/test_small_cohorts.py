"""The laws where they are hardest to keep: few patients, anchors that cross, values far out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from hscrisk.datasets import simulate_cohort
from hscrisk.errors import InvalidRecord
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence
from hscrisk.models.base import IncidenceModel
from hscrisk.models.growing import TreeSettings

Make = Callable[..., IncidenceModel]
ANCHORS = [30.0, 60, 100, 200]
DAYS = np.arange(1.0, 201)


@pytest.fixture(scope="module", params=["LogisticIncidence", "LinearBoostedIncidence"])
def crossing(request: pytest.FixtureRequest) -> tuple[IncidenceModel, pd.DataFrame]:
    cohort, new = simulate_cohort(150, seed=41), simulate_cohort(400, seed=42).X
    if request.param == "LogisticIncidence":
        model: IncidenceModel = LogisticIncidence(horizons=ANCHORS)
    else:
        trees = TreeSettings(eta=0.1, max_rounds=30, patience=30, inner_folds=2)
        model = LinearBoostedIncidence(horizons=ANCHORS, trees=trees, n_refits=4)
    return model.fit(cohort.X, cohort.y), new


def unbound(model: IncidenceModel, X: pd.DataFrame) -> np.ndarray:
    """Return the joined log-odds at the anchors, before the running maximum."""
    return model.engine_.joined(model.pipeline_.transform(X))


def test_anchors_cross_for_many(crossing: tuple[IncidenceModel, pd.DataFrame]) -> None:
    # Otherwise the tests below would hold for want of anything to bind.
    model, new = crossing
    assert (np.diff(unbound(model, new), axis=1) < 0).any(axis=1).mean() > 0.1


def test_risk_is_the_running_maximum(crossing: tuple[IncidenceModel, pd.DataFrame]) -> None:
    model, new = crossing
    highest = np.maximum.accumulate(unbound(model, new), axis=1)
    assert model.predict_cumulative_incidence(new) == pytest.approx(expit(highest), abs=1e-12)
    causes = model.predict_all_causes(new, DAYS)
    assert np.diff(causes, axis=2).min() >= -1e-12
    assert causes.sum(axis=1).max() <= 1 + 1e-12


@pytest.mark.parametrize("day", [12.0, 30, 47, 60, 81, 100, 163, 200])
def test_the_anchor_that_binds_explains(
    crossing: tuple[IncidenceModel, pd.DataFrame], day: float
) -> None:
    model, new = crossing
    found = model.contributions(new, day)
    assert np.abs(found.bases + found.values.sum(axis=1) - found.log_odds).max() <= 1e-4
    assert expit(found.log_odds) == pytest.approx(
        model.predict_cumulative_incidence(new, [day])[:, 0], abs=1e-12
    )
    if day in ANCHORS[2:]:
        # Whoever an earlier anchor binds is explained by that anchor, word for word.
        k = ANCHORS.index(day)
        bound = unbound(model, new)[:, : k + 1].argmax(axis=1)
        assert (bound < k).any()
        for j in range(k):
            rows = bound == j
            there = model.contributions(new, ANCHORS[j])
            assert np.array_equal(found.values[rows], there.values[rows])
            assert np.array_equal(found.bases[rows], there.bases[rows])


def test_limits_never_fall_with_time(crossing: tuple[IncidenceModel, pd.DataFrame]) -> None:
    model, new = crossing
    low, high = model.predict_interval(new, DAYS)
    assert np.diff(low, axis=1).min() >= -1e-12
    assert np.diff(high, axis=1).min() >= -1e-12
    risk = model.predict_cumulative_incidence(new, DAYS)
    assert ((low <= risk) & (risk <= high)).all()


def test_where_an_earlier_anchor_binds_its_limits_stand(
    crossing: tuple[IncidenceModel, pd.DataFrame],
) -> None:
    model, new = crossing
    raw = unbound(model, new)
    bound = raw[:, 1:] < np.maximum.accumulate(raw, axis=1)[:, :-1]
    for limit in model.predict_interval(new):
        assert np.array_equal(limit[:, 1:][bound], limit[:, :-1][bound])


def test_the_interval_is_the_posteriors(crossing: tuple[IncidenceModel, pd.DataFrame]) -> None:
    """Log-odds -+ 1.645 s, s the weighted sum of the parts' deviations, at the first anchor."""
    model, new = crossing
    matrix = model.pipeline_.transform(new)
    deviation = sum(
        term.weight[0] * np.sqrt(term.part.variance(matrix)[:, 0]) for term in model.engine_.terms
    )
    low, high = model.predict_interval(new, [ANCHORS[0]])
    middle = unbound(model, new)[:, 0]
    assert low[:, 0] == pytest.approx(expit(middle - 1.6448536 * deviation), abs=1e-7)
    assert high[:, 0] == pytest.approx(expit(middle + 1.6448536 * deviation), abs=1e-7)


@pytest.mark.parametrize("value", [1e6, -1e12, 1e25, 3e38, -1e300])
def test_values_far_out_have_a_risk_an_interval_and_an_explanation(
    model: IncidenceModel, value: float
) -> None:
    rows = simulate_cohort(30, seed=8).X.assign(age=value, noise=-value)
    risk = model.predict_cumulative_incidence(rows, DAYS)
    low, high = model.predict_interval(rows, DAYS)
    assert ((low >= 0) & (low <= risk) & (risk <= high) & (high <= 1)).all()
    for day in (33.0, 100.0):
        found = model.contributions(rows, day)
        assert np.abs(found.bases + found.values.sum(axis=1) - found.log_odds).max() <= 1e-4


def test_groups_in_another_order_are_refused(make: Make, kind: str) -> None:
    cohort = simulate_cohort(80, seed=3)
    patient = pd.Series(np.arange(80) // 2, index=cohort.X.index)
    with pytest.raises(InvalidRecord, match="order"):
        make(kind).fit(cohort.X, cohort.y, groups=patient[::-1])
