"""`hscrisk score` and `hscrisk verify`: what is printed, and the exit codes."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from hscrisk import cli
from hscrisk.bundle import verify_bundle


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["hscrisk", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture
def source(trained: Any, tmp_path: Path) -> Path:
    frame = trained.X.head(3).assign(transplant_id=["a", "b", "c"])
    frame.to_csv(tmp_path / "in.csv", index=False)
    return tmp_path / "in.csv"


def test_verify(
    bundle_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    identity = verify_bundle(bundle_folder).id
    assert _run(monkeypatch, "verify", bundle_folder, "--expect", identity) == 0
    told = capsys.readouterr().out
    assert identity in told
    assert "acute_gvhd, acute_gvhd_2_4, acute_gvhd_3_4" in told
    assert told.splitlines()[-1] == "ok"
    assert _run(monkeypatch, "verify", bundle_folder, "--expect", "0" * 64) == 4
    changed = tmp_path / "bundle"
    shutil.copytree(bundle_folder, changed)
    (changed / "metrics.json").write_text("{}")
    (changed / "run.py").write_text("")
    capsys.readouterr()
    assert _run(monkeypatch, "verify", changed) == 4
    told = capsys.readouterr()
    assert "metrics.json: altered" in told.err
    assert "run.py: not listed" in told.err
    assert "ok" not in told.out
    assert _run(monkeypatch, "verify", tmp_path / "nowhere") == 3


def test_score(
    bundle_folder: Path,
    source: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = source.with_name("out.csv")
    assert _run(monkeypatch, "score", bundle_folder, source, out, "--explain") == 0
    told = capsys.readouterr().out
    assert "read 3 = scored 3 + quarantined 0" in told
    assert "not a medical device" in told
    assert source.with_name("out.contributions.csv").exists()
    source.write_text(source.read_text() + "400,1,allogeneic,bone_marrow,d\n")
    aside = source.with_name("aside.csv")
    arguments = ("score", bundle_folder, source, out, "--quarantine", aside, "--json")
    assert _run(monkeypatch, *arguments) == 1
    summary = json.loads(capsys.readouterr().out)
    assert summary["n_read"] == summary["n_scored"] + summary["n_quarantined"] == 4
    assert summary["quarantine"] == str(aside)


def test_score_refuses(bundle_folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = source.with_name("out.csv")
    assert _run(monkeypatch, "score", bundle_folder, source, out, "--mapping", "nobodys") == 2
    assert _run(monkeypatch, "score", bundle_folder, source.with_name("gone.csv"), out) == 3
    assert _run(monkeypatch, "score", bundle_folder, source, out, "--expect", "0" * 64) == 4
    assert not out.exists()
