"""Scales, ticks and marks: what is drawn lies where the numbers say."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.evaluation.report.drawing import (
    Panel,
    Scale,
    legend,
    legend_height,
    path,
    stepped,
    ticks,
)

finite = st.floats(-1e6, 1e6)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e4), st.integers(3, 10))
def test_ticks_are_round_even_and_inside(low: float, width: float, about: int) -> None:
    found = ticks(low, low + width, about)
    assert found == sorted(set(found))
    assert all(low - 1e-6 * width <= t <= low + width * (1 + 1e-6) for t in found)
    steps = np.diff(found)
    assert len(found) <= 2 * about + 2
    if len(steps) > 1:
        assert np.allclose(steps, steps[0], rtol=1e-6)
        mantissa = float(steps[0]) / 10 ** np.floor(np.log10(steps[0]) + 1e-9)
        assert min(abs(mantissa - m) for m in (1, 2, 2.5, 5)) < 1e-3


def test_equal_ratios_take_equal_room_on_a_ratio_scale() -> None:
    scale = Scale(0.5, 2.0, 0.0, 100.0, log=True)
    assert scale([0.5, 1.0, 2.0]) == pytest.approx([0, 50, 100])
    assert scale(2**0.5) - scale(1.0) == pytest.approx(float(scale(1.0) - scale(2**-0.5)))


@pytest.mark.parametrize("log", [False, True])
def test_what_lies_far_outside_does_not_leave_the_drawing_by_much(log: bool) -> None:
    scale = Scale(0.5, 2.0, 0.0, 100.0, log=log)
    assert float(scale(1e9)) == 150
    assert float(scale(0.0)) >= -50
    assert np.isnan(scale(np.nan))
    assert scale.holds(2.0)
    assert not scale.holds(2.1)


def test_a_line_is_interrupted_where_a_number_is_missing() -> None:
    nan = np.nan
    assert path(np.array([0.0, 1, 2, 3]), np.array([0.0, nan, 5, 6.04])) == "M0 0M2 5L3 6"


def test_a_step_keeps_its_height_until_the_next_day() -> None:
    x, y = stepped(np.array([0.0, 10, 20]), np.array([0.0, 1, 2]))
    assert list(zip(x, y, strict=True)) == [(0, 0), (10, 0), (10, 1), (20, 1), (20, 2)]


def test_a_band_goes_there_above_and_back_below() -> None:
    panel = Panel(0, 0, 100, 100, (0, 1), (0, 1))
    band = panel.band([0, 1], [0.1, 0.2], [0.3, 0.4], "band")
    assert band is not None
    assert 'd="M0 70L100 60L100 80L0 90Z"' in band
    assert panel.band([0.5], [0.1], [0.3], "band") is None


def test_marks_are_cut_off_at_the_frame_and_the_frame_is_not() -> None:
    panel = Panel(60, 20, 100, 50, (0, 1), (0, 2))
    inside = panel.marks(panel.line([0, 1], [0, 9], "line"))
    assert inside.startswith('<svg x="60" y="20" width="100" height="50">')
    frame = "".join(panel.frame([(0.5, "half")], [(2, "two")], "across", "up"))
    assert re.search(r'<text x="110" y="87" class="tick" text-anchor="middle">half', frame)
    assert re.search(r'<text x="53" y="24" class="tick" text-anchor="end">two', frame)


@given(st.lists(st.text("abc def", min_size=1, max_size=30), min_size=1, max_size=8))
def test_names_in_a_legend_never_lie_on_each_other(names: list[str]) -> None:
    drawn = legend(0, 0, [("lead", name) for name in names], 500)
    places = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"', drawn)
    ends: dict[str, float] = {}
    for (x, row), name in zip(places, names, strict=True):
        assert float(x) - 35 >= ends.get(row, 0.0)
        ends[row] = float(x) + 6.5 * len(name)
    assert legend_height([("lead", n) for n in names], 500) == 20 * len(ends)
