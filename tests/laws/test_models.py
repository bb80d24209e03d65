"""What every fitted model obeys, whatever it is made of."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import clone
from threadpoolctl import threadpool_info, threadpool_limits

from hscrisk.datasets.synthetic import SimulatedCohort
from hscrisk.errors import (
    HorizonOutOfRange,
    InvalidConfiguration,
    InvalidOutcome,
    MissingColumn,
    NotEstimable,
)
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence, from_state
from hscrisk.models.base import IncidenceModel
from hscrisk.models.growing import TreeSettings
from hscrisk.models.training_data import TrainingData

Make = Callable[..., IncidenceModel]
DAYS = np.array([1.0, 5, 20, 33, 45, 70, 100, 101, 150, 199, 200])


def test_the_boosted_models_under_the_laws_have_trees(fitted: dict[str, IncidenceModel]) -> None:
    # Otherwise half of the laws would hold for want of trees.
    for kind in ("BoostedIncidence", "LinearBoostedIncidence"):
        assert fitted[kind].rounds_ >= 10
    assert (fitted["LinearBoostedIncidence"].tree_weight_ > 0.05).all()


def test_all_four_are_found(fitted: dict[str, IncidenceModel]) -> None:
    assert set(fitted) == {
        "MarginalIncidence",
        "LogisticIncidence",
        "BoostedIncidence",
        "LinearBoostedIncidence",
    }


def test_risks_are_probabilities_and_monotone(
    model: IncidenceModel, cohort: SimulatedCohort
) -> None:
    causes = model.predict_all_causes(cohort.X, DAYS)
    assert causes.shape == (len(cohort.X), 3, len(DAYS))
    assert causes.min() >= 0
    assert causes.max() <= 1
    assert np.diff(causes, axis=2).min() >= -1e-9
    free = model.predict_event_free(cohort.X, DAYS)
    assert np.abs(causes.sum(axis=1) + free - 1).max() <= 1e-9
    assert free.min() >= 0
    first = model.predict_cumulative_incidence(cohort.X, DAYS)
    # The event of interest is never rescaled for the others' sake.
    assert np.array_equal(causes[:, 0], first)


def test_contributions_add_up(model: IncidenceModel, cohort: SimulatedCohort) -> None:
    for day in DAYS[1:]:
        found = model.contributions(cohort.X, day)
        total = found.bases + found.values.sum(axis=1)
        assert np.abs(total - found.log_odds).max() <= 1e-4
        risk = model.predict_cumulative_incidence(cohort.X, [day])[:, 0]
        assert np.abs(expit(found.log_odds) - risk).max() <= 1e-12
        assert found.values.shape == cohort.X.shape
        assert found.feature_names == tuple(cohort.X.columns)


def test_one_row_explains_itself_by_its_own_base(
    model: IncidenceModel, cohort: SimulatedCohort
) -> None:
    many = model.contributions(cohort.X[:40], 100)
    for i in range(40):
        one = model.contributions(cohort.X[i : i + 1], 100)
        assert one.base == many.bases[i]
        assert np.array_equal(one.values[0], many.values[i])


def test_the_base_is_the_mean_log_odds_of_the_cohort(
    model: IncidenceModel, cohort: SimulatedCohort
) -> None:
    # At the first anchor no running maximum can lift anybody.
    found = model.contributions(cohort.X, model.horizons_[0])
    assert found.base == pytest.approx(found.log_odds.mean(), abs=1e-4)
    assert np.abs(found.values.mean(axis=0)).max() < 0.05


@pytest.mark.parametrize("rows", [1, 7, 300])
def test_a_row_is_predicted_alike_in_any_batch(
    model: IncidenceModel, cohort: SimulatedCohort, rows: int
) -> None:
    X = cohort.X.iloc[:300]
    for predict in (
        lambda x: model.predict_cumulative_incidence(x, DAYS),
        lambda x: model.predict_all_causes(x, DAYS),
        lambda x: model.predict_interval(x, DAYS)[0],
        lambda x: model.predict_interval(x, DAYS)[1],
        lambda x: model.contributions(x, 70).values,
    ):
        whole = predict(X)
        parts = [predict(X.iloc[i : i + rows]) for i in range(0, 60, rows)]
        assert np.array_equal(np.concatenate(parts)[:60], whole[:60])


def test_order_of_rows_and_columns_is_irrelevant(
    model: IncidenceModel, cohort: SimulatedCohort
) -> None:
    there = model.predict_cumulative_incidence(cohort.X, DAYS)
    shuffled = cohort.X.sample(frac=1, random_state=3)
    back = pd.DataFrame(model.predict_cumulative_incidence(shuffled, DAYS), index=shuffled.index)
    assert np.array_equal(back.loc[cohort.X.index].to_numpy(), there)
    columns = cohort.X[cohort.X.columns[::-1]].assign(extra=1.0)
    assert np.array_equal(model.predict_cumulative_incidence(columns, DAYS), there)


def test_order_of_columns_in_training_is_irrelevant(
    make: Make, kind: str, fitted: dict[str, IncidenceModel], cohort: SimulatedCohort
) -> None:
    other = make(kind).fit(cohort.X[cohort.X.columns[::-1]], cohort.y)
    mine = fitted[kind].predict_cumulative_incidence(cohort.X)
    assert np.array_equal(other.predict_cumulative_incidence(cohort.X), mine)


def test_nothing_known_and_nothing_seen_before(
    model: IncidenceModel, cohort: SimulatedCohort
) -> None:
    missing = pd.DataFrame({name: [None] for name in cohort.X.columns})
    unseen = cohort.X[:1].assign(graft="third", disease="fifth", performance="odd")
    for row in (missing, unseen):
        risk = model.predict_cumulative_incidence(row, DAYS)
        low, high = model.predict_interval(row, DAYS)
        assert np.isfinite(risk).all()
        assert ((low <= risk) & (risk <= high)).all()


def test_an_unseen_level_is_unknown(model: IncidenceModel, cohort: SimulatedCohort) -> None:
    one = model.predict_cumulative_incidence(cohort.X[:1].assign(disease="fifth"), DAYS)
    other = model.predict_cumulative_incidence(cohort.X[:1].assign(disease="sixth"), DAYS)
    assert np.array_equal(one, other)


def test_the_interval_contains_the_risk(model: IncidenceModel, cohort: SimulatedCohort) -> None:
    risk = model.predict_cumulative_incidence(cohort.X, DAYS)
    low, high = model.predict_interval(cohort.X, DAYS)
    narrow_low, narrow_high = model.predict_interval(cohort.X, DAYS, level=0.5)
    assert (low >= 0).all()
    assert (high <= 1).all()
    for below, above in ((low, narrow_low), (narrow_low, risk), (risk, narrow_high)):
        assert (below <= above).all()
    assert (narrow_high <= high).all()
    assert (high - low)[:, DAYS >= 20].min() > 0
    again = model.predict_interval(cohort.X, DAYS)
    assert np.array_equal(again[0], low)


def test_before_the_first_event_the_risk_is_zero(
    model: IncidenceModel, cohort: SimulatedCohort
) -> None:
    assert (model.predict_cumulative_incidence(cohort.X, [0]) == 0).all()
    low, high = model.predict_interval(cohort.X, [0])
    assert (low == 0).all()
    assert (high == 0).all()
    with pytest.raises(NotEstimable):
        model.contributions(cohort.X, 0)


def test_a_horizon_beyond_the_last_is_refused(
    model: IncidenceModel, cohort: SimulatedCohort
) -> None:
    with pytest.raises(HorizonOutOfRange, match="1000") as caught:
        model.predict_cumulative_incidence(cohort.X, [100, 1000])
    assert caught.value.value == 1000


@pytest.mark.parametrize("days", [[-1], [np.nan], [[1, 2]]])
def test_horizons_must_be_days(
    model: IncidenceModel, cohort: SimulatedCohort, days: list[float]
) -> None:
    with pytest.raises(InvalidConfiguration):
        model.predict_cumulative_incidence(cohort.X, days)


def test_the_state_brings_back_the_same_bits(
    model: IncidenceModel, cohort: SimulatedCohort
) -> None:
    state = model.to_state()
    # Through JSON, as a bundle keeps it.
    settings = json.loads(json.dumps(state.settings, allow_nan=False))
    again = from_state(type(state)(state.kind, settings, state.arrays, state.boosters))
    assert type(again) is type(model)
    for method in ("predict_all_causes", "predict_interval"):
        mine, theirs = (
            getattr(model, method)(cohort.X, DAYS),
            getattr(again, method)(cohort.X, DAYS),
        )
        assert np.array_equal(mine, theirs)
    mine, theirs = model.contributions(cohort.X, 70), again.contributions(cohort.X, 70)
    assert np.array_equal(mine.values, theirs.values)
    kept = again.to_state()
    assert kept.settings == settings
    assert kept.boosters == state.boosters
    assert kept.arrays.keys() == state.arrays.keys()
    for name, array in state.arrays.items():
        assert array.dtype == kept.arrays[name].dtype
        assert array.tobytes() == kept.arrays[name].tobytes()


def test_same_seed_same_bytes(
    make: Make, kind: str, fitted: dict[str, IncidenceModel], cohort: SimulatedCohort
) -> None:
    mine, again = fitted[kind].to_state(), make(kind).fit(cohort.X, cohort.y).to_state()
    assert mine.boosters == again.boosters
    for name, array in mine.arrays.items():
        assert array.tobytes() == again.arrays[name].tobytes(), name


def test_same_bytes_for_any_number_of_threads(make: Make, cohort: SimulatedCohort) -> None:
    few = TreeSettings(eta=0.3, max_rounds=5, depths=(3,), inner_folds=2)
    one, two = (make("BoostedIncidence", trees=few, n_refits=2, n_jobs=n) for n in (1, 2))
    mine = one.fit(cohort.X, cohort.y).to_state()
    # The tests run on one thread each; a second is asked for here, and given.
    with threadpool_limits(limits=2, user_api="openmp"):
        theirs = two.fit(cohort.X, cohort.y).to_state()
    assert len(mine.boosters) == len(one.horizons_)
    assert mine.boosters == theirs.boosters
    for name, array in mine.arrays.items():
        assert array.tobytes() == theirs.arrays[name].tobytes(), name


def test_fitting_holds_blas_to_one_thread_and_boosters_to_none(cohort: SimulatedCohort) -> None:
    found: dict[str, set[int]] = {}

    class Watched(LogisticIncidence):
        def _fit(self, data: TrainingData) -> None:
            for pool in threadpool_info():
                found.setdefault(pool["user_api"], set()).add(pool["num_threads"])
            super()._fit(data)

    with threadpool_limits(limits=2):
        Watched(horizons=[60]).fit(cohort.X, cohort.y)
    assert found["blas"] == {1}
    assert found["openmp"] == {2}


def test_another_seed_matters_only_where_chance_has_a_part(
    make: Make, kind: str, fitted: dict[str, IncidenceModel], cohort: SimulatedCohort
) -> None:
    mine = fitted[kind].predict_cumulative_incidence(cohort.X)
    other = make(kind, random_state=5).fit(cohort.X, cohort.y)
    same = np.array_equal(other.predict_cumulative_incidence(cohort.X), mine)
    assert same == ("Boosted" not in kind)


def test_clone_and_params(make: Make, kind: str) -> None:
    model = make(kind)
    assert clone(model).get_params() == model.get_params()
    assert not [name for name in vars(model) if name.endswith("_")]


def test_fit_refuses_a_bare_y_and_rows_in_another_order(
    make: Make, kind: str, cohort: SimulatedCohort
) -> None:
    with pytest.raises(InvalidOutcome):
        make(kind).fit(cohort.X, cohort.y["event"].to_numpy())
    with pytest.raises(InvalidOutcome, match="order"):
        make(kind).fit(cohort.X, cohort.y[::-1])
    with pytest.raises(InvalidOutcome, match="rows"):
        make(kind).fit(cohort.X, cohort.y[:-1])


def test_an_absent_column_is_named(model: IncidenceModel, cohort: SimulatedCohort) -> None:
    with pytest.raises(MissingColumn, match="'age'"):
        model.predict_cumulative_incidence(cohort.X.drop(columns="age"))


def test_no_row_is_no_risk(model: IncidenceModel, cohort: SimulatedCohort) -> None:
    assert model.predict_cumulative_incidence(cohort.X[:0], DAYS).shape == (0, len(DAYS))
    assert model.predict_all_causes(cohort.X[:0], DAYS).shape == (0, 3, len(DAYS))


def test_a_single_event_type_and_one_group(make: Make, kind: str, cohort: SimulatedCohort) -> None:
    y = cohort.y.assign(event=(cohort.y["event"] == 1).astype(int))
    model = make(kind).fit(cohort.X, y, groups=np.zeros(len(y)))
    causes = model.predict_all_causes(cohort.X, DAYS)
    assert causes.shape[1] == 1


def test_few_events_are_refused_with_the_way_out(
    make: Make, cohort: SimulatedCohort, fitted: dict[str, IncidenceModel]
) -> None:
    rare = cohort.y.assign(event=np.where(np.arange(len(cohort.y)) < 9, 1, 0))
    for kind in fitted:
        if kind == "MarginalIncidence":
            make(kind).fit(cohort.X, rare)
            continue
        with pytest.raises(NotEstimable, match=r"9 events.*MarginalIncidence"):
            make(kind).fit(cohort.X, rare)


def test_the_marginal_level_is_kept(
    kind: str, fitted: dict[str, IncidenceModel], cohort: SimulatedCohort
) -> None:
    # Mean risk against Aalen-Johansen, at the anchors and between.
    model = fitted[kind]
    mean = model.predict_all_causes(cohort.X, DAYS).mean(axis=0)
    for k in (1, 2, 3):
        marginal = model.null_.predict(DAYS, event_of_interest=k)
        assert np.abs(mean[k - 1] - marginal).max() < 0.03


@pytest.mark.parametrize("kind", ["BoostedIncidence", "LinearBoostedIncidence"])
def test_without_refits_there_is_no_interval(
    make: Make, kind: str, cohort: SimulatedCohort
) -> None:
    model = make(kind, n_refits=0).fit(cohort.X, cohort.y)
    with pytest.raises(NotEstimable, match="refits"):
        model.predict_interval(cohort.X)


def test_shuffled_labels_are_not_learnt(make: Make, cohort: SimulatedCohort) -> None:
    """Mean AUC over 50 shuffles on a fixed hold-out lies within 3 standard errors of .5."""
    rng, aucs = np.random.default_rng(0), []
    train, held = slice(0, 300), slice(300, 600)
    truth = ((cohort.y["event"] == 1) & (cohort.y["duration"] <= 100))[held].to_numpy()
    for _ in range(50):
        order = rng.permutation(300)
        y = cohort.y[train].iloc[order].reset_index(drop=True)
        model = LinearBoostedIncidence(
            horizons=[100], n_refits=0, trees=make("BoostedIncidence").trees
        ).fit(cohort.X[train], y)
        risk = model.predict_cumulative_incidence(cohort.X[held])[:, 0]
        ranks = pd.Series(risk).rank().to_numpy()
        n = truth.sum()
        aucs.append((ranks[truth].sum() - n * (n + 1) / 2) / (n * (len(truth) - n)))
    error = np.std(aucs, ddof=1) / np.sqrt(len(aucs))
    assert abs(np.mean(aucs) - 0.5) <= 3 * error


def test_a_level_that_the_contract_gains_and_nobody_has_changes_nothing(
    kind: str, make: Make, cohort: SimulatedCohort
) -> None:
    # A vocabulary grows; a model of the same patients must not.
    grown = cohort.X.copy()
    name = next(c for c in grown.columns if not pd.api.types.is_numeric_dtype(grown[c]))
    levels = sorted(grown[name].dropna().astype(str).unique())
    words = grown[name].astype(object).where(grown[name].notna(), None)
    plain = cohort.X.assign(**{name: pd.Categorical(words, categories=levels)})
    grown[name] = pd.Categorical(
        words, categories=[levels[0], "never met", *levels[1:], "nor this"]
    )
    one = make(kind).fit(plain, cohort.y)
    two = make(kind).fit(grown, cohort.y)
    for method in ("predict_cumulative_incidence", "predict_interval"):
        ours, theirs = getattr(one, method)(plain, DAYS), getattr(two, method)(grown, DAYS)
        assert np.array_equal(np.asarray(ours), np.asarray(theirs))
