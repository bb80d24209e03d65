"""A training file is data: what is unknown is refused with the nearest known word."""

from __future__ import annotations

from pathlib import Path

import pytest

from hscrisk.endpoints import load_endpoint
from hscrisk.errors import InputOutputFailed, InvalidConfiguration
from hscrisk.models import LinearBoostedIncidence
from training.config import ModelConfig, fingerprint, load_model_config, load_training

SMALL = "cohort: mine\ndata: mine.csv\nmapping: contract\nout: runs/mine\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_files_are_valid(root: Path) -> None:
    for path in (root / "configs" / "training").glob("*.yaml"):
        load_training(path)
    names = [path.stem for path in (root / "configs" / "models").glob("*.yaml")]
    assert {"default", "logistic"} <= set(names)
    for name in names:
        load_model_config(name).build(load_endpoint("chronic_gvhd"), 0, refits=True)


def test_defaults_are_those_of_the_demo(root: Path, tmp_path: Path) -> None:
    small = load_training(write(tmp_path, SMALL))
    demo = load_training(root / "configs" / "training" / "demo.yaml")
    for name in ("endpoints", "model", "comparators", "seed", "evaluation", "tracking"):
        assert getattr(small, name) == getattr(demo, name)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("endpoint: all", "Did you mean 'endpoints'?"),
        ("evaluation: {split: 5-fold}", "Did you mean 'splits'?"),
        ("seed: -1", "greater than or equal to 0"),
        ("tracking: {alias: Not Allowed}", "tracking.alias"),
    ],
)
def test_a_wrong_line_is_named_and_mended(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(InvalidConfiguration) as error:
        load_training(write(tmp_path, SMALL + line + "\n"))
    assert said in str(error.value)


def test_a_cohort_name_stays_a_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="cohort"):
        load_training(write(tmp_path, SMALL.replace("cohort: mine", "cohort: ../mine")))


def test_an_absent_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputOutputFailed):
        load_training(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n_refit": 5}, "Did you mean 'n_refits'?"),
        ({"trees": {"max_round": 5}}, "Did you mean 'max_rounds'?"),
        ({"random_state": 5}, "no such setting"),
    ],
)
def test_a_misspelt_setting_is_refused(settings: dict[str, object], said: str) -> None:
    config = ModelConfig(kind="linear_boosted", settings=settings)
    with pytest.raises(InvalidConfiguration) as error:
        config.build(load_endpoint("chronic_gvhd"), 0, refits=True)
    assert said in str(error.value)


def test_settings_reach_the_estimator() -> None:
    config = ModelConfig(
        kind="linear_boosted", settings={"prior_sd": 0.1, "trees": {"depths": [1], "eta": 0.2}}
    )
    model = config.build(load_endpoint("relapse"), 7, refits=False)
    assert isinstance(model, LinearBoostedIncidence)
    assert (model.prior_sd, model.random_state, model.n_refits) == (0.1, 7, 0)
    assert (model.trees.depths, model.trees.eta) == ((1,), 0.2)
    assert model.endpoint.name == "relapse"


def test_a_fingerprint_forgets_order_and_nothing_else() -> None:
    assert fingerprint({"a": 1, "b": [2, 3]}) == fingerprint({"b": [2, 3], "a": 1})
    assert fingerprint({"a": 1, "b": [2, 3]}) != fingerprint({"a": 1, "b": [3, 2]})
