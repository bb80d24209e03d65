"""Temporal and external designs, centre layers, and days that only integrated scores need."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import BaseEstimator

from hscrisk.comparators import PublishedScore
from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, MissingColumn, NotEstimable
from hscrisk.evaluation import evaluate, make_splits, predict_out_of_fold
from hscrisk.models import LogisticIncidence, MarginalIncidence, from_state
from hscrisk.survival import AalenJohansen
from tests.evaluation.made_up import HORIZONS, Knows, cohort

N = 200
PATIENT = np.arange(N) % 150
YEAR = np.where(np.arange(N) % 10 == 0, np.nan, 2000.0 + np.arange(N) % 13)


def test_a_temporal_split_learns_from_earlier_years_only() -> None:
    (split,) = make_splits("temporal-2008", None, PATIENT, year=YEAR)
    assert (YEAR[split.train] < 2008).all()
    np.testing.assert_array_equal(split.test, np.flatnonzero(YEAR >= 2008))
    assert not set(PATIENT[split.train]) & set(PATIENT[split.test])
    both = np.isin(PATIENT, PATIENT[split.test]) & (YEAR < 2008)
    assert both.any()
    np.testing.assert_array_equal(split.train, np.flatnonzero((YEAR < 2008) & ~both))
    assert split.name == "2008"


def test_a_registry_without_years_or_with_years_on_one_side_says_so() -> None:
    with pytest.raises(NotEstimable, match="records no year"):
        make_splits("temporal-2008", None, PATIENT)
    for year, words in ((1990, "before 1990"), (2020, "of 2020 or later")):
        with pytest.raises(NotEstimable, match=f"{words} are left: transplants are of 2000 to"):
            make_splits(f"temporal-{year}", None, PATIENT, year=YEAR)
    with pytest.raises(InvalidConfiguration):
        make_splits("temporal-15", None, PATIENT, year=YEAR)


def test_a_temporal_table_equals_that_of_its_rows_and_speaks_in_words() -> None:
    data = cohort()
    data.year = pd.Series(2000.0 + np.arange(300) % 12)
    models = {"logistic": LogisticIncidence(endpoint=data.endpoint)}
    table = evaluate(models, data, splits="temporal-2006", n_draws=20)
    rows = (data.year < 2006, data.year >= 2006)
    same = evaluate(models, data, splits=[rows], n_draws=20)
    pd.testing.assert_frame_equal(table.to_frame(), same.to_frame())
    assert table.design == "transplants of 2006 and later judged by models of the earlier ones"
    with pytest.raises(NotEstimable, match="records no year"):
        evaluate(models, cohort(), splits="temporal-2006")


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        ("2-fold", "2-fold cross-validation by patient"),
        ("leave-centres-out", "each centre judged by models of the other centres"),
        ([(np.arange(150), np.arange(150, 300))], "1 split"),
    ],
)
def test_a_design_is_told_in_words(splits: Any, words: str) -> None:
    data = cohort()
    data.centre = pd.Series((np.arange(300) % 7).astype(str))
    table = evaluate({"knows": Knows()}, data, splits=splits, n_draws=20)
    assert table.design == words
    assert words in table.sentence(data.endpoint)


class Fitted(BaseEstimator):
    """Comes fitted; may not be cloned or fitted again."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.null_, self.horizons_ = model.null_, model.horizons_
        self.feature_names_in_ = model.feature_names_in_

    def __sklearn_clone__(self) -> Fitted:
        raise AssertionError("cloned")

    def fit(self, X: Any, y: Any, groups: Any = None) -> Fitted:
        raise AssertionError("fitted")

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        found: np.ndarray = self.model.predict_cumulative_incidence(X, horizons)
        return found


def test_an_external_cohort_is_judged_whole_beside_the_null_that_came_along() -> None:
    here, there = cohort(seed=3), cohort(500, seed=4)
    model = LogisticIncidence(endpoint=there.endpoint).fit(there.X, there.y)
    table = evaluate({"logistic": Fitted(model)}, here, splits="external", n_draws=20)
    found = table.predictions
    np.testing.assert_array_equal(found.row, np.arange(300))
    np.testing.assert_array_equal(
        found.risks["logistic"], model.predict_cumulative_incidence(here.X, HORIZONS)
    )
    curve = AalenJohansen().fit(there.y).predict(HORIZONS)
    np.testing.assert_array_equal(found.risks["null"], np.tile(curve, (300, 1)))
    assert table.design == "models fitted elsewhere"
    assert set(table.to_frame()["n"]) == {300}


def test_a_model_that_was_kept_is_judged_beside_one_that_was_not() -> None:
    there = cohort(500, seed=4)
    model = LogisticIncidence(horizons=HORIZONS).fit(there.X, there.y)
    models = {"kept": from_state(model.to_state()), "fitted": model}
    frame = evaluate(models, cohort(), splits="external", n_draws=20).to_frame()
    same = frame.query("metric in ('ipa_minus_kept', 'auc_minus_kept')")
    assert len(same) == 4
    assert (same["estimate"] == 0).all()


def test_beyond_the_models_an_external_table_has_notes() -> None:
    there = cohort(500, seed=4)
    model = LogisticIncidence(endpoint=there.endpoint).fit(there.X, there.y)
    known = MarginalIncidence(endpoint=there.endpoint).fit(there.X, there.y)
    table = evaluate(
        {"logistic": model, "curve": known},
        cohort(),
        splits="external",
        horizons=[100, 150, 2000],
        n_draws=20,
    )
    notes = table.to_frame().query("metric == 'brier'").set_index(["model", "horizon"])["note"]
    assert notes["logistic", 150] == "the model answers up to day 100"
    assert notes["null", 150] == notes["curve", 150] == ""
    assert notes["null", 2000] != ""


def test_an_external_cohort_may_lack_columns_but_not_all() -> None:
    there = cohort(500, seed=4)
    there.X["extra"] = np.random.default_rng(0).normal(size=500)
    model = LogisticIncidence(endpoint=there.endpoint).fit(there.X, there.y)
    here = cohort()
    found = evaluate({"m": model}, here, splits="external", n_draws=20).predictions
    filled = here.X.assign(extra=np.nan)
    np.testing.assert_array_equal(
        found.risks["m"], model.predict_cumulative_incidence(filled, HORIZONS)
    )
    here.X = pd.DataFrame({"other": np.zeros(300)})
    with pytest.raises(MissingColumn, match="none of the columns"):
        evaluate({"m": model}, here, splits="external")


def test_models_of_different_cohorts_share_no_null() -> None:
    one, other = cohort(seed=3), cohort(seed=4)
    models = {
        name: LogisticIncidence(endpoint=data.endpoint).fit(data.X, data.y)
        for name, data in (("one", one), ("other", other))
    }
    with pytest.raises(InvalidConfiguration, match="different cohorts"):
        evaluate(models, one, splits="external")
    for without in ({}, {"unfitted": LogisticIncidence()}):
        with pytest.raises(InvalidConfiguration, match="needs fitted models"):
            evaluate(without, one, splits="external")


class KnowsCentres(BaseEstimator):
    """Shifts the risk at centres seen in training; must always be told the centre."""

    seen: ClassVar[list[set[str]]] = []

    def __init__(self, centre_intercepts: bool = True) -> None:
        self.centre_intercepts = centre_intercepts

    def fit(self, X: Any, y: Any, groups: Any = None, **more: Any) -> KnowsCentres:
        self.told_ = set(more)
        assert len(more.get("centre", X)) == len(X) == len(groups)
        self.known_ = set(more.get("centre", []))
        KnowsCentres.seen.append(self.known_)
        return self

    def predict_cumulative_incidence(self, X: Any, horizons: Any, **more: Any) -> np.ndarray:
        assert set(more) == self.told_ == ({"centre"} if self.centre_intercepts else set())
        known = [c in self.known_ for c in more.get("centre", [None] * len(X))]
        return np.tile(expit(np.array(known) + X["a"].to_numpy())[:, None], len(horizons))


def test_a_model_with_a_centre_layer_is_told_the_centres() -> None:
    data = cohort()
    data.centre = pd.Series((np.arange(300) % 7).astype(str))
    models = {"with": KnowsCentres(), "without": KnowsCentres(False)}
    splits = make_splits("2-fold", data.y, data.patient)
    found = predict_out_of_fold(models, data, splits, np.array(HORIZONS))
    a = data.X["a"].to_numpy()[found.row]
    np.testing.assert_allclose(found.risks["with"][:, 0], expit(1 + a))
    np.testing.assert_allclose(found.risks["without"][:, 0], expit(a))
    KnowsCentres.seen.clear()
    splits = make_splits("leave-centres-out", data.y, data.patient, centre=data.centre)
    found = predict_out_of_fold({"with": KnowsCentres()}, data, splits, np.array(HORIZONS))
    assert all(len(seen) == 6 for seen in KnowsCentres.seen)
    a = data.X["a"].to_numpy()[found.row]
    np.testing.assert_allclose(found.risks["with"][:, 0], expit(a))


def test_a_centre_layer_where_no_centre_is_named_is_a_note() -> None:
    frame = evaluate({"with": KnowsCentres()}, cohort(), n_draws=20).to_frame()
    notes = frame.query("model == 'with'")["note"]
    assert notes.str.contains("the cohort names no centre").all()


def test_a_column_that_a_model_names_and_the_cohort_lacks_is_a_note() -> None:
    models = {
        "dated": LogisticIncidence(horizons=HORIZONS, calendar_year=True),
        "score": PublishedScore("hctci_score", horizons=HORIZONS),
        "knows": Knows(),
    }
    frame = evaluate(models, cohort(), n_draws=20).to_frame()
    for name, words in (("dated", "calendar year"), ("score", "does not hold this score")):
        notes = frame.query("model == @name", local_dict={"name": name})["note"]
        assert notes.str.contains(words).all()
    assert frame.query("model == 'knows' and metric == 'ipa'")["estimate"].notna().all()


class OnItsDays(Knows):
    """Answers the days of the endpoint only."""

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        if not set(horizons) <= set(HORIZONS):
            raise HorizonOutOfRange("the model answers days 30 and 100 only")
        return super().predict_cumulative_incidence(X, horizons)


def test_days_that_are_only_integrated_over_change_nothing_else() -> None:
    models = {"knows": Knows(), "on its days": OnItsDays()}
    plain = evaluate(models, cohort(), n_draws=20).to_frame()
    table = evaluate(models, cohort(), n_draws=20, integrate=20)
    frame = table.to_frame()
    integrated = frame["metric"].str.startswith("integrated_")
    pd.testing.assert_frame_equal(frame[~integrated].reset_index(drop=True), plain)
    np.testing.assert_array_equal(table.predictions.horizons, np.arange(5, 101, 5))
    told = frame[integrated].set_index(["model", "metric"])
    assert told.loc[("on its days", "integrated_brier"), "note"] != ""
    assert told.loc[("knows", "integrated_ipa"), "estimate"] > 0
    assert set(told["horizon"]) == {100.0}


def test_days_to_integrate_over_and_whom_to_draw_are_checked_before_anything_is_fitted() -> None:
    models = {"m": Fitted(LogisticIncidence(horizons=HORIZONS).fit(cohort().X, cohort().y))}
    with pytest.raises(InvalidConfiguration, match="0 or above"):
        evaluate(models, cohort(), integrate=-1)
    for cluster in ("county", "centre"):
        with pytest.raises(InvalidConfiguration):
            evaluate(models, cohort(), cluster=cluster)
