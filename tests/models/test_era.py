"""The calendar year: decided on later years, never beyond the last mature one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import InvalidOutcome, MissingColumn
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence, from_state
from hscrisk.models.era import YEAR, Era, _last_mature, decide
from hscrisk.models.growing import TreeSettings
from hscrisk.survival import Outcome, check_outcome

SMALL = TreeSettings(eta=0.15, max_rounds=20, patience=20, depths=(2,), inner_folds=3)


def drawn(trend: float, seed: int, n: int = 3000) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ten years of patients whose log-odds of the event move by `trend` a year."""
    rng = np.random.default_rng(seed)
    year = rng.integers(2001, 2011, n).astype(float)
    age = rng.normal(50, 10, n)
    p = 1 / (1 + np.exp(-(-0.5 + 0.04 * (age - 50) + trend * (year - 2005))))
    event = np.where(rng.random(n) < p, 1, 2)
    y = pd.DataFrame({"event": event, "duration": np.ceil(rng.uniform(1, 99, n))})
    return pd.DataFrame({"age": age, YEAR: year}), y


def test_a_steady_trend_is_taken_up_and_none_is_left_out() -> None:
    anchors = np.array([50.0, 100.0])
    steady = [decide(*_checked(drawn(0.25, seed)), anchors, 0.22).cap for seed in range(5)]
    assert steady == [2010.0] * 5
    none = [decide(*_checked(drawn(0.0, seed)), anchors, 0.22).cap for seed in range(20)]
    assert sum(cap is not None for cap in none) <= 2


def _checked(drawn_: tuple[pd.DataFrame, pd.DataFrame]) -> tuple[pd.DataFrame, Outcome]:
    return drawn_[0], check_outcome(drawn_[1])


def test_immature_years_make_no_trend() -> None:
    """Follow-up ends on one day for all, so that of the last years only events are known."""
    taken = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        start = 2008 + 8 * rng.random(3000) ** 0.6
        event, competing = rng.exponential(900, 3000), rng.exponential(1500, 3000)
        days = np.minimum(np.minimum(event, competing), (2016.0 - start) * 365)
        cause = np.where(days == event, 1, np.where(days == competing, 2, 0))
        X = pd.DataFrame({"noise": rng.normal(size=3000), YEAR: np.floor(start)})
        y = Outcome(cause.astype(np.int64), np.ceil(days))
        assert _last_mature(y, X[YEAR].to_numpy(), 730.0) == 2013
        taken += decide(X, y, np.array([730.0]), 0.22).cap is not None
    assert taken <= 1


def test_years_without_follow_up_are_not_mature() -> None:
    year = np.repeat([2001.0, 2002.0, 2003.0], 20)
    event = np.concatenate([np.ones(20), np.ones(18), np.zeros(2), np.ones(17), np.zeros(3)])
    y = Outcome(event.astype(np.int64), np.full(60, 50.0))
    assert _last_mature(y, year, 100.0) == 2002
    assert _last_mature(y, year, 50.0) == 2003
    assert _last_mature(Outcome(np.zeros(60, dtype=np.int64), y.duration), year, 100.0) is None


@pytest.mark.parametrize("kind", ["logistic", "linear_boosted"])
def test_later_years_have_the_level_of_the_last_one(kind: str) -> None:
    X, y = drawn(0.25, 3)
    model = (
        LogisticIncidence(horizons=[50, 100], calendar_year=True)
        if kind == "logistic"
        else LinearBoostedIncidence(horizons=[50, 100], calendar_year=True, trees=SMALL, n_refits=0)
    )
    model.fit(X, y)
    assert model.era_.cap == 2010
    last = model.predict_cumulative_incidence(X.assign(**{YEAR: 2010.0}))
    for later in (2011.0, 2050.0, np.nan):
        moved = X.assign(**{YEAR: later})
        assert np.array_equal(model.predict_cumulative_incidence(moved), last)
    assert np.array_equal(model.predict_cumulative_incidence(X[["age"]]), last)
    early = model.predict_cumulative_incidence(X.assign(**{YEAR: 2001.0}))
    assert (early[:, 1] < last[:, 1]).all()
    again = from_state(model.to_state())
    assert np.array_equal(
        again.predict_cumulative_incidence(X), model.predict_cumulative_incidence(X)
    )
    assert again.era_ == model.era_
    assert "year_of_hct" in model.contributions(X, 100).feature_names


def test_a_year_left_out_is_not_asked_for_again() -> None:
    X, y = drawn(0.0, 5)
    model = LogisticIncidence(horizons=[50, 100], calendar_year=True).fit(X, y)
    assert model.era_.cap is None
    assert model.feature_names_in_.tolist() == ["age"]
    plain = LogisticIncidence(horizons=[50, 100]).fit(X[["age"]], y)
    ours = model.predict_cumulative_incidence(X)
    assert np.array_equal(ours, plain.predict_cumulative_incidence(X[["age"]]))
    assert np.array_equal(from_state(model.to_state()).predict_cumulative_incidence(X), ours)


def test_too_few_years_are_not_judged() -> None:
    X, y = drawn(0.2, 5)
    era = decide(X.assign(**{YEAR: 2005.0}), check_outcome(y), np.array([50.0]), 0.22)
    assert era == Era(None, "the years are too few to be judged on later ones")
    unfollowed = y.assign(event=0)
    era = decide(X, check_outcome(unfollowed), np.array([100.0]), 0.22)
    assert era.cap is None
    assert "follow-up" in era.reason


def test_what_is_missing_is_named() -> None:
    X, y = drawn(0.2, 5)
    model = LogisticIncidence(horizons=[50], calendar_year=True)
    with pytest.raises(MissingColumn, match="calendar year"):
        model.fit(X[["age"]], y)
    with pytest.raises(InvalidOutcome, match="rows"):
        model.fit(X, y[:-1])
