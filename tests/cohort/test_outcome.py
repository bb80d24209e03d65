"""(event, duration) against a plain loop over patients, written apart, and case by case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hscrisk.cohort import build_cohort
from hscrisk.endpoints import Endpoint, load_endpoint
from hscrisk.errors import NotEstimable
from hscrisk.ingest import read_records
from hscrisk.schema import Records


def records(rows: list[dict[str, Any]], follow_up: str = "overall") -> Records:
    frame = pd.DataFrame(rows, dtype=object)
    frame.insert(0, "transplant_id", [f"t{i}" for i in range(len(frame))])
    frame["transplant_type"] = "allogeneic"
    accepted = read_records(frame).accepted
    assert len(accepted) == len(rows)
    return Records(accepted.frame, "test", {"follow_up": follow_up})


def outcome(
    rows: list[dict[str, Any]], name: str, follow_up: str = "overall"
) -> list[tuple[int, float] | None]:
    """Return (event, duration) of each row, None for one who left."""
    endpoint = load_endpoint(name).model_copy(update={"min_events": 1})
    # One more row that has the endpoint, so that there always is something to estimate.
    sure = {
        **dict.fromkeys(rows[0], 0),
        "death_status": 0,
        "followup_day": 90,
        "second_infusion_day": None,
    }
    if endpoint.event is not None:
        sure |= {endpoint.event.status: 1, endpoint.event.time: 90}
    cohort = build_cohort(records([*rows, sure], follow_up), endpoint)
    found = dict(zip(cohort.transplant_id, cohort.y.itertuples(index=False), strict=True))
    return [
        (int(found[f"t{i}"].event), float(found[f"t{i}"].duration)) if f"t{i}" in found else None
        for i in range(len(rows))
    ]


def cgvhd(status: Any, day: Any, dead: Any, last: Any) -> dict[str, Any]:
    return {
        "chronic_gvhd_status": status,
        "chronic_gvhd_day": day,
        "death_status": dead,
        "followup_day": last,
    }


@pytest.mark.parametrize(
    ("row", "overall", "per_endpoint"),
    [
        (cgvhd(1, 50, 0, 90), (1, 50), (1, 50)),
        (cgvhd(1, 50, 1, 50), (1, 50), (1, 50)),  # one day: the event of interest first
        (cgvhd(1, 60, 1, 50), (2, 50), (2, 50)),  # after death: it did not happen
        (cgvhd(1, 95, 0, 90), (1, 95), (1, 95)),  # after the last contact: followed at least so far
        (cgvhd(1, 0, 0, 90), (1, 1), (1, 1)),
        (cgvhd(0, 90, 1, 90), (2, 90), (2, 90)),
        (cgvhd(0, 89, 1, 90), (2, 90), (2, 89)),  # within a day of its own last day
        (cgvhd(0, 88, 1, 90), (2, 90), (0, 88)),  # no longer followed for it: censored
        (cgvhd(0, 95, 1, 90), (2, 90), (2, 90)),
        (cgvhd(0, 40, 0, 90), (0, 90), (0, 40)),
        (cgvhd(0, None, 0, 90), (0, 90), None),
        (cgvhd(0, None, 1, 90), (2, 90), None),
        (cgvhd(0, 40, 0, None), None, (0, 40)),
        (cgvhd(0, 0, 0, 0), (0, 1), (0, 1)),
        (cgvhd(0, 30, 1, 0), (2, 1), (2, 1)),
        (cgvhd(1, None, 0, 90), None, None),
        (cgvhd(1, None, 1, 90), None, None),
        (cgvhd(None, 40, 0, 90), None, None),
        (cgvhd(0, 40, None, 90), None, None),
        (cgvhd(1, 40, None, 90), (1, 40), (1, 40)),
        (cgvhd(1, 40, 1, None), (1, 40), (1, 40)),
        (cgvhd(0, 40, 1, None), None, None),
        (cgvhd(2, 40, 1, 90), (2, 40), (2, 40)),
        (cgvhd(2, None, 1, 90), (2, 90), (2, 90)),
        (cgvhd(2, 40, 0, 90), (2, 40), (2, 40)),
        (cgvhd(2, None, 0, 90), None, None),
        (cgvhd(3, 40, 1, 90), (3, 40), (3, 40)),
        (cgvhd(3, None, 1, 90), None, None),
    ],
)
def test_case_by_case(
    row: dict[str, Any],
    overall: tuple[int, float] | None,
    per_endpoint: tuple[int, float] | None,
) -> None:
    assert outcome([row], "chronic_gvhd") == [overall]
    assert outcome([row], "chronic_gvhd", "per_endpoint") == [per_endpoint]


@pytest.mark.parametrize("follow_up", ["overall", "per_endpoint", "recorded"])
def test_what_is_dated_after_death_did_not_happen(follow_up: str) -> None:
    rows = [cgvhd(1, 60, 1, 50), cgvhd(3, 60, 1, 50), cgvhd(1, 50, 1, 50), cgvhd(1, 60, 0, 50)]
    told = [(2, 50), (2, 50), (1, 50), (1, 60)]
    assert outcome(rows, "chronic_gvhd", follow_up) == told
    late = [relapse(1, 60, 1, 50)]
    assert outcome(late, "relapse", follow_up) == [(2, 50)]
    assert outcome(late, "non_relapse_mortality", follow_up) == [(1, 50)]


def relapse(status: Any, day: Any, dead: Any, last: Any) -> dict[str, Any]:
    return {
        "relapse_status": status,
        "relapse_day": day,
        "death_status": dead,
        "followup_day": last,
    }


@pytest.mark.parametrize(
    ("row", "of_relapse", "of_death_without"),
    [
        (relapse(1, 30, 1, 90), (1, 30), (2, 30)),
        (relapse(1, 90, 1, 90), (1, 90), (2, 90)),  # one day: it is no death without relapse
        (relapse(0, 90, 1, 90), (2, 90), (1, 90)),
        (relapse(0, 50, 1, 90), (2, 90), (1, 90)),
        (relapse(0, 50, 0, 90), (0, 90), (0, 90)),
        (relapse(1, None, 1, 90), None, None),
        (relapse(None, None, 1, 90), None, None),
    ],
)
def test_relapse_and_death_without_it_compete(
    row: dict[str, Any],
    of_relapse: tuple[int, float] | None,
    of_death_without: tuple[int, float] | None,
) -> None:
    assert outcome([row], "relapse") == [of_relapse]
    assert outcome([row], "non_relapse_mortality") == [of_death_without]


def test_death_without_relapse_is_followed_as_far_as_relapse_is() -> None:
    rows = [relapse(0, 50, 1, 90), relapse(0, 89, 1, 90), relapse(0, 50, 0, 90)]
    found = outcome(rows, "non_relapse_mortality", "per_endpoint")
    assert found == [(0, 50), (1, 89), (0, 50)]


def test_death_itself_has_no_competitor() -> None:
    assert outcome([relapse(1, 3, 1, 90), relapse(0, 3, 0, 80)], "death") == [(1, 90), (0, 80)]


def counts(status: Any, day: Any, dead: Any, last: Any, second: Any = None) -> dict[str, Any]:
    return {
        "neutrophil_engraftment_status": status,
        "neutrophil_engraftment_day": day,
        "death_status": dead,
        "followup_day": last,
        "second_infusion_day": second,
    }


@pytest.mark.parametrize(
    ("row", "engraftment", "failure"),
    [
        (counts(1, 14, 0, 90), (1, 14), (2, 14)),
        (counts(1, 28, 0, 90), (1, 28), (2, 28)),
        (counts(1, 29, 0, 90), (1, 29), (1, 28)),  # late: failed on day 28
        (counts(0, 90, 0, 90), (0, 90), (1, 28)),
        (counts(0, 20, 1, 20), (2, 20), (3, 20)),  # dead before: no failure
        (counts(0, 28, 1, 28), (2, 28), (3, 28)),
        (counts(0, 29, 1, 29), (2, 29), (1, 28)),
        (counts(0, 27, 0, 27), (0, 27), (0, 27)),  # not followed to day 28
        (counts(0, 28, 0, 28), (0, 28), (1, 28)),
        (counts(0, 90, 0, 90, 21), (3, 21), (4, 21)),
        (counts(1, 35, 0, 90, 21), (3, 21), (4, 21)),
        (counts(1, 14, 0, 90, 21), (1, 14), (2, 14)),
        (counts(1, 21, 0, 90, 21), (1, 21), (2, 21)),
        (counts(3, 21, 0, 90), (3, 21), (4, 21)),
        (counts(1, None, 0, 90), None, None),
    ],
)
def test_engraftment_and_its_failure(
    row: dict[str, Any], engraftment: tuple[int, float] | None, failure: tuple[int, float] | None
) -> None:
    assert outcome([row], "neutrophil_engraftment") == [engraftment]
    # The sure row engrafts on no day: it fails.
    failed = outcome([row], "primary_graft_failure")
    assert failed == [failure]


def naive(row: dict[str, Any], follow_up: str) -> tuple[int, float] | None:
    """Chronic GVHD of one patient, told with ifs, in the order in which one reads the rules."""
    s, t = row["chronic_gvhd_status"], row["chronic_gvhd_day"]
    dead, last = row["death_status"], row["followup_day"]
    if s is None or (dead is None and s != 1):
        return None
    if s == 1:
        if t is None:
            return None
        if dead == 1 and last is not None and last < t:
            return 2, max(1, last)
        return 1, max(1, t)
    if s == 3:
        if t is None or (dead == 1 and last is None):
            return None
        if dead == 1 and last < t:
            return 2, max(1, last)
        return 3, max(1, t)
    if s == 2:
        days = [d for d in (t, last if dead == 1 else None) if d is not None]
        return (2, max(1, min(days))) if days else None
    if follow_up == "overall":
        if last is None:
            return None
        return (2 if dead == 1 else 0), max(1, last)
    if t is None or (dead == 1 and last is None):
        return None
    if dead == 1 and last <= t + 1:
        return 2, max(1, min(t, last))
    return 0, max(1, t)


DAY = st.one_of(st.none(), st.integers(0, 12))
ROW = st.builds(
    cgvhd, st.sampled_from([0, 0, 1, 1, 2, 3, None]), DAY, st.sampled_from([0, 1, None]), DAY
)


@settings(max_examples=40)
@given(
    rows=st.lists(ROW, min_size=1, max_size=25),
    follow_up=st.sampled_from(["overall", "per_endpoint"]),
)
def test_against_a_loop_over_patients(rows: list[dict[str, Any]], follow_up: str) -> None:
    assert outcome(rows, "chronic_gvhd", follow_up) == [naive(row, follow_up) for row in rows]


@settings(max_examples=20)
@given(rows=st.lists(ROW, min_size=12, max_size=30))
def test_nobody_is_lost_between_the_steps(rows: list[dict[str, Any]]) -> None:
    endpoint = load_endpoint("chronic_gvhd").model_copy(update={"min_events": 1})
    kept = records([*rows, cgvhd(1, 5, 0, 9)])
    cohort = build_cohort(kept, endpoint)
    steps = cohort.attrition
    assert steps["step"].iloc[0] == "accepted records"
    assert steps["transplants"].iloc[0] == len(kept)
    assert steps["transplants"].iloc[-1] == len(cohort)
    assert steps["events"].iloc[-1] == (cohort.y["event"] == 1).sum()
    assert steps["transplants"].is_monotonic_decreasing
    assert steps["events"].is_monotonic_decreasing
    assert cohort.y["duration"].ge(1).all()
    assert cohort.y["event"].isin([0, 1, 2, 3]).all()


def test_an_endpoint_of_ones_own_with_relapse_competing() -> None:
    base = load_endpoint("acute_gvhd").to_dict()
    base["competing"].append({"name": "relapse", "status": "relapse_status", "time": "relapse_day"})
    endpoint = Endpoint.from_dict({**base, "min_events": 1})
    rows = [
        {"acute_gvhd_status": 1, "acute_gvhd_day": 20, **relapse(1, 10, 0, 90)},
        {"acute_gvhd_status": 1, "acute_gvhd_day": 10, **relapse(1, 10, 0, 90)},
        {"acute_gvhd_status": 0, "acute_gvhd_day": 90, **relapse(1, 30, 1, 30)},
    ]
    y = build_cohort(records(rows), endpoint).y
    assert y["event"].tolist() == [3, 1, 3]
    assert y["duration"].tolist() == [10.0, 10.0, 30.0]


def test_too_few_events() -> None:
    rows = [cgvhd(1, 5, 0, 9)] * 9 + [cgvhd(0, 9, 0, 9)] * 20
    with pytest.raises(NotEstimable, match="only 9 of 29 transplants have the event, and 10"):
        build_cohort(records(rows), "chronic_gvhd")
    cohort = build_cohort(records([*rows, cgvhd(1, 5, 0, 9)]), "chronic_gvhd")
    assert np.bincount(cohort.y["event"]).tolist() == [20, 10]
