"""Settings are chosen inside the training part, by weighted log-loss, and by nothing else."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, NotEstimable
from hscrisk.evaluation import TunedIncidence, evaluate, make_splits, predict_out_of_fold
from hscrisk.models import LogisticIncidence
from hscrisk.survival import AalenJohansen
from tests.evaluation.made_up import ENDPOINT, HORIZONS, Knows, cohort
from tests.evaluation.test_designs import KnowsCentres
from tests.reference import brute_force

DAYS = np.array(HORIZONS)


class Trap(Knows):
    """Remembers the rows it is fitted on, and those it is asked about, in turn."""

    told: ClassVar[list[tuple[str, set[int]]]] = []

    def __init__(self, shift: float = 0.0, slope: float = 1.0) -> None:
        super().__init__(shift, slope)
        self.horizons = HORIZONS

    def fit(self, X: Any, y: Any, groups: Any = None) -> Trap:
        Trap.told.append(("fit", set(X.index) | set(y.index)))
        return self

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        Trap.told.append(("ask", set(X.index)))
        return super().predict_cumulative_incidence(X, horizons)


class Halts(Knows):
    """Cannot be fitted, or cannot answer some days, as told."""

    def __init__(self, how: str = "", slope: float = 1.0) -> None:
        super().__init__(slope=slope)
        self.how, self.horizons = how, HORIZONS

    def fit(self, X: Any, y: Any, groups: Any = None) -> Halts:
        if self.how == "fit":
            raise NotEstimable("too few for this")
        return self

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        if self.how == "late" and max(horizons) > 30:
            raise HorizonOutOfRange("up to day 30")
        return super().predict_cumulative_incidence(X, horizons)


def test_the_truth_is_chosen_and_fitted_on_all_rows() -> None:
    data = cohort(600)
    model = TunedIncidence(Trap(), {"shift": [-2.0, 0.0], "slope": [-1.0, 0.0, 1.0]})
    model.fit(data.X, data.y, groups=data.patient)
    assert model.best_params_ == {"shift": 0.0, "slope": 1.0}
    assert list(model.inner_losses_.columns) == ["shift", "slope", "loss", "note"]
    assert len(model.inner_losses_) == 6
    expected = Knows().predict_cumulative_incidence(data.X, HORIZONS)
    np.testing.assert_array_equal(model.predict_cumulative_incidence(data.X, HORIZONS), expected)
    np.testing.assert_array_equal(
        model.null_.predict(DAYS), AalenJohansen().fit(data.y).predict(DAYS)
    )


def test_inner_losses_are_those_counted_patient_by_patient() -> None:
    data = cohort(200)
    model = TunedIncidence(Trap(), {"slope": [0.5, 1.0]}).fit(data.X, data.y)
    event, duration = data.y["event"].tolist(), data.y["duration"].tolist()
    for slope, found in zip([0.5, 1.0], model.inner_losses_["loss"], strict=True):
        risk = Knows(slope=slope).predict_cumulative_incidence(data.X, HORIZONS)
        total = 0.0
        for k, day in enumerate(HORIZONS):
            for i, (e, d) in enumerate(zip(event, duration, strict=True)):
                w = brute_force.ipcw_weight(e, d, day, event, duration)
                hit = e == 1 and d <= day
                total -= w * np.log(risk[i, k] if hit else 1 - risk[i, k])
        assert found == pytest.approx(total / 200, rel=1e-12)


def test_tuning_is_given_the_training_rows_and_no_others() -> None:
    data = cohort()
    model = TunedIncidence(Trap(), {"slope": [0.0, 1.0]}, n_folds=3)
    for split in make_splits("3-fold", data.y, data.patient):
        Trap.told.clear()
        predict_out_of_fold({"tuned": model}, data, [split], DAYS)
        train, test = set(split.train.tolist()), set(split.test.tolist())
        assert Trap.told[-2:] == [("fit", train), ("ask", test)]
        assert len(Trap.told) == 2 * 2 * 3 + 2
        assert all(rows < train for _, rows in Trap.told[:-2])


def test_poison_in_the_test_fold_changes_no_bit_of_a_tuned_model() -> None:
    data, rng = cohort(), np.random.default_rng(0)
    logistic = LogisticIncidence(endpoint=ENDPOINT)
    model = TunedIncidence(logistic, {"prior_sd": [0.05, 0.5]}, n_folds=2)
    for split in make_splits("2-fold", data.y, data.patient):
        poisoned, n = cohort(), len(split.test)
        poisoned.X.loc[split.test, "a"] = 1e6 * rng.normal(size=n)
        poisoned.y.loc[split.test, "event"] = rng.integers(0, 4, n)
        poisoned.y.loc[split.test, "duration"] = rng.integers(1, 5000, n).astype(float)
        clean = predict_out_of_fold({"m": model}, data, [split], DAYS).risks["m"]
        there = predict_out_of_fold({"m": model}, poisoned, [split], DAYS)
        poisoned.X.loc[split.test] = data.X.loc[split.test]
        again = predict_out_of_fold({"m": model}, poisoned, [split], DAYS).risks["m"]
        np.testing.assert_array_equal(clean, again)
        assert not np.array_equal(clean, there.risks["m"])


def test_patients_stay_together_in_inner_folds() -> None:
    data = cohort(150, transplants=2)

    class Apart(Trap):
        def fit(self, X: Any, y: Any, groups: Any = None) -> Apart:
            self.known_ = set(X["a"])
            return self

        def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
            assert not self.known_ & set(X["a"])
            return super().predict_cumulative_incidence(X, horizons)

    model = TunedIncidence(Apart(), {"slope": [0.0, 1.0]})
    model.fit(data.X, data.y, groups=data.patient)
    with pytest.raises(AssertionError):
        model.fit(data.X, data.y)


def test_a_candidate_that_cannot_be_fitted_is_not_chosen_and_says_why() -> None:
    data = cohort()
    model = TunedIncidence(Halts(), {"how": ["fit", ""], "slope": [0.0, 1.0]})
    model.fit(data.X, data.y)
    assert model.best_params_ == {"how": "", "slope": 1.0}
    assert model.inner_losses_["note"].tolist()[:3] == ["in split 1: too few for this"] * 2 + [""]
    assert model.inner_losses_["loss"].isna().tolist() == [True, True, False, False]


def test_candidates_are_compared_on_days_that_all_answer() -> None:
    data = cohort()
    model = TunedIncidence(Halts(), {"how": ["", "late"]}).fit(data.X, data.y)
    assert model.inner_losses_["loss"].nunique() == 1
    assert model.best_params_ == {"how": ""}


def test_where_nothing_can_be_tried_the_fold_is_a_note() -> None:
    model = TunedIncidence(Halts(), {"how": ["fit"]})
    frame = evaluate({"m": model}, cohort(), n_draws=20).to_frame()
    notes = frame.query("model == 'm'")["note"]
    assert notes.str.contains("no setting can be tried in the inner folds: in split 1: too").all()
    few = cohort(40)
    few.y["event"] = 0
    frame = evaluate({"m": model}, few, n_draws=20).to_frame()
    assert frame.query("model == 'm'")["note"].ne("").all()


@pytest.mark.parametrize("grid", [{}, {"slope": []}, {"depth": [1]}])
def test_a_grid_must_name_parameters_and_values(grid: dict[str, list[Any]]) -> None:
    data = cohort()
    with pytest.raises(InvalidConfiguration):
        TunedIncidence(Trap(), grid).fit(data.X, data.y)


def test_a_centre_layer_may_be_what_is_tuned() -> None:
    data = cohort()
    data.centre = pd.Series((np.arange(300) % 7).astype(str))
    model = TunedIncidence(KnowsCentres(), {"centre_intercepts": [False, True]})
    assert model.centre_intercepts
    model.fit(data.X, data.y, centre=data.centre)
    assert model.best_params_ == {"centre_intercepts": False}
    assert model.predict_cumulative_incidence(data.X, [100], centre=data.centre).shape == (300, 1)
    table = evaluate({"m": model}, data, n_draws=20)
    assert table.to_frame().query("model == 'm' and metric == 'auc'")["estimate"].gt(0.5).all()


class Dated(Knows):
    """Told the year only where it asked for it."""

    def __init__(self, calendar_year: bool = False, slope: float = 1.0) -> None:
        super().__init__(slope=slope)
        self.calendar_year, self.horizons = calendar_year, HORIZONS

    def fit(self, X: Any, y: Any, groups: Any = None) -> Dated:
        assert list(X.columns) == (["a", "year_of_hct"] if self.calendar_year else ["a"])
        return self

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        assert list(X.columns) == (["a", "year_of_hct"] if self.calendar_year else ["a"])
        return super().predict_cumulative_incidence(X, horizons)


@pytest.mark.parametrize("order", [[False, True], [True, False]])
def test_the_calendar_year_may_be_what_is_tuned(order: list[bool]) -> None:
    data = cohort()
    data.year = pd.Series(2000.0 + np.arange(300) % 12)
    model = TunedIncidence(Dated(), {"calendar_year": order})
    dated = data.X.assign(year_of_hct=data.year)
    assert model.fit(dated, data.y).best_params_ == {"calendar_year": order[0]}
    assert model.predict_cumulative_incidence(dated, [100]).shape == (300, 1)
    frame = evaluate({"m": model, "plain": Dated()}, data, n_draws=20).to_frame()
    ipa = frame.query("metric == 'ipa_minus_m'")["estimate"]
    assert (ipa == 0).all()
    assert len(ipa) == 2


def test_where_no_year_is_recorded_the_candidates_without_one_are_left() -> None:
    data = cohort(400)
    grid = {"calendar_year": [True, False]}
    model = TunedIncidence(LogisticIncidence(horizons=HORIZONS), grid).fit(data.X, data.y)
    assert model.best_params_ == {"calendar_year": False}
    assert "calendar year" in model.inner_losses_["note"].iloc[0]
    assert np.isfinite(model.predict_cumulative_incidence(data.X)).all()
