"""One small run of the whole road, shared by the tests of the training programs."""

from __future__ import annotations

import io
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

import training.inputs
from training.config import EvaluationSettings, TrainingConfig
from training.finished import Finished
from training.pipeline import run
from training.progress import Progress

SMALL_MODEL = """\
kind: linear_boosted
settings: {n_refits: 4, trees: {max_rounds: 20, patience: 5, inner_folds: 3, depths: [1]}}
"""
CODE = "0" * 64
"""Stands for the hash of the code, so that an edit while tests run does not fail one."""


@dataclass(frozen=True)
class Run:
    """A finished run, and what was printed."""

    config: TrainingConfig
    finished: Finished
    printed: str

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.config.out / 'mlflow.db'}"


def _listening() -> tuple[Progress, io.StringIO]:
    text = io.StringIO()
    return Progress(Console(file=text, width=200, highlight=False, soft_wrap=True)), text


@pytest.fixture(scope="module")
def listening_once() -> Progress:
    """Return a progress whose text nobody reads."""
    return _listening()[0]


@pytest.fixture
def listening() -> tuple[Progress, io.StringIO]:
    """Return a progress and the text that it prints, as off a terminal."""
    return _listening()


def _config_in(folder: Path) -> TrainingConfig:
    model = folder / "small.yaml"
    model.write_text(SMALL_MODEL, encoding="utf-8")
    return TrainingConfig(
        cohort="copelan1991",
        data="copelan1991",
        mapping="copelan1991",
        out=folder / "run",
        endpoints=("death", "relapse", "neutrophil_engraftment"),
        model=str(model),
        evaluation=EvaluationSettings(splits="3-fold"),
    )


@pytest.fixture
def config(tmp_path: Path) -> TrainingConfig:
    """Return the settings of the small run, in a folder of its own."""
    return _config_in(tmp_path)


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    config = _config_in(tmp_path_factory.mktemp("training"))
    progress, text = _listening()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _refuse)
        patch.setattr(training.inputs, "code_hash", lambda: CODE)
        finished = run(config, progress)
    return Run(config, finished, text.getvalue())


def _refuse(*_: object) -> None:
    message = "a training run must not open a connection"
    raise AssertionError(message)


@pytest.fixture
def same_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the code be that of the small run."""
    monkeypatch.setattr(training.inputs, "code_hash", lambda: CODE)
