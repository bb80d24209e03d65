"""Reading: nothing is lost, and everything that is wrong is told."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hscrisk.errors import InputOutputFailed, InvalidConfiguration, MissingColumn
from hscrisk.ingest import ReadResult, load_mapping, read_records, records_from_dicts
from hscrisk.schema import load_contract

CONTRACT = load_contract()


def mapped(tmp_path: Path, data: str, mapping: str) -> ReadResult:
    (tmp_path / "d.csv").write_text(data, encoding="utf-8")
    (tmp_path / "m.yaml").write_text("registry: mine\n" + mapping, encoding="utf-8")
    return read_records(tmp_path / "d.csv", tmp_path / "m.yaml")


def conserved(result: ReadResult) -> None:
    assert result.n_read == len(result.accepted) + len(result.quarantined)
    hard = result.violations[result.violations["severity"] == "hard"]
    assert set(hard["row"]) == set(result.quarantined["row"])
    assert result.quarantined["row"].is_unique
    assert result.quarantined["reasons"].notna().all()
    assert result.accepted.frame["transplant_id"].is_unique


def test_codes_units_missing_codes_and_constants(tmp_path: Path) -> None:
    result = mapped(
        tmp_path,
        "id,sex,age,day,kps\n1,1,24,1.6447,90\n2,2.0,NA,3.2895,99\n3,.,36,,-9\n",
        """
missing: [NA, '.']
fields:
  transplant_id: id
  patient_sex: {column: sex, codes: {1: male, 2: female}}
  patient_age: {column: age, unit: months}
  interval_dx_hct_days: {column: day, unit: months_30.4}
  performance_kps: {column: kps, missing: [99, -9]}
  transplant_type: {constant: allogeneic}
""",
    )
    conserved(result)
    frame = result.accepted.frame
    assert frame["patient_sex"].astype(object).tolist()[:2] == ["male", "female"]
    assert frame["patient_sex"].isna().tolist() == [False, False, True]
    assert frame["patient_age"].tolist()[0] == 2.0
    assert frame["interval_dx_hct_days"].tolist()[:2] == [50.0, 100.0]
    assert frame["performance_kps"].isna().tolist() == [False, True, True]
    assert (frame["transplant_type"] == "allogeneic").all()
    assert frame["patient_id"].tolist() == ["1", "2", "3"]
    assert result.accepted.source == "mine"


def test_a_code_that_nobody_explained_quarantines_its_row(tmp_path: Path) -> None:
    fields = (
        "fields:\n  transplant_id: id\n  patient_sex: {column: sex, codes: {M: male, F: female}}\n"
    )
    result = mapped(tmp_path, "id,sex\na,M\nb,X\nc,m\nd,\n", fields)
    conserved(result)
    assert result.quarantined["row"].tolist() == [2, 3]
    told = result.violations.iloc[0]
    assert (told["field"], told["value"], told["transplant_id"]) == ("patient_sex", "X", "b")
    assert "does not list" in told["rule"]
    assert "list it in the mapping" in told["mend"]


def test_otherwise_takes_every_other_code_but_not_the_empty_cell(tmp_path: Path) -> None:
    fields = """
fields:
  transplant_id: id
  neutrophil_engraftment_status: {column: neut, codes: {1000000: 0}, otherwise: 1}
  neutrophil_engraftment_day: {column: neut, missing: 1000000}
"""
    frame = mapped(tmp_path, "id,neut\na,12\nb,1000000\nc,\n", fields).accepted.frame
    assert frame["neutrophil_engraftment_status"].tolist()[:2] == [1.0, 0.0]
    assert frame["neutrophil_engraftment_status"].isna().tolist() == [False, False, True]
    assert frame["neutrophil_engraftment_day"].tolist()[0] == 12.0
    assert frame["neutrophil_engraftment_day"].isna().tolist() == [False, True, True]


def test_a_number_that_is_none_is_told_as_it_was_found(tmp_path: Path) -> None:
    fields = "fields:\n  transplant_id: id\n  patient_age: {column: age, unit: months}\n"
    result = mapped(tmp_path, "id,age\na,old\nb,1e999\nc,2400\n", fields)
    conserved(result)
    assert result.violations["value"].tolist() == ["old", "1e999", "200"]


def test_identifiers_from_several_columns_or_the_row(tmp_path: Path) -> None:
    fields = "fields:\n  transplant_id: {columns: [p, t]}\n  patient_id: p\n"
    result = mapped(tmp_path, "p,t\n7,1\n7,2\n7,\n", fields)
    conserved(result)
    assert result.accepted.frame["transplant_id"].tolist() == ["7-1", "7-2"]
    assert result.accepted.frame["patient_id"].tolist() == ["7", "7"]
    assert result.quarantined["row"].tolist() == [3]
    row = "fields:\n  transplant_id: {row_number: true}\n  patient_age: age\n"
    assert mapped(tmp_path, "age\n5\n6\n", row).accepted.frame["transplant_id"].tolist() == [
        "1",
        "2",
    ]
    none = "fields:\n  patient_age: age\n"
    assert mapped(tmp_path, "age\n5\n6\n", none).accepted.frame["transplant_id"].tolist() == [
        "1",
        "2",
    ]


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    fields = "fields:\n  transplant_id: id\n  patient_age: age\n  relapse_status: rel\n"
    with pytest.raises(MissingColumn, match="'age'") as caught:
        mapped(tmp_path, "id,agee\n1,2\n", fields)
    assert caught.value.mend == "Did you mean 'agee'?"
    result = mapped(tmp_path, "id,age\n1,2\n", fields)
    assert result.absent_columns == ("rel",)
    optional = fields.replace("patient_age: age", "patient_age: {column: age, optional: true}")
    assert mapped(tmp_path, "id\n1\n", optional).absent_columns == ("age", "rel")


def test_none_of_the_columns_is_there(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("transplant_id;patient_age\n1;2\n")
    with pytest.raises(MissingColumn, match="none of the columns"):
        read_records(tmp_path / "d.csv")


def test_columns_that_nobody_maps_are_told_unless_ignored(tmp_path: Path) -> None:
    fields = "ignore: [b]\nfields:\n  transplant_id: id\n"
    assert mapped(tmp_path, "id,a,b\n1,2,3\n", fields).unknown_columns == ("a",)


def test_ragged_and_doubled_rows_are_quarantined_as_they_were_found(tmp_path: Path) -> None:
    fields = "fields:\n  transplant_id: row\n  patient_age: reasons\n"
    result = mapped(tmp_path, "row,reasons\na,1\nb\nc,3,4,5\nd,4\nd,5\n", fields)
    conserved(result)
    assert result.n_read == 5
    kept = result.quarantined.set_index("row")
    assert kept.index.tolist() == [2, 3, 4, 5]
    assert kept.loc[3, ["source.row", "source.reasons", "surplus_1", "surplus_2"]].tolist() == [
        *("c", "3", "4", "5")
    ]
    assert kept.loc[2, "source.row"] == "b"
    assert "must have 2 cells" in kept.loc[2, "reasons"]
    assert "given once" in kept.loc[4, "reasons"]


def test_a_quarantined_row_says_what_was_found_and_how_to_mend_it(tmp_path: Path) -> None:
    fields = "fields:\n  transplant_id: id\n  patient_age: age\n  weight_kg: kg\n"
    result = mapped(tmp_path, f"id,age,kg\na,340,heavy\nb,34,{'9' * 80}\n", fields)
    hard = result.violations[result.violations["severity"] == "hard"]
    first, second = (text.split(" | ") for text in result.quarantined["reasons"])
    assert len(first) == 2
    for told, violation in zip(first, hard.to_dict("records"), strict=False):
        assert told.startswith(f"{violation['field']}: {violation['rule']} (got ")
        assert repr(violation["value"]) in told
        assert told.endswith(violation["mend"])
        assert violation["mend"]
    assert f"'{'9' * 60}...'" in second[0]
    result.write_quarantined(tmp_path / "aside.csv")
    again = pd.read_csv(tmp_path / "aside.csv")
    assert again["reasons"].tolist() == result.quarantined["reasons"].tolist()


def test_a_header_alone(tmp_path: Path) -> None:
    result = mapped(tmp_path, "id\n", "fields:\n  transplant_id: id\n")
    conserved(result)
    assert (result.n_read, len(result.accepted)) == (0, 0)
    json.dumps(result.to_dict(), allow_nan=False)


def test_parquet_csv_and_a_frame_give_the_same_records(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "transplant_id": ["a", "b", "c"],
            "patient_age": [1.5, None, 200.0],
            "ptcy": [True, False, None],
            "primary_disease": ["AML", "ALL", None],
            "hctci_score": [0, 3, 2],
        }
    )
    frame.to_parquet(tmp_path / "d.parquet")
    frame.assign(ptcy=["yes", "no", None]).to_csv(tmp_path / "d.csv", index=False)
    results = [
        read_records(source) for source in (frame, tmp_path / "d.csv", tmp_path / "d.parquet")
    ]
    for result in results:
        conserved(result)
        pd.testing.assert_frame_equal(result.accepted.frame, results[0].accepted.frame)
        assert result.violations["rule"].tolist() == results[0].violations["rule"].tolist()


def test_definitions_and_extraction_date_travel(tmp_path: Path) -> None:
    text = """
extraction_date: 2024-01-31
fields: {transplant_id: id}
definitions: {platelet_threshold: 50, follow_up: per_endpoint}
"""
    records = mapped(tmp_path, "id\n1\n", text).accepted
    assert records.extraction_date == "2024-01-31"
    assert records.definitions == {"platelet_threshold": 50.0, "follow_up": "per_endpoint"}


def test_the_summary_of_reading_holds_no_value(tmp_path: Path) -> None:
    fields = "fields:\n  transplant_id: id\n  patient_age: age\n"
    result = mapped(tmp_path, "id,age\nsecretname,topsecret\nb,1\n", fields)
    told = json.dumps(result.to_dict(), allow_nan=False)
    assert "secret" not in told
    assert result.to_dict()["violations"][0]["rows"] == [1]
    assert result.to_dict()["n_quarantined"] == 1


def test_quarantined_rows_can_be_written(tmp_path: Path) -> None:
    fields = "fields:\n  transplant_id: id\n  patient_age: age\n"
    result = mapped(tmp_path, "id,age\na,x\nb,1\n", fields)
    result.write_quarantined(tmp_path / "q.csv")
    again = pd.read_csv(tmp_path / "q.csv")
    assert again[["row", "id", "age"]].values.tolist() == [[1, "a", "x"]]
    with pytest.raises(InputOutputFailed, match="cannot be written"):
        result.write_quarantined(tmp_path / "absent" / "q.csv")


def test_an_unknown_mapping_is_refused_before_reading() -> None:
    with pytest.raises(InvalidConfiguration):
        read_records("whatever.csv", "no_such_registry")


# -- records as JSON -----------------------------------------------------------------------------


def test_json_records() -> None:
    result = records_from_dicts([{"patient_age": 34, "ptcy": True}, {"transplant_id": "x"}, {}])
    conserved(result)
    assert result.accepted.frame["transplant_id"].tolist() == ["1", "x", "3"]
    assert result.accepted.frame["patient_age"].tolist()[0] == 34.0


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"patient_age": float("nan"), "weight_kg": float("inf")}, "weight_kg"),
        ({"patient_age": True}, "patient_age"),
        ({"patient_age": [1]}, "patient_age"),
        ({"patient_age": {"a": 1}}, "patient_age"),
        ({"patient_age": 10**400}, "patient_age"),
        ({"patient_sex": 1}, "patient_sex"),
        ({"patient_sex": "\ud800"}, "patient_sex"),
        ({"transplant_id": "\ud800"}, "transplant_id"),
        ({"patient_agee": 1}, "patient_agee"),
        ({"\ud800": 1}, "\\ud800"),
        ({"patient_agee": None}, "patient_agee"),
        ({"followup_day": 1.5}, "followup_day"),
    ],
)
def test_json_records_that_are_refused(record: dict[str, Any], field: str) -> None:
    result = records_from_dicts([record, {"patient_age": 1}])
    conserved(result)
    assert len(result.accepted) == 1
    hard = result.violations[result.violations["severity"] == "hard"]
    assert hard["field"].tolist() == [field]
    json.dumps(result.violations.to_dict("records")).encode("utf-8")


def test_an_unknown_field_names_the_nearest() -> None:
    assert records_from_dicts([{"patient_agee": 1}]).violations["mend"][0] == (
        "Did you mean 'patient_age'?"
    )


def test_no_records() -> None:
    assert records_from_dicts([]).n_read == 0


# -- the law -------------------------------------------------------------------------------------

CELLS = st.one_of(
    st.sampled_from(
        ["", "1", "2.0", "34", "-3", "99", "NA", "x", "male", "yes", "1e999", "NaN", "٣"]
    ),
    st.text(max_size=4),
)
FIELDS = ["transplant_id", "patient_age", "patient_sex", "ptcy", "relapse_status", "relapse_day"]
ROWS = st.lists(st.lists(CELLS, min_size=0, max_size=8), max_size=12)


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    for cells in [FIELDS, *rows]:
        quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
        text.write(quoted + "\n")
    return text.getvalue().encode("utf-8", "replace")


@given(rows=ROWS)
def test_read_is_accepted_and_quarantined(rows: list[list[str]], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("law") / "d.csv"
    path.write_bytes(as_csv(rows))
    result = read_records(path)
    conserved(result)
    blank = [cells for cells in rows if not cells or (len(cells) == 1 and not cells[0].strip())]
    assert result.n_read == len(rows) - len(blank)
    accepted = result.accepted.frame
    ages = accepted["patient_age"].dropna()
    assert ages.between(0, 100).all()
    assert accepted["patient_sex"].dropna().isin(["male", "female"]).all()


@settings(max_examples=20)
@given(rows=st.lists(st.lists(CELLS, min_size=6, max_size=6), min_size=1, max_size=6))
def test_a_row_is_judged_by_itself(rows: list[list[str]], tmp_path_factory: Any) -> None:
    frame = pd.DataFrame(rows, columns=FIELDS, dtype=object)
    frame["transplant_id"] = [f"t{i}" for i in range(len(frame))]
    together = read_records(frame)
    alone = [read_records(frame.iloc[[i]]) for i in range(len(frame))]
    kept = [len(result.accepted) == 1 for result in alone]
    ids = frame["transplant_id"][kept].tolist()
    assert together.accepted.frame["transplant_id"].tolist() == ids


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*FIELDS, "centre_id", "nonsense"]) | st.text(max_size=3), JSON
        ),
        max_size=4,
    )
)
def test_no_json_record_breaks_the_reader(records: list[dict[str, Any]]) -> None:
    result = records_from_dicts(records)
    conserved(result)
    assert result.n_read == len(records)
    result.violations.to_csv(io.StringIO(), index=False)


def test_the_mapping_object_itself_may_be_given() -> None:
    frame = pd.DataFrame({"transplant_id": ["a"]})
    assert len(read_records(frame, load_mapping("contract")).accepted) == 1
