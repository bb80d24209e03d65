"""`hscrisk explain`: from a bundle and one record to pages."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from hscrisk.bundle import load_bundle
from hscrisk.cli import main
from hscrisk.explain import Explanation

RECORD = {"patient_age": 34, "hctci_score": 2, "graft_source": "bone_marrow"}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["hscrisk", "explain", *map(str, arguments)])
    with pytest.raises(SystemExit) as done:
        main()
    return int(done.value.code or 0)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(RECORD), encoding="utf-8")
    return path


def kept(folder: Path, endpoint: str) -> Explanation:
    return Explanation.from_dict(json.loads((folder / f"{endpoint}.json").read_text("utf-8")))


def test_every_endpoint_is_explained_as_the_bundle_does(
    bundle_folder: Path,
    record: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "explained"
    assert run(monkeypatch, bundle_folder, record, "--out", out) == 0
    bundle = load_bundle(bundle_folder)
    told = capsys.readouterr().out.splitlines()
    assert told == [str(out / "index.html"), "3 of 3 endpoints explained"]
    assert {path.name for path in out.iterdir()} == {"index.html"} | {
        f"{name}{suffix}" for name in bundle.endpoints for suffix in (".html", ".svg", ".json")
    }
    for name in bundle.endpoints:
        e = kept(out, name)
        assert e == bundle.explain(RECORD, name)
        assert e.horizon_days == 100
        assert e.model_version == bundle.model_version
        assert e.cohort.n == 200


def test_a_nested_endpoint_is_shown_at_the_wider_ones_risk_with_a_note(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In these made-up data grade III-IV rises with age where II-IV falls.
    old = tmp_path / "old.json"
    old.write_text(json.dumps({**RECORD, "patient_age": 58}))
    assert run(monkeypatch, bundle_folder, old, "--out", tmp_path / "out") == 0
    wide, narrow = (kept(tmp_path / "out", f"acute_gvhd_{g}") for g in ("2_4", "3_4"))
    assert narrow.risk == wide.risk
    assert any("acute_gvhd_2_4" in note for note in narrow.notes)
    assert [i.contribution_risk for i in narrow.items] == [i.contribution_risk for i in wide.items]
    # The cohort's own figure stays that of the endpoint asked for.
    model = load_bundle(bundle_folder).models["acute_gvhd_3_4"]
    assert narrow.null_risk == model.null_.predict([100])[0] != wide.null_risk
    page = (tmp_path / "out" / "acute_gvhd_3_4.html").read_text("utf-8")
    assert "To be known beside this figure" in page


def test_one_endpoint_at_a_day(
    bundle_folder: Path, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    asked = ("--endpoint", "acute_gvhd", "--horizon", 45)
    assert run(monkeypatch, bundle_folder, record, "--out", out, *asked) == 0
    assert {path.name for path in out.iterdir()} == {
        "index.html",
        "acute_gvhd.html",
        "acute_gvhd.svg",
        "acute_gvhd.json",
    }
    assert kept(out, "acute_gvhd").horizon_days == 45
    assert "by day 45" in (out / "acute_gvhd.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--endpoint", "acute_gvdh"), 2, "acute_gvhd"),
        (("--endpoint", "acute_gvhd", "--horizon", "101"), 2, "day 100"),
        (("--horizon", "101"), 2, "day 100"),
        (("--expect", "0" * 64), 4, ""),
    ],
)
def test_what_cannot_be_answered_is_told_with_its_exit_code(
    arguments: tuple[str, ...],
    code: int,
    words: str,
    bundle_folder: Path,
    record: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert run(monkeypatch, bundle_folder, record, "--out", out, *arguments) == code
    told = capsys.readouterr().err
    assert told.startswith("hscrisk: ")
    assert words in told
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"patient_agee": 3}, "patient_age"),
        ({"patient_age": 999}, "patient_age"),
        ({"graft_source": "moonlight"}, "graft_source"),
        ([], "one transplant"),
    ],
)
def test_a_record_that_breaks_the_contract_is_refused_by_field(
    content: Any,
    words: str,
    bundle_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(content))
    assert run(monkeypatch, bundle_folder, path, "--out", tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert words in told
    assert not re.search("moonlight|999", told), "what is printed ends up in logs"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("inside", [".", "cards", "explained/today"])
def test_nothing_is_written_into_a_bundle(
    inside: str,
    bundle_folder: Path,
    record: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(bundle_folder, bundle)
    assert run(monkeypatch, bundle, record, "--out", bundle / inside) == 2
    assert "nothing can be written into a bundle" in capsys.readouterr().err
    assert load_bundle(bundle).id == load_bundle(bundle_folder).id


def test_an_absent_record_is_an_input_failure(
    bundle_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = tmp_path / "absent.json"
    assert run(monkeypatch, bundle_folder, absent, "--out", tmp_path / "out") == 3
