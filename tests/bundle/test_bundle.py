"""Save and load: the same bits, the same id, and nothing parsed that was not compared."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hscrisk.bundle.load as load_module
import hscrisk.bundle.readers as readers
from hscrisk.bundle import load_bundle, save_bundle, verify_bundle
from hscrisk.bundle.coding import json_bytes
from hscrisk.bundle.manifest import MANIFEST, read_sealed
from hscrisk.bundle.writing import write_sealed
from hscrisk.errors import InvalidConfiguration, MissingColumn, UntrustedBundle
from hscrisk.places import SEAL


def test_the_same_bits_after_a_round_trip(trained: Any, bundle_folder: Path) -> None:
    bundle = load_bundle(bundle_folder)
    assert list(bundle.models) == list(trained.models)
    for name, model in trained.models.items():
        again = bundle.models[name]
        X = trained.X
        assert again.predict_cumulative_incidence(X).tobytes() == (
            model.predict_cumulative_incidence(X).tobytes()
        )
        for one, other in zip(again.predict_interval(X), model.predict_interval(X), strict=True):
            assert one.tobytes() == other.tobytes()


def test_what_travels_with_the_models(trained: Any, bundle_folder: Path) -> None:
    bundle, given = load_bundle(bundle_folder), trained.arguments
    assert bundle.name == "made-up"
    assert bundle.contract == given["contract"]
    assert bundle.endpoints == given["endpoints"]
    assert bundle.profiles["acute_gvhd"].to_dict() == given["profile"].to_dict()
    assert bundle.cards == given["cards"]
    assert bundle.info == given["info"]
    assert bundle.reference == given["reference"]
    assert bundle.metrics["acute_gvhd"] == [{"metric": "ipa", "estimate": None}]
    assert bundle.format == readers.FORMAT == 1
    assert bundle.software.keys() >= {"hscrisk", "xgboost"}
    assert bundle.model_version == f"made-up@{bundle.id[:12]}"
    assert bundle.schema_version == given["contract"].version


def test_the_same_content_has_the_same_id(
    trained: Any, bundle_folder: Path, tmp_path: Path
) -> None:
    bundle = load_bundle(bundle_folder)
    assert save_bundle(tmp_path / "again", **trained.arguments) == bundle.id
    loaded = {
        **{key: getattr(bundle, key) for key in trained.arguments if key != "profile"},
        "profile": bundle.profiles,
    }
    assert save_bundle(tmp_path / "resaved", **loaded) == bundle.id
    other = {**trained.arguments, "info": {"seed": 5}}
    assert save_bundle(tmp_path / "other", **other) != bundle.id


def test_verify_tells_the_title_page_and_builds_nothing(
    bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_module, "READERS", {1: _must_not_run})
    found = verify_bundle(bundle_folder)
    assert (found.name, found.format) == ("made-up", 1)
    assert found.endpoints == ("acute_gvhd", "acute_gvhd_2_4", "acute_gvhd_3_4")
    assert found.n_files == len((bundle_folder / MANIFEST).read_text().splitlines())
    assert verify_bundle(bundle_folder, found.id) == found
    with pytest.raises(UntrustedBundle):
        verify_bundle(bundle_folder, "0" * 64)


def _must_not_run(*args: object, **kwargs: object) -> Any:
    message = "something was parsed before its hash was compared"
    raise AssertionError(message)


def test_any_changed_byte_is_refused_before_anything_is_parsed(
    trained: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, given = tmp_path / "bundle", trained.arguments
    one = {
        key: {name: given[key][name] for name in ("acute_gvhd",)}
        for key in ("models", "endpoints", "metrics", "reference", "cards")
    }
    save_bundle(folder, **{**given, **one})
    monkeypatch.setattr(load_module, "READERS", {1: _must_not_run})
    monkeypatch.setattr(load_module, "parse_json", _must_not_run)
    monkeypatch.setattr(json, "loads", _must_not_run)
    monkeypatch.setattr(zipfile, "ZipFile", _must_not_run)
    rng = np.random.default_rng(0)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert {MANIFEST, SEAL, "bundle.json", "arrays.npz", "trees.0.ubj"} <= {f.name for f in files}
    for file in files:
        content = file.read_bytes()
        positions = rng.choice(len(content), size=min(200, len(content)), replace=False)
        for position in positions:
            changed = bytearray(content)
            changed[position] ^= 1 << int(rng.integers(8))
            file.write_bytes(changed)
            with pytest.raises(UntrustedBundle) as refused:
                load_bundle(folder)
            name = MANIFEST if file.name == SEAL else file.relative_to(folder).as_posix()
            assert refused.value.offenders[0].startswith(name)
        file.write_bytes(content)
    with pytest.raises(AssertionError, match="was parsed"):
        load_bundle(folder)


def _rewritten(folder: Path, place: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """Write a bundle whose seal is right and whose content is not."""
    files = dict(read_sealed(folder).files)
    change(files)
    write_sealed(place, files)
    return place


def _head(**changes: object) -> Callable[[dict[str, bytes]], object]:
    def change(files: dict[str, bytes]) -> None:
        files["bundle.json"] = json_bytes({**json.loads(files["bundle.json"]), **changes})

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda files: files.pop("bundle.json"), r"bundle\.json: missing"),
        (lambda files: files.update({"bundle.json": b"[1]"}), "format None is unknown"),
        (_head(format=99), r"format 99 is unknown.*Known: 1"),
        (_head(format=True), "format True is unknown"),
        (_head(format="1"), "format '1' is unknown"),
        (lambda files: files.update({"run.py": b"print()"}), r"run\.py: has no place in format 1"),
        (lambda files: files.update({"bundle.json": b"{NaN}"}), "not strict JSON"),
        (lambda files: files.pop("contract.json"), "does not hold what format 1 promises"),
        (lambda files: files.update({"contract.json": b"{}"}), "does not hold what"),
        (lambda files: files.update({"endpoints/acute_gvhd.json": b"3"}), "does not hold what"),
        (lambda files: files.update({"profiles/acute_gvhd.json": b"{}"}), "does not hold what"),
        (lambda files: files.update({"models/acute_gvhd/arrays.npz": b"PK"}), "plain arrays"),
        (
            lambda files: files.update({"models/acute_gvhd/boosters/trees.0.ubj": b"{"}),
            "does not hold what",
        ),
        (
            lambda files: files.update(
                {"models/acute_gvhd/model.json": b'{"kind": "os.system", "settings": {}}'}
            ),
            "does not hold what",
        ),
        (lambda files: files.update({"cards/acute_gvhd.md": b"\xff"}), "does not hold what"),
        (_head(endpoints=["acute_gvhd", "relapse"]), "does not hold what"),
        (_head(endpoints="acute_gvhd"), "names of letters"),
        (_head(endpoints=["../acute_gvhd"]), "names of letters"),
        (_head(name="\x1b[2Jok"), "names of letters"),
        (_head(name=None), "names of letters"),
    ],
)
def test_a_rightly_sealed_bundle_must_still_hold_what_its_format_promises(
    bundle_folder: Path,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], object],
    words: str,
) -> None:
    with pytest.raises(UntrustedBundle, match=words):
        load_bundle(_rewritten(bundle_folder, tmp_path / "bundle", change))


def test_models_endpoints_and_profiles_go_together(trained: Any, tmp_path: Path) -> None:
    given = trained.arguments
    fewer = {name: given["endpoints"][name] for name in ("acute_gvhd",)}
    with pytest.raises(InvalidConfiguration, match="one endpoint for each model"):
        save_bundle(tmp_path / "b", **{**given, "endpoints": fewer})
    with pytest.raises(InvalidConfiguration, match="one profile for each model"):
        save_bundle(tmp_path / "b", **{**given, "profile": {"acute_gvhd": given["profile"]}})
    with pytest.raises(InvalidConfiguration, match="no model"):
        save_bundle(tmp_path / "b", **{**given, "models": {}, "endpoints": {}})
    for name in ("", "a b", "../a", "a/b", "\x1b[2J"):
        with pytest.raises(InvalidConfiguration, match="names of letters"):
            save_bundle(tmp_path / "b", **{**given, "name": name})
    assert not (tmp_path / "b").exists()


ALONE = """
import sys
sys.path.insert(0, {place!r})
from pathlib import Path
import hscrisk
assert Path(hscrisk.__file__).is_relative_to({place!r}), hscrisk.__file__
import numpy, pandas
from hscrisk.bundle import load_bundle
from hscrisk.scoring import predict_one
opened, unpickled = [], []
def watch(event, arguments):
    if event == "open":
        opened.append(str(arguments[0]))
    if event.startswith("pickle."):
        unpickled.append(arguments)
sys.addaudithook(watch)
found = predict_one(load_bundle({bundle!r}), {{"patient_age": 30, "graft_source": "bone_marrow"}})
assert len(found) == 9
assert unpickled == [], unpickled
assert any(name.endswith("MANIFEST") for name in opened)
assert [name for name in opened if name.endswith((".yaml", ".pkl", ".joblib"))] == []
forbidden = {{"training", "mlflow", "shap", "matplotlib"}} & set(sys.modules)
assert not forbidden, forbidden
print(found[0].risk.hex())
"""


def test_scoring_needs_neither_pickle_nor_training_nor_configs(
    bundle_folder: Path, tmp_path: Path, root: Path
) -> None:
    shutil.copytree(
        root / "hscrisk", tmp_path / "hscrisk", ignore=shutil.ignore_patterns("_configs", "*.pyc")
    )
    code = ALONE.format(place=str(tmp_path), bundle=str(bundle_folder))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    from hscrisk.scoring import predict_one

    record = {"patient_age": 30, "graft_source": "bone_marrow"}
    here = predict_one(load_bundle(bundle_folder), record)[0]
    assert float.fromhex(done.stdout.strip()) == here.risk


def test_no_source_file_mentions_what_runs_code_from_data(root: Path) -> None:
    words = ("import pickle", "joblib", "cloudpickle", "allow_pickle=True", "eval(", "yaml.load(")
    for source in (root / "hscrisk").rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        assert [word for word in words if word in text] == [], source.name


def test_predictions_name_what_is_wrong_with_the_question(
    trained: Any, bundle_folder: Path
) -> None:
    bundle = load_bundle(bundle_folder)
    with pytest.raises(InvalidConfiguration, match="Did you mean 'acute_gvhd'"):
        bundle.predict(trained.X, endpoints=["acute_gvdh"])
    with pytest.raises(MissingColumn, match="patient_age"):
        bundle.predict(trained.X.rename(columns=str.upper))
