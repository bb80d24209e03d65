"""What several columns say together: cases, conditions, values of another column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.errors import InvalidConfiguration, MissingColumn
from hscrisk.ingest import load_mapping, read_records

BASE = "registry: mine\nfields:\n  transplant_id: {row_number: true}\n"


def mapping(tmp_path: Path, fields: str, rest: str = "") -> Any:
    path = tmp_path / "mine.yaml"
    path.write_text(f"{BASE}  {fields}\n{rest}", encoding="utf-8")
    return load_mapping(path)


STATUS = """neutrophil_engraftment_status:
    cases:
      - {when: {anc: 99}}
      - {when: {anc: 1}, means: 1}
      - {when: {dwo: 1}, means: 2}
      - {when: {dead: 1, surv: {same_as: ancday}}, means: 2}
      - {when: {anc: 0}, means: 0}"""
CELL = st.sampled_from(["0", "1", "99", "7", "", "NA", None])
DAY = st.sampled_from(["3", "3.0", "4", "", None])


@given(st.lists(st.tuples(CELL, CELL, CELL, DAY, DAY), min_size=1, max_size=8))
def test_the_first_case_that_holds_decides(rows: list[tuple[Any, ...]]) -> None:
    import tempfile

    names = ["anc", "dwo", "dead", "surv", "ancday"]
    with tempfile.TemporaryDirectory() as folder:
        rules = mapping(Path(folder), STATUS, "missing: [NA]")
    result = read_records(pd.DataFrame(rows, columns=names, dtype=object), rules)

    def plain(cell: Any) -> str:
        text = "" if cell in (None, "NA") else cell
        return text.removesuffix(".0")

    accepted, refused = [], []
    for number, row in enumerate(rows, start=1):
        anc, dwo, dead, surv, ancday = map(plain, row)
        if anc == "99":
            told = None
        elif anc == "1":
            told = 1
        elif dwo == "1" or (dead == "1" and surv == ancday != ""):
            told = 2
        elif anc == "0":
            told = 0
        elif not any((anc, dwo, dead, surv, ancday)):
            told = None
        else:
            refused.append(number)
            continue
        accepted.append(told)
    frame = result.accepted.frame
    found = frame["neutrophil_engraftment_status"].tolist()
    assert [None if pd.isna(v) else int(v) for v in found] == accepted
    assert result.quarantined["row"].tolist() == refused
    hard = result.violations[result.violations["severity"] == "hard"]
    assert set(hard["mend"]) <= {"Add a case to the mapping."}
    assert result.n_read == len(frame) + len(refused)


def test_a_case_that_is_not_covered_names_its_codes(tmp_path: Path) -> None:
    rules = mapping(tmp_path, "ptcy: {cases: [{when: {a: 1, b: 2}, means: yes}]}")
    result = read_records(pd.DataFrame({"a": ["1", "1"], "b": ["2", "3"]}), rules)
    assert result.accepted.frame["ptcy"].tolist() == ["yes"]
    assert result.violations["value"].tolist() == ["a=1, b=3"]


def test_otherwise_covers_the_rest(tmp_path: Path) -> None:
    rules = mapping(tmp_path, "ptcy: {cases: [{when: {a: [1, 2]}, means: yes}], otherwise: no}")
    result = read_records(pd.DataFrame({"a": ["1", "2", "3", None]}), rules)
    told = result.accepted.frame["ptcy"].astype(object).where(lambda v: v.notna(), None)
    assert told.tolist() == ["yes", "yes", "no", None]


def test_a_column_that_applies_to_some_rows_only(tmp_path: Path) -> None:
    rules = mapping(tmp_path, "donor_age: {column: dage, only_when: {donor: [2, 3]}}")
    table = pd.DataFrame({"donor": ["1", "2", "3", None], "dage": ["-9", "30", "40", "50"]})
    ages = read_records(table, rules).accepted.frame["donor_age"].tolist()
    assert ages[1:3] == [30.0, 40.0]
    assert pd.isna(ages[0])
    assert pd.isna(ages[3])
    rules = mapping(
        tmp_path, "donor_age: {column: dage, only_when: {donor: {other_than: [1, '']}}}"
    )
    again = read_records(table, rules).accepted.frame["donor_age"]
    assert again.equals(pd.Series(ages, name="donor_age"))
    codes = "donor_age_band: {column: dage, codes: {1: 18_29}, only_when: {donor: 2}}"
    result = read_records(table.assign(dage=["-9", "1", "8", "8"]), mapping(tmp_path, codes))
    assert len(result.quarantined) == 0  # a code in a row to which the column does not apply


def test_a_sentinel_stands_for_the_value_of_another_column(tmp_path: Path) -> None:
    fields = (
        "platelet_engraftment_status: {column: plt, codes: {1000000: 0}, otherwise: 1}\n"
        "  platelet_engraftment_day:\n    column: plt\n    unit: months_30.4\n"
        "    instead: {1000000: {column: last, unit: weeks}, '': last}"
    )
    table = pd.DataFrame({"plt": ["1000000.0", "2", ""], "last": ["10", "11", "12"]})
    frame = read_records(table, mapping(tmp_path, fields)).accepted.frame
    assert frame["platelet_engraftment_status"].tolist()[:2] == [0.0, 1.0]
    # Each source has its own unit: none is handed on.
    assert frame["platelet_engraftment_day"].tolist() == [70.0, 61.0, 12.0]


def test_months_become_whole_days(tmp_path: Path) -> None:
    rules = mapping(tmp_path, "followup_day: {column: t, unit: months_30.4}")
    days = list(range(0, 4000, 7))
    table = pd.DataFrame({"t": [repr(day / 30.4) for day in days]})
    assert read_records(table, rules).accepted.frame["followup_day"].tolist() == days


def test_99_is_a_code_in_one_column_and_real_in_another(tmp_path: Path) -> None:
    fields = "death_status: {column: dead, missing: 99}\n  followup_day: last"
    frame = read_records(
        pd.DataFrame({"dead": ["99", "1"], "last": ["99", "99"]}), mapping(tmp_path, fields)
    ).accepted.frame
    assert frame["followup_day"].tolist() == [99.0, 99.0]
    assert frame["death_status"].isna().tolist() == [True, False]


def test_the_columns_of_conditions_are_read_and_must_be_there(tmp_path: Path) -> None:
    rules = mapping(tmp_path, "donor_age: {column: dage, only_when: {donor: 2}}")
    table = pd.DataFrame({"donor": ["2"], "dage": ["30"], "more": ["x"]})
    result = read_records(table, rules)
    assert result.unknown_columns == ("more",)
    assert result.accepted.columns is not None
    assert list(result.accepted.columns) == ["donor", "dage"]
    with pytest.raises(MissingColumn, match="donor"):
        read_records(table.drop(columns="donor"), rules)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ("ptcy: {cases: []}", "cases"),
        ("ptcy: {column: a, cases: [{when: {a: 1}}]}", "give one of"),
        ("ptcy: {cases: [{when: {}, means: yes}]}", "when"),
        ("ptcy: {cases: [{when: {a: 1}, means: perhaps}]}", "no such value"),
        ("ptcy: {cases: [{when: {a: {same_as: b, any_of: 1}}, means: yes}]}", "a condition is"),
        ("ptcy: {cases: [{wen: {a: 1}, means: yes}]}", "unknown key"),
        ("donor_age: {constant: 3, instead: {1: b}}", "instead needs"),
        ("donor_age: {column: a, otherwise: 3}", "otherwise needs"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, fields: str, rule: str) -> None:
    with pytest.raises(InvalidConfiguration, match=rule):
        mapping(tmp_path, fields)


@pytest.mark.parametrize(
    ("rest", "rule"),
    [
        ("definitions: {dates_usable_from: {relaps: 9}}", "'relapse'"),
        ("definitions: {dates_usable_from: {relapse: 0}}", "greater than or equal to 1"),
        ("definitions: {status_only: {relapse: never}}", "ever"),
        ("definitions: {immature_years: {cgvhd: [2018]}}", "no such outcome"),
        ("published: [{source: x, endpoint: deth, by: patient_age, n: {1: 2}}]", "'death'"),
        ("published: [{source: x, endpoint: death, by: agee, n: {1: 2}}]", "neither a field"),
    ],
)
def test_definitions_that_name_nothing_are_refused(tmp_path: Path, rest: str, rule: str) -> None:
    with pytest.raises(InvalidConfiguration) as caught:
        mapping(tmp_path, "patient_age: age", rest)
    assert rule in str(caught.value)


def test_definitions_travel_with_the_records(tmp_path: Path) -> None:
    rest = (
        "definitions: {follow_up: recorded, dates_usable_from: {relapse: 185},\n"
        "  immature_years: {chronic_gvhd: [2018, 2019]}, status_only: {acute_gvhd_2_4: 100}}"
    )
    rules = mapping(tmp_path, "acute_gvhd_2_4_status: a", rest)
    result = read_records(pd.DataFrame({"a": ["1"]}), rules)
    assert dict(result.accepted.definitions) == {
        "follow_up": "recorded",
        "dates_usable_from": {"relapse": 185},
        "immature_years": {"chronic_gvhd": [2018, 2019]},
        "status_only": {"acute_gvhd_2_4": 100},
    }
    assert len(result.violations) == 0  # an onset that is not dated needs no day
