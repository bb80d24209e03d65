from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.models.anchors import States, candidate_horizons, require_anchors, usable_anchors
from hscrisk.survival import AalenJohansen, Outcome, check_outcome


def outcome(event: list[int], duration: list[float]) -> Outcome:
    return check_outcome({"event": event, "duration": duration})


class Named:
    horizons = (100, 30)


def test_candidates_given_named_or_quartiles() -> None:
    y = outcome([1, 1, 1, 1, 1, 0], [10, 20, 30, 40, 50, 99])
    assert candidate_horizons(None, [60, 30, 60], y).tolist() == [30, 60]
    assert candidate_horizons(Named(), None, y).tolist() == [30, 100]
    assert candidate_horizons(Named(), [5], y).tolist() == [5]
    assert candidate_horizons(None, None, y).tolist() == [20, 30, 40]
    with pytest.raises(NotEstimable):
        candidate_horizons(None, None, outcome([0, 2], [10, 20]))


@pytest.mark.parametrize("bad", [[0], [-3, 10], [np.nan], []])
def test_candidates_must_be_days(bad: list[float]) -> None:
    with pytest.raises(InvalidConfiguration):
        candidate_horizons(None, bad, outcome([1], [10]))


def test_each_reason_to_leave_an_anchor_out() -> None:
    # 10 events by day 20, 15 in all; 12 competing on day 30; 11 followed to day 90.
    event = [1] * 10 + [1] * 5 + [2] * 12 + [0] * 11
    duration = [10.0] * 10 + [50.0] * 5 + [30.0] * 12 + [90.0] * 11
    used, left_out = usable_anchors(outcome(event, duration), np.array([5.0, 20, 50, 90, 91]), 10)
    assert used.tolist() == [20, 50, 90]
    assert "only 0 events by day 5" in left_out[5]
    assert "lost to follow-up before day 91" in left_out[91]
    few = outcome([1] * 15 + [2] * 15 + [0] * 9, [10.0] * 15 + [30.0] * 15 + [90.0] * 9)
    used, left_out = usable_anchors(few, np.array([90.0, 91]), 10)
    assert used.tolist() == [90]
    assert "only 9 still followed before day 91" in left_out[91]
    certain = outcome([1] * 30 + [0] * 4, [10.0] * 30 + [40.0] * 4)
    used, left_out = usable_anchors(certain, np.array([20.0]), 10)
    assert "only 4 known without the event" in left_out[20]


def test_no_anchor_is_no_model() -> None:
    y = outcome([1] * 12 + [0] * 3, [10.0] * 12 + [40.0] * 3)
    with pytest.raises(NotEstimable, match=r"no anchor.*known without.*MarginalIncidence"):
        require_anchors(y, np.array([20.0]), 10)
    with pytest.raises(NotEstimable, match="12 events are too few"):
        require_anchors(y, np.array([20.0]), 13)


outcomes = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 30)), min_size=8, max_size=60).map(
    lambda rows: outcome([e for e, _ in rows], [float(t) for _, t in rows])
)


@given(outcomes, st.integers(1, 30))
def test_states_reproduce_aalen_johansen(y: Outcome, day: int) -> None:
    """The weighted incidence is Aalen-Johansen's wherever no weight is clipped."""
    states = States.of(y, np.array([float(day)]))
    weight = states.weight[:, 0]
    if weight.max() >= 20 or weight.sum() == 0:
        return
    expected = AalenJohansen().fit(y).predict([day])[0]
    # Inverse weights sum to n exactly, unless everybody left was censored before the day.
    if (y.duration >= day).any():
        assert (weight * states.target[:, 0]).sum() / len(weight) == pytest.approx(expected)


def test_scarcity_is_the_smaller_side() -> None:
    y = outcome([1, 1, 1, 2, 0], [10, 10, 10, 20, 50])
    assert States.of(y, np.array([5.0, 15])).scarcity().tolist() == [0, 2]
