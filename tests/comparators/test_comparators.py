"""What each comparator does with the cohorts that it meets."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from hscrisk.comparators import (
    CauseSpecificCox,
    FineGray,
    PublishedScore,
    TunedLogistic,
    partial_likelihood,
)
from hscrisk.comparators.partial_likelihood import PENALTIES, fit_hazard
from hscrisk.comparators.risk_sets import RiskSets
from hscrisk.datasets import simulate_cohort
from hscrisk.endpoints import load_endpoint
from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, MissingColumn, NotEstimable
from hscrisk.survival import CensoringDistribution, check_outcome

EVERY: list[Any] = [
    CauseSpecificCox(),
    FineGray(),
    TunedLogistic(horizons=[30, 60]),
    PublishedScore("comorbidity", horizons=[30, 60]),
]
BOTH: list[Any] = [CauseSpecificCox, FineGray]


@pytest.fixture(scope="module")
def cohort() -> Any:
    return simulate_cohort(600, seed=3)


@pytest.mark.parametrize("model", EVERY, ids=lambda m: type(m).__name__)
def test_estimators_keep_the_conventions(model: Any, cohort: Any) -> None:
    before = cohort.X.copy()
    fitted = clone(model).fit(cohort.X, cohort.y, groups=np.arange(len(cohort.X)))
    again = clone(fitted).fit(cohort.X, cohort.y)
    pd.testing.assert_frame_equal(cohort.X, before)
    assert fitted.get_params() == model.get_params()
    assert fitted.n_features_in_ == 8
    risk = fitted.predict_cumulative_incidence(cohort.X, [30, 60])
    np.testing.assert_array_equal(risk, again.predict_cumulative_incidence(cohort.X, [30, 60]))
    truth = cohort.truth([30, 60])
    assert all(np.corrcoef(risk[:, k], truth[:, k])[0, 1] > 0.2 for k in range(2))
    with pytest.raises(HorizonOutOfRange):
        fitted.predict_cumulative_incidence(cohort.X, [1e5])


@pytest.mark.parametrize("model", EVERY, ids=lambda m: type(m).__name__)
def test_too_few_events_are_refused_with_the_rule(model: Any, cohort: Any) -> None:
    rare = cohort.y.copy()
    happened = np.flatnonzero(rare["event"] == 1)
    rare.loc[happened[9:], "event"] = 0
    with pytest.raises(NotEstimable, match=r"only 9 events|only [0-9] events or non-events"):
        clone(model).fit(cohort.X, rare)


@pytest.mark.parametrize("model", BOTH)
def test_regressions_on_hazards_rank_like_the_truth(model: Any) -> None:
    train, new = simulate_cohort(2000, seed=5), simulate_cohort(1000, seed=6)
    risk = model().fit(train.X, train.y).predict_cumulative_incidence(new.X, [100])[:, 0]
    assert np.corrcoef(risk, new.truth([100])[:, 0])[0, 1] > 0.9


@pytest.mark.parametrize("model", BOTH)
@pytest.mark.parametrize("penalty", [-1.0, np.nan, np.inf])
def test_a_penalty_is_0_or_more(model: Any, penalty: float, cohort: Any) -> None:
    with pytest.raises(InvalidConfiguration, match="penalty"):
        model(penalty=penalty).fit(cohort.X, cohort.y)


@pytest.mark.parametrize("model", BOTH)
@pytest.mark.parametrize("days", [[-1.0], [np.nan]])
def test_horizons_are_days(model: Any, days: list[float], cohort: Any) -> None:
    with pytest.raises(InvalidConfiguration, match="horizons"):
        model(penalty=30).fit(cohort.X, cohort.y).predict_cumulative_incidence(cohort.X, days)


@pytest.mark.parametrize("model", BOTH)
def test_a_term_that_separates_needs_a_penalty(model: Any) -> None:
    n = 80
    X = pd.DataFrame({"a": np.repeat([0.0, 1.0], n // 2), "b": np.tile([0.0, 1.0, 3.0, 2.0], 20)})
    y = {"event": np.repeat([0, 1], n // 2), "duration": np.arange(1.0, n + 1)[::-1]}
    with pytest.raises(NotEstimable, match="no maximum"):
        model(penalty=0).fit(X, y)
    risk = model().fit(X, y).predict_cumulative_incidence(X, [40])[:, 0]
    assert risk[-1] > risk[0]


@pytest.mark.parametrize("model", BOTH)
def test_nothing_has_happened_on_day_0(model: Any, cohort: Any) -> None:
    fitted = model(penalty=30).fit(cohort.X, cohort.y)
    assert fitted.predict_cumulative_incidence(cohort.X, [0]).tolist() == [[0.0]] * 600


def test_a_rare_competing_cause_has_one_hazard_for_all(cohort: Any) -> None:
    y = cohort.y.copy()
    others = np.flatnonzero(y["event"] == 2)
    y.loc[others[:5], "event"] = 3
    model = CauseSpecificCox(penalty=1).fit(cohort.X, y)
    assert [bool(fit.coef.any()) for fit in model.fits_] == [True, True, False]
    assert model.predict_all_causes(cohort.X, [800])[:, 2].max() < 0.1


def test_a_cause_that_nobody_had_has_no_place(cohort: Any) -> None:
    y = cohort.y.replace({"event": {2: 4}})
    assert len(CauseSpecificCox(penalty=1).fit(cohort.X, y).fits_) == 2


def test_the_penalty_is_strong_without_a_signal_and_weak_with_one() -> None:
    rng = np.random.default_rng(1)
    x, n = rng.normal(size=(400, 10)), 400
    noise = fit_hazard(x, RiskSets.of(rng.exponential(size=n), rng.random(n) < 0.7), None)
    day = rng.exponential(np.exp(-(x[:, :5].sum(axis=1))))
    signal = fit_hazard(x, RiskSets.of(day, rng.random(n) < 0.7), None)
    assert noise.penalty in PENALTIES[:2]
    assert signal.penalty in PENALTIES[-2:]
    assert 9 < signal.effective_terms < 10


def test_penalised_coefficients_shrink_with_the_penalty(cohort: Any) -> None:
    sizes = [
        np.abs(FineGray(penalty=p).fit(cohort.X, cohort.y).fit_.coef).sum() for p in (0.1, 10, 1e3)
    ]
    assert sizes[0] > sizes[1] > sizes[2] > 0


def test_the_logistic_is_that_of_scikit_learn_at_the_penalty_chosen(cohort: Any) -> None:
    numbers = cohort.X[["age", "comorbidity"]].fillna(0.0)
    model = TunedLogistic(horizons=[60, 100]).fit(numbers, cohort.y)
    y = check_outcome(cohort.y)
    for day in (60.0, 100.0):
        w = CensoringDistribution().fit(y).weights_at(y, day)
        known = w > 0
        x = numbers.to_numpy(float)
        scaled = (x - x[known].mean(axis=0)) / x[known].std(axis=0)
        target = (y.event == 1) & (y.duration <= day)
        plain = LogisticRegression(C=model.penalties_[day], max_iter=2000)
        plain.fit(scaled[known], target[known], sample_weight=w[known])
        found = model.predict_cumulative_incidence(numbers, [day])[:, 0]
        np.testing.assert_allclose(found, plain.predict_proba(scaled)[:, 1], atol=1e-6)


@pytest.mark.parametrize("model", EVERY[2:], ids=lambda m: type(m).__name__)
def test_only_fitted_horizons_are_answered(model: Any, cohort: Any) -> None:
    fitted = clone(model).set_params(horizons=[0.5, 60]).fit(cohort.X, cohort.y)
    assert fitted.horizons_.tolist() == [60]
    assert "day 0.5;" in fitted.left_out_[0.5]
    assert fitted.predict_cumulative_incidence(cohort.X).shape == (600, 1)
    with pytest.raises(HorizonOutOfRange, match=r"non-events known by day 0\.5"):
        fitted.predict_cumulative_incidence(cohort.X, [0.5])
    with pytest.raises(HorizonOutOfRange, match="no regression was fitted"):
        fitted.predict_cumulative_incidence(cohort.X, [61])


def test_horizons_come_from_the_endpoint(cohort: Any) -> None:
    model = PublishedScore("comorbidity", load_endpoint("acute_gvhd")).fit(cohort.X, cohort.y)
    assert model.horizons_.tolist() == list(load_endpoint("acute_gvhd").horizons)


@pytest.mark.parametrize("horizons", [None, [], [0], [np.nan]])
def test_horizons_must_be_given(horizons: Any, cohort: Any) -> None:
    with pytest.raises(InvalidConfiguration, match="horizons"):
        PublishedScore("comorbidity", horizons=horizons).fit(cohort.X, cohort.y)


def test_levels_of_a_score_get_their_own_incidence(cohort: Any) -> None:
    level = pd.cut(cohort.X["comorbidity"].fillna(0), [-1, 0, 2, 99], labels=["0", "1-2", "3+"])
    X = pd.DataFrame({"group": level})
    model = PublishedScore("group", horizons=[60]).fit(X, cohort.y)
    risk = model.predict_cumulative_incidence(X)[:, 0]
    y = check_outcome(cohort.y)
    w = CensoringDistribution().fit(y).weights_at(y, 60)
    target = (y.event == 1) & (y.duration <= 60)
    for name in ("0", "1-2", "3+"):
        here = (level == name).to_numpy()
        assert risk[here][0] == pytest.approx((w * target)[here].sum() / w[here].sum(), abs=0.005)


def test_a_score_that_is_absent_is_named(cohort: Any) -> None:
    with pytest.raises(MissingColumn, match="comorbidity"):
        PublishedScore("comorbidty", horizons=[60]).fit(cohort.X, cohort.y)
    with pytest.raises(NotEstimable, match="recorded for nobody"):
        PublishedScore("comorbidity", horizons=[60]).fit(
            cohort.X.assign(comorbidity=np.nan), cohort.y
        )


def test_rounding_of_the_likelihood_stops_no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Next to the maximum a step gains less than the sum of thousands of terms can show."""
    rng = np.random.default_rng(2)
    x, n = rng.normal(size=(400, 4)), 400
    sets = RiskSets.of(rng.exponential(np.exp(-0.3 * x[:, 0])), rng.random(n) < 0.6)
    best, exact, calls = fit_hazard(x, sets, 1.0), partial_likelihood._evaluate, iter(range(1000))

    def rounded(*args: Any) -> Any:
        point = exact(*args)
        return dataclasses.replace(point, log_likelihood=point.log_likelihood - 1e-7 * next(calls))

    monkeypatch.setattr(partial_likelihood, "_evaluate", rounded)
    again = partial_likelihood._newton(x, sets, 1.0, best.coef + 1e-6)
    np.testing.assert_allclose(again.coef, best.coef, rtol=0, atol=1e-9)


def test_a_number_recorded_for_nobody_in_training_changes_nothing() -> None:
    made = simulate_cohort(300, seed=4)
    empty = made.X.assign(only_later=np.nan)
    later = made.X.assign(only_later=5.0)
    without = TunedLogistic(horizons=[60]).fit(made.X, made.y)
    model = TunedLogistic(horizons=[60]).fit(empty, made.y)
    expected = without.predict_cumulative_incidence(made.X)
    assert model.predict_cumulative_incidence(later) == pytest.approx(expected, abs=1e-4)
