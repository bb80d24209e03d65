"""What docs/evaluation.md shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hscrisk.evaluation.report.score_tables import ACCURACY, CALIBRATION
from hscrisk.evaluation.report.score_tables import INTEGRATED as SHOWN_INTEGRATED
from hscrisk.evaluation.scores import INTEGRATED, METRICS
from training.evaluation_config import load_evaluation


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docs" / "evaluation.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.S)


def test_the_files_shown_are_valid(text: str, tmp_path: Path) -> None:
    shown = blocks(text, "yaml")
    assert len(shown) == 2
    for k, block in enumerate(shown):
        file = tmp_path / f"{k}.yaml"
        file.write_text(block, encoding="utf-8")
        config = load_evaluation(file)
        assert (config.bundle is not None) is (k == 1)


def test_the_python_shown_runs(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = blocks(text, "python")
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    assert (tmp_path / "report" / "report.html").is_file()


def test_every_score_of_the_table_is_explained(text: str) -> None:
    assert set(METRICS) == {*ACCURACY, *CALIBRATION}
    assert set(INTEGRATED) == set(SHOWN_INTEGRATED)
    table = text.partition("## The scores")[2].partition("## The figures")[0]
    for name in ("AUC(t)", "Wolbers' C", "Brier", "IPA", "observed / expected", "intercept"):
        assert name in table
    for name in ("slope", "ICI, E50, E90", "integrated", "net benefit", "days to the event"):
        assert name in table
