"""Nothing is written into a bundle, by whatever command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from hscrisk.cli import main
from hscrisk.errors import InvalidConfiguration
from hscrisk.places import SEAL, require_outside


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    (folder / "cards").mkdir(parents=True)
    (folder / SEAL).write_text("0" * 64, encoding="utf-8")
    return folder


def test_a_bundle_and_all_below_it_is_refused(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(sealed / "cards")
    for inside in (sealed, sealed / "a.csv", sealed / "x" / "y" / "a.csv", tmp_path / "link" / "a"):
        with pytest.raises(InvalidConfiguration, match="into a bundle"):
            require_outside(inside)
    monkeypatch.chdir(sealed)
    with pytest.raises(InvalidConfiguration, match="into a bundle"):
        require_outside("a.csv")
    require_outside(tmp_path / "a.csv")
    require_outside(sealed / ".." / "a.csv")


@pytest.mark.parametrize(
    "command",
    [
        ["check", "copelan1991", "--quarantine", "{}/a.csv"],
        ["check", "copelan1991", "--html", "{}/a.html"],
        ["datasets", "export", "copelan1991", "--out", "{}/cards/a.csv"],
        ["datasets", "simulate", "--n", "5", "--seed", "1", "--out", "{}/a.csv"],
        ["datasets", "fetch", "cibmtr_ds1302", "--from", "none.csv", "--out", "{}"],
        ["mapping", "draft", "{}/../a.csv", "--out", "{}/a.yaml"],
    ],
)
def test_no_command_writes_into_a_bundle(
    sealed: Path,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (sealed.parent / "a.csv").write_text("id,age\na,34\nb,50\n", encoding="utf-8")
    before = sorted(sealed.rglob("*"))
    monkeypatch.setattr("sys.argv", ["hscrisk", *(part.format(sealed) for part in command)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "nothing can be written into a bundle" in capsys.readouterr().err
    assert sorted(sealed.rglob("*")) == before


def test_checking_needs_no_bundle_room() -> None:
    import subprocess

    code = (
        "import sys; from hscrisk.cli import app; from typer.testing import CliRunner; import json;"
        "r = CliRunner().invoke(app, ['check', 'copelan1991', '--quarantine', sys.argv[1]]);"
        "print(json.dumps([m for m in ('hscrisk.bundle', 'hscrisk.models', 'xgboost') "
        "if m in sys.modules]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, "/dev/null"], capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout) == []
