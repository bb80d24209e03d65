"""What stands in MLflow after a run: it is complete, explicit, holds no pickle, and predicts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.bundle import Bundle, load_bundle
from hscrisk.cohort import build_cohort
from hscrisk.datasets import load_copelan1991
from hscrisk.errors import InputOutputFailed, UntrustedBundle
from training.export import export, main

# Deprecations between the tracker and its own dependencies.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def client(small_run: Any) -> Iterator[Any]:
    import mlflow

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(small_run.uri)
    yield mlflow.MlflowClient()
    mlflow.set_tracking_uri(before)


def runs_of(client: Any) -> tuple[Any, dict[str, Any]]:
    experiment = client.get_experiment_by_name("copelan1991")
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if "endpoint" not in run.data.tags]
    children = {run.data.tags["endpoint"]: run for run in runs if run is not parent}
    return parent, children


def test_one_parent_and_one_child_an_endpoint(small_run: Any, client: Any) -> None:
    parent, children = runs_of(client)
    assert parent.info.run_id == small_run.finished.run_id
    assert set(children) == {"relapse", "death"}
    for child in children.values():
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    for run in (parent, *children.values()):
        for tag in ("data_sha256", "lock_sha256", "configuration_sha256"):
            assert len(run.data.tags[tag]) == 64
        assert run.data.tags["code_version"]
        assert run.data.params["seed"] == "0"
    assert parent.data.tags["bundle_id"] == small_run.finished.bundle_id
    assert parent.data.params["evaluation.splits"] == "3-fold"
    assert children["relapse"].data.params["model.n_refits"] == "4"


def test_metrics_are_those_of_the_table(small_run: Any, client: Any) -> None:
    _, children = runs_of(client)
    table = pd.read_csv(small_run.config.out / "evaluation.csv")
    rows = table[(table["endpoint"] == "relapse") & (table["horizon"] == 365)]
    logged = children["relapse"].data.metrics
    for model, prefix in (("default", ""), ("logistic", "logistic_"), ("null_model", "null_")):
        row = rows[(rows["model"] == model) & (rows["metric"] == "ipa")].iloc[0]
        assert logged[f"{prefix}ipa_365"] == pytest.approx(row["estimate"], abs=1e-12)
        assert logged[f"{prefix}ipa_365_low"] == pytest.approx(row["low"], abs=1e-12)
        assert logged[f"{prefix}ipa_365_high"] == pytest.approx(row["high"], abs=1e-12)


def test_artefacts_are_there_and_hold_no_transplant(small_run: Any, client: Any) -> None:
    parent, children = runs_of(client)
    assert [a.path for a in client.list_artifacts(parent.info.run_id)] == ["cohort.json"]
    run_id = children["relapse"].info.run_id
    found = {
        a.path
        for folder in ("card", "evaluation", "explanation")
        for a in client.list_artifacts(run_id, folder)
    }
    assert found == {
        "card/relapse.md",
        "evaluation/relapse.csv",
        "evaluation/relapse_marginal_curve.csv",
        "explanation/beeswarm.png",
        "explanation/importance.csv",
        "explanation/importance.json",
    }
    kept = small_run.config.out / "mlartifacts"
    for path in kept.rglob("*.csv"):
        assert "transplant_id" not in path.read_text(encoding="utf-8").splitlines()[0]
    names = [path.name for path in kept.rglob("*")]
    assert "patient.json" not in names


def test_no_pickle_anywhere(small_run: Any) -> None:
    files = [p for p in (small_run.config.out / "mlartifacts").rglob("*") if p.is_file()]
    assert any(p.name == "flavour.py" for p in files)
    for path in files:
        assert path.suffix not in {".pkl", ".pickle", ".joblib", ".dill"}
        # A pickle of protocol 2 or later begins with these two bytes, and ends with a stop.
        content = path.read_bytes()
        assert not (content[:1] == b"\x80" and content[1:2] <= b"\x05" and content[-1:] == b".")


def test_versions_carry_alias_signature_and_bundle(small_run: Any, client: Any) -> None:
    import mlflow

    for name in ("relapse", "death"):
        version = client.get_model_version_by_alias(f"copelan1991-{name}", "candidate")
        assert len(version.tags["bundle_id"]) == 64
        info = mlflow.models.get_model_info(f"models:/copelan1991-{name}@candidate")
        assert info.signature.inputs.input_names() == list(frame_of(name).columns)
        assert {str(t) for t in info.signature.inputs.input_types()} == {
            "DataType.double",
            "DataType.string",
        }
        assert "risk_365" in info.signature.outputs.input_names()


def frame_of(endpoint: str) -> pd.DataFrame:
    """Return the cohort's features as a client sends them: doubles and strings."""
    X = build_cohort(load_copelan1991(), endpoint).X
    numbers = {name: dtype == np.float64 for name, dtype in X.dtypes.items()}
    return X.astype({name: "float64" if number else object for name, number in numbers.items()})


def test_the_pyfunc_predicts_the_bits_of_the_bundle(small_run: Any, client: Any) -> None:
    import mlflow

    bundle = load_bundle(small_run.config.out / "bundle")
    for name in ("relapse", "death"):
        model = mlflow.pyfunc.load_model(f"models:/copelan1991-{name}@candidate")
        X = frame_of(name)
        nothing = pd.DataFrame(
            {c: [np.nan] if X[c].dtype == np.float64 else [None] for c in X}
        ).astype(X.dtypes)
        everyone = pd.concat([X, nothing], ignore_index=True)
        whole = model.predict(everyone)
        same_bits(whole, bundle, name, everyone)
        for row in (0, 137):
            alone = model.predict(everyone.iloc[[row]])
            pd.testing.assert_frame_equal(alone, whole.iloc[[row]], check_exact=True)
        assert not whole["supported"].iloc[137]
        assert whole["reasons"].iloc[137]


def same_bits(whole: pd.DataFrame, bundle: Bundle, name: str, frame: pd.DataFrame) -> None:
    expected = bundle.predict(frame, endpoints=[name])[name]
    for k, day in enumerate(expected.horizons):
        for what in ("risk", "low", "high"):
            assert np.array_equal(whole[f"{what}_{day:g}"], getattr(expected, what)[:, k])
        assert (whole[f"null_risk_{day:g}"] == expected.null_risk[k]).all()


def test_the_input_example_is_nobody(small_run: Any) -> None:
    (path,) = (small_run.config.out / "mlartifacts").glob(
        "models/*/artifacts/artifacts/bundle/models/relapse/../../../../input_example.json"
    )
    example = json.loads(path.read_text(encoding="utf-8"))
    told = {tuple(row) for row in frame_of("relapse").to_numpy().tolist()}
    assert tuple(example["data"][0]) not in told


def test_export_gathers_the_bytes_that_were_registered(small_run: Any, tmp_path: Path) -> None:
    bundle = export("copelan1991", "candidate", tmp_path / "out", small_run.uri)
    assert bundle.id == small_run.finished.bundle_id
    for path in (small_run.config.out / "bundle").rglob("*"):
        if path.is_file():
            copy = tmp_path / "out" / path.relative_to(small_run.config.out / "bundle")
            assert copy.read_bytes() == path.read_bytes()


def test_export_refuses_what_is_not_there(
    small_run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputOutputFailed, match="Did you mean 'copelan1991@candidate'"):
        export("copelan1991", "candidates", tmp_path / "out", small_run.uri)
    assert main(["copelan1991", "--out", str(tmp_path / "out")]) == 2
    assert "name a cohort and an alias" in capsys.readouterr().err
    assert main(["copelan1991' OR 1=1@candidate", "--out", str(tmp_path / "out")]) == 2
    assert "name a cohort and an alias" in capsys.readouterr().err
    absent = tmp_path / "none.db"
    store = ["--tracking-uri", f"sqlite:///{absent}"]
    assert main(["copelan1991@candidate", "--out", str(tmp_path / "out"), *store]) == 3
    assert "there is no tracking store" in capsys.readouterr().err
    assert not absent.exists()
    assert not (tmp_path / "out").exists()


def test_an_altered_artefact_is_refused_by_export_and_pyfunc(
    small_run: Any, client: Any, tmp_path: Path
) -> None:
    import mlflow

    version = client.get_model_version_by_alias("copelan1991-relapse", "candidate")
    (arrays,) = (small_run.config.out / "mlartifacts").glob(
        f"models/{version.source.rsplit('/', 1)[-1]}/artifacts/**/models/relapse/arrays.npz"
    )
    whole = arrays.read_bytes()
    try:
        arrays.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
        with pytest.raises(UntrustedBundle, match="altered"):
            export("copelan1991", "candidate", tmp_path / "out", small_run.uri)
        with pytest.raises(Exception, match="altered"):
            mlflow.pyfunc.load_model("models:/copelan1991-relapse@candidate")
    finally:
        arrays.write_bytes(whole)
