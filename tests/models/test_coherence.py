from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hscrisk.datasets import simulate_cohort
from hscrisk.models import LogisticIncidence
from hscrisk.models.coherence import CompetingRisk
from hscrisk.survival import AalenJohansen, check_outcome

DAYS = np.array([10.0, 30, 60, 100, 180, 365])


def split_codes(n: int = 800) -> tuple[pd.DataFrame, pd.DataFrame]:
    cohort = simulate_cohort(n, seed=4)
    y = cohort.y.copy()
    late = (y["event"] == 2) & (y["duration"] > 120)
    y.loc[late, "event"] = 3
    return cohort.X, y


def test_several_codes_follow_the_cohort_period_by_period() -> None:
    X, y = split_codes()
    model = LogisticIncidence(horizons=[30, 100, 180, 365]).fit(X, y)
    causes = model.predict_all_causes(X, DAYS)
    # Code 3 happens after day 120 only, whatever a patient's risk.
    assert (causes[:, 2, DAYS <= 100] == 0).all()
    assert (causes[:, 2, DAYS > 180] > 0).all()
    pooled = LogisticIncidence(horizons=[30, 100, 180, 365]).fit(
        X, y.assign(event=y.event.clip(0, 2))
    )
    assert np.allclose(causes[:, 1:].sum(axis=1), pooled.predict_all_causes(X, DAYS)[:, 1])


def test_the_competing_events_depend_on_the_patient() -> None:
    cohort = simulate_cohort(4000, seed=4)
    model = LogisticIncidence(horizons=[30, 100, 365]).fit(cohort.X, cohort.y)
    second = model.predict_all_causes(cohort.X, [365])[:, 1, 0]
    assert np.corrcoef(second, cohort.truth2([365])[:, 0])[0, 1] > 0.9


def test_below_ten_events_the_marginal_curve_stands() -> None:
    X, y = split_codes()
    # Eight competing events, the others turned into censoring.
    competing = np.flatnonzero(y["event"] > 1)
    y.loc[competing[8:], "event"] = 0
    y["event"] = y["event"].clip(0, 2)
    model = LogisticIncidence(horizons=[30, 100, 180, 365]).fit(X, y)
    second = model.predict_all_causes(X, DAYS)[:, 1]
    marginal = model.null_.predict(DAYS, event_of_interest=2)
    left = 1 - model.predict_cumulative_incidence(X, [365])
    assert np.allclose(second, np.minimum(marginal, left))


def test_the_cap_is_what_the_event_of_interest_leaves() -> None:
    _, y = split_codes()
    null = AalenJohansen().fit(y)
    risk = CompetingRisk.fit(
        np.zeros((len(y), 1), dtype=np.float32),
        check_outcome(y),
        null,
        np.array([30.0, 365]),
        minimum=10,
        prior_sd=0.2,
    )
    assert risk is not None
    cap = np.full(len(y), 0.02)
    by_code = risk.by_code(np.zeros((len(y), 1), dtype=np.float32), DAYS, cap)
    assert by_code.sum(axis=1).max() == pytest.approx(0.02)
    assert np.diff(by_code, axis=2).min() >= 0


def test_nearly_certain_events_leave_no_more_than_the_rest() -> None:
    """As with platelets: fitted apart, the causes of some patients would sum to more than 1."""
    rng = np.random.default_rng(3)
    n = 300
    X = pd.DataFrame(rng.normal(size=(n, 10)), columns=list("abcdefghij"))
    engrafts = rng.random(n) < 1 / (1 + np.exp(-2.2 - 0.8 * X["a"]))
    # The competing event follows another variable, which the event of interest does not know.
    engrafts &= ~((X["b"] > 1.3) & (rng.random(n) < 0.5))
    day = np.ceil(rng.exponential(np.where(engrafts, 12, 40)))
    code = np.where(engrafts, 1, np.where(rng.random(n) < 0.3, 2, 3))
    y = pd.DataFrame({"event": code, "duration": day})
    days = np.array([5.0, 20, 35, 60, 80, 100])
    model = LogisticIncidence(horizons=[20, 60, 100], prior_sd=1.0).fit(X, y)
    causes = model.predict_all_causes(X, days)
    matrix, competing = model.pipeline_.transform(X), model.engine_.competing
    assert competing is not None
    apart = competing.incidence(matrix, days)
    left = 1 - model.predict_cumulative_incidence(X, [100])
    assert (apart[:, -1:] > left).mean() > 0.05
    assert causes[:, 1:].sum(axis=1) == pytest.approx(np.minimum(apart, left), abs=1e-12)
    assert causes.sum(axis=1).max() <= 1 + 1e-12
    # One horizon asked alone is capped by the last anchor all the same.
    for k, day_asked in enumerate(days):
        alone = model.predict_all_causes(X, [day_asked])[:, :, 0]
        assert alone == pytest.approx(causes[:, :, k], abs=1e-12)
