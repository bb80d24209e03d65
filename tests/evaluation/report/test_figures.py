"""The figures against the numbers: read back from the drawing, reckoned another way."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from hscrisk.evaluation.report import Bootstrap, Page
from hscrisk.evaluation.report.blocks import Figure
from hscrisk.evaluation.report.calibration_figure import Smoothed, calibration_figure
from hscrisk.evaluation.report.forest_figure import ForestRow, forest_figure
from hscrisk.evaluation.report.kinds import kinds, lead_last, lead_of
from hscrisk.evaluation.report.material import (
    gather,
    net_benefits,
    reach,
    risk_groups,
    roc_curves,
)
from hscrisk.metrics import cumulative_dynamic_auc, net_benefit
from hscrisk.survival import AalenJohansen, Outcome
from tests.evaluation.report.conftest import BOOTSTRAP


@pytest.fixture(scope="module")
def material(table: Any, cohort: Any) -> Any:
    return gather(table, cohort, BOOTSTRAP)


def drawing(page: Page, name: str) -> Figure:
    return next(f for f in page.figures if f.name == name)


def corners(path: str) -> np.ndarray:
    return np.array([[float(v) for v in p.split()] for p in re.split("[ML]", path) if p])


def test_who_refused_is_not_drawn_and_the_null_has_no_curve(material: Any, page: Page) -> None:
    assert material.models == ["logistic", "default"]
    assert material.lead == "default"
    assert "refuses" not in drawing(page, "discrimination").drawing
    # Nor does anybody else change colour for it.
    assert material.kinds == kinds(["null", "logistic", "default", "refuses"])


def test_the_area_under_the_drawn_roc_curve_is_the_auc(material: Any, page: Page) -> None:
    svg = drawing(page, "discrimination").drawing
    for kind, model in (("lead", "default"), ("other1", "logistic")):
        (path,) = re.findall(rf'<path d="([^"]+)" class="line {kind}"', svg)
        xy = corners(path) / 290
        area = float(np.trapezoid(1 - xy[:, 1], xy[:, 0]))
        auc = cumulative_dynamic_auc(material.y, material.at(model)[:, None], [100.0])[0]
        assert area == pytest.approx(auc, abs=0.006)
    false, true = roc_curves(material)["default"]
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert len(false) < 130  # no corner of it is one patient


def test_net_benefit_is_drawn_where_it_is(material: Any, page: Page) -> None:
    found = net_benefits(material)
    expected = net_benefit(material.y, material.at("default")[:, None], [100.0], found.thresholds)
    assert found.models["default"] == pytest.approx(expected[0])
    odds = found.thresholds / (1 - found.thresholds)
    incidence = AalenJohansen().fit(material.y).predict([100.0])[0]
    assert found.treat_all == pytest.approx(incidence - (1 - incidence) * odds, abs=1e-6)
    svg = drawing(page, "decision").drawing
    (path,) = re.findall(r'<path d="([^"]+)" class="line lead"', svg)
    y = corners(path)[:, 1]
    (zero,) = set(corners(re.findall(r'<path d="([^"]+)" class="line none"', svg)[0])[:, 1])
    per_unit = (zero - y[0]) / expected[0][0]
    assert (zero - y) / per_unit == pytest.approx(expected[0], abs=0.003)


def test_groups_are_quarters_of_risk_with_their_own_curves(material: Any) -> None:
    groups = risk_groups(material, [30.0, 60.0, 100.0])
    risk = material.at("default")
    cuts = np.quantile(risk, [0.25, 0.5, 0.75])
    assert [g.label.split()[0] for g in groups] == ["lowest", "second", "third", "highest"]
    assert sum(g.n for g in groups) == len(risk)
    for k, group in enumerate(groups):
        low = -np.inf if k == 0 else cuts[k - 1]
        here = (risk > low) & (risk <= (cuts[k] if k < 3 else np.inf))
        assert group.n == here.sum()
        own = AalenJohansen().fit(
            {"event": material.y.event[here], "duration": material.y.duration[here]}
        )
        assert group.observed == pytest.approx(own.predict(group.day))
        assert group.predicted[-1] == pytest.approx(risk[here].mean())
    ends = [g.observed[-1] for g in groups]
    assert ends == sorted(ends)


def test_equal_risks_make_fewer_groups_and_none_of_less_than_ten(table: Any, cohort: Any) -> None:
    material = gather(table, cohort, BOOTSTRAP)
    assert material is not None
    flat = material.risks["default"]
    flat[:] = 0.3
    flat[:5] = 0.9
    assert [g.n for g in risk_groups(material, [100.0])] == [395]


def test_curves_end_where_too_few_are_known() -> None:
    days = np.arange(1.0, 101.0)
    assert reach(Outcome(np.ones(100, dtype=np.int64), days)) == np.inf
    lost = np.zeros(100, dtype=np.int64)
    assert reach(Outcome(lost, days)) == 91.0
    half = np.where(np.arange(100) < 50, 0, 1)
    assert reach(Outcome(half, days)) == 91.0


def test_intervals_of_figures_draw_whom_those_of_the_table_draw(cohort: Any) -> None:
    rows = np.arange(100)
    assert BOOTSTRAP.words(cohort, rows) == "bootstrap of 100 patients, 60 draws"
    placed = type(cohort)(**{**vars(cohort), "centre": np.arange(400) % 25})
    assert BOOTSTRAP.words(placed, rows) == "bootstrap of 25 centres, 60 draws"
    assert Bootstrap("patient", 60).words(placed, rows).startswith("bootstrap of 100 patients")


def test_bars_of_few_look_all_alike() -> None:
    risks = np.repeat([0.05, 0.35, 0.55, 0.75], [60, 25, 3, 9])
    grid = np.linspace(0.1, 0.7, 5)
    curve = Smoothed(grid, grid, grid - 0.1, grid + 0.1, 0.0, risks)
    svg = calibration_figure({"default": curve}, {"default": "lead"}, "told")
    bars = re.findall(r'<rect class="([^"]+)"[^>]* height="([\d.]+)"', svg)
    assert [kind for kind, _ in bars] == ["bar lead"] * 2 + ["bar few lead"] * 2
    heights = [float(h) for _, h in bars]
    assert heights[2] == heights[3] == pytest.approx(54 * 10 / 60)
    assert heights[1] == pytest.approx(54 * 25 / 60, abs=0.06)


def test_twice_and_half_are_equally_far_from_one() -> None:
    rows = [
        ForestRow("", "everybody", "400", "90", 1.0, 0.9, 1.1),
        ForestRow("sex", "female", "200", "45", 2.0, 1.5, 2.5),
        ForestRow("sex", "male", "200", "45", 0.5, 0.4, 0.7),
        ForestRow("sex", "not recorded", "<10", "<10", np.nan, np.nan, np.nan),
    ]
    svg = forest_figure(rows, "told")
    one, twice, half = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', svg))
    assert twice - one == pytest.approx(one - half, abs=0.11)
    assert svg.count("too few to judge") == 1
    assert svg.count(">sex<") == 1


def test_each_model_keeps_its_colour_in_all_figures(page: Page) -> None:
    told = kinds(["null", "a", "default", "b"])
    assert told == {"null": "null", "a": "other1", "default": "lead", "b": "other2"}
    assert lead_of(["null", "a", "b"]) == "a"
    assert lead_last(["default", "a"]) == ["a", "default"]
    for name in ("discrimination", "calibration", "decision"):
        assert 'class="line lead"' in drawing(page, name).drawing
        assert 'class="line other1"' in drawing(page, name).drawing
