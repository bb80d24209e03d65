"""The pictures measure what the numbers say."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.explain import Explanation, render_figure
from hscrisk.explain.risk_figure import icons, strip
from hscrisk.explain.waterfall import axis, row_of_bar, steps

Make = Callable[..., Explanation]
SVG = "{http://www.w3.org/2000/svg}"
PHI = st.dictionaries(
    st.sampled_from([f"v{i}" for i in range(16)]), st.floats(-1.5, 1.5), min_size=1, max_size=16
)


def read(drawn: str) -> ET.Element:
    return ET.fromstring(drawn if drawn.startswith("<svg") else f"<svg>{drawn}</svg>")


@given(added=PHI, base=st.floats(-5, 5))
def test_steps_lead_from_the_base_to_the_risk(
    added: dict[str, float], base: float, make: Make
) -> None:
    e = make(added, base=base)
    bars = steps(e)
    assert bars[0].start == e.base_risk
    assert bars[-1].end == pytest.approx(e.risk, abs=1e-12)
    for before, after in pairwise(bars):
        assert before.end == after.start
    scale = axis(e, bars)
    assert scale.low < scale.high
    assert 1 <= len(scale.ticks) <= 8
    assert all(0 <= tick <= 1 for tick in scale.ticks)
    # Beyond 0 or 1 only where a step goes there.
    assert scale.low >= min(0.0, *(bar.end for bar in bars))
    assert scale.high <= max(1.0, *(bar.end for bar in bars))
    for risk in (e.low, e.high, e.risk, e.base_risk, *scale.ticks):
        assert scale.low - 1e-9 <= risk <= scale.high + 1e-9


@given(added=PHI, base=st.floats(-4, 4))
def test_bars_are_as_long_as_what_they_add(
    added: dict[str, float], base: float, make: Make
) -> None:
    e = make(added, base=base)
    bars = steps(e)
    scale = axis(e, bars)
    whole = scale.high - scale.low
    for bar in bars:
        (rect,) = read(row_of_bar(bar, scale, e.base_risk)).iter("rect")
        x, width = (float(rect.attrib[name].rstrip("%")) for name in ("x", "width"))
        assert x / 100 * whole + scale.low == pytest.approx(min(bar.start, bar.end), abs=1e-4)
        assert width / 100 * whole == pytest.approx(abs(bar.end - bar.start), abs=1e-4)
        kind = {"raises": "fig-up", "lowers": "fig-down", "neither": "fig-neither"}[bar.effect]
        assert rect.attrib["class"] == kind


@given(added=PHI)
def test_variables_told_together_are_those_that_move_least(
    added: dict[str, float], make: Make
) -> None:
    e = make(added)
    bars = steps(e, shown=3)
    told = [bar.label for bar in bars if "other variables" not in bar.label]
    assert told == [item.label for item in e.items[: len(told)]]
    rest = [bar for bar in bars if "other variables" in bar.label]
    count = sum(int(re.match(r"\d+", bar.label).group()) for bar in rest)  # type: ignore[union-attr]
    assert len(told) + count == len(e.items)
    assert count != 1


@pytest.mark.parametrize(
    ("risk", "low", "high"),
    [(0.34, 0.25, 0.44), (0.001, 0.0, 0.03), (0.996, 0.9, 1.0), (0.5, 0.5, 0.5)],
)
def test_so_many_dots_are_filled(risk: float, low: float, high: float, make_at: Make) -> None:
    drawn = read(icons(make_at(risk, low=low, high=high)))
    kinds = [dot.attrib["class"] for dot in drawn.iter("circle")]
    assert len(kinds) == 100
    filled = kinds.count("icon-sure") + kinds.count("icon-within")
    assert filled == round(100 * risk)
    assert kinds.count("icon-sure") == round(100 * low)
    assert filled + kinds.count("icon-maybe") == round(100 * high)
    assert kinds == sorted(kinds, key=["icon-sure", "icon-within", "icon-maybe", "icon-none"].index)


def test_the_line_marks_risk_interval_and_cohort(make_at: Make) -> None:
    drawn = read(strip(make_at(0.34, low=0.25, high=0.44, null_risk=0.26)))
    by_class = {el.attrib.get("class"): el.attrib for el in drawn}
    assert by_class["fig-dot"]["cx"] == "34.0%"
    assert by_class["fig-null"]["x1"] == by_class["fig-null"]["x2"] == "26.0%"
    assert (by_class["fig-band"]["x"], by_class["fig-band"]["width"]) == ("25.0%", "19.0%")
    label = drawn.attrib["aria-label"].replace("\u00a0", " ")
    assert "34 %, 90 % interval 25 % to 44 %; whole cohort 26 %" in label


def test_words_beside_the_line_stay_inside_it(make_at: Make) -> None:
    for risk, anchor in ((0.001, "start"), (0.5, "middle"), (0.999, "end")):
        drawn = read(strip(make_at(risk)))
        (named,) = (el for el in drawn.iter("text") if (el.text or "").startswith("this patient"))
        assert named.attrib["text-anchor"] == anchor


def test_the_figure_stands_alone(make: Make) -> None:
    e = make({f"variable_number_{i}": 0.3 - 0.05 * i for i in range(14)})
    text = render_figure(e)
    root = ET.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.find(f"{SVG}title").text == "Acute GVHD of any grade by day 100"  # type: ignore[union-attr]
    description = root.find(f"{SVG}desc").text or ""  # type: ignore[union-attr]
    for item in e.items:
        assert f"{item.label}: {item.value}" in description
    words = " ".join(el.text or "" for el in root.iter(f"{SVG}text"))
    assert "1,234 transplants of the cohort somewhere" in words
    assert "Research decision support, not a medical device." in words
    assert "90 % interval" in words
    assert "in the whole cohort 26" in words
    assert "var(" not in text
    assert "href" not in text
    assert len(list(root.iter(f"{SVG}rect"))) == 1 + len(steps(e))
