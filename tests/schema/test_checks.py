"""A test for every rule: which row, which field, hard or soft, and how to mend it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import InvalidRecord
from hscrisk.schema import CheckResult, check_records, load_contract

CONTRACT = load_contract()


def check(**columns: list[Any]) -> CheckResult:
    n = len(next(iter(columns.values())))
    frame = {"transplant_id": [f"t{i}" for i in range(n)], **columns}
    return check_records(
        pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in frame.items()}), CONTRACT
    )


def found(result: CheckResult) -> list[tuple[int, str, str]]:
    table = result.violations
    return list(zip(table["row"], table["field"], table["severity"], strict=True))


def test_good_rows_have_none() -> None:
    result = check(
        patient_age=["34", 7.5, None], patient_sex=["male", "female", ""], ptcy=[True, "no", None]
    )
    assert len(result.violations) == 0
    assert result.accepted.all()
    assert result.frame["patient_age"].dtype == np.float64
    assert result.frame["patient_sex"].cat.categories.tolist() == ["female", "male"]
    assert not result.frame["patient_sex"].cat.ordered
    assert result.frame["ptcy"].tolist()[:2] == ["yes", "no"]


@pytest.mark.parametrize(
    "value", ["abc", "NaN", "Infinity", "1e999", float("inf"), True, "3,5", [1]]
)
def test_what_is_no_finite_number_is_hard(value: object) -> None:
    result = check(patient_age=["30", value])
    assert found(result) == [(2, "patient_age", "hard")]
    assert "decimal point" in result.violations["mend"][0]
    assert result.accepted.tolist() == [True, False]


@pytest.mark.parametrize(
    ("value", "severity"), [(-1, "hard"), (101, "hard"), (85, "soft"), (80, None)]
)
def test_limits(value: float, severity: str | None) -> None:
    expected = [(1, "patient_age", severity)] if severity else []
    assert found(check(patient_age=[value])) == expected


def test_integers_and_days_are_whole() -> None:
    assert found(check(hctci_score=["2.5", "2.0"])) == [(1, "hctci_score", "hard")]
    assert found(check(interval_dx_hct_days=[10.2])) == [(1, "interval_dx_hct_days", "hard")]


def test_an_unknown_level_names_the_nearest() -> None:
    result = check(patient_sex=["femal"], disease_status=["CR9"])
    assert found(result) == [(1, "patient_sex", "hard"), (1, "disease_status", "hard")]
    assert result.violations["mend"].tolist()[0] == "Did you mean 'female'?"


@pytest.mark.parametrize("value", [1, "1", "Yes", "true"])
def test_a_flag_is_yes_no_or_a_truth_value(value: object) -> None:
    assert found(check(ptcy=[value])) == [(1, "ptcy", "hard")]


def test_text_is_printable_and_no_other_thing() -> None:
    result = check(centre_id=["C1", 12, 12.0, "a\x00b", {"a": 1}, True, "\ud800", None])
    assert [row for row, _, _ in found(result)] == [4, 5, 6, 7]
    assert result.frame["centre_id"].tolist()[:3] == ["C1", "12", "12"]
    assert result.violations["value"].str.encode("utf-8").notna().all()


def test_an_identifier_is_required_and_unique() -> None:
    frame = pd.DataFrame({"transplant_id": ["a", "b", "a", None, "1", 1.0]})
    result = check_records(frame, CONTRACT)
    assert found(result) == [
        (1, "transplant_id", "hard"),
        (3, "transplant_id", "hard"),
        (4, "transplant_id", "hard"),
        (5, "transplant_id", "hard"),
        (6, "transplant_id", "hard"),
    ]
    assert result.accepted.tolist() == [False, True, False, False, False, False]
    absent = check_records(pd.DataFrame({"patient_age": [1, 2]}), CONTRACT)
    assert found(absent) == [(1, "transplant_id", "hard"), (2, "transplant_id", "hard")]


def test_all_violations_of_all_rows_come_at_once() -> None:
    result = check(
        patient_age=["x", "1", "300"], patient_sex=["z", "male", "q"], weight_kg=["1", "0", "w"]
    )
    assert found(result) == [
        (1, "patient_age", "hard"),
        (1, "patient_sex", "hard"),
        (1, "weight_kg", "soft"),
        (2, "weight_kg", "hard"),
        (3, "patient_age", "hard"),
        (3, "patient_sex", "hard"),
        (3, "weight_kg", "hard"),
    ]
    assert result.violations["value"].tolist()[0] == "x"
    assert result.violations["transplant_id"].tolist()[0] == "t0"
    assert (result.violations["rule"].str.len() > 0).all()


def test_rows_are_counted_as_the_caller_counts_them() -> None:
    frame = pd.DataFrame({"transplant_id": ["a", "b"], "patient_age": ["x", "1"]})
    result = check_records(frame, CONTRACT, rows=np.array([7, 9]))
    assert result.violations["row"].tolist() == [7]


def test_only_fields_of_the_contract_once() -> None:
    with pytest.raises(InvalidRecord, match="'patient_age'"):
        check_records(pd.DataFrame({"patient_agee": [1]}), CONTRACT)
    twice = pd.DataFrame([[1, 2]], columns=["patient_age", "patient_age"])
    with pytest.raises(InvalidRecord, match="given twice"):
        check_records(twice, CONTRACT)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"relapse_status": [1], "relapse_day": [None]}, (1, "relapse_day", "soft")),
        ({"death_status": [0], "followup_day": [None]}, (1, "followup_day", "soft")),
        ({"relapse_status": [None], "relapse_day": [9]}, (1, "relapse_status", "soft")),
        ({"relapse_status": [1], "relapse_day": [0]}, (1, "relapse_day", "soft")),
        ({"relapse_day": [5]}, (1, "relapse_status", "soft")),
        ({"relapse_status": [1], "relapse_day": [-1]}, (1, "relapse_day", "hard")),
        ({"relapse_status": [4], "relapse_day": [1]}, (1, "relapse_status", "hard")),
        ({"death_status": [2], "followup_day": [1]}, (1, "death_status", "hard")),
        (
            {"death_status": [1], "followup_day": [10], "relapse_status": [1], "relapse_day": [11]},
            (1, "relapse_day", "soft"),
        ),
        (
            {"death_status": [0], "followup_day": [10], "relapse_status": [1], "relapse_day": [11]},
            (1, "relapse_day", "soft"),
        ),
        (
            {
                "acute_gvhd_3_4_status": [1],
                "acute_gvhd_3_4_day": [9],
                "acute_gvhd_2_4_status": [0],
                "acute_gvhd_2_4_day": [99],
            },
            (1, "acute_gvhd_2_4_status", "soft"),
        ),
        (
            {
                "chronic_gvhd_extensive_status": [1],
                "chronic_gvhd_extensive_day": [90],
                "chronic_gvhd_status": [1],
                "chronic_gvhd_day": [120],
            },
            (1, "chronic_gvhd_extensive_day", "soft"),
        ),
        ({"transplant_type": ["autologous"], "donor_age": [30]}, (1, "donor_age", "soft")),
    ],
)
def test_outcomes_that_cannot_all_be_true(
    columns: dict[str, list[Any]], expected: tuple[int, str, str]
) -> None:
    assert found(check(**columns)) == [expected]


def test_an_event_on_the_day_of_death_or_without_a_day_of_death_is_fine() -> None:
    columns = {
        "death_status": [1],
        "followup_day": [10],
        "relapse_status": [1],
        "relapse_day": [10],
    }
    assert found(check(**columns)) == []
    assert found(check(relapse_status=[1], relapse_day=[10])) == []


def test_a_status_that_ends_by_death_needs_no_event() -> None:
    assert found(check(relapse_status=[0, 2, 3], relapse_day=[None, 4, 5])) == []
