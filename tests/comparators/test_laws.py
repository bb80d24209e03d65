"""What holds for every comparator, whatever the cohort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hscrisk.comparators import CauseSpecificCox, FineGray, PublishedScore, TunedLogistic
from hscrisk.comparators.fine_gray import subdistribution_sets
from hscrisk.comparators.partial_likelihood import fit_hazard
from hscrisk.comparators.risk_sets import RiskSets
from hscrisk.errors import NotEstimable
from hscrisk.survival import AalenJohansen, CensoringDistribution, check_outcome

DAYS = [5, 9, 20]


def draw(seed: int, n: int = 120, last: int = 25) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a small cohort with ties, gaps, a constant column and two competing causes."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 15, n).round()
    graft = rng.choice(["marrow", "blood", "cord"], n)
    speed = np.exp(0.03 * (age - 40) + 0.7 * (graft == "cord")) / 15
    first = np.ceil(rng.exponential(1 / speed))
    lost = np.ceil(rng.uniform(1, 2 * last, n))
    event = np.where(first <= lost, rng.choice([1, 1, 2, 3], n), 0)
    duration = np.minimum(np.minimum(first, lost), last)
    X = pd.DataFrame(
        {
            "age": np.where(rng.random(n) < 0.1, np.nan, age),
            "graft": pd.Series(graft).mask(rng.random(n) < 0.1),
            "score": pd.Series(rng.choice(["0", "1", "2+"], n)),
            "constant": 1.0,
        }
    )
    return X, pd.DataFrame({"event": np.where(first > last, 0, event), "duration": duration})


MODELS: dict[str, Any] = {
    "cox": CauseSpecificCox(),
    "cox, fixed": CauseSpecificCox(penalty=2.0),
    "cox, free": CauseSpecificCox(penalty=0.0),
    "cox, product limit": CauseSpecificCox(penalty=2.0, product_limit=True),
    "fine-gray": FineGray(),
    "fine-gray, free": FineGray(penalty=0.0),
    "score": PublishedScore("score", horizons=DAYS),
}


def fit(model: Any, X: pd.DataFrame, y: pd.DataFrame) -> Any:
    from sklearn.base import clone

    try:
        return clone(model).fit(X, y)
    except NotEstimable:
        assume(False)


@pytest.mark.parametrize("name", MODELS)
@given(seed=st.integers(0, 10**6), last=st.sampled_from([20, 25, 400]))
@settings(max_examples=12)
def test_a_risk_lies_between_0_and_1_and_never_falls(name: str, seed: int, last: int) -> None:
    X, y = draw(seed, last=last)
    assume(y["duration"].max() >= 20)
    model = fit(MODELS[name], X, y)
    asked = getattr(model, "horizons_", np.arange(0, 21))
    new = pd.concat([X, X.assign(age=1e9), X.assign(graft="never met")], ignore_index=True)
    risk = model.predict_cumulative_incidence(new, asked)
    assert risk.shape == (len(new), len(asked))
    assert ((risk >= 0) & (risk <= 1)).all()
    assert (np.diff(risk, axis=1) >= 0).all()


@pytest.mark.parametrize("name", MODELS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=8)
def test_the_order_of_rows_and_columns_changes_nothing(name: str, seed: int) -> None:
    X, y = draw(seed)
    order = np.random.default_rng(seed).permutation(len(X))
    other = X.iloc[order].reset_index(drop=True)[X.columns[::-1]]
    model = fit(MODELS[name], X, y)
    moved = fit(MODELS[name], other, y.iloc[order].reset_index(drop=True))
    days = getattr(model, "horizons_", DAYS)
    np.testing.assert_allclose(
        moved.predict_cumulative_incidence(X, days),
        model.predict_cumulative_incidence(X, days),
        rtol=0,
        atol=1e-9,
    )


@pytest.mark.parametrize("name", [*MODELS, "logistic"])
def test_one_patient_is_predicted_as_in_a_batch(name: str) -> None:
    X, y = draw(3)
    model = fit(MODELS.get(name, TunedLogistic(horizons=DAYS)), X, y)
    days = getattr(model, "horizons_", DAYS)
    batch = model.predict_cumulative_incidence(X, days)
    alone = [model.predict_cumulative_incidence(X.iloc[[i]], days)[0] for i in range(5)]
    np.testing.assert_allclose(alone, batch[:5], rtol=0, atol=0 if name != "logistic" else 1e-12)


@given(seed=st.integers(0, 10**6), product_limit=st.booleans())
@settings(max_examples=20)
def test_incidences_of_all_causes_never_exceed_1(seed: int, *, product_limit: bool) -> None:
    X, y = draw(seed, last=400)
    model = fit(CauseSpecificCox(penalty=0.1, product_limit=product_limit), X, y)
    hot = X.assign(age=[-500.0, 500.0] * (len(X) // 2))
    every = model.predict_all_causes(hot, np.arange(0, y["duration"].max() + 1))
    assert every.shape[1] == 3
    assert (every.sum(axis=1) <= 1 + 1e-12).all()
    assert (np.diff(every, axis=2) >= 0).all()
    np.testing.assert_array_equal(
        every[:, 0], model.predict_cumulative_incidence(hot, np.arange(0, y["duration"].max() + 1))
    )


@given(seed=st.integers(0, 10**6), efron=st.just(False))
@settings(max_examples=20)
def test_without_effects_fine_gray_is_aalen_johansen(seed: int, efron: bool) -> None:
    """Geskus 2011: the product limit of the weighted hazard is the Aalen-Johansen estimate."""
    y = check_outcome(draw(seed)[1])
    g = CensoringDistribution().fit(y).survival_before
    fitted = fit_hazard(np.zeros((len(y.event), 1)), subdistribution_sets(y, g, efron=efron), 1.0)
    found = 1 - np.cumprod(1 - fitted.jumps)
    np.testing.assert_allclose(found, AalenJohansen().fit(y).predict(fitted.times), atol=1e-12)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10)
def test_without_effects_and_ties_cox_is_aalen_johansen(seed: int) -> None:
    X, y = draw(seed)
    rng = np.random.default_rng(seed)
    y["duration"] = y["duration"] + rng.permutation(len(y)) / (2 * len(y))
    model = fit(CauseSpecificCox(penalty=1e12, product_limit=True), X, y)
    risk = model.predict_cumulative_incidence(X, DAYS)
    marginal = AalenJohansen().fit(y).predict(DAYS)
    np.testing.assert_allclose(risk, np.tile(marginal, (len(X), 1)), rtol=0, atol=1e-8)


def test_days_with_many_events_promise_no_more_than_happened() -> None:
    rng = np.random.default_rng(5)
    X = pd.DataFrame({"age": rng.normal(size=1000)})
    y = pd.DataFrame({"event": rng.choice([1, 1, 1, 2, 0], 1000), "duration": 0.0})
    y["duration"] = rng.choice([10.0, 11.0, 12.0, 13.0], 1000, p=[0.1, 0.4, 0.4, 0.1])
    marginal = AalenJohansen().fit(y).predict([11, 12])
    shared, limit = (
        fit(CauseSpecificCox(1e12, product_limit=way), X, y).predict_cumulative_incidence(
            X[:1], [11, 12]
        )[0]
        for way in (False, True)
    )
    np.testing.assert_allclose(shared, marginal, rtol=0, atol=0.03)
    assert (limit > marginal + 0.04).all()


@given(seed=st.integers(0, 10**6), penalty=st.sampled_from([0.0, 1.0, 30.0]), stay=st.booleans())
@settings(max_examples=15)
def test_the_maximum_is_one(seed: int, penalty: float, *, stay: bool) -> None:
    """The objective, written out from its definition, falls in every direction."""
    y = check_outcome(draw(seed, n=60)[1])
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(60, 2))
    g = CensoringDistribution().fit(y).survival_before
    sets = subdistribution_sets(y, g) if stay else RiskSets.of(y.duration, y.event == 1)
    best = fit_hazard(x, sets, penalty)
    at = _objective(best.coef, x, y, g, penalty, stay=stay)
    expected = best.log_likelihood - penalty * best.coef @ best.coef / 2
    np.testing.assert_allclose(at, expected, rtol=0, atol=1e-9)
    for step in rng.normal(size=(6, 2)) * 1e-3:
        assert _objective(best.coef + step, x, y, g, penalty, stay=stay) < at


def _objective(beta: Any, x: Any, y: Any, g: Any, penalty: float, *, stay: bool) -> float:
    """Return the penalised log partial likelihood by plain loops, Efron's way with ties."""
    total = -penalty * float(beta @ beta) / 2
    relative = np.exp(x @ beta)
    for t in np.unique(y.duration[y.event == 1]):
        at_risk = (y.duration >= t).astype(float)
        if stay:
            gone = (y.event > 1) & (y.duration < t)
            at_risk[gone] = g([t])[0] / g(y.duration[gone])
        dying = np.flatnonzero((y.duration == t) & (y.event == 1))
        for place, i in enumerate(dying):
            spared = place / len(dying) * relative[dying].sum()
            total += float(np.log(relative[i]) - np.log(at_risk @ relative - spared))
    return total
