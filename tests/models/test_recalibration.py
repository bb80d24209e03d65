"""Recalibration: what is found, what is left alone, and the laws of every model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logit

from hscrisk.datasets import simulate_cohort
from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.evaluation import evaluate
from hscrisk.models import (
    BoostedIncidence,
    LinearBoostedIncidence,
    LogisticIncidence,
    MarginalIncidence,
    ModelState,
    Recalibrated,
    from_state,
    recalibrate,
)
from hscrisk.models.closed_test import _tail
from hscrisk.models.growing import TreeSettings
from hscrisk.survival import CensoringDistribution, check_outcome
from hscrisk.survival.ipcw_logistic import effective_weights

SMALL = TreeSettings(eta=0.15, max_rounds=40, patience=20, depths=(2,), inner_folds=3)
HORIZONS = [20, 60, 100]
KINDS = ("logistic", "boosted", "linear_boosted")


def made(kind: str) -> Any:
    if kind == "logistic":
        return LogisticIncidence(horizons=HORIZONS)
    estimator = BoostedIncidence if kind == "boosted" else LinearBoostedIncidence
    return estimator(horizons=HORIZONS, trees=SMALL, n_refits=3)


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    cohort = simulate_cohort(800, seed=5)
    return {kind: made(kind).fit(cohort.X, cohort.y) for kind in KINDS}


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest, fitted: dict[str, Any]) -> Any:
    return fitted[request.param]


def outcomes_of(
    model: Any, X: pd.DataFrame, intercept: float, slope: float, seed: int
) -> pd.DataFrame:
    """Return outcomes drawn from the model with its log-odds moved, uncensored."""
    rng = np.random.default_rng(seed)
    days = np.arange(1, 101)
    risk = model.predict_cumulative_incidence(X, days)
    moved = expit(intercept + slope * logit(np.clip(risk, 1e-9, 1 - 1e-9)))
    u = rng.random(len(X))
    event = u <= moved[:, -1]
    onset = days[np.argmax(moved >= u[:, None], axis=1)]
    other = rng.integers(1, 101, len(X))
    return pd.DataFrame(
        {
            "event": np.where(event, 1, np.where(rng.random(len(X)) < 0.3, 2, 0)),
            "duration": np.where(event, onset, np.where(rng.random(len(X)) < 0.1, other, 130)),
        }
    )


def test_intercept_and_slope_are_those_of_the_weighted_likelihood(model: Any) -> None:
    cohort = simulate_cohort(500, seed=9)
    y = check_outcome(cohort.y)
    for how, free in (("intercept", 1), ("slope", 2)):
        line = recalibrate(model, cohort.X, cohort.y, how=how).engine_.recalibration
        for k, day in enumerate(HORIZONS):
            f = model.engine_.joined(model.pipeline_.transform(cohort.X))[:, k]
            w = CensoringDistribution().fit(y).weights_at(y, day)
            w[w > 0] = effective_weights(w[w > 0])
            target = (y.event == 1) & (y.duration <= day)

            def loss(v: np.ndarray) -> float:
                eta = v[0] + (v[1] if free == 2 else 1.0) * f  # noqa: B023
                return float((w * np.logaddexp(0, np.where(target, -eta, eta))).sum())  # noqa: B023

            best = minimize(loss, [0.0, 1.0][:free], method="Nelder-Mead", tol=1e-9).x
            assert line.intercept[k] == pytest.approx(best[0], abs=1e-3)
            assert line.slope[k] == pytest.approx(best[1] if free == 2 else 1.0, abs=1e-3)


@pytest.mark.parametrize(
    ("n", "intercept", "slope", "expected"),
    [
        (600, 0.0, 1.0, "as it came"),
        (600, 0.9, 1.0, "intercept ("),
        (1500, -0.2, 0.3, "intercept and slope"),
    ],
)
def test_the_closed_test_changes_as_much_as_is_wrong(
    fitted: dict[str, Any], n: int, intercept: float, slope: float, expected: str
) -> None:
    model, chosen = fitted["logistic"], []
    for seed in range(12):
        X = simulate_cohort(n, seed=200 + seed).X
        y = outcomes_of(model, X, intercept, slope, seed)
        chosen.append(recalibrate(model, X, y).recalibration_["anchors"]["100"])
    assert sum(words.startswith(expected) for words in chosen) >= 9


def test_a_reversed_effect_calls_for_another_backbone() -> None:
    rng = np.random.default_rng(1)

    def drawn(sign: float, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        X = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
        p = expit(-0.5 + 0.7 * X["a"] + 0.7 * sign * X["b"])
        event = np.where(rng.random(n) < p, 1, 2)
        return X, pd.DataFrame({"event": event, "duration": rng.integers(1, 100, n)})

    for kind in ("logistic", "linear_boosted"):
        model = made(kind).fit(*drawn(1.0, 1500))
        updated = recalibrate(model, *drawn(-1.0, 1500))
        assert updated.recalibration_["anchors"]["100"].startswith("backbone refitted")
        X, y = drawn(-1.0, 3000)
        target = (y["event"] == 1).to_numpy()
        losses = [
            np.mean((target - m.predict_cumulative_incidence(X, [100])[:, 0]) ** 2)
            for m in (model, recalibrate(model, X, y, how="slope"), updated)
        ]
        assert losses[2] < losses[1] - 0.02 < losses[0]
        # What is not asked to change has not changed.
        assert model.recalibration_ is None


def test_laws_hold_after_every_change(model: Any) -> None:
    cohort = simulate_cohort(500, seed=9)
    y = outcomes_of(model, cohort.X, 0.5, 0.6, 3)
    days = np.array([5.0, 20, 45, 60, 99, 100])
    hows = ["none", "intercept", "slope", "closed-test"]
    for how in hows if isinstance(model, BoostedIncidence) else [*hows, "refit"]:
        updated = recalibrate(model, cohort.X, y, how=how)
        risk = updated.predict_cumulative_incidence(cohort.X, days)
        assert (np.diff(risk, axis=1) >= -1e-12).all()
        causes = updated.predict_all_causes(cohort.X, days)
        free = updated.predict_event_free(cohort.X, days)
        assert np.abs(causes.sum(axis=1) + free - 1).max() <= 1e-9
        low, high = updated.predict_interval(cohort.X, days)
        assert (low <= risk).all()
        assert (risk <= high).all()
        for day in (45, 100):
            found = updated.contributions(cohort.X, day)
            total = found.bases + found.values.sum(axis=1)
            assert np.abs(total - found.log_odds).max() <= 1e-4
        one = updated.predict_cumulative_incidence(cohort.X[7:8], days)
        assert np.array_equal(one[0], risk[7])
        again = from_state(updated.to_state())
        assert np.array_equal(again.predict_cumulative_incidence(cohort.X, days), risk)
        assert np.array_equal(again.predict_interval(cohort.X, days), (low, high))
        assert again.recalibration_ == updated.recalibration_
    assert np.array_equal(
        recalibrate(model, cohort.X, y, how="none").predict_cumulative_incidence(cohort.X, days),
        model.predict_cumulative_incidence(cohort.X, days),
    )


def test_the_interval_takes_in_the_error_of_the_change(fitted: dict[str, Any]) -> None:
    model = fitted["logistic"]
    X = simulate_cohort(60, seed=3).X
    y = outcomes_of(model, X, 0.3, 1.0, 3)
    wide = recalibrate(model, X, y, how="intercept")

    def width(m: Any) -> np.ndarray:
        low, high = m.predict_interval(X, [60])
        return np.asarray(logit(high) - logit(low))

    assert (width(wide) > 1.05 * width(model)).all()


def test_few_events_leave_an_anchor_as_it_came(fitted: dict[str, Any]) -> None:
    model = fitted["logistic"]
    X = simulate_cohort(120, seed=3).X
    y = outcomes_of(model, X, 0.0, 1.0, 3)
    late = y.assign(duration=np.where(y["event"] == 1, 80, 130))
    found = recalibrate(model, X, late).recalibration_["anchors"]
    assert "only 0 events" in found["20"]
    assert found["100"].startswith(("as it came", "intercept"))
    with pytest.raises(NotEstimable, match="no anchor can be recalibrated"):
        recalibrate(model, X, y.assign(event=0))


def test_what_cannot_be_recalibrated_is_refused(fitted: dict[str, Any]) -> None:
    model, cohort = fitted["logistic"], simulate_cohort(300, seed=3)
    with pytest.raises(InvalidConfiguration, match="unknown way") as error:
        recalibrate(model, cohort.X, cohort.y, how="closedtest")
    assert "closed-test" in str(error.value)
    with pytest.raises(InvalidConfiguration, match="anchors"):
        recalibrate(MarginalIncidence(horizons=[60]).fit(cohort.X, cohort.y), cohort.X, cohort.y)
    with pytest.raises(InvalidConfiguration, match="anchors"):
        recalibrate(LogisticIncidence(horizons=[60]), cohort.X, cohort.y)
    once = recalibrate(model, cohort.X, cohort.y)
    with pytest.raises(InvalidConfiguration, match="before"):
        recalibrate(once, cohort.X, cohort.y)
    against = outcomes_of(model, cohort.X, 0.0, -1.5, 3)
    flat = recalibrate(model, cohort.X, against, how="slope")
    assert flat.engine_.recalibration.slope[-1] == 0.01
    assert np.ptp(flat.predict_cumulative_incidence(cohort.X, [100])) < 0.02
    with pytest.raises(NotEstimable, match="no backbone"):
        recalibrate(fitted["boosted"], cohort.X, cohort.y, how="refit")
    state = once.to_state()
    broken = {**state.arrays, "recalibration.slope": -state.arrays["recalibration.slope"]}
    with pytest.raises(InvalidConfiguration, match="recalibration"):
        from_state(ModelState(state.kind, state.settings, broken))


def test_it_is_judged_in_folds_without_losing_the_model(fitted: dict[str, Any]) -> None:
    model = fitted["logistic"]
    X = simulate_cohort(900, seed=31).X
    y = outcomes_of(model, X, 1.0, 1.0, 4)
    endpoint = SimpleNamespace(name="made up", horizons=HORIZONS, primary_horizon=100)
    cohort = SimpleNamespace(
        X=X, y=y, endpoint=endpoint, patient=np.arange(len(X)), centre=None, year=None
    )
    table = evaluate(
        {"before": Recalibrated(model, "none"), "after": Recalibrated(model)},
        cohort,
        splits="3-fold",
        n_draws=50,
    ).frame
    at = table[(table["horizon"] == 100) & (table["metric"] == "oe_ratio")].set_index("model")
    assert at.loc["before", "estimate"] > 1.2
    assert at.loc["after", "estimate"] == pytest.approx(1.0, abs=0.1)


def test_shares_of_chi_squares_have_the_right_tail() -> None:
    rng = np.random.default_rng(0)
    shares = np.array([1.0, 1.0, 0.8, 0.5, 0.3, 0.1])
    drawn = (shares * rng.standard_normal((200_000, 6)) ** 2).sum(axis=1)
    for quantile in (0.5, 0.9, 0.95, 0.99):
        assert _tail(float(np.quantile(drawn, quantile)), shares) == pytest.approx(
            1 - quantile, abs=0.01
        )
    assert _tail(-1e-12, np.zeros(0)) == 1.0


@pytest.mark.parametrize("how", ["intercept", "slope", "refit", "closed-test"])
def test_a_centre_does_not_count_twice(how: Any) -> None:
    cohort = simulate_cohort(1500, seed=3, censoring=False)
    rng = np.random.default_rng(0)
    centre = rng.choice(["a", "b", "c", "d"], 1500)
    y = cohort.y.copy()
    y.loc[(centre == "a") & (rng.random(1500) < 0.6), ["event", "duration"]] = 1
    model = LogisticIncidence(horizons=[30, 100], centre_intercepts=True)
    model.fit(cohort.X, y, centre=centre)
    X, own = cohort.X[centre == "a"], y[centre == "a"]
    seen = ((own["event"] == 1) & (own["duration"] <= 100)).mean()
    told = recalibrate(model, X, own, how=how, centre="a")
    untold = recalibrate(model, X, own, how=how)
    for again in (told, untold, from_state(untold.to_state())):
        risk = again.predict_cumulative_incidence(X, [100], centre="a")
        assert risk.mean() == pytest.approx(seen, abs=0.03)
    level = model.engine_.centre.level("b", 1).shift
    assert np.array_equal(told.engine_.centre.level("b", 1).shift, level)
    assert not untold.engine_.centre.level("a", 1).shift.any()
    with pytest.raises(InvalidConfiguration, match="centre"):
        recalibrate(LogisticIncidence(horizons=[100]).fit(X, own), X, own, centre="a")
