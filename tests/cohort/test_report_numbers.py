"""Follow-up, selection, immature years and sample size: against published and brute numbers."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.cohort import build_cohort, summarise
from hscrisk.cohort.follow_up import (
    centre_sizes,
    follow_up,
    immature_years,
    piled_days,
    selection,
    year_counts,
)
from hscrisk.cohort.sample_size import (
    expected_shrinkage,
    guidance,
    largest_r2,
    largest_r2_time,
    most_parameters,
    needed,
)
from hscrisk.cohort.support import count_parameters, curve
from hscrisk.datasets import load_copelan1991
from hscrisk.ingest import read_records
from hscrisk.schema import Records

MONTH = 30.4


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({name: np.asarray(values, float) for name, values in columns.items()})


def study(shared_data: Path, name: str, status: str, time: str, dead: str, last: str) -> Records:
    """Return relapse of a CIBMTR study with its own small mapping: no row leaves the machine."""
    path = shared_data / "cibmtr_studies" / f"{name}.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))

    def days(column: str) -> list[float | None]:
        # Half to even, as `round` has it, and a time of less than half a day counts as day 0.
        return [
            round(float(r[column]) * MONTH) if r[column] not in ("", "NA") else None for r in rows
        ]

    def flag(column: str) -> list[str | None]:
        return [r[column] if r[column] in ("0", "1") else None for r in rows]

    table = pd.DataFrame(
        {
            "transplant_id": [str(i) for i in range(len(rows))],
            "year_of_hct": [r.get("yeartx") for r in rows],
            "relapse_status": flag(status),
            "relapse_day": [d if d is None or d >= 0 else None for d in days(time)],
            "death_status": flag(dead),
            "followup_day": days(last),
        }
    )
    records = read_records(table).accepted
    return Records(records.frame, name, {"follow_up": "per_endpoint"})


# -- known numbers -------------------------------------------------------------------------------


def test_a_cohort_of_survivors_is_found_out(shared_data: Path) -> None:
    chosen = study(shared_data, "HS1802", "rel", "intxrel", "dead", "intxsurv")
    told = selection(chosen.frame)
    assert told["suspected"] is True
    assert told["shortest_follow_up"] == 365
    assert told["first_death"] > 365
    assert told["deaths_soon_after"] > 700
    others = {
        "CK1803": ("rel", "intxrel", "dead", "intxsurv"),
        "IN1801": ("rel", "intxrel", "dead", "intxsurv"),
        "CK2001": ("rel24", "intxrel24", "dead24", "intxsurv24"),
        "IB1904": ("rel", "intxrel", "dead", "intxsurv"),
        "LK1801": ("rel", "intxrel", "dead", "intxsurv"),
    }
    for name, columns in others.items():
        assert selection(study(shared_data, name, *columns).frame)["suspected"] is False, name


@pytest.mark.parametrize(
    ("name", "columns", "n", "events", "early", "immature"),
    [
        ("CK1803", ("rel", "intxrel", "dead", "intxsurv"), 1728, 602, 34, {2017: 0.115}),
        ("IB1904", ("rel", "intxrel", "dead", "intxsurv"), 998, 215, 37, {2018: 0.157}),
        ("CK2001", ("rel24", "intxrel24", "dead24", "intxsurv24"), 843, 335, 55, {2019: 0.326}),
    ],
)
def test_immature_years_are_those_of_the_data_readme(
    name: str,
    columns: tuple[str, str, str, str],
    n: int,
    events: int,
    early: int,
    immature: dict[int, float],
    shared_data: Path,
) -> None:
    cohort = build_cohort(study(shared_data, name, *columns), "relapse")
    y = cohort.y
    assert len(cohort) == n
    assert int(((y["event"] == 1) & (y["duration"] <= 365)).sum()) == events
    assert int(((y["event"] == 0) & (y["duration"] < 365)).sum()) == early
    rows = immature_years(y, cohort.year, 365)
    assert rows is not None
    found = {row["year"]: round(row["censored"], 3) for row in rows if row["immature"]}
    assert found == immature


def test_imputed_dates_pile_up(shared_data: Path) -> None:
    columns = ("rel24", "intxrel24", "dead24", "intxsurv24")
    y = build_cohort(study(shared_data, "CK2001", *columns), "relapse").y
    piles = {pile["day"]: pile["events"] for pile in piled_days(y)}
    assert set(piles) <= {181, 182, 183, 184}
    assert sum(piles.values()) == 253  # as the data README counts
    plain = build_cohort(load_copelan1991(), "chronic_gvhd").y
    assert piled_days(plain) == []


def test_piles_are_told_as_what_they_are() -> None:
    days = [1] * 30 + [183] * 30 + list(range(10, 100)) + [400] * 40
    event = [1] * 150 + [0] * 40
    table = pd.DataFrame(
        {
            "transplant_id": range(len(days)),
            "death_status": 0,
            "followup_day": 800,
            "relapse_status": event,
            "relapse_day": days,
        }
    )
    told = summarise(read_records(table).accepted, ["relapse"]).endpoints["relapse"]
    assert [pile["day"] for pile in told["piled_days"]] == [1, 183]
    first, second = told["cautions"][-2:]
    assert first.startswith("30 events on day 1: mostly no onsets")
    assert "pile up on day 183 (30)" in second
    assert "before day 183" in second


def test_sample_sizes_of_pmsampsize() -> None:
    # Its documented examples: binary (623, 662, 221) and time to event (5143, 1039).
    assert needed(24, 0.288, largest_r2(0.174)) == (623, 662)
    assert needed(30, 0.051, largest_r2_time(0.065 * 2.07)) == (5143, 1039)
    told = guidance(n=9, known=9, risk=0.174, events=1, horizon=1, parameters=3)
    assert told is not None
    assert told["n_needed"]["overall_risk"] == 221


# -- laws ----------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.floats(0.02, 0.6), st.floats(0.05, 0.95))
def test_the_number_needed_carries_the_parameters_and_one_less_does_not(
    parameters: int, share: float, risk: float
) -> None:
    r2_max = largest_r2(risk)
    r2 = share * r2_max
    n = max(needed(parameters, r2, r2_max))
    assert most_parameters(n, r2, r2_max) >= parameters
    assert most_parameters(max(needed(parameters, r2, r2_max)) - 1, r2, r2_max) < parameters + 1
    shrinkage = expected_shrinkage(needed(parameters, r2, r2_max)[0], parameters, r2)
    assert 0.9 - 1e-9 <= shrinkage <= 1
    assert expected_shrinkage(n, parameters + 1, r2) < expected_shrinkage(n, parameters, r2)


def test_a_cohort_without_a_risk_has_no_guidance() -> None:
    for risk in (0.0, 1.0, float("nan")):
        assert guidance(n=5, known=5, risk=risk, events=0, horizon=9, parameters=1) is None
    assert expected_shrinkage(10, 0, 0.1) == 1.0
    # A thousand parameters of ten persons: nothing is left of any effect.
    assert expected_shrinkage(10, 1000, 0.1) < 0.12


def test_completeness_is_time_followed_over_time_possible() -> None:
    # Middle of 2000 to the end of 2001 are 548 days: two alive, one seen all along, one for half.
    people = frame(
        year_of_hct=[2000, 2000, 2000], death_status=[0, 0, 1], followup_day=[548, 274, 100]
    )
    told = follow_up(people, "2001-12-31")
    assert told["completeness"] == pytest.approx((548 + 274 + 100) / (548 + 548 + 100))
    to_365 = told["complete_to"][1]["completeness"]
    assert to_365 == pytest.approx((365 + 274 + 100) / (365 + 365 + 100))
    assert told["dated"] is True
    undated = follow_up(people, None)
    assert (undated["completeness"], undated["dated"]) == (None, False)
    assert undated["complete_to"][1]["completeness"] == to_365
    assert follow_up(people, "last spring")["completeness"] is None
    assert follow_up(people.assign(death_status=1.0), "2001")["median"] is None
    assert follow_up(people[[]], None)["n"] == 0


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 900)), min_size=1, max_size=40))
def test_completeness_lies_between_none_and_all(rows: list[tuple[int, int]]) -> None:
    died, last = zip(*rows, strict=True)
    told = follow_up(
        frame(year_of_hct=[2000] * len(rows), death_status=died, followup_day=last), "2002"
    )
    shares = [row["completeness"] for row in told["complete_to"]] + [told["completeness"]]
    assert all(0 <= share <= 1 for share in shares)


def test_early_deaths_are_no_selection_and_few_deaths_prove_nothing() -> None:
    usual = frame(death_status=[1] * 30, followup_day=range(3, 33))
    assert selection(usual)["suspected"] is False
    late = frame(death_status=[1] * 30, followup_day=range(100, 130))
    assert selection(late)["suspected"] is True
    assert selection(late[:9])["suspected"] is None


def test_small_centres_and_years_are_not_told() -> None:
    table = pd.DataFrame({"centre_id": ["a"] * 60 + ["b"] * 12 + ["c"] * 3 + [None]})
    told = centre_sizes(table)
    assert told is not None
    assert (told["n"], told["unknown"], told["largest"], told["lower_quartile"]) == (3, 1, 60, None)
    assert [band["centres"] for band in told["bands"]] == [1, 1, 1, 0, 0]
    assert "3" not in [str(v) for k, v in told.items() if k.endswith(("quartile", "largest"))]
    years = year_counts(frame(year_of_hct=[2001] * 11 + [2002] * 9 + [np.nan]))
    assert years == [{"year": 2001, "n": 11}, {"year": 2002, "n": None}]
    assert centre_sizes(table.iloc[:0]) is None
    assert year_counts(table) == []


def test_the_curve_stops_where_fewer_than_ten_are_followed() -> None:
    y = pd.DataFrame({"event": [1] * 5 + [0] * 20, "duration": [*range(1, 6), *range(100, 120)]})
    drawn = curve(y, 365.0)
    assert drawn["day"][-1] == 110  # ten are followed to day 110 or longer
    assert drawn["incidence"][-1] == pytest.approx(0.2)
    assert curve(y[:4], 365.0)["day"] == [0.0]
    long = pd.DataFrame(
        {"event": [1] * 1000 + [0] * 500, "duration": [*range(1, 1001), *[1001] * 500]}
    )
    assert len(curve(long, 1000.0)["day"]) <= 122
    for name in ("incidence", "low", "high", "competing"):
        assert np.all(np.diff(curve(long, 1000.0)[name]) >= -1e-9)


def test_parameters_are_counted_as_a_regression_has_them() -> None:
    table = pd.DataFrame(
        {
            "number": [1.0, 2.0, None],
            "constant": [1.0, 1.0, 1.0],
            "category": pd.Categorical(["a", "b", "c"], ["a", "b", "c", "d"]),
            "one level": pd.Categorical(["a", "a", None], ["a", "b"]),
        }
    )
    assert count_parameters(table) == 1 + 0 + 2 + 0


def test_the_summary_tells_all_of_it() -> None:
    told = summarise(load_copelan1991()).to_dict()
    assert told["follow_up"]["median"] == told["follow_up_median"]
    assert told["selection"]["suspected"] is False
    assert told["centres"]["n"] == told["n_centres"] == 4
    for endpoint in told["endpoints"].values():
        assert endpoint["sample_size"]["max_parameters"] in (1, 2)
        assert len(endpoint["verdict"]) >= 1
