"""What the default hands to the rule that weighs its trees, and what it makes of the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.datasets import simulate_cohort
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence, growth, linear_boosted
from hscrisk.models.anchors import States
from hscrisk.models.growing import TreeSettings
from hscrisk.models.inner_folds import inner_folds
from hscrisk.survival import check_outcome

ANCHORS = [45.0, 120]
FEW = TreeSettings(eta=0.2, max_rounds=10, depths=(2,), inner_folds=3)


@pytest.fixture(scope="module")
def asked() -> dict[str, Any]:
    """Fit with the rule replaced: it notes what it is given and answers .25, then .5."""
    cohort = simulate_cohort(240, seed=6)
    # Half of the patients have two transplants, and early ends of follow-up give unequal weights.
    patient = np.concatenate([np.arange(120) // 2, np.arange(60, 180)])
    y = cohort.y.copy()
    lost = np.arange(240) % 6 == 0
    y.loc[lost, "event"] = 0
    y.loc[lost, "duration"] = np.minimum(y.loc[lost, "duration"], 20 + np.arange(240)[lost] / 3)
    calls: list[tuple[Any, ...]] = []

    def note(*given: Any) -> float:
        calls.append(given)
        return 0.25 * len(calls)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linear_boosted, "learned_weight", note)
        model = LinearBoostedIncidence(horizons=ANCHORS, trees=FEW, n_refits=0)
        model.fit(cohort.X, y, groups=patient)
    return {"X": cohort.X, "y": y, "patient": patient, "calls": calls, "model": model}


def test_the_backbone_is_judged_on_patients_it_has_not_seen(asked: dict[str, Any]) -> None:
    X, y, patient = asked["X"], asked["y"], asked["patient"]
    outcome = check_outcome(y)
    known = States.of(outcome, np.array(ANCHORS)).known()
    fold = inner_folds(outcome.event, patient, 3, 0)
    for label in np.unique(patient):
        assert len(np.unique(fold[patient == label])) == 1
    for k, (linear, *_) in enumerate(asked["calls"]):
        theirs = np.empty(len(X))
        for f in range(3):
            inside = fold != f
            model = LogisticIncidence(horizons=ANCHORS).fit(
                X[inside].reset_index(drop=True), y[inside].reset_index(drop=True)
            )
            theirs[~inside] = model.engine_.joined(model.pipeline_.transform(X[~inside]))[:, k]
        # G is that of the whole cohort here and of the fold there: close, not equal.
        assert np.corrcoef(linear, theirs[known[:, k]])[0, 1] > 0.995
        seen = LogisticIncidence(horizons=ANCHORS).fit(X, y)
        fitted = seen.engine_.joined(seen.pipeline_.transform(X))[known[:, k], k]
        away, own = np.abs(linear - theirs[known[:, k]]), np.abs(linear - fitted)
        assert away.mean() < own.mean() / 3


def test_states_weights_and_patients_are_those_of_the_rows(asked: dict[str, Any]) -> None:
    states = States.of(check_outcome(asked["y"]), np.array(ANCHORS))
    labels, _ = pd.factorize(asked["patient"])
    assert len(asked["calls"]) == 2
    for k, (linear, boosted, target, weight, groups, scarcity) in enumerate(asked["calls"]):
        known = states.known()[:, k]
        assert np.array_equal(target, states.target[known, k])
        assert np.array_equal(weight, states.weight[known, k])
        assert weight.max() > 1.02
        assert np.array_equal(groups, labels[known])
        assert scarcity == states.scarcity()[k]
        assert linear.shape == boosted.shape == target.shape


def test_the_answer_is_the_weight_of_the_trees(asked: dict[str, Any]) -> None:
    model, X = asked["model"], asked["X"]
    assert model.tree_weight_.tolist() == [0.25, 0.5]
    matrix = model.pipeline_.transform(X)
    backbone, trees = (term.part.log_odds(matrix) for term in model.engine_.terms)
    mean = backbone * [0.75, 0.5] + trees * [0.25, 0.5]
    assert np.abs(model.engine_.joined(matrix) - mean).max() < 1e-12


def test_refits_draw_patients(asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[np.ndarray] = []

    def note(rows: object, n_anchors: int, groups: np.ndarray, *_: object, **__: object) -> Any:
        given.append(groups)
        return np.ones(n_anchors)

    monkeypatch.setattr(growth, "refit_variance", note)
    model = LinearBoostedIncidence(horizons=ANCHORS, trees=FEW, n_refits=7)
    model.fit(asked["X"], asked["y"], groups=asked["patient"])
    assert np.array_equal(given[0], pd.factorize(asked["patient"])[0])
    assert model.engine_.terms[1].part.spread.tolist() == [1, 1]


def test_depth_follows_the_anchor_with_the_most_events(monkeypatch: pytest.MonkeyPatch) -> None:
    cohort, given = simulate_cohort(400, seed=6), []
    grown = growth.choose_depth_and_rounds

    def note(*args: Any, **kwargs: Any) -> Any:
        given.append(args[3])
        return grown(*args, **kwargs)

    monkeypatch.setattr(growth, "choose_depth_and_rounds", note)
    trees = TreeSettings(max_rounds=5, inner_folds=2)
    model = LinearBoostedIncidence(horizons=[5, 120], trees=trees, n_refits=0)
    model.fit(cohort.X, cohort.y)
    scarcity = States.of(check_outcome(cohort.y), model.horizons_).scarcity()
    assert scarcity.min() < 50 <= scarcity.max() < 200
    assert given == [(1, 2)]
