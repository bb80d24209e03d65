"""Contributions on the scale of probability: against an integral, and their laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit

from hscrisk.explain.risk_scale import NEAR, closed, to_risk

LOG_ODDS = st.floats(-8, 8)
PARTS = st.lists(st.floats(-4, 4), min_size=1, max_size=8)


def on_the_line(base: float, parts: list[float]) -> list[float]:
    """Aumann-Shapley by its definition: each part times the mean slope along the way."""
    span = sum(parts)

    def slope(share: float) -> float:
        p = expit(base + share * span)
        return float(p * (1 - p))

    mean, _ = quad(slope, 0, 1, epsabs=1e-12, epsrel=1e-12)
    return [part * mean for part in parts]


@given(LOG_ODDS, PARTS)
def test_equals_the_integral_along_the_line(base: float, parts: list[float]) -> None:
    values = np.array([parts])
    found = to_risk(np.array([base]), values, np.array([base + sum(parts)]))
    np.testing.assert_allclose(found[0], on_the_line(base, parts), rtol=0, atol=1e-9)


@given(LOG_ODDS, PARTS)
def test_sum_is_the_risk_minus_that_of_the_base(base: float, parts: list[float]) -> None:
    bases, values = np.array([base]), np.array([parts])
    log_odds = bases + values.sum(axis=1)
    found = to_risk(bases, values, log_odds)
    np.testing.assert_allclose(found.sum(), expit(log_odds) - expit(bases), rtol=0, atol=1e-12)


@given(LOG_ODDS, PARTS)
def test_signs_and_order_are_those_of_the_log_odds(base: float, parts: list[float]) -> None:
    values = np.array([parts])
    found = to_risk(np.array([base]), values, np.array([base + sum(parts)]))
    assert (np.sign(found) * np.sign(values) >= 0).all()
    assert (np.diff(found[0][np.argsort(values[0])]) >= 0).all()


@pytest.mark.parametrize("span", [0.0, NEAR / 2, -NEAR / 2, NEAR * 2])
def test_contributions_that_cancel_have_the_limit(span: float) -> None:
    base, values = np.array([-0.7]), np.array([[2.0, -2.0 + span]])
    found = to_risk(base, values, base + span)
    p = expit(-0.7 + span / 2)
    np.testing.assert_allclose(found, values * p * (1 - p), rtol=1e-9)


@given(LOG_ODDS, PARTS, st.floats(-1e-4, 1e-4))
def test_what_single_precision_lost_is_shared_out(
    base: float, parts: list[float], lost: float
) -> None:
    values, bases = np.array([parts]), np.array([base])
    log_odds = bases + values.sum(axis=1) + lost
    found = closed(bases, values, log_odds)
    np.testing.assert_allclose(bases + found.sum(axis=1), log_odds, rtol=0, atol=1e-12)
    # No variable takes more than was lost, and one that adds nothing goes on adding nothing.
    assert (np.abs(found - values) <= abs(lost) + 1e-12).all()
    if np.abs(values).sum() > 0:
        assert (found[values == 0] == 0).all()
