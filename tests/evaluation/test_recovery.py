"""Predicted days against days counted patient by patient, and against a truth that is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration
from hscrisk.evaluation import (
    OutOfFold,
    days_to_event,
    judge_days,
    make_splits,
    predict_out_of_fold,
)
from hscrisk.evaluation.recovery import day_quantiles, weighted_median
from hscrisk.models import LogisticIncidence, MarginalIncidence
from tests.reference import brute_force

LAST = 28
DAYS = np.arange(1.0, LAST + 1)
ENDPOINT = SimpleNamespace(name="recovery", horizons=[14.0, 28.0], primary_horizon=28.0)


def cohort(n: int = 200, seed: int = 1, *, centres: int = 0) -> Any:
    """Faster recovery with a higher `a`; few die, some are lost."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({"a": rng.normal(size=n)})
    first = np.ceil(12 + rng.gamma(4, 2.5, n) - 2 * x["a"])
    second, lost = rng.exponential(300, n), rng.uniform(10, 80, n)
    stop = np.minimum(np.minimum(first, second), lost)
    event = np.where(first == stop, 1, np.where(second == stop, 2, 0))
    centre = pd.Series(rng.integers(0, centres, n).astype(str)) if centres else None
    return SimpleNamespace(
        X=x,
        y=pd.DataFrame({"event": event, "duration": np.maximum(np.ceil(stop), 1.0)}),
        endpoint=ENDPOINT,
        patient=pd.Series(np.arange(n)),
        centre=centre,
    )


def counted(risk: list[float], q: float) -> float:
    """The first day by which the share q of the last day's risk is reached, day by day."""
    for day, r in enumerate(risk, start=1):
        if r / risk[-1] >= q - 1e-9:
            return float(day)
    raise AssertionError("the last day reaches every share")


@pytest.mark.parametrize("seed", range(20))
def test_days_are_those_counted_day_by_day(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = rng.exponential(size=(15, LAST)) * (rng.uniform(size=(15, LAST)) < 0.3)
    steps[:, -1] += 0.01
    risk = np.cumsum(steps, axis=1) / (steps.sum() + 1)
    quantiles = [0.1, 0.5, 0.9, 1.0]
    found = day_quantiles(DAYS, risk, quantiles)
    assert found.tolist() == [[counted(list(r), q) for q in quantiles] for r in risk]
    assert (np.diff(found, axis=1) >= 0).all()
    # A rarer event with the same speed has the same days.
    np.testing.assert_array_equal(day_quantiles(DAYS, risk / 7, quantiles), found)


def test_the_days_of_the_marginal_curve_are_the_quantiles_of_what_was_observed() -> None:
    rng = np.random.default_rng(0)
    duration = rng.integers(5, 40, 101).astype(float)
    y = pd.DataFrame({"event": np.ones(101, dtype=int), "duration": duration})
    x = pd.DataFrame({"a": np.zeros(101)})
    model = MarginalIncidence(horizons=[LAST]).fit(x, y)
    recovered = np.sort(duration[duration <= LAST])
    by_hand = [recovered[int(np.ceil(q * len(recovered))) - 1] for q in (0.1, 0.5, 0.9)]
    assert days_to_event(model, x[:2]).tolist() == [by_hand, by_hand]


def test_days_of_a_fitted_model_are_read_off_its_curve_in_any_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = cohort()
    model = LogisticIncidence(endpoint=ENDPOINT).fit(data.X, data.y)
    found = days_to_event(model, data.X)
    risk = model.predict_cumulative_incidence(data.X, DAYS)
    assert found.tolist() == [[counted(list(r), q) for q in (0.1, 0.5, 0.9)] for r in risk]
    monkeypatch.setattr("hscrisk.evaluation.recovery.CHUNK", 7)
    np.testing.assert_array_equal(days_to_event(model, data.X), found)
    assert days_to_event(model, data.X[:0]).shape == (0, 3)
    faster = data.X["a"].to_numpy() > 1
    assert found[faster, 1].mean() < found[~faster, 1].mean() - 0.5


def test_a_model_with_a_centre_layer_is_told_the_centre() -> None:
    data = cohort(300, centres=3)
    model = LogisticIncidence(endpoint=ENDPOINT, centre_intercepts=True)
    model.fit(data.X, data.y, centre=data.centre)
    here = days_to_event(model, data.X, centre=data.centre)
    risk = model.predict_cumulative_incidence(data.X, DAYS, centre=data.centre)
    np.testing.assert_array_equal(here, day_quantiles(DAYS, risk, (0.1, 0.5, 0.9)))
    assert days_to_event(model, data.X).shape == (300, 3)


def test_where_no_event_is_expected_there_is_no_day() -> None:
    found = day_quantiles(DAYS[:2], np.array([[0.0, 0.0], [0.0, 0.1]]), [0.5])
    np.testing.assert_array_equal(found, [[np.nan], [2.0]])


@pytest.mark.parametrize(
    ("days", "quantiles"),
    [(DAYS[1:], [0.5]), (DAYS[::2], [0.5]), (DAYS[:0], [0.5]), (DAYS, [0.0]), (DAYS, [1.5])],
)
def test_days_and_shares_are_checked(days: np.ndarray, quantiles: list[float]) -> None:
    with pytest.raises(InvalidConfiguration):
        day_quantiles(days, np.full((1, len(days)), 0.5), quantiles)


@pytest.mark.parametrize("seed", range(50))
def test_a_weighted_median_is_that_of_values_repeated(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, weight = rng.integers(0, 6, 9).astype(float), rng.integers(0, 4, (3, 9)).astype(float)
    found = weighted_median(weight, values)
    for k in range(3):
        repeated = np.sort(np.repeat(values, weight[k].astype(int)))
        if len(repeated):
            assert found[k] == repeated[(len(repeated) - 1) // 2]
        else:
            assert np.isnan(found[k])


def judged(data: Any, models: dict[str, Any], **more: Any) -> tuple[OutOfFold, pd.DataFrame]:
    splits = make_splits("3-fold", data.y, data.patient)
    found = predict_out_of_fold(models, data, splits, DAYS)
    return found, judge_days(found, data, **more)


def test_scores_are_those_counted_among_the_recovered_weighted_for_censoring() -> None:
    data = cohort()
    found, frame = judged(data, {"logistic": LogisticIncidence(endpoint=ENDPOINT)}, n_draws=200)
    told = frame.set_index(["model", "metric"])
    event, duration = data.y["event"].tolist(), data.y["duration"].tolist()
    for name in ("null", "logistic"):
        total = inside = promised = wrong = 0.0
        errors = []
        for i, risk in zip(found.row, found.risks[name], strict=True):
            if event[i] != 1 or duration[i] > LAST:
                continue
            w = brute_force.ipcw_weight(1, duration[i], float(LAST), event, duration)
            low, median, high = (counted(list(risk), q) for q in (0.1, 0.5, 0.9))
            total += w
            inside += w * (low <= duration[i] <= high)
            before = risk[int(low) - 2] if low > 1 else 0.0
            promised += w * (risk[int(high) - 1] - before) / risk[-1]
            wrong += w * abs(duration[i] - median)
            errors.append((abs(duration[i] - median), w))
        for metric, value in (
            ("days_coverage", inside),
            ("days_expected_coverage", promised),
            ("days_mean_error", wrong),
        ):
            row = told.loc[(name, metric)]
            assert row["estimate"] == pytest.approx(value / total, rel=1e-12)
            assert row["low"] <= row["estimate"] <= row["high"]
        assert told.loc[(name, "days_expected_coverage"), "estimate"] >= 0.8 - 1e-9
        below = at = 0.0
        for error, w in sorted(errors):
            if below < total / 2 * (1 - 1e-9):
                at = error
            below += w
        assert told.loc[(name, "days_median_error"), "estimate"] == at
    gain = told.loc[("logistic", "days_mean_error_minus_null")]
    assert gain["estimate"] == pytest.approx(
        told.loc[("logistic", "days_mean_error"), "estimate"]
        - told.loc[("null", "days_mean_error"), "estimate"]
    )
    assert gain["high"] < 0
    recovered = data.y.query("event == 1 and duration <= @LAST", local_dict={"LAST": LAST})
    assert set(told["n"]) == {len(recovered)}


class Truth(MarginalIncidence):
    """Knows how fast everybody recovers: within 10 days, each day alike."""

    def predict_cumulative_incidence(self, X: Any, horizons: Any = None) -> np.ndarray:
        first = X["first"].to_numpy()[:, None]
        return 0.9 * np.clip((np.asarray(horizons) - first + 1) / 10, 0, 1)


def test_a_true_curve_covers_what_it_promises_and_is_nearer_than_the_null() -> None:
    rng, n = np.random.default_rng(4), 4000
    first = rng.integers(5, 18, n)
    recovers = rng.uniform(size=n) < 0.9
    day = np.where(recovers, first + rng.integers(0, 10, n), 60).astype(float)
    lost = rng.integers(8, 90, n)
    event = np.where(day <= lost, np.where(recovers, 1, 2), 0)
    data = SimpleNamespace(
        X=pd.DataFrame({"first": first}),
        y=pd.DataFrame({"event": event, "duration": np.minimum(day, lost).astype(float)}),
        endpoint=ENDPOINT,
        patient=pd.Series(np.arange(n)),
        centre=None,
    )
    _, frame = judged(data, {"truth": Truth(horizons=[LAST])}, n_draws=200)
    told = frame.set_index(["model", "metric"])
    promised = told.loc[("truth", "days_expected_coverage"), "estimate"]
    assert promised == pytest.approx(0.9)
    for name in ("null", "truth"):
        covered = told.loc[(name, "days_coverage")]
        expected = told.loc[(name, "days_expected_coverage"), "estimate"]
        assert covered["low"] < expected < covered["high"]
    # Days 1 to 10 with median 5: mean distance 2.5.
    assert told.loc[("truth", "days_mean_error"), "estimate"] == pytest.approx(2.5, abs=0.1)
    assert told.loc[("truth", "days_mean_error_minus_null"), "high"] < 0


def test_repeats_count_everybody_once() -> None:
    data = cohort()
    found, once = judged(data, {"logistic": LogisticIncidence(endpoint=ENDPOINT)}, n_draws=50)
    twice = OutOfFold(
        found.horizons,
        np.tile(found.row, 2),
        np.concatenate([found.fold, found.fold + 3]),
        {name: np.tile(risk, (2, 1)) for name, risk in found.risks.items()},
        {},
    )
    pd.testing.assert_frame_equal(judge_days(twice, data, n_draws=50), once)


class Stops(MarginalIncidence):
    """Answers up to day 20."""

    def predict_cumulative_incidence(self, X: Any, horizons: Any = None) -> np.ndarray:
        if max(horizons) > 20:
            raise HorizonOutOfRange("the model answers up to day 20")
        return super().predict_cumulative_incidence(X, horizons)


def test_who_cannot_say_has_a_note_and_the_others_are_judged() -> None:
    data = cohort()
    _, frame = judged(data, {"stops": Stops(horizons=[LAST])}, n_draws=20)
    stops = frame.query("model == 'stops'")
    assert stops["estimate"].isna().all()
    assert (stops["note"] == "in split 1: the model answers up to day 20").all()
    assert frame.query("model == 'null'")["estimate"].notna().all()
    data.y["event"] = np.where(np.arange(200) < 5, 1, 2)
    _, few = judged(data, {}, n_draws=20)
    assert few["note"].str.contains(r"only \d events by day 28 \(10 needed\)").all()


def test_centres_are_drawn_where_there_are_twenty() -> None:
    data = cohort(400, centres=25)
    found, frame = judged(data, {}, n_draws=300)
    patients = judge_days(found, data, n_draws=300, cluster="patient")
    pd.testing.assert_series_equal(frame["estimate"], patients["estimate"])
    assert not np.allclose(frame["low"], patients["low"])
