"""Resolving time in a booster: same bits, honest covers, contributions that add up."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost as xgb

from hscrisk.datasets import simulate_cohort
from hscrisk.features import FeaturePipeline
from hscrisk.models.anchors import States
from hscrisk.models.growing import Grown, LongRows, TreeSettings, grow
from hscrisk.models.resolve import resolve_time
from hscrisk.survival import check_outcome

ANCHORS = np.array([20.0, 60, 150])


@pytest.fixture(scope="module", params=[1, 2, 3, 4])
def grown(request: pytest.FixtureRequest) -> tuple[xgb.Booster, np.ndarray]:
    cohort = simulate_cohort(500, seed=2, interactions=True)
    matrix = FeaturePipeline().fit_transform(cohort.X)
    rows = LongRows.of(matrix, States.of(check_outcome(cohort.y), ANCHORS))
    # The trees must split on time: the intercepts are taken away from the rows' margins.
    flat = LongRows(rows.matrix, rows.target, rows.weight, rows.patient, np.zeros_like(rows.anchor))
    settings = TreeSettings(eta=0.2, min_child_weight=2, column_share=1.0)
    booster, _ = grow(flat, 1, Grown(request.param, 40, np.empty(0)), settings, seed=1, n_jobs=1)
    return booster, matrix


def load(raw: bytes) -> xgb.Booster:
    booster = xgb.Booster()
    booster.load_model(bytearray(raw))
    return booster


def trees_of(booster: xgb.Booster) -> list[dict[str, list[int]]]:
    model = json.loads(bytes(booster.save_raw("json")))
    return model["learner"]["gradient_booster"]["model"]["trees"]


def at(booster: xgb.Booster, matrix: np.ndarray, day: float) -> np.ndarray:
    time = np.full((len(matrix), 1), np.log(day), dtype=np.float32)
    data = xgb.DMatrix(np.hstack([matrix, time]))
    data.set_base_margin(np.zeros(len(matrix), dtype=np.float32))
    return booster.predict(data, output_margin=True)


@pytest.mark.parametrize("day", [1.0, 19.5, 20.0, 33.0, 60.0, 149.0, 150.0, 5000.0])
def test_predicts_the_same_bits(grown: tuple[xgb.Booster, np.ndarray], day: float) -> None:
    booster, matrix = grown
    resolved = load(resolve_time(booster, float(np.log(day)), matrix, np.arange(matrix.shape[1])))
    mine = resolved.inplace_predict(matrix, predict_type="margin")
    assert np.array_equal(mine, at(booster, matrix, day))
    assert resolved.num_features() == matrix.shape[1]


def test_rows_never_met_in_training_too(grown: tuple[xgb.Booster, np.ndarray]) -> None:
    booster, matrix = grown
    rng = np.random.default_rng(0)
    strange = rng.normal(0, 50, (200, matrix.shape[1])).astype(np.float32)
    strange[rng.random(strange.shape) < 0.3] = np.nan
    resolved = load(resolve_time(booster, float(np.log(60)), matrix, np.arange(matrix.shape[1])))
    mine = resolved.inplace_predict(strange, predict_type="margin")
    assert np.array_equal(mine, at(booster, strange, 60))
    contributions = resolved.predict(xgb.DMatrix(strange), pred_contribs=True)
    assert np.abs(contributions.sum(axis=1) - mine).max() < 1e-4


def test_contributions_add_up_around_the_mean_of_the_cohort(
    grown: tuple[xgb.Booster, np.ndarray],
) -> None:
    booster, matrix = grown
    for day in ANCHORS:
        resolved = load(
            resolve_time(booster, float(np.log(day)), matrix, np.arange(matrix.shape[1]))
        )
        margin = resolved.inplace_predict(matrix, predict_type="margin")
        contributions = resolved.predict(xgb.DMatrix(matrix), pred_contribs=True)
        assert np.abs(contributions.sum(axis=1) - margin).max() < 1e-5
        assert contributions[0, -1] == pytest.approx(margin.mean(), abs=1e-5)


def test_siblings_are_neighbours_and_covers_are_the_cohort(
    grown: tuple[xgb.Booster, np.ndarray],
) -> None:
    booster, matrix = grown
    split_on_time = 0
    for before, after in zip(
        trees_of(booster),
        trees_of(
            load(resolve_time(booster, float(np.log(60)), matrix, np.arange(matrix.shape[1])))
        ),
        strict=True,
    ):
        split_on_time += matrix.shape[1] in before["split_indices"]
        inner = [i for i, left in enumerate(after["left_children"]) if left != -1]
        for i in inner:
            assert after["right_children"][i] == after["left_children"][i] + 1
            children = after["left_children"][i], after["right_children"][i]
            assert after["sum_hessian"][i] == pytest.approx(
                sum(after["sum_hessian"][c] for c in children)
            )
            assert [after["parents"][c] for c in children] == [i, i]
        assert after["sum_hessian"][0] == pytest.approx(len(matrix))
    # Otherwise nothing was resolved and the test proves nothing.
    assert split_on_time > 5


def test_risk_never_falls_with_time(grown: tuple[xgb.Booster, np.ndarray]) -> None:
    booster, matrix = grown
    curves = np.column_stack([at(booster, matrix, day) for day in range(5, 200, 5)])
    assert np.diff(curves, axis=1).min() >= -1e-6
    assert np.ptp(curves, axis=1).max() > 0.1
