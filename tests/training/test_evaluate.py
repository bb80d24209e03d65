"""Judging a registry by one command: what is written, said, kept, refused and tracked."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

import training.evaluate as program
import training.evaluation_inputs as evaluation_inputs
from hscrisk.bundle import load_bundle
from hscrisk.cohort import build_cohort
from hscrisk.datasets import load_copelan1991
from hscrisk.errors import InvalidConfiguration, NotEstimable, UntrustedBundle
from training.evaluated_models import recorded_scores
from training.evaluation_config import EvaluationConfig, load_evaluation
from training.evaluation_judging import SAME_DATA
from training.evaluation_run import run

BASE: dict[str, Any] = {
    "cohort": "copelan1991",
    "data": "copelan1991",
    "mapping": "copelan1991",
    "endpoints": ("relapse", "neutrophil_engraftment"),
    "models": ("logistic",),
    "designs": ("3-fold", "temporal-2015"),
    "subgroups": ("sex",),
    "n_draws": 40,
}


def _refuse(*_: object) -> None:
    message = "an evaluation must not open a connection"
    raise AssertionError(message)


@pytest.fixture(autouse=True)
def _same_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an edit while tests run not judge anew."""
    monkeypatch.setattr(evaluation_inputs, "code_hash", lambda: "0" * 64)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> EvaluationConfig:
    from tests.training.conftest import _listening

    config = EvaluationConfig(out=tmp_path_factory.mktemp("evaluation") / "run", **BASE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _refuse)
        patch.setattr(evaluation_inputs, "code_hash", lambda: "0" * 64)
        run(config, _listening()[0])
    return config


def test_each_evaluation_has_its_folder_and_one_page_lists_all(judged: EvaluationConfig) -> None:
    folder = judged.out / "relapse" / "3-fold"
    kept = json.loads((folder / "evaluation.json").read_text("utf-8"))
    assert {"report.html", "report.md", "scores.csv", "scores.json", "subgroups.csv"} <= set(
        kept["files"]
    )
    assert all((folder / file).is_file() for file in kept["files"])
    assert "the marginal curve" in kept["verdict"]
    index = (judged.out / "index.html").read_text("utf-8")
    assert 'href="relapse/3-fold/report.html"' in index
    assert kept["verdict"].partition(". ")[0] in index
    assert "neutrophil_engraftment" in index
    assert "the cohort records no year of transplant" in index
    assert "not a medical device" in index
    markdown = (judged.out / "index.md").read_text("utf-8")
    assert "(relapse/3-fold/report.html)" in markdown


def test_tables_hold_the_null_and_no_small_count(judged: EvaluationConfig) -> None:
    scores = pd.read_csv(judged.out / "relapse" / "3-fold" / "scores.csv")
    for _, rows in scores.groupby(["horizon"]):
        assert {"null_model", "logistic"} <= set(rows["model"])
    groups = pd.read_csv(judged.out / "relapse" / "3-fold" / "subgroups.csv")
    assert set(groups["variable"]) == {"sex"}
    for table in (scores, groups):
        for column in ("n", "n_events"):
            counts = pd.to_numeric(table[column], errors="coerce").dropna()
            assert not counts.between(1, 9).any()
    records = json.loads((judged.out / "relapse" / "3-fold" / "scores.json").read_text("utf-8"))
    assert len(records) == len(scores)
    whole = pd.read_csv(judged.out / "scores.csv")
    assert set(whole["design"]) == {"3-fold"}


def test_the_run_is_tracked_with_intervals_and_report(judged: EvaluationConfig) -> None:
    uri = f"sqlite:///{judged.out / 'mlflow.db'}"
    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("copelan1991")
    assert experiment is not None
    (found,) = client.search_runs([experiment.experiment_id])
    kept = json.loads((judged.out / "relapse" / "3-fold" / "evaluation.json").read_text("utf-8"))
    assert found.info.run_id == kept["run_id"]
    assert found.data.tags["kind"] == "evaluation"
    assert found.data.tags["design"] == "3-fold"
    scores = pd.read_csv(judged.out / "relapse" / "3-fold" / "scores.csv")
    day = scores["horizon"].max()
    row = scores.query("model == 'logistic' and metric == 'ipa' and horizon == @day").iloc[0]
    for suffix, column in (("", "estimate"), ("_low", "low"), ("_high", "high")):
        assert found.data.metrics[f"logistic_ipa_{day:g}{suffix}"] == pytest.approx(row[column])
    assert f"null_brier_{day:g}" in found.data.metrics
    logged = {item.path for item in client.list_artifacts(found.info.run_id)}
    assert {"report.html", "report.md", "scores.csv", "figures"} <= logged


def test_the_same_inputs_are_not_judged_twice(
    judged: EvaluationConfig, listening: Any, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(judged.out, out)
    progress, text = listening
    again = judged.model_copy(update={"out": out})
    before = (out / "relapse" / "3-fold" / "report.html").stat().st_mtime_ns
    run(again, progress)
    assert "relapse, 3-fold: nothing has changed, kept" in text.getvalue()
    assert (out / "relapse" / "3-fold" / "report.html").stat().st_mtime_ns == before
    (out / "relapse" / "3-fold" / "report.md").unlink()
    run(again, progress)
    assert (out / "relapse" / "3-fold" / "report.md").is_file()
    first = (judged.out / "relapse" / "3-fold" / "report.html").read_bytes()
    assert (out / "relapse" / "3-fold" / "report.html").read_bytes() == first


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"out": Path("elsewhere")}, True),
        ({"seed": 1}, False),
        ({"n_draws": 41}, False),
        ({"comparators": ("fine_gray",)}, False),
        ({"subgroups": "standard"}, False),
        ({"integrate": 3}, False),
        ({"cohort": "other"}, False),
    ],
)
def test_the_key_is_of_all_that_a_result_depends_on(
    tmp_path: Path, change: dict[str, Any], same: bool
) -> None:
    first = EvaluationConfig(out=tmp_path, **BASE)
    second = first.model_copy(update=change)
    keys = []
    for config in (first, second):
        inputs = evaluation_inputs.gather(config)
        keys.append(inputs.key(config, inputs.endpoints[0], "3-fold"))
    assert (keys[0] == keys[1]) is same


def test_a_bundle_is_judged_as_it_is_beside_its_own_null(
    small_run: Any, listening: Any, tmp_path: Path
) -> None:
    settings = {k: v for k, v in BASE.items() if k not in ("models", "designs")}
    settings |= {"endpoints": ("relapse",), "subgroups": ()}
    bundle = {"folder": small_run.config.out / "bundle", "sha256": small_run.finished.bundle_id}
    config = EvaluationConfig(out=tmp_path / "run", bundle=bundle, **settings)
    done = run(config, listening[0])
    assert [(d.endpoint, d.design) for d in done.evaluated] == [("relapse", "external")]
    folder = tmp_path / "run" / "relapse" / "external"
    scores = pd.read_csv(folder / "scores.csv")
    assert set(scores["model"]) == {"null_model", "bundle"}
    report = (folder / "report.html").read_text("utf-8")
    assert small_run.finished.bundle_id in report
    assert SAME_DATA.split(":")[0] in report  # it was trained on these very data
    own = load_bundle(small_run.config.out / "bundle")
    cohort = build_cohort(load_copelan1991(), own.endpoints["relapse"])
    risk = own.predict(cohort.X, endpoints=["relapse"])["relapse"]
    mean = {d: r.mean() for d, r in zip(risk.horizons, risk.risk.T, strict=True)}
    row = scores.query("model == 'bundle' and metric == 'oe_ratio'").iloc[0]
    null = scores.query("model == 'null_model' and metric == 'oe_ratio'").iloc[0]
    null_risk = dict(zip(risk.horizons, risk.null_risk, strict=True))
    day = float(row["horizon"])
    assert row["estimate"] / null["estimate"] == pytest.approx(null_risk[day] / mean[day])


def test_recalibration_is_judged_before_it_is_done(
    small_run: Any, listening: Any, tmp_path: Path
) -> None:
    settings = {k: v for k, v in BASE.items() if k not in ("models", "designs")}
    settings |= {"endpoints": ("relapse",), "subgroups": ()}
    bundle = {"folder": small_run.config.out / "bundle", "recalibrate": "intercept"}
    config = EvaluationConfig(out=tmp_path / "run", bundle=bundle, **settings)
    done = run(config, listening[0])
    assert [d.design for d in done.evaluated] == ["external", "5-fold"]
    folder = tmp_path / "run" / "relapse" / "5-fold"
    scores = pd.read_csv(folder / "scores.csv")
    assert set(scores["model"]) == {"null_model", "bundle", "recalibrated"}
    assert "the same, recalibrated here" in (folder / "report.html").read_text("utf-8")


def test_another_bundle_than_the_expected_one_is_refused(small_run: Any, tmp_path: Path) -> None:
    settings = {k: v for k, v in BASE.items() if k not in ("models", "designs")}
    bundle = {"folder": small_run.config.out / "bundle", "sha256": "f" * 64}
    with pytest.raises(UntrustedBundle):
        evaluation_inputs.gather(EvaluationConfig(out=tmp_path, bundle=bundle, **settings))
    bundle["sha256"] = None
    config = EvaluationConfig(out=tmp_path, bundle=bundle, **settings)
    with pytest.raises(InvalidConfiguration, match="no such endpoint"):
        evaluation_inputs.gather(config)


def test_nothing_that_somebody_else_put_somewhere_is_touched(
    small_run: Any, listening: Any, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InvalidConfiguration, match="holds what no run wrote"):
        run(EvaluationConfig(out=tmp_path, **BASE), listening[0])
    with pytest.raises(InvalidConfiguration, match="holds a training"):
        run(EvaluationConfig(out=small_run.config.out, **BASE), listening[0])


def test_where_nothing_can_be_judged_the_run_says_so(listening: Any, tmp_path: Path) -> None:
    settings = BASE | {"endpoints": ("neutrophil_engraftment",)}
    progress, text = listening
    with pytest.raises(NotEstimable, match="none of the evaluations"):
        run(EvaluationConfig(out=tmp_path / "run", **settings), progress)
    assert "neutrophil_engraftment: not judged, because" in text.getvalue()


def test_groups_that_divide_nobody_are_refused_before_anything_is_judged(
    listening: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.evaluation_run.judge", lambda *_: pytest.fail("judged"))
    settings = BASE | {"endpoints": ("relapse",), "subgroups": ("sxe",)}
    with pytest.raises(InvalidConfiguration, match="divides it"):
        run(EvaluationConfig(out=tmp_path / "run", **settings), listening[0])


def test_recorded_scores_are_found_and_the_finest_is_taken() -> None:
    cohort = build_cohort(load_copelan1991(), "relapse")
    assert recorded_scores(cohort) == ["disease_risk_group"]
    cohort.X["hctci_score"], cohort.X["hctci_group"] = 1.0, "1"
    assert recorded_scores(cohort) == ["hctci_score", "disease_risk_group"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("modles: [logistic]", "Did you mean 'models'"),
        ("comparators: [fine_grey]", "fine_gray"),
        ("bundle: {folder: x, sha: y}", "Did you mean 'sha256'"),
        ("bundle: {folder: x}", "a bundle is judged as it is"),
        ("models: []", "must be named"),
        ("designs: [5-fold, 5-fold]", "named twice"),
        ("designs: [5-folds]", "no such design. Did you mean '5-fold'?"),
        ("designs: [leave-centers-out]", "Did you mean 'leave-centres-out'?"),
        ("designs: [../5-fold]", "designs"),
        ("n_draws: 3", "n_draws"),
    ],
)
def test_a_wrong_file_is_refused_with_its_mend(tmp_path: Path, text: str, said: str) -> None:
    lines = {
        "cohort": "copelan1991",
        "data": "copelan1991",
        "mapping": "copelan1991",
        "out": str(tmp_path / "run"),
        "models": "[logistic]",
        "designs": "[5-fold]",
    }
    key, _, value = text.partition(": ")
    lines[key] = value
    file = tmp_path / "wrong.yaml"
    file.write_text("\n".join(f"{k}: {v}" for k, v in lines.items()))
    with pytest.raises(InvalidConfiguration) as refused:
        load_evaluation(file)
    assert said in str(refused.value)


def test_exit_codes_are_those_of_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main([]) == 2
    assert program.main([str(tmp_path / "none.yaml")]) == 3
    assert "there is no such configuration file" in capsys.readouterr().err


def test_the_closing_words_name_what_was_found_and_where(
    judged: EvaluationConfig, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "again.yaml"
    settings = {k: list(v) if isinstance(v, tuple) else v for k, v in BASE.items()}
    file.write_text(json.dumps(settings | {"out": str(judged.out)}))
    assert program.main([str(file)]) == 0
    said = capsys.readouterr().out
    for expected in (
        "nothing has changed, kept",
        "At day",
        str(judged.out / "index.html"),
        "Not judged:",
        "not a medical device",
    ):
        assert expected in said.replace("\n", "")


@pytest.mark.parametrize("name", ["demo", "cibmtr_ds1302"])
def test_shipped_examples_are_valid(root: Path, name: str) -> None:
    config = load_evaluation(root / "configs" / "evaluation" / f"{name}.yaml")
    assert "published_score" in config.comparators
    assert config.bundle is None
    assert config.models[0] == "default"
