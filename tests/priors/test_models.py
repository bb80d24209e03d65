"""Models that start from a prior: all laws hold, and small cohorts are better off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from hscrisk.errors import InvalidConfiguration
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence, from_state
from hscrisk.models.growing import TreeSettings
from hscrisk.priors import Prior, Summary
from tests.priors.conftest import registry

SMALL = TreeSettings(eta=0.15, max_rounds=40, patience=20, depths=(2,), inner_folds=3)
DAYS = np.array([5.0, 20, 30, 45, 60, 80, 100])


@pytest.fixture(scope="module")
def prior(summaries: list[Summary]) -> Prior:
    return Prior.of(summaries, name="made_up")


def made(kind: str, prior: Any) -> Any:
    endpoint = registry(20, 0).endpoint
    if kind == "logistic":
        return LogisticIncidence(endpoint=endpoint, prior=prior)
    return LinearBoostedIncidence(endpoint=endpoint, prior=prior, trees=SMALL, n_refits=3)


@pytest.fixture(scope="module", params=["logistic", "linear_boosted"])
def fitted(request: pytest.FixtureRequest, prior: Prior) -> tuple[Any, Any]:
    cohort = registry(500, 77)
    # A field of the cohort's own, which no term reads.
    cohort.X["own_score"] = np.random.default_rng(1).normal(size=500)
    cohort.X.loc[:30, "patient_age"] = np.nan
    return made(request.param, prior).fit(cohort.X, cohort.y), cohort


def test_laws_hold(fitted: tuple[Any, Any]) -> None:
    model, cohort = fitted
    X = cohort.X
    risk = model.predict_cumulative_incidence(X, DAYS)
    assert (np.diff(risk, axis=1) >= -1e-12).all()
    causes, free = model.predict_all_causes(X, DAYS), model.predict_event_free(X, DAYS)
    assert np.abs(causes.sum(axis=1) + free - 1).max() <= 1e-9
    low, high = model.predict_interval(X, DAYS)
    assert (low <= risk).all()
    assert (risk <= high).all()
    for day in (30, 45, 100):
        found = model.contributions(X, day)
        assert np.abs(found.bases + found.values.sum(axis=1) - found.log_odds).max() <= 1e-4
        at = model.predict_cumulative_incidence(X, [day])[:, 0]
        assert np.abs(expit(found.log_odds) - at).max() <= 1e-12
    for row in (3, 200):
        assert np.array_equal(
            model.predict_cumulative_incidence(X[row : row + 1], DAYS)[0], risk[row]
        )
        one = model.predict_interval(X[row : row + 1], DAYS)
        assert np.array_equal(one[0][0], low[row])
    turned = X[X.columns[::-1]]
    assert np.array_equal(model.predict_cumulative_incidence(turned, DAYS), risk)


def test_what_is_kept_predicts_the_same_bits(fitted: tuple[Any, Any]) -> None:
    model, cohort = fitted
    again = from_state(model.to_state())
    for method in ("predict_cumulative_incidence", "predict_interval", "predict_all_causes"):
        ours, theirs = (getattr(m, method)(cohort.X, DAYS) for m in (model, again))
        assert np.array_equal(theirs, ours)
    assert again.prior_ == model.prior_
    assert again.prior_["name"] == "made_up"
    assert len(again.prior_["hash"]) == 64
    assert again.prior_["studies"] == [f"study_{k}" for k in range(6)]


def test_trust_is_told(fitted: tuple[Any, Any]) -> None:
    model, _ = fitted
    told = model.prior_["anchors"]
    assert len(told) == len(model.horizons_)
    assert all(0 <= at["trust"] <= 1 for at in told)
    assert told[-1]["trust"] > 0.5
    assert told[-1]["conflict"] > 0.01


def test_the_same_data_give_the_same_state(prior: Prior) -> None:
    cohort = registry(200, 5)
    one, two = (made("logistic", prior).fit(cohort.X, cohort.y).to_state() for _ in range(2))
    assert all(np.array_equal(one.arrays[k], two.arrays[k]) for k in one.arrays)


def test_a_small_cohort_is_better_off(prior: Prior) -> None:
    test = registry(4000, 999, censored=0.0)
    target = ((test.y["event"] == 1) & (test.y["duration"] <= 100)).to_numpy()
    gains = []
    for seed in range(8):
        cohort = registry(100, 300 + seed)
        losses = [
            np.mean(
                (target - made("logistic", p).fit(cohort.X, cohort.y)
                 .predict_cumulative_incidence(test.X, [100])[:, 0]) ** 2
            )
            for p in (None, prior)
        ]  # fmt: skip
        gains.append(losses[0] - losses[1])
    assert np.mean(gains) > 0.003
    assert np.mean(np.array(gains) > 0) >= 0.75


def test_a_reversed_cohort_is_flagged(prior: Prior) -> None:
    cohort = registry(600, 31, sign=-1.0)
    model = made("logistic", prior).fit(cohort.X, cohort.y)
    at = model.prior_["anchors"][-1]
    assert at["conflict"] < 0.01
    assert at["trust"] < 0.3


def test_an_anchor_of_which_nothing_is_known_is_fitted_alone(prior: Prior) -> None:
    cohort = registry(700, 8)
    days = [20, 60, 100]
    alone = LogisticIncidence(endpoint=cohort.endpoint, horizons=days).fit(cohort.X, cohort.y)
    with_prior = LogisticIncidence(endpoint=cohort.endpoint, horizons=days, prior=prior)
    with_prior.fit(cohort.X, cohort.y)
    ours, theirs = (m.predict_cumulative_incidence(cohort.X, [20]) for m in (alone, with_prior))
    assert ours == pytest.approx(theirs, abs=1e-6)
    assert with_prior.prior_["anchors"][0]["trust"] is None
    assert with_prior.prior_["anchors"][1]["trust"] is not None


def test_a_prior_that_does_not_fit_is_refused(prior: Prior) -> None:
    cohort = registry(200, 5)
    with pytest.raises(InvalidConfiguration, match="has none"):
        LogisticIncidence(horizons=[60], prior=prior).fit(cohort.X, cohort.y)
    from hscrisk.endpoints import load_endpoint

    with pytest.raises(InvalidConfiguration, match="knows nothing of relapse"):
        LogisticIncidence(endpoint=load_endpoint("relapse"), horizons=[60], prior=prior).fit(
            cohort.X, cohort.y
        )
    none = LogisticIncidence(endpoint=cohort.endpoint, prior="none").fit(cohort.X, cohort.y)
    assert none.prior_ is None


def test_a_cohort_is_not_judged_by_a_prior_that_has_seen_it(
    prior: Prior, summaries: list[Summary]
) -> None:
    from hscrisk.evaluation import evaluate

    cohort = registry(300, 5)
    cohort.source = "study_2"
    with pytest.raises(InvalidConfiguration, match="pooled from study_2"):
        evaluate({"informed": made("logistic", prior)}, cohort, splits="3-fold", n_draws=20)
    cohort.source = "elsewhere"
    sharing = Prior.of(summaries, name="x", overlaps={"study_4": {"elsewhere": 0.3}})
    with pytest.raises(InvalidConfiguration, match="pooled from study_4"):
        evaluate({"informed": made("logistic", sharing)}, cohort, splits="3-fold", n_draws=20)
    table = evaluate(
        {"informed": made("logistic", sharing.without(["study_4"]))},
        cohort,
        splits="3-fold",
        n_draws=20,
    )
    assert table.frame.query("model == 'informed' and metric == 'ipa'")["estimate"].notna().all()


def test_a_prior_within_another_estimator_or_a_kept_model_is_seen_too(prior: Prior) -> None:
    from hscrisk.evaluation import TunedIncidence, evaluate
    from hscrisk.models import Recalibrated

    cohort = registry(300, 5)
    kept = from_state(made("logistic", prior).fit(cohort.X, cohort.y).to_state())
    assert kept.prior is None
    cohort.source = "study_2"
    tuned = TunedIncidence(made("logistic", prior), {"prior_sd": [0.1, 0.2]})
    for model, splits in ((tuned, "3-fold"), (Recalibrated(kept), "3-fold"), (kept, "external")):
        with pytest.raises(InvalidConfiguration, match="pooled from study_2"):
            evaluate({"informed": model}, cohort, splits=splits, n_draws=20)
