"""The whole road, once, on two endpoints: what is written, said, and not done twice."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import training.assemble as assemble
import training.closing as closing
import training.finished as finished
import training.inputs as inputs
import training.pipeline as pipeline
from hscrisk import cli
from hscrisk.bundle import load_bundle
from hscrisk.cohort import summarise
from hscrisk.datasets import load_copelan1991
from hscrisk.errors import InputOutputFailed, InvalidConfiguration, NotEstimable
from hscrisk.schema import load_contract
from hscrisk.scoring.score_table import COLUMNS
from training.config import ExplanationSettings, TrackingSettings, TrainingConfig
from training.endpoint import train
from training.inputs import gather
from training.progress import Progress


def test_everything_is_where_the_closing_words_say(
    small_run: Any, listening: tuple[Progress, io.StringIO]
) -> None:
    progress, text = listening
    closing.say(small_run.config, small_run.finished, progress)
    said, out = text.getvalue(), small_run.config.out
    for name in closing.SHORT:
        assert (out / name).exists()
        assert str(out / name) in said
    for name in ("relapse", "death"):
        assert (out / "cards" / f"{name}.md").is_file()
        assert (out / "explanation" / name / "beeswarm.png").stat().st_size > 10_000
        assert (out / "explanation" / "patient" / f"{name}.html").is_file()
        assert f"{name}: {small_run.finished.verdicts[name].partition('. ')[0]}." in said
        assert "the marginal curve" in small_run.finished.verdicts[name]
    assert "the cohort records no neutrophil engraftment" in said
    assert "not a medical device" in said
    for command in ("mlflow ui --backend-store-uri", "hscrisk serve", "hscrisk explain"):
        assert command in said


def test_each_step_is_one_line(small_run: Any) -> None:
    lines = small_run.printed.splitlines()
    starts = ("read and check: 137 read = 137 accepted + 0", "not trained: neutrophil_engraftment")
    steps = ("train relapse (1 of 2)", "train death (2 of 2)", "bundle, cards", "explain", "score")
    for line, start in zip(lines, (*starts, *steps, "track"), strict=True):
        assert line.startswith(start)


def test_scores_come_from_the_bundle_that_is_kept(small_run: Any) -> None:
    scores = pd.read_csv(small_run.config.out / "scores.csv")
    assert list(scores.columns) == list(COLUMNS)
    assert scores["transplant_id"].nunique() == 137
    kept = load_bundle(small_run.config.out / "bundle", small_run.finished.bundle_id)
    assert set(scores["model_version"]) == {kept.model_version}
    days = sum(len(kept.models[name].horizons_) for name in kept.endpoints)
    assert len(scores) == 137 * days


def test_null_and_regression_stand_in_every_table(small_run: Any) -> None:
    table = pd.read_csv(small_run.config.out / "evaluation.csv")
    for _, rows in table.groupby(["endpoint", "horizon"]):
        assert {"null_model", "logistic", "default"} <= set(rows["model"])


def test_cards_name_the_bundle_and_say_the_verdict(small_run: Any) -> None:
    bundle = load_bundle(small_run.config.out / "bundle")
    for name in bundle.endpoints:
        card = (small_run.config.out / "cards" / f"{name}.md").read_text(encoding="utf-8")
        assert f"**Verdict.** {small_run.finished.verdicts[name]}" in card
        assert bundle.id in card
        assert small_run.finished.trained in card
        assert bundle.id not in bundle.cards[name]
        assert small_run.finished.trained not in bundle.cards[name]


def test_the_same_inputs_make_the_same_bundle(
    small_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    config, given = small_run.config, gather(small_run.config)
    records, contract = load_copelan1991(), load_contract()
    summary = summarise(records, given.endpoints)
    trained = [
        train(records, e, contract, config, given.models)
        for e in given.endpoints
        if e.name not in summary.refused
    ]
    again = assemble.contents(config, contract, summary, given.hashes, trained)
    assert assemble.save(tmp_path / "bundle", again) == small_run.finished.bundle_id


@pytest.mark.usefixtures("same_code")
def test_nothing_is_trained_twice(
    small_run: Any, listening: tuple[Progress, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "check", None)
    progress, text = listening
    assert pipeline.run(small_run.config, progress) == small_run.finished
    assert "nothing to train" in text.getvalue()


def test_anything_altered_is_trained_anew(small_run: Any, tmp_path: Path) -> None:
    out, key = tmp_path / "run", small_run.finished.key
    kept = ("bundle", "run.json", *{Path(f).parts[0] for f in small_run.finished.files})
    for name in dict.fromkeys(kept):
        source = small_run.config.out / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        out.mkdir(exist_ok=True)
        copy(source, out / name)
    assert finished.find(out, key) is not None
    assert finished.find(out, "0" * 64) is None
    card = out / "cards" / "relapse.md"
    card.unlink()
    assert finished.find(out, key) is None
    card.touch()
    model = out / "bundle" / "models" / "relapse" / "arrays.npz"
    model.write_bytes(model.read_bytes()[:-1] + b"\0\0")
    assert finished.find(out, key) is None
    (out / "run.json").write_text("{", encoding="utf-8")
    assert finished.find(out, key) is None


@pytest.mark.usefixtures("same_code")
def test_the_key_follows_content_and_not_places(config: TrainingConfig, tmp_path: Path) -> None:
    key = gather(config).key
    assert gather(config.model_copy(update={"out": tmp_path / "elsewhere"})).key == key
    copied = tmp_path / "copy.csv"
    shutil.copyfile(gather(config).data, copied)
    assert gather(config.model_copy(update={"data": str(copied)})).key == key
    assert gather(config.model_copy(update={"seed": 1})).key != key
    elsewhere = config.model_copy(update={"tracking": TrackingSettings(alias="champion")})
    assert gather(elsewhere).key != key
    assert gather(elsewhere).hashes == gather(config).hashes
    copied.write_bytes(copied.read_bytes() + b"\n")
    assert gather(config.model_copy(update={"data": str(copied)})).key != key
    Path(config.model).write_text("kind: logistic\n", encoding="utf-8")
    assert gather(config).key != key


def test_an_edit_of_the_code_changes_the_key(
    config: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "code_hash", lambda: "1" * 64)
    first = gather(config).key
    monkeypatch.setattr(inputs, "code_hash", lambda: "2" * 64)
    assert gather(config).key != first


def test_a_cohort_that_carries_nothing_says_so(
    config: TrainingConfig, listening: tuple[Progress, io.StringIO]
) -> None:
    nothing = config.model_copy(update={"endpoints": ("neutrophil_engraftment",)})
    with pytest.raises(NotEstimable, match="none of the endpoints"):
        pipeline.run(nothing, listening[0])
    assert "because the cohort records no neutrophil engraftment" in listening[1].getvalue()


def test_wrong_words_are_refused_before_anything_runs(config: TrainingConfig) -> None:
    with pytest.raises(InputOutputFailed, match="Did you mean 'copelan1991'"):
        gather(config.model_copy(update={"data": "copelan1919"}))
    with pytest.raises(InvalidConfiguration, match="Did you mean 'relapse'"):
        gather(config.model_copy(update={"endpoints": ("relaps",)}))
    assert not config.out.exists()


def test_nothing_of_anybody_else_is_emptied(
    config: TrainingConfig, listening: tuple[Progress, io.StringIO], tmp_path: Path
) -> None:
    theirs = config.out / "evaluation" / "notes.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("years of work", encoding="utf-8")
    with pytest.raises(InvalidConfiguration, match="what no run wrote"):
        pipeline.run(config, listening[0])
    assert [path for path in config.out.rglob("*") if path.is_file()] == [theirs]
    with pytest.raises(InputOutputFailed, match="cannot be made"):
        pipeline.run(config.model_copy(update={"out": theirs / "run"}), listening[0])


def test_a_row_that_is_not_there_is_refused_before_training(
    config: TrainingConfig,
    listening: tuple[Progress, io.StringIO],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "train_all", None)
    far = config.model_copy(update={"explanation": ExplanationSettings(position=137)})
    with pytest.raises(InvalidConfiguration, match="Ask for 0 to 136"):
        pipeline.run(far, listening[0])


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.main([]) == 2
    assert "usage" in capsys.readouterr().out
    file = tmp_path / "mine.yaml"
    file.write_text("cohort: mine\nmaping: contract\n", encoding="utf-8")
    assert pipeline.main([str(file)]) == 2
    assert "Did you mean 'mapping'?" in capsys.readouterr().err
    assert pipeline.main([str(tmp_path / "none.yaml")]) == 3


def test_the_card_command_prints_one_card_or_all(
    small_run: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = str(small_run.config.out / "bundle")

    def said(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["hscrisk", "card", bundle, *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return printed.out if stop.value.code == 0 else printed.err

    assert said().count("# Model card: ") == 2
    one = said("--endpoint", "relapse")
    assert one.count("# Model card: ") == 1
    assert small_run.finished.bundle_id in one
    assert "Did you mean 'relapse'?" in said("--endpoint", "relaps")


def test_reasons_that_travel_tell_no_small_count() -> None:
    rows = [{"metric": "auc", "note": "only 3 events by day 28 (10 needed)"}]
    told = assemble._uncounted(rows)
    assert told == [{"metric": "auc", "note": "fewer than 10 events by day 28 (10 needed)"}]
