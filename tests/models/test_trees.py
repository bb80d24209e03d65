from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hscrisk.datasets import simulate_cohort
from hscrisk.errors import NotEstimable
from hscrisk.features import FeaturePipeline
from hscrisk.models import BoostedIncidence, LinearBoostedIncidence
from hscrisk.models.anchors import States
from hscrisk.models.growing import Grown, LongRows, TreeSettings, choose_depth_and_rounds
from hscrisk.models.inner_folds import inner_folds
from hscrisk.models.trees import Trees, refit_variance
from hscrisk.survival import check_outcome

ANCHORS = np.array([30.0, 100])
NONE = Grown(1, 0, np.empty(0))
HOW = {"seed": 0, "n_jobs": 1}


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, States, LongRows]:
    cohort = simulate_cohort(400, seed=1)
    matrix = FeaturePipeline().fit_transform(cohort.X)
    states = States.of(check_outcome(cohort.y), ANCHORS)
    return matrix, states, LongRows.of(matrix, states)


def test_anchors_share_a_patients_weight(scene: tuple[np.ndarray, States, LongRows]) -> None:
    _, states, rows = scene
    assert rows.weight.sum() == pytest.approx(states.weight.sum() / 2)
    assert np.allclose(np.exp(rows.matrix[:, -1]), ANCHORS[rows.anchor])
    assert (rows.weight > 0).all()


def test_without_rounds_everybody_has_the_cohorts_risk(
    scene: tuple[np.ndarray, States, LongRows],
) -> None:
    matrix, states, rows = scene
    part = Trees.fit(
        matrix, np.arange(matrix.shape[1]), states, rows, NONE, TreeSettings(), np.ones(2), **HOW
    )
    log_odds = part.log_odds(matrix)
    assert np.ptp(log_odds, axis=0).tolist() == [0, 0]
    assert 1 / (1 + np.exp(-log_odds[0])) == pytest.approx(states.incidence())
    base, values = part.explain(matrix, 1)
    assert base == log_odds[0, 1]
    assert (values == 0).all()


def test_variance_without_trees_is_that_of_a_proportion(
    scene: tuple[np.ndarray, States, LongRows],
) -> None:
    # Var logit(p) = 1 / (n p (1 - p)), when nobody is censored before the anchors.
    _, states, rows = scene
    found = refit_variance(rows, 2, np.arange(400), NONE, TreeSettings(), 2000, **HOW)
    p = states.incidence()
    assert found == pytest.approx(1 / (400 * p * (1 - p)), rel=0.15)


def test_patients_with_several_transplants_are_fewer(
    scene: tuple[np.ndarray, States, LongRows],
) -> None:
    matrix, states, rows = scene
    twice = np.tile(np.arange(len(matrix)), 2)
    doubled = States(ANCHORS, states.target[twice], states.weight[twice])
    pairs = LongRows.of(matrix[twice], doubled)
    kept = refit_variance(pairs, 2, twice, NONE, TreeSettings(), 500, **HOW)
    split = refit_variance(pairs, 2, np.arange(len(twice)), NONE, TreeSettings(), 500, **HOW)
    once = refit_variance(rows, 2, np.arange(400), NONE, TreeSettings(), 500, **HOW)
    assert kept == pytest.approx(once, rel=0.2)
    assert split == pytest.approx(once / 2, rel=0.2)


def test_depth_needs_events() -> None:
    settings = TreeSettings()
    assert [settings.allowed_depths(m) for m in (10, 100, 1000)] == [(1,), (1, 2), (1, 2, 3)]
    assert TreeSettings(depths=(3,)).allowed_depths(10) == (3,)


def test_noise_hardly_moves_anybody() -> None:
    rng = np.random.default_rng(3)
    X = pd.DataFrame(rng.normal(size=(200, 5)), columns=list("abcde"))
    y = pd.DataFrame({"event": rng.integers(0, 3, 200), "duration": rng.integers(1, 150, 200)})
    model = LinearBoostedIncidence(horizons=[60, 100], n_refits=3).fit(X, y)
    trees = model.engine_.terms[1].part.log_odds(model.pipeline_.transform(X))
    assert (model.tree_weight_ * trees.std(axis=0) < 0.05).all()
    assert np.isfinite(model.predict_interval(X)).all()


@pytest.mark.parametrize("columns", [["age"], ["graft"], ["mismatch"]])
def test_a_single_column_is_enough(columns: list[str]) -> None:
    cohort = simulate_cohort(500, seed=2)
    model = BoostedIncidence(horizons=[60], n_refits=2).fit(cohort.X[columns], cohort.y)
    found = model.contributions(cohort.X[columns], 60)
    assert found.values.shape == (500, 1)


def test_out_of_fold_means_out_of_fold(scene: tuple[np.ndarray, States, LongRows]) -> None:
    """A patient's own outcome moves the out-of-fold log-odds of other folds only."""
    matrix, states, rows = scene
    event = (states.target[:, 1] > 0).astype(int)
    fold = inner_folds(event, np.arange(400), 4, 0)
    settings = TreeSettings(max_rounds=5, eta=0.2, patience=5)
    target = states.target.copy()
    target[0] = 1 - target[0]
    other = LongRows.of(matrix, States(ANCHORS, target, states.weight))
    mine, theirs = (
        choose_depth_and_rounds(r, fold, 2, (2,), settings, **HOW) for r in (rows, other)
    )
    assert mine.rounds == theirs.rounds == 5
    same = fold[rows.patient] == fold[0]
    assert np.array_equal(mine.log_odds[same], theirs.log_odds[same])
    assert (mine.log_odds[~same] != theirs.log_odds[~same]).any()


def test_no_refits_no_interval(scene: tuple[np.ndarray, States, LongRows]) -> None:
    matrix, states, rows = scene
    part = Trees.fit(
        matrix, np.arange(matrix.shape[1]), states, rows, NONE, TreeSettings(), np.empty(0), **HOW
    )
    with pytest.raises(NotEstimable, match="refits"):
        part.variance(matrix)
