"""Aalen-Johansen and censoring weights against brute force, and the laws between them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hscrisk.errors import InvalidConfiguration, InvalidOutcome
from hscrisk.survival import (
    AalenJohansen,
    CensoringDistribution,
    DrawnCensoring,
    Outcome,
    check_outcome,
)
from tests.reference import brute_force

HORIZONS = (1.0, 2.0, 3.5, 5.0, 8.0, 100.0)


def small_cohorts(n: int = 200) -> list[Outcome]:
    """Return small cohorts with heavy ties; some without events, some all censored."""
    rng = np.random.default_rng(20260101)
    made = []
    for k in range(n):
        size = int(rng.integers(1, 26))
        shares = {0: [1, 0, 0, 0], 1: [0.2, 0, 0.4, 0.4]}.get(k % 10, [0.3, 0.4, 0.2, 0.1])
        event = rng.choice(4, size=size, p=shares)
        made.append(Outcome(event, rng.integers(1, 9, size=size).astype(float)))
    return made


COHORTS = small_cohorts()


def test_the_small_cohorts_hold_the_hard_cases() -> None:
    assert any((y.event == 0).all() for y in COHORTS)
    assert any((y.event > 0).all() for y in COHORTS)
    assert any((y.event != 1).all() and (y.event > 0).any() for y in COHORTS)


def test_incidences_equal_brute_force() -> None:
    for event, duration in COHORTS:
        fitted = AalenJohansen().fit({"event": event, "duration": duration})
        for cause in (1, 2, 3):
            ours = fitted.predict(HORIZONS, event_of_interest=cause)
            theirs = [
                brute_force.aalen_johansen(event.tolist(), duration.tolist(), t, cause)
                for t in HORIZONS
            ]
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_weights_equal_brute_force() -> None:
    for y in COHORTS:
        event, duration = y.event.tolist(), y.duration.tolist()
        g = CensoringDistribution().fit(y)
        for t in HORIZONS:
            before = brute_force.kaplan_meier_censoring_before(event, duration, t)
            assert g.survival_before([t])[0] == pytest.approx(before, abs=1e-12)
            theirs = [
                brute_force.ipcw_weight(e, d, t, event, duration)
                for e, d in zip(event, duration, strict=True)
            ]
            np.testing.assert_allclose(g.weights_at(y, t), theirs, rtol=0, atol=1e-12)


def test_g_of_draws_is_g_of_the_drawn_subjects() -> None:
    rng = np.random.default_rng(5)
    for y in COHORTS[:60]:
        n = len(y.event)
        drawn = rng.multinomial(n, np.full(n, 1 / n), size=4).astype(float)
        ours = DrawnCensoring(y, drawn)
        for k, counts in enumerate(drawn.astype(int)):
            who = np.repeat(np.arange(n), counts)
            event, duration = y.event[who].tolist(), y.duration[who].tolist()
            for t in HORIZONS:
                before = brute_force.kaplan_meier_censoring_before(event, duration, t)
                assert ours.survival_before([t])[k, 0] == pytest.approx(before, abs=1e-12)
                theirs = [
                    brute_force.ipcw_weight(e, d, t, event, duration)
                    for e, d in zip(event, duration, strict=True)
                ]
                found = ours.weights_at(y, t)[k, who]
                np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-12)


def variance_by_delta_method(event: list[int], duration: list[float], t: float) -> float:
    """Var F_1(t), each day's counts multinomial and independent of other days'.

    By numbers: F_1 is written as a function of the daily hazards of both causes, and derived by
    central differences.
    """
    days = sorted({s for e, s in zip(event, duration, strict=True) if e and s <= t})
    at_risk = [sum(d >= s for d in duration) for s in days]
    hazard = [
        [
            sum(
                s == d and (e == 1 if k == 0 else e > 1)
                for e, d in zip(event, duration, strict=True)
            )
            / n
            for k in (0, 1)
        ]
        for s, n in zip(days, at_risk, strict=True)
    ]

    def incidence(h: list[list[float]]) -> float:
        free, total = 1.0, 0.0
        for one, two in h:
            total += free * one
            free *= 1 - one - two
        return total

    variance, step = 0.0, 1e-5
    for i, n in enumerate(at_risk):
        slope = []
        for k in (0, 1):
            moved = [[list(pair) for pair in hazard] for _ in range(2)]
            moved[0][i][k] += step
            moved[1][i][k] -= step
            slope.append((incidence(moved[0]) - incidence(moved[1])) / (2 * step))
        one, two = hazard[i]
        variance += slope[0] ** 2 * one * (1 - one) / n + slope[1] ** 2 * two * (1 - two) / n
        variance -= 2 * slope[0] * slope[1] * one * two / n
    return variance


def test_variance_is_the_delta_method_over_multinomial_days() -> None:
    for event, duration in COHORTS:
        fitted = AalenJohansen().fit(Outcome(event, duration))
        padded = np.r_[0.0, fitted.variance_[0]]
        for t in HORIZONS:
            ours = padded[np.searchsorted(fitted.times_, t, side="right")]
            theirs = variance_by_delta_method(event.tolist(), duration.tolist(), t)
            assert ours == pytest.approx(theirs, abs=1e-9)


def test_without_competing_events_it_is_kaplan_meier_with_greenwoods_variance() -> None:
    for event, duration in COHORTS:
        event = np.minimum(event, 1)
        fitted = AalenJohansen().fit(Outcome(event, duration))
        free, sum_ = 1.0, 0.0
        for k, s in enumerate(fitted.times_):
            n = float((duration >= s).sum())
            d = float(((duration == s) & (event == 1)).sum())
            free *= 1 - d / n
            sum_ += d / (n * (n - d)) if d < n else 0.0
            assert fitted.cumulative_incidence_[0, k] == pytest.approx(1 - free, abs=1e-12)
            assert fitted.variance_[0, k] == pytest.approx(free**2 * sum_, abs=1e-12)


def test_censoring_is_no_cause() -> None:
    fitted = AalenJohansen().fit({"event": [1, 0], "duration": [1, 2]})
    assert fitted.predict([5], event_of_interest=7)[0] == 0
    with pytest.raises(InvalidConfiguration, match="0 is censoring"):
        fitted.predict([5], event_of_interest=0)


def test_weights_that_rest_on_few_or_on_nobody_say_so() -> None:
    y = {"event": [1, 0, 1, 0, 1], "duration": [1, 2, 2, 5, 9]}
    g = CensoringDistribution().fit(y)
    assert g.why_unsupported(2, 10) == ""  # nobody is lost before day 2
    # On day 2 four are left and one of them has the event first.
    assert g.why_unsupported(5, 4) == "only 3 still followed before day 5 (at least 4 needed)"
    assert g.why_unsupported(5, 3) == ""
    assert "only 2 still followed" in g.why_unsupported(6, 3)
    all_lost = CensoringDistribution().fit({"event": [0] * 30, "duration": [7] * 30})
    assert "nearly everybody is lost" in all_lost.why_unsupported(8, 10)


def test_standard_errors_and_intervals_equal_those_of_r(root: Path) -> None:
    made = json.loads((root / "tests/reference/aalen_johansen_r.json").read_text())
    assert len(made["cases"]) == 5
    for case in made["cases"]:
        fitted = AalenJohansen().fit({"event": case["event"], "duration": case["day"]})
        index = np.searchsorted(fitted.times_, case["at"], side="right") - 1
        low, high = fitted.interval(case["at"])
        np.testing.assert_allclose(fitted.predict(case["at"]), case["incidence"], atol=1e-12)
        np.testing.assert_allclose(np.sqrt(fitted.variance_[0, index]), case["se"], atol=1e-12)
        np.testing.assert_allclose(low, case["low"], atol=1e-10)
        np.testing.assert_allclose(high, case["high"], atol=1e-10)


outcomes = st.integers(1, 40).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.int64, n, elements=st.integers(0, 3)),
        hnp.arrays(np.float64, n, elements=st.integers(1, 12).map(float)),
    )
)


@given(outcomes)
def test_causes_and_event_free_sum_to_one_and_are_monotone(drawn: tuple[np.ndarray, ...]) -> None:
    y = Outcome(*drawn)
    fitted = AalenJohansen().fit(y)
    days = np.arange(0, 14)
    curves = np.array([fitted.predict(days, event_of_interest=int(k)) for k in fitted.causes_])
    free = fitted.predict_event_free(days)
    np.testing.assert_allclose(curves.sum(axis=0) + free, 1.0, atol=1e-12)
    assert (np.diff(curves, axis=1) >= 0).all()
    assert (np.diff(free) <= 0).all()
    low, high = fitted.interval(days)
    assert (low <= curves[0] + 1e-12).all()
    assert (curves[0] <= high + 1e-12).all()


@given(outcomes, st.integers(1, 12))
def test_weighted_states_give_the_aalen_johansen_incidence(
    drawn: tuple[np.ndarray, ...], horizon: int
) -> None:
    """The identity behind every weighted score, wherever G is not clipped."""
    y = Outcome(*drawn)
    g = CensoringDistribution().fit(y)
    assume(g.survival_before([horizon])[0] > 0)
    w = g.weights_at(y, horizon, clip=1e-9)
    assert w.sum() == pytest.approx(len(w), abs=1e-9)
    share = (w * ((y.event == 1) & (y.duration <= horizon))).mean()
    assert share == pytest.approx(AalenJohansen().fit(y).predict([horizon])[0], abs=1e-9)


@given(outcomes)
def test_weights_are_at_least_one_or_zero_and_never_above_the_clip(
    drawn: tuple[np.ndarray, ...],
) -> None:
    y = Outcome(*drawn)
    g = CensoringDistribution().fit(y)
    for t in HORIZONS:
        w = g.weights_at(y, t)
        assert (((w >= 1) & (w <= 20)) | (w == 0)).all()


@pytest.mark.parametrize(
    ("y", "field", "row"),
    [
        ({"event": [1, 0], "duration": [5, 0]}, "duration", 1),
        ({"event": [1, 0], "duration": [5, float("nan")]}, "duration", 1),
        ({"event": [1.5, 0], "duration": [5, 6]}, "event", 0),
        ({"event": [-1, 0], "duration": [5, 6]}, "event", 0),
        ({"event": [1, 99], "duration": [5, 6]}, "event", 1),
        ({"event": [1, 0], "duration": [5, float("inf")]}, "duration", 1),
    ],
)
def test_a_wrong_outcome_is_named_by_row_and_field(y: object, field: str, row: int) -> None:
    with pytest.raises(InvalidOutcome) as caught:
        check_outcome(y)
    assert (caught.value.field, caught.value.row) == (field, row)
    assert caught.value.mend


@pytest.mark.parametrize(
    "y",
    [
        np.array([1, 0]),
        {"event": [1]},
        {"event": [], "duration": []},
        {"event": [1, 0], "duration": [1]},
        {"event": ["a"], "duration": [1]},
        None,
    ],
)
def test_what_is_no_outcome_is_refused(y: object) -> None:
    with pytest.raises(InvalidOutcome):
        check_outcome(y)


def test_structured_arrays_are_outcomes() -> None:
    y = np.array([(1, 3.0), (0, 4.0)], dtype=[("event", "i8"), ("duration", "f8")])
    assert check_outcome(y).duration.tolist() == [3.0, 4.0]
