"""Evaluation: nothing is fitted outside a fold, the null is always there, failures are notes."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.evaluation import evaluate, make_splits
from hscrisk.evaluation.judged import METRICS
from hscrisk.metrics import brier_score, index_of_prediction_accuracy
from hscrisk.models import LogisticIncidence
from hscrisk.survival import AalenJohansen

HORIZONS = [30.0, 100.0]
ENDPOINT = SimpleNamespace(name="made_up", horizons=HORIZONS, primary_horizon=100.0)


def cohort(n: int = 300, *, n_patients: int | None = None, signal: float = 1.0) -> Any:
    rng = np.random.default_rng(3)
    x = pd.DataFrame({"a": rng.normal(size=n), "b": rng.choice(["u", "v"], size=n)})
    rate = np.exp(signal * x["a"]) * 0.006
    first, second = rng.exponential(1 / rate), rng.exponential(250, n)
    lost = rng.uniform(60, 400, n)
    duration = np.ceil(np.minimum(np.minimum(first, second), lost))
    event = np.where(lost <= np.minimum(first, second), 0, np.where(first <= second, 1, 2))
    patient = np.arange(n) % (n_patients or n)
    return SimpleNamespace(
        X=x,
        y=pd.DataFrame({"event": event, "duration": duration}),
        endpoint=ENDPOINT,
        patient=pd.Series(patient),
        centre=pd.Series((np.arange(n) % 7).astype(str)),
    )


class Refuses(BaseEstimator):
    """A model that cannot be fitted."""

    def fit(self, X: Any, y: Any, groups: Any = None) -> Refuses:
        raise NotEstimable("no luck")


class Spy(BaseEstimator):
    """Remembers what it was fitted on; knows the answer only of rows it has seen."""

    seen: ClassVar[list[set[int]]] = []

    def fit(self, X: Any, y: Any, groups: Any = None) -> Spy:
        assert len(X) == len(y) == len(groups)
        Spy.seen.append(set(X.index))
        self.known_ = set(X.index)
        return self

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        assert not self.known_ & set(X.index)
        return np.full((len(X), len(horizons)), 0.3)


@pytest.fixture(scope="module")
def table() -> Any:
    models = {"logistic": LogisticIncidence(endpoint=ENDPOINT), "refuses": Refuses()}
    return evaluate(models, cohort(), n_draws=200)


def test_every_model_horizon_and_metric_has_a_row_and_the_null_is_there(table: Any) -> None:
    frame = table.to_frame()
    rows = frame[~frame["metric"].str.contains("_minus_")]
    assert len(rows) == 3 * len(HORIZONS) * len(METRICS)
    null = rows.query("model == 'null'")
    assert (null.loc[null["metric"] == "ipa", "estimate"] == 0).all()
    assert (null.loc[null["metric"] == "auc", "estimate"] == 0.5).all()
    slope = null.loc[null["metric"] == "calibration_slope"]
    assert slope["estimate"].isna().all()
    assert (slope["note"] == "the risks do not vary, or separate the outcomes").all()
    assert (rows["note"].ne("") == rows["low"].isna()).all()


def test_a_model_that_refuses_is_a_note_and_the_others_go_on(table: Any) -> None:
    frame = table.to_frame()
    refused = frame.query("model == 'refuses'")
    assert refused["estimate"].isna().all()
    assert (refused["note"] == "in split 1: no luck").all()
    assert frame.query("model == 'logistic' and metric == 'auc'")["estimate"].min() > 0.6


def test_pooled_losses_are_those_of_the_public_metrics(table: Any) -> None:
    data, found = cohort(), table.predictions
    y = data.y.iloc[found.row]
    frame = table.to_frame().query("model == 'logistic'").set_index(["metric", "horizon"])
    brier = brier_score(y, found.risks["logistic"], HORIZONS)
    ipa = index_of_prediction_accuracy(
        y, found.risks["logistic"], HORIZONS, null=found.risks["null"]
    )
    for k, t in enumerate(HORIZONS):
        assert frame.loc[("brier", t), "estimate"] == pytest.approx(brier[k], abs=1e-12)
        assert frame.loc[("ipa", t), "estimate"] == pytest.approx(ipa[k], abs=1e-12)
        assert frame.loc[("ipa", t), "low"] < ipa[k] < frame.loc[("ipa", t), "high"]


def test_the_null_is_that_of_the_training_part(table: Any) -> None:
    data, found = cohort(), table.predictions
    for k in np.unique(found.fold):
        outside = np.setdiff1d(np.arange(len(data.X)), found.row[found.fold == k])
        there = AalenJohansen().fit(data.y.iloc[outside]).predict(HORIZONS)
        assert (found.risks["null"][found.fold == k] == there).all()


def test_no_row_that_is_judged_was_seen_in_fitting() -> None:
    Spy.seen = []
    data = cohort()
    found = evaluate({"spy": Spy()}, data, n_draws=20).predictions
    assert sorted(found.row) == list(range(300))
    assert len(Spy.seen) == 5
    for k, seen in enumerate(Spy.seen):
        assert seen == set(range(300)) - set(found.row[found.fold == k].tolist())


def test_poison_in_one_fold_reaches_no_risk_of_that_fold() -> None:
    """What stands in the test part, however absurd, must not move its null nor its model."""
    data = cohort()
    model = {"logistic": LogisticIncidence(endpoint=ENDPOINT)}
    splits = [(np.arange(150), np.arange(150, 300))]
    clean = evaluate(model, data, splits=splits, n_draws=20).predictions.risks
    data.y.loc[150:, "event"] = 1
    data.y.loc[150:, "duration"] = 1.0
    data.X.loc[299, "a"] = 1e9
    poisoned = evaluate(model, data, splits=splits, n_draws=20).predictions.risks
    for name in ("null", "logistic"):
        assert (clean[name][:-1] == poisoned[name][:-1]).all()


def test_all_transplants_of_a_patient_fall_on_one_side() -> None:
    data = cohort(n_patients=120)
    for split in make_splits("5-fold", data.y, data.patient):
        assert not set(data.patient[split.train]) & set(data.patient[split.test])
    with pytest.raises(InvalidConfiguration, match="both sides"):
        make_splits([(np.arange(150), np.arange(150, 300))], data.y, data.patient)


def test_centres_can_be_left_out_one_by_one() -> None:
    data = cohort()
    splits = make_splits("leave-centres-out", data.y, data.patient, centre=data.centre)
    assert [s.name for s in splits] == [str(k) for k in range(7)]
    for split in splits:
        assert set(data.centre[split.test]) == {split.name}
    with pytest.raises(NotEstimable, match="names no centre"):
        make_splits("leave-centres-out", data.y, data.patient)


@pytest.mark.parametrize("wrong", ["1-fold", "5 folds", "temporally"])
def test_an_unknown_design_is_refused(wrong: str) -> None:
    data = cohort()
    with pytest.raises(InvalidConfiguration):
        make_splits(wrong, data.y, data.patient)


def test_too_few_events_are_notes_and_never_a_crash() -> None:
    data = cohort(signal=0.0)
    data.y.loc[data.y["event"] == 1, "event"] = 2
    data.y.loc[:3, "event"] = 1
    made = evaluate({"logistic": LogisticIncidence(endpoint=ENDPOINT)}, data, n_draws=20)
    frame = made.to_frame()
    assert frame["estimate"].isna().all()
    assert frame["note"].str.contains("events").all()
    assert made.sentence(ENDPOINT).startswith("No model could be judged: only ")


def test_the_table_is_strict_json(table: Any) -> None:
    text = json.dumps(table.to_records(), allow_nan=False)
    assert '"note": "in split 1: no luck"' in text


def test_the_sentence_says_when_the_null_is_beaten_and_when_not(table: Any) -> None:
    assert table.sentence(ENDPOINT).startswith(
        "At day 100 the marginal curve is beaten by: logistic regression. "
        "IPA with 95 % interval: logistic regression 0."
    )
    noise = evaluate(
        {"logistic": LogisticIncidence(endpoint=ENDPOINT)}, cohort(signal=0.0), n_draws=200
    )
    assert noise.sentence(ENDPOINT).startswith("At day 100 no model is shown to beat the marginal")


def test_the_same_seed_gives_the_same_table_and_null_is_a_reserved_name() -> None:
    models = {"logistic": LogisticIncidence(endpoint=ENDPOINT)}
    one, two = (evaluate(models, cohort(120), n_draws=50).to_frame() for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    with pytest.raises(InvalidConfiguration):
        evaluate({"null": LogisticIncidence()}, cohort(120))
