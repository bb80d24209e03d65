"""The report: what it says, what it hides, and that both formats say the same."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from hscrisk.cohort.text import DISCLAIMER
from hscrisk.evaluation import evaluate, evaluate_subgroups, judge_days
from hscrisk.evaluation.report import (
    About,
    Page,
    evaluation_page,
    render_html,
    render_markdown,
    write_report,
)
from hscrisk.evaluation.report.blocks import Figure, Table
from hscrisk.evaluation.report.html import standalone
from hscrisk.evaluation.report.shown import estimate
from tests.evaluation.report.conftest import BOOTSTRAP, MODELS, Slope, made_up

FIGURES = ("discrimination", "calibration", "decision", "risk_groups", "subgroups")


def tables(page: Page) -> list[Table]:
    return [part for s in page.sections for part in s.parts if isinstance(part, Table)]


def words(page: Page) -> str:
    return render_markdown(page, "figures").replace("\u00a0", " ")


def test_the_verdict_comes_before_every_number(page: Page, table: Any, cohort: Any) -> None:
    assert page.verdict == table.sentence(cohort.endpoint)
    html = render_html(page)
    first = html.index('class="verdict"')
    assert html.index(DISCLAIMER) < first
    assert first < html.index('class="facts"') < html.index("something first")
    assert html.index("something first") < html.index("<table>")
    assert "grading: theirs; the endpoint means ours" in html


def test_the_header_says_who_was_judged_how_and_on_which_data(
    page: Page, table: Any, cohort: Any
) -> None:
    told = dict(page.facts)
    assert told["Judged"] == "400 transplants"
    assert told["Design"] == "5-fold cross-validation by patient"
    assert told["Intervals"] == "95 %, bootstrap of 400 patients, 60 draws; models held fixed"
    assert told["Data"] == "SHA-256 abc"
    event, by_then = cohort.y["event"], cohort.y["duration"] <= 100
    rivals = int(((event > 1) & by_then).sum())
    assert f"{rivals} competing events" in told["By day 100"]
    year = pd.Series(np.arange(400) % 3 + 2001.0).where(np.arange(400) > 9)
    placed = SimpleNamespace(**{**vars(cohort), "year": year, "centre": year})
    other = dict(evaluation_page(table, placed, BOOTSTRAP, About("made_up")).facts)
    assert other["Judged"] == "400 transplants of 3 centres, 2001 to 2003"


def test_every_score_of_the_table_is_on_the_page(page: Page, table: Any) -> None:
    said = words(page)
    own = table.frame[~table.frame["metric"].str.contains("_minus_")]
    found = own[own["estimate"].notna()]
    assert len(found) > 60
    for row in found.to_dict("records"):
        assert estimate(row["estimate"], row["low"], row["high"]).replace("\u00a0", " ") in said


def test_the_null_stands_in_every_table_of_scores(page: Page) -> None:
    scores = [t for t in tables(page) if t.header[0] == "model"]
    assert len(scores) == 3 * 2 + 1  # accuracy and calibration a horizon, and the whole time
    for one in scores:
        assert one.rows[0][0] == "marginal curve"
    (groups,) = [t for t in tables(page) if t.header[0] == "group"]
    assert groups.header[-1] == "observed / expected, marginal curve"


def test_differences_are_the_lead_less_the_others_whatever_their_order(table: Any) -> None:
    rows = table.frame.query("metric == 'ipa_minus_logistic' and horizon == 100").iloc[0]
    forward = {"logistic": Slope(0.3), "default": Slope(1.0)}
    backward = dict(reversed(list(forward.items())))
    said = []
    for models in (forward, backward):
        judged = evaluate(models, made_up(), n_draws=60, random_state=1)
        page = evaluation_page(judged, made_up(), BOOTSTRAP, About("made_up"))
        (found,) = [t for t in tables(page) if t.caption.startswith("Paired differences, day 100")]
        assert found.rows[0][0] == "default model less logistic regression"
        said.append(found.rows[0][found.header.index("IPA")])
    assert said[0] == said[1] == estimate(rows["estimate"], rows["low"], rows["high"])


def test_captions_stand_alone(page: Page, cohort: Any) -> None:
    assert tuple(f.name for f in page.figures) == FIGURES
    event, duration = cohort.y["event"], cohort.y["duration"]
    n_events = int(((event == 1) & (duration <= 100)).sum())
    start = (
        f"Acute GVHD grade II-IV, day 100; made_up, 400 transplants, {n_events} events by then; "
        "5-fold cross-validation by patient."
    )
    for figure in page.figures:
        assert figure.caption.startswith(start)
        assert "95 %" in figure.caption
        assert figure.alt
        assert f'<desc id="{figure.name}-desc">' in figure.drawing


def test_what_cannot_be_estimated_is_said_in_words_without_its_small_count(page: Page) -> None:
    said = words(page)
    assert "Not estimable (refuses): in split 1: fewer than 10 events by day 100" in said
    assert "only 3" not in said
    assert "half tiny cannot be judged" in said


def test_small_counts_are_not_told(page: Page) -> None:
    (groups,) = [t for t in tables(page) if t.header[0] == "group"]
    counts = {row[0]: row[1:3] for row in groups.rows}
    assert counts["half: tiny"][0] == "<10"
    for cells in counts.values():
        for cell in cells:
            assert isinstance(cell, str)
            assert not re.fullmatch("[1-9]", cell)
    assert "Counts from 1 to 9 are shown as <10." in render_html(page).replace("&lt;", "<")


def test_a_group_of_everybody_is_no_group(table: Any, cohort: Any) -> None:
    labels = {"half": cohort.group, "country": ["here"] * 400}
    found = evaluate_subgroups(table, cohort, labels, n_draws=40)
    page = evaluation_page(table, cohort, BOOTSTRAP, About("made_up"), subgroups=found)
    assert "country" not in words(page)
    alone = evaluate_subgroups(table, cohort, {"country": ["here"] * 400}, n_draws=40)
    page = evaluation_page(table, cohort, BOOTSTRAP, About("made_up"), subgroups=alone)
    assert "subgroups" not in [f.name for f in page.figures]
    assert "Nothing that is recorded divides those who are judged." in words(page)


def test_both_formats_say_the_same(page: Page) -> None:
    class Text(HTMLParser):
        found = ""

        def handle_data(self, data: str) -> None:
            self.found += f" {data}"

    parser = Text()
    parser.feed(render_html(page))
    html = " ".join(parser.found.split())
    plain = re.sub(r"\\(.)", r"\1", words(page))
    for one in tables(page):
        for row in one.rows:
            for cell in row:
                assert str(cell).replace("\u00a0", " ") in plain
                assert " ".join(str(cell).split()) in html
    for figure in page.figures:
        assert figure.caption in plain
        assert figure.caption in html


def test_nothing_from_outside_becomes_a_tag_a_link_or_a_script(hostile_page: Page) -> None:
    html = render_html(hostile_page)
    assert "<script" not in html
    assert html.count("<svg") == html.count("</svg>")
    markdown = render_markdown(hostile_page, "figures")
    assert not re.search(r"(?<!\\)<", markdown.replace("\n> ", ""))
    assert not re.search(r"(?<!\\)\[a", markdown)
    for line in markdown.splitlines():
        if line.startswith("| "):
            header = len(re.findall(r"(?<!\\)\|", line))
            assert header in (2, 3, 4, 5, 6, 7, 8, 9, 10)
    for figure in hostile_page.figures:
        ElementTree.fromstring(standalone(figure))


def test_the_page_fetches_nothing_and_lets_nothing_in(page: Page) -> None:
    html = render_html(page)
    assert not re.search(r"(?:src|href)=", html)
    assert set(re.findall(r"https?://[^\"' ]+", html)) == {"http://www.w3.org/2000/svg"}
    style = re.findall(r"<style>(.*?)</style>", html, flags=re.S)
    assert len(style) == 1
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html
    assert "style=" not in html.replace("style-src", "")


def test_headers_have_a_scope_and_pictures_a_name(page: Page) -> None:
    html = render_html(page)
    assert len(re.findall(r"<th(?! scope=)[ >]", html)) == 0
    assert html.count('role="img"') == len(FIGURES)
    labels = re.findall(r'aria-labelledby="([^"]+)"', html)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {one for label in labels for one in label.split()} <= set(ids)


def test_the_same_evaluation_has_the_same_bytes(
    page: Page, cohort: Any, table: Any, subgroups: Any, tmp_path: Path
) -> None:
    about = About("made_up", {"Data": "SHA-256 abc"}, ("something first",))
    judged = evaluate(MODELS, cohort, n_draws=60, random_state=1, integrate=4)
    again = evaluation_page(judged, cohort, BOOTSTRAP, about, subgroups=subgroups)
    first, second = write_report(tmp_path / "a", page), write_report(tmp_path / "b", again)
    assert len(first) == 2 + len(FIGURES)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_markdown_links_to_the_figures_that_are_written(page: Page, tmp_path: Path) -> None:
    write_report(tmp_path, page)
    linked = re.findall(r"\]\((\S+)\)", (tmp_path / "report.md").read_text("utf-8"))
    assert linked == [f"figures/{name}.svg" for name in FIGURES]
    for link in linked:
        drawing = (tmp_path / link).read_text("utf-8")
        root = ElementTree.fromstring(drawing)
        assert DISCLAIMER in drawing
        assert "var(" not in drawing
        assert root.get("viewBox")


def test_of_repeated_divisions_each_patient_is_drawn_once(cohort: Any) -> None:
    models = {"default": Slope()}
    judged = evaluate(models, cohort, splits="repeated-2x3-fold", n_draws=40)
    page = evaluation_page(judged, cohort, BOOTSTRAP, About("made_up"))
    groups = next(f for f in page.figures if f.name == "risk_groups")
    sizes = [int(n) for n in re.findall(r"quarter (\d+),", groups.caption)]
    assert sum(sizes) == 400
    assert "Of the repeated divisions the first is drawn." in groups.caption


def test_where_nothing_can_be_judged_the_page_says_so() -> None:
    few = made_up(60, rate=0.0003)
    judged = evaluate({"default": Slope()}, few, n_draws=40)
    assert judged.frame["estimate"].isna().all()
    page = evaluation_page(judged, few, BOOTSTRAP, About("made_up"))
    assert page.figures == ()
    assert re.fullmatch(r"No model could be judged: fewer than 10 events .*", page.verdict)
    assert "fewer than 10 events by day 100" in words(page)


def test_a_model_that_is_alone_or_called_otherwise_leads(cohort: Any) -> None:
    judged = evaluate({"mine": Slope()}, cohort, n_draws=40)
    page = evaluation_page(judged, cohort, BOOTSTRAP, About("made_up"))
    decision = next(f for f in page.figures if f.name == "decision")
    assert "Band: 95 % interval of mine." in decision.caption
    assert not [t for t in tables(page) if t.caption.startswith("Paired")]


@pytest.fixture(scope="module")
def hoped_for() -> Page:
    cohort = made_up(300, "neutrophil_engraftment", rate=0.06)
    judged = evaluate({"default": Slope()}, cohort, n_draws=40, integrate=28)
    days = judge_days(judged.predictions, cohort, n_draws=40)
    return evaluation_page(judged, cohort, BOOTSTRAP, About("made_up"), days=days)


def test_an_event_that_is_hoped_for_has_days_and_no_decision_curve(hoped_for: Page) -> None:
    assert "decision" not in [f.name for f in hoped_for.figures]
    assert "this event is hoped for" in words(hoped_for)
    (days,) = [t for t in tables(hoped_for) if "predicted median (10–90 %), mean" in t.header]
    assert [row[0] for row in days.rows] == ["marginal curve", "default model"]
    assert re.fullmatch(r"\d+\.\d \(\d+\.\d–\d+\.\d\)", str(days.rows[1][1]))
    assert "made_up, 300 transplants" in days.caption


def test_figures_are_of_the_primary_day_or_the_last_that_could_be_judged() -> None:
    cohort = made_up(300)
    cohort.y = cohort.y.assign(
        event=cohort.y["event"].where(cohort.y["duration"] < 70, 0),
        duration=cohort.y["duration"].clip(upper=70),
    )
    judged = evaluate({"default": Slope()}, cohort, n_draws=40)
    page = evaluation_page(judged, cohort, BOOTSTRAP, About("made_up"))
    assert page.figures
    assert all(", day 60; made_up" in f.caption for f in page.figures)
    assert np.isnan(judged.frame.query("horizon == 100")["estimate"]).all()


def test_a_figure_is_never_drawn_twice_under_one_name(page: Page) -> None:
    names = [f.name for f in page.figures if isinstance(f, Figure)]
    assert len(names) == len(set(names))
