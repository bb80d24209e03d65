"""What a registry declares about its dates decides which horizons and rows an endpoint has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.cohort import build_cohort
from hscrisk.endpoints import load_endpoint
from hscrisk.errors import NotEstimable
from hscrisk.ingest import read_records
from hscrisk.schema import Records
from hscrisk.survival import AalenJohansen

N = 60


def records(definitions: dict[str, Any] | None = None, **columns: Any) -> Records:
    rng = np.random.default_rng(3)
    status = rng.integers(0, 2, N)
    base: dict[str, Any] = {
        "transplant_id": [f"t{i}" for i in range(N)],
        "patient_id": [f"p{i}" for i in range(N)],
        "year_of_hct": [2010 + i % 4 for i in range(N)],
        "transplant_type": "allogeneic",
        "acute_gvhd_2_4_status": status,
        "acute_gvhd_2_4_day": rng.integers(5, 120, N),
        "relapse_status": 1 - status,
        "relapse_day": rng.integers(20, 700, N),
        "neutrophil_engraftment_status": rng.integers(0, 2, N),
        "neutrophil_engraftment_day": rng.integers(8, 60, N),
        "death_status": rng.integers(0, 2, N),
        "followup_day": rng.integers(60, 1500, N),
    }
    result = read_records(pd.DataFrame({**base, **columns}, index=range(N)))
    assert len(result.quarantined) == 0, result.violations
    return replace(result.accepted, definitions=definitions or {})


def test_horizons_before_usable_dates_are_left_out_with_the_reason() -> None:
    plain = build_cohort(records(), "relapse")
    cohort = build_cohort(records({"dates_usable_from": {"relapse": 185}}), "relapse")
    assert plain.endpoint.horizons == (100, 365, 730)
    assert plain.left_out == {}
    assert cohort.endpoint.horizons == (365, 730)
    assert list(cohort.left_out) == [100]
    assert "usable from day 185" in cohort.left_out[100]
    pd.testing.assert_frame_equal(cohort.y, plain.y)  # the state on later days stands
    assert (plain.endpoint.first_day, cohort.endpoint.first_day) == (0, 185)
    early = build_cohort(records({"dates_usable_from": {"relapse": 50}}), "relapse")
    assert (early.left_out, early.endpoint.first_day) == ({}, 50)


def test_the_nearest_horizon_becomes_the_primary_one() -> None:
    definitions = {"dates_usable_from": {"relapse": 500}}
    cohort = build_cohort(records(definitions), "relapse")
    assert cohort.endpoint.primary_horizon == 730
    with pytest.raises(NotEstimable, match="usable from day 800"):
        build_cohort(records({"dates_usable_from": {"relapse": 800}}), "relapse")


def test_an_outcome_concerns_the_endpoints_that_read_it_and_no_others() -> None:
    told = records({"dates_usable_from": {"relapse": 185}})
    assert build_cohort(told, "non_relapse_mortality").endpoint.horizons == (365, 730)
    assert build_cohort(told, "acute_gvhd_2_4").left_out == {}
    assert build_cohort(told, "death").left_out == {}
    told = records({"dates_usable_from": {"death": 400}})
    assert build_cohort(told, "death").endpoint.horizons == (730,)
    assert build_cohort(told, "acute_gvhd_2_4").left_out == {}  # death ends every endpoint


def test_immature_years_leave_the_endpoint_with_a_row() -> None:
    definitions = {"immature_years": {"acute_gvhd_2_4": [2012, 2013]}}
    cohort = build_cohort(records(definitions), "acute_gvhd_2_4")
    assert cohort.year is not None
    assert set(cohort.year) == {2010, 2011}
    assert len(cohort) == N // 2
    steps = cohort.attrition["step"].tolist()
    assert steps[1] == "transplanted in 2012, 2013: too recent for this endpoint"
    assert len(build_cohort(records(definitions), "relapse")) == N
    with pytest.raises(NotEstimable, match="do not tell the year"):
        build_cohort(records(definitions, year_of_hct=None), "acute_gvhd_2_4")


def test_an_undated_event_is_estimable_on_the_day_by_which_it_was_asked_for() -> None:
    definitions = {"status_only": {"acute_gvhd_2_4": 100}}
    source = records(definitions, acute_gvhd_2_4_day=None, followup_day=[40, 900] * (N // 2))
    cohort = build_cohort(source, "acute_gvhd_2_4")
    assert cohort.endpoint.horizons == (100,)
    assert cohort.endpoint.primary_horizon == cohort.endpoint.first_day == 100
    assert sorted(cohort.left_out) == [30, 60]
    had = (source.frame["acute_gvhd_2_4_status"] == 1).to_numpy()
    assert (cohort.y["event"] == 1).tolist() == had.tolist()  # even of those who died before


def test_nobody_is_censored_so_an_undated_event_has_its_share() -> None:
    definitions = {"status_only": {"acute_gvhd_2_4": 100}}
    died = [1, 0] * (N // 2)
    source = records(definitions, death_status=died, followup_day=[40, 900] * (N // 2))
    cohort = build_cohort(source, "acute_gvhd_2_4")
    had = (source.frame["acute_gvhd_2_4_status"] == 1).mean()
    assert AalenJohansen().fit(cohort.y).predict([100])[0] == pytest.approx(had)
    assert cohort.y["duration"][cohort.y["event"] == 1].isin([40, 100]).all()


def test_whether_and_never_when_is_not_estimable() -> None:
    source = records({"status_only": {"relapse": "ever"}}, relapse_day=None)
    for name in ("relapse", "non_relapse_mortality"):
        with pytest.raises(NotEstimable, match="and not when"):
            build_cohort(source, name)
    source = records({"status_only": {"relapse": 365}}, relapse_day=None)
    assert build_cohort(source, "relapse").endpoint.horizons == (365,)
    with pytest.raises(NotEstimable, match="and not when"):  # it competes, on days unknown
        build_cohort(source, "non_relapse_mortality")


def test_recorded_statuses_alone_say_what_competed() -> None:
    """Against a plain loop over status and day; death counts only where the status says 2."""
    rng = np.random.default_rng(8)
    status = rng.integers(0, 4, N)
    day = rng.integers(2, 90, N).astype(float)
    day[:3] = np.nan
    source = records(
        {"follow_up": "recorded"},
        acute_gvhd_2_4_status=status,
        acute_gvhd_2_4_day=day,
        followup_day=900,
    )
    cohort = build_cohort(source, "acute_gvhd_2_4")
    expected = [
        (min(int(s), 2) if s != 3 else 3, float(d))
        for s, d in zip(status, day, strict=True)
        if not np.isnan(d)
    ]
    found = list(cohort.y.itertuples(index=False, name=None))
    assert found == expected


def test_recorded_deaths_in_remission_are_those_of_the_relapse_status() -> None:
    status, day = [0, 1, 2] * (N // 3), [float(50 + i) for i in range(N)]
    source = records(
        {"follow_up": "recorded"}, relapse_status=status, relapse_day=day, followup_day=900
    )
    relapse = build_cohort(source, "relapse").y
    nrm = build_cohort(source, "non_relapse_mortality").y
    assert relapse["event"].tolist() == status
    assert nrm["event"].tolist() == [{0: 0, 1: 2, 2: 1}[s] for s in status]
    assert relapse["duration"].tolist() == nrm["duration"].tolist() == day


def test_a_state_asks_who_is_alive_whatever_ended_the_follow_up() -> None:
    """Status 2 on day 13 of one alive on day 28 is a relapse in some files: still not engrafted."""
    source = records(
        {"follow_up": "recorded"},
        neutrophil_engraftment_status=[1, 2, 0] * (N // 3),
        neutrophil_engraftment_day=[20, 13, 13] * (N // 3),
        death_status=[0, 0, 1] * (N // 3),
        followup_day=[500, 500, 20] * (N // 3),
    )
    cohort = build_cohort(source, "primary_graft_failure")
    assert cohort.y["event"].tolist() == [2, 1, 3] * (N // 3)
    assert set(cohort.y["duration"]) == {20.0, 28.0}


def test_only_the_first_transplant_of_a_patient_where_the_endpoint_says_so() -> None:
    source = records(
        patient_id=[f"p{i // 2}" for i in range(N)],
        year_of_hct=[2015, 2012] * (N // 4) + [2012, 2012] * (N // 4),
        prior_hct_n=[None, None] * (N // 4) + [1, 0] * (N // 4),
        transplant_type=["allogeneic", "autologous"] + ["allogeneic"] * (N - 2),
    )
    every = load_endpoint("death")
    assert every.repeated_transplants == "all"
    first = every.model_copy(update={"repeated_transplants": "first", "min_events": 1})
    assert len(build_cohort(source, every)) == N
    cohort = build_cohort(source, first)
    assert cohort.transplant_id.tolist() == [f"t{i}" for i in range(1, N, 2)]
    assert "a later transplant of the same patient" in cohort.attrition["step"].tolist()
    gvhd = load_endpoint("acute_gvhd_2_4").model_copy(
        update={"repeated_transplants": "first", "min_events": 1}
    )
    assert "t0" in set(build_cohort(source, gvhd).transplant_id)  # the first of the population


def test_transplants_of_a_patient_stay_together_in_every_split() -> None:
    from hscrisk.evaluation.splits import make_splits

    source = records(patient_id=[f"p{i // 3}" for i in range(N)])
    cohort = build_cohort(source, "death")
    splits = make_splits("5-fold", cohort.y, cohort.patient)
    assert len(splits) == 5
    for split in splits:
        there = set(cohort.patient.iloc[split.train]) & set(cohort.patient.iloc[split.test])
        assert not there
