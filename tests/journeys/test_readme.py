"""The README works as written: from the checkout, and from the wheel alone outside of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hscrisk.cli import app

HEAVY = ("xgboost", "mlflow", "shap", "sklearn", "matplotlib", "fastapi", "pandas")


def python_blocks(root: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(), flags=re.DOTALL)


@pytest.fixture(scope="module")
def wheel_home(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the wheel, built offline with the pinned backend, into an empty folder."""
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    home = out / "home"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home)
    return home


def run_outside(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in an empty folder where `hscrisk` can only be the wheel's."""
    work = home.parent / "work"
    work.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(home)}
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_library_and_configuration_and_nothing_else(wheel_home: Path) -> None:
    top = {path.name for path in wheel_home.iterdir() if not path.name.endswith(".dist-info")}
    assert top == {"hscrisk"}
    assert (wheel_home / "hscrisk/_configs/endpoints/acute_gvhd.yaml").is_file()
    assert (wheel_home / "hscrisk/py.typed").is_file()


def test_the_python_block_of_the_readme_runs_from_the_wheel(root: Path, wheel_home: Path) -> None:
    (block,) = python_blocks(root)
    where = "import hscrisk; print(hscrisk.__file__)\n"
    result = run_outside(wheel_home, "-c", where + block)
    assert result.returncode == 0, result.stderr
    assert str(wheel_home) in result.stdout.splitlines()[0]
    assert "marginal curve" in result.stdout


def test_check_runs_on_the_bundled_cohort_from_the_wheel(wheel_home: Path) -> None:
    made = run_outside(
        wheel_home, "-m", "hscrisk.cli", "datasets", "export", "copelan1991", "--out", "c.csv"
    )
    assert made.returncode == 0, made.stderr
    checked = run_outside(
        wheel_home, "-m", "hscrisk.cli", "check", "c.csv", "--mapping", "copelan1991", "--json"
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("what", ["import hscrisk", "import hscrisk.cli"])
def test_importing_is_light(what: str) -> None:
    code = f"{what}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_command_that_the_readme_names_exists(root: Path) -> None:
    text = (root / "README.md").read_text() + (root / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"(?:^|/|\s)hscrisk ([a-z]+) [^\n]*", text, flags=re.MULTILINE))
    named &= {"check", "score", "explain", "serve", "card", "verify", "datasets"}
    assert {"check", "score", "explain", "serve", "card"} <= named
    for command in sorted(named):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0, (command, result.output)
    targets = set(
        re.findall(r"^([a-z]+):.*##", (root / "Makefile").read_text(), flags=re.MULTILINE)
    )
    assert set(re.findall(r"make ([a-z]+)", text)) <= targets


def test_no_registry_host_or_machine_path_is_tracked(root: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "requirements"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split()
    assert tracked
    for name in tracked:
        assert "://" not in (root / name).read_text(), name
