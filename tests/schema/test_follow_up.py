"""To which day an outcome was followed: declared, filled in, doubted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.schema import load_contract
from hscrisk.schema.checks import run_checks
from hscrisk.schema.consistency import outcome_pairs
from hscrisk.schema.findings import Findings
from hscrisk.schema.follow_up import FollowUp, fill_last_days

CONTRACT = load_contract()
DAY = st.one_of(st.none(), st.integers(0, 99))


def checked(follow_up: FollowUp, **columns: list[Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({"transplant_id": [f"t{i}" for i in range(n)], **columns}, dtype=object)
    findings = Findings(np.arange(1, n + 1), frame["transplant_id"].to_numpy(dtype=object))
    return run_checks(frame, CONTRACT, findings, follow_up), findings.table()


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 1, 2, 3, None]), DAY, st.sampled_from([0, 1]), DAY, DAY),
        min_size=1,
    ),
    st.sampled_from(["last_contact", "next_transplant"]),
)
def test_only_empty_days_of_who_did_not_have_it_are_filled(
    rows: list[tuple[Any, ...]], to: str
) -> None:
    names = ["relapse_status", "relapse_day", "death_status", "followup_day", "second_infusion_day"]
    frame = pd.DataFrame(rows, columns=names, dtype=float)
    filled = fill_last_days(frame, CONTRACT, FollowUp("recorded", {"relapse": to}))
    for before, after in zip(rows, filled["relapse_day"], strict=True):
        status, day, dead, last, second = before
        expected = day
        if day is None and status == 0:
            days = [d for d in (last, second if to == "next_transplant" else None) if d is not None]
            expected = min(days, default=None)
        elif day is None and status == 2 and dead:
            expected = last
        assert (np.isnan(after) and expected is None) or after == expected


NONE = {"relapse_status": [0], "relapse_day": [None], "death_status": [0], "followup_day": [90]}


@pytest.mark.parametrize("mode", ["per_endpoint", "recorded"])
def test_a_status_0_without_a_day_is_doubted_unless_it_is_said_how_far(mode: str) -> None:
    _, told = checked(FollowUp(mode), **NONE)
    assert told["rule"].tolist() == [
        "relapse or progression: followed without it, but not known how long: "
        "the row leaves the analysis"
    ]
    assert "followed_to" in told["mend"].iloc[0]
    frame, told = checked(FollowUp(mode, {"relapse": "last_contact"}), **NONE)
    assert frame["relapse_day"].tolist() == [90]
    assert len(told) == 0
    assert len(checked(FollowUp(), **NONE)[1]) == 0  # overall: followed to the last contact
    assert len(checked(FollowUp(mode, undated=("relapse",)), **NONE)[1]) == 0


def test_a_day_of_what_did_not_happen_is_doubted_where_it_is_not_the_last() -> None:
    days = {**NONE, "relapse_day": [40]}
    said = FollowUp("per_endpoint", {"relapse": "last_contact"})
    assert "did not happen, yet has a day" in checked(said, **days)[1]["rule"].iloc[0]
    assert len(checked(said, **{**NONE, "relapse_day": [89]})[1]) == 0
    assert len(checked(FollowUp("per_endpoint"), **days)[1]) == 0  # its own last day


def test_recorded_without_a_status_for_death_is_doubted() -> None:
    dead = {**NONE, "death_status": [1], "relapse_day": [90]}
    assert (
        "counts as the end of follow-up only"
        in checked(FollowUp("recorded"), **dead)[1]["rule"].iloc[0]
    )
    assert len(checked(FollowUp("per_endpoint"), **dead)[1]) == 0
    assert len(checked(FollowUp("recorded"), **{**dead, "relapse_status": [2]})[1]) == 0


def test_what_cannot_both_be_is_told() -> None:
    alive = {"death_status": [0, 1], "followup_day": [9, 9], "cause_of_death": ["relapse"] * 2}
    told = checked(FollowUp(), **alive)[1]
    assert told[["row", "field", "severity"]].to_numpy().tolist() == [[1, "cause_of_death", "soft"]]
    donors = {
        "donor_sex": ["male", "female", "male"],
        "donor_parity": ["parous", "parous", "unknown"],
    }
    told = checked(FollowUp(), **donors)[1]
    assert told[["row", "field"]].to_numpy().tolist() == [[1, "donor_parity"]]
    dose = checked(FollowUp(), cd34_dose_infused=[9.18e-6])[1]
    assert dose["severity"].tolist() == ["soft"]


def test_every_outcome_has_a_day_that_can_be_filled() -> None:
    for outcome, (status, day) in outcome_pairs(CONTRACT).items():
        assert outcome == "death" or (status, day) == (f"{outcome}_status", f"{outcome}_day")
