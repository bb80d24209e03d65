"""The report as a page: one file, nothing loaded, nothing of one person, told without seeing."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hscrisk.cli import main
from hscrisk.cohort import summarise
from hscrisk.cohort.page import render_report, write_report
from hscrisk.datasets import data_file, load_copelan1991
from hscrisk.errors import InputOutputFailed
from hscrisk.ingest import read_records

VOID = {"meta", "br"}


class Outline(HTMLParser):
    """Checks that tags nest, and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    assert found.open == []
    return found


READ = read_records(data_file("copelan1991"), "copelan1991").to_dict()
SUMMARY = summarise(load_copelan1991(), by="primary_disease").to_dict()
PAGE = render_report(READ, SUMMARY)


def test_the_page_is_whole_and_lets_nothing_in() -> None:
    found = outline(PAGE)
    css = re.search(r"<style>(.*?)</style>", PAGE, re.DOTALL)
    assert css is not None
    digest = base64.b64encode(hashlib.sha256(css.group(1).encode()).digest()).decode()
    policy = next(
        a["content"] for t, a in found.tags if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert not {"script", "link", "iframe", "img", "object"} & {t for t, _ in found.tags}
    for _, attributes in found.tags:
        assert not {"style", "src", "href"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in css.group(1)
    assert "@import" not in css.group(1)
    names = [attributes.get("name") for tag, attributes in found.tags if tag == "meta"]
    assert {"viewport", "robots", "referrer"} <= set(names)


def test_who_cannot_see_the_pictures_is_told_them() -> None:
    found = outline(PAGE)
    ids = [a["id"] for _, a in found.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    pictures = [a for t, a in found.tags if t == "svg"]
    assert len(pictures) == len(SUMMARY["endpoints"])
    for picture in pictures:
        assert picture["role"] == "img"
        assert set((picture["aria-labelledby"] or "").split()) <= set(ids)
    heads = [a for t, a in found.tags if t == "th"]
    assert heads
    assert all(a.get("scope") in ("col", "row") for a in heads)
    tables = sum(t == "table" for t, _ in found.tags)
    assert tables == sum(t == "caption" for t, _ in found.tags)
    levels = [int(t[1]) for t, _ in found.tags if re.fullmatch("h[1-6]", t)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


def test_every_number_of_the_summary_is_on_the_page() -> None:
    words = " ".join(outline(PAGE).words)
    assert words.count("Research decision support, not a medical device.") == 2
    for told in SUMMARY["endpoints"].values():
        assert told["label"] in words
        for row in told["horizons"]:
            low, high = 100 * row["low"], 100 * row["high"]
            assert f"{100 * row['incidence']:.1f} %" in words
            assert f"{low:.1f} to {high:.1f} %" in words
        for line in (*told["verdict"], *told["mismatches"]):
            assert line in words
    for name, why in SUMMARY["refused"].items():
        assert f"{name.replace('_', ' ')}: {why}" in words
    assert "Riley" in words
    assert "137 = 137 accepted + 0 quarantined" in words


def test_the_curve_is_drawn_where_the_numbers_are() -> None:
    told = SUMMARY["endpoints"]["death"]
    paths = re.findall(r'<path d="(M[^"]*)" class="curve"', PAGE)
    drawn = paths[list(SUMMARY["endpoints"]).index("death")]
    last_y = float(re.findall(r"V([0-9.]+)", drawn)[-1])
    top, height = 14, 300 - 14 - 40
    assert 1 - (last_y - top) / height == pytest.approx(told["curve"]["incidence"][-1], abs=0.002)


def test_small_groups_are_not_shown_and_text_is_escaped() -> None:
    n = 40
    table = pd.DataFrame(
        {
            "transplant_id": [f"secret{i}" for i in range(n)],
            "centre_id": ["<b>big</b>"] * 36 + ["tiny"] * 4,
            "year_of_hct": [2001] * 36 + [2002] * 4,
            "death_status": [1] * 20 + [0] * 20,
            "followup_day": range(20, 20 + n),
            "patient_age": [400] + [30] * (n - 1),
        }
    )
    read = read_records(table)
    page = render_report(read.to_dict(), summarise(read.accepted, by="centre_id").to_dict())
    assert "secret" not in page
    assert "<b>big" not in page
    assert "&lt;b&gt;big" in page
    row = re.search(r"<tr><th[^>]*>centre tiny</th>(.*?)</tr>", page)
    assert row is not None
    assert re.sub("<[^>]*>", "", row.group(1)) == "fewer than 10"
    assert "fewer than 10" in re.findall(r'<th scope="row">2002</th><td[^>]*>([^<]*)', page)
    assert "first rows" not in page


@pytest.mark.parametrize("kept", [0, 1, 12])
def test_any_cohort_has_a_page(kept: int) -> None:
    table = pd.DataFrame({"transplant_id": range(kept), "patient_age": [5] * kept})
    read = read_records(table)
    page = render_report(read.to_dict(), summarise(read.accepted).to_dict())
    assert "Not estimable here" in " ".join(outline(page).words)


def test_a_cohort_of_survivors_is_warned_of_first() -> None:
    table = pd.DataFrame(
        {
            "transplant_id": range(60),
            "death_status": [1] * 30 + [0] * 30,
            "followup_day": range(370, 430),
        }
    )
    read = read_records(table)
    page = render_report(read.to_dict(), summarise(read.accepted).to_dict())
    assert page.index("Nobody dies before day 370") < page.index("<h2>Reading")


def test_the_page_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: Any) -> None:
    path = write_report(tmp_path / "a.html", READ, SUMMARY)
    assert path.read_text(encoding="utf-8") == PAGE

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputOutputFailed, match="cannot be written"):
        write_report(path, READ, {**SUMMARY, "source": "other"})
    assert path.read_text(encoding="utf-8") == PAGE
    assert list(tmp_path.iterdir()) == [path]


def test_the_command_writes_it_beside_text_or_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for extra in ([], ["--json"]):
        out = tmp_path / f"r{len(extra)}.html"
        monkeypatch.setattr(
            "sys.argv", ["hscrisk", "check", "copelan1991", "--html", str(out), *extra]
        )
        with pytest.raises(SystemExit) as caught:
            main()
        assert caught.value.code in (0, None)
        told = capsys.readouterr().out
        outline(out.read_text(encoding="utf-8"))
    assert json.loads(told)["summary"]["follow_up"]["n"] == 137


def test_a_paper_stands_beside_the_file(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"id": range(60), "sex": [1] * 55 + [2] * 5, "dead": [1, 0] * 30, "t": 400}
    )
    (tmp_path / "m.yaml").write_text(
        "registry: mine\nfields:\n  transplant_id: id\n  death_status: dead\n  followup_day: t\n"
        "  patient_sex: {column: sex, codes: {1: male, 2: female}}\npublished:\n"
        "  - {source: A paper, endpoint: death, by: patient_sex, n: {male: 54, female: 5}}\n"
    )
    read = read_records(table, tmp_path / "m.yaml")
    page = render_report(read.to_dict(), summarise(read.accepted).to_dict())
    assert "Beside the paper" in page
    cells = re.findall(r'<th scope="row">patient_sex (\w+)</th>(.*?)</tr>', page)
    told = {level: re.sub("<[^>]*>", " ", rest).split() for level, rest in cells}
    assert told["male"] == ["55", "54", "+1"]
    assert told["female"][:3] == ["fewer", "than", "10"]
