from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from hscrisk.models.curve import MarginalCurve, running_maximum

CURVE = MarginalCurve(np.array([10.0, 20, 40, 80]), np.array([0.1, 0.2, 0.3, 0.45]))
ANCHORS = np.array([20.0, 80])


def at(values: list[float], day: float) -> float:
    return float(CURVE.mixing(ANCHORS, np.array([day])).apply(np.array([values]))[0, 0])


def test_an_anchor_keeps_its_own_value() -> None:
    assert at([-1.7, 0.3], 20) == -1.7
    assert at([-1.7, 0.3], 80) == 0.3


def test_between_anchors_linear_in_the_marginal_log_odds() -> None:
    share = (logit(0.3) - logit(0.2)) / (logit(0.45) - logit(0.2))
    assert at([-1.7, 0.3], 40) == pytest.approx((1 - share) * -1.7 + share * 0.3)
    assert at([-1.7, 0.3], 79) == at([-1.7, 0.3], 40)
    assert at([-1.7, 0.3], 25) == -1.7


def test_before_the_first_parallel_and_before_any_event_never() -> None:
    assert at([-1.7, 0.3], 12) == pytest.approx(-1.7 + logit(0.1) - logit(0.2))
    assert at([-1.7, 0.3], 9) == -np.inf


def test_beyond_the_last_parallel() -> None:
    short = CURVE.mixing(np.array([20.0]), np.array([50.0])).apply(np.array([[-1.7]]))
    assert short[0, 0] == pytest.approx(-1.7 + logit(0.3) - logit(0.2))


def test_no_event_between_two_anchors() -> None:
    flat = np.array([41.0, 60])
    mixing = CURVE.mixing(flat, np.array([41.0, 50, 60]))
    assert mixing.apply(np.array([[-1.0, 0.5]]))[0].tolist() == [-1.0, -1.0, 0.5]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=2), st.lists(st.floats(0, 80), min_size=2))
def test_monotone_everywhere(values: list[float], days: list[float]) -> None:
    highest, _ = running_maximum(np.array([values]))
    curve = CURVE.mixing(ANCHORS, np.sort(days)).apply(highest)[0]
    finite = curve[np.isfinite(curve)]
    assert (np.diff(finite) >= -1e-12).all()


@given(st.lists(st.lists(st.floats(-9, 9), min_size=5, max_size=5), min_size=1, max_size=6))
def test_the_binding_anchor_explains_the_running_maximum(rows: list[list[float]]) -> None:
    values = np.array(rows)
    highest, binding = running_maximum(values)
    assert np.array_equal(np.take_along_axis(values, binding, axis=1), highest)
    assert np.array_equal(highest, np.maximum.accumulate(values, axis=1))
    assert (binding <= np.arange(5)).all()
