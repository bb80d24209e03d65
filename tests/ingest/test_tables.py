"""Several tables: a transplant names its patient and its donor or donors."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hscrisk.errors import InputOutputFailed, MissingColumn
from hscrisk.ingest import Mapping, ReadResult, load_mapping, read_records

MAPPING = """
registry: mine
fields:
  transplant_id: tx
  patient_id: {column: pat}
  donor_id: {column: don, table: donors}
  graft_source: {column: source, codes: {cb: cord_blood, bm: bone_marrow}}
  patient_age: age
  patient_sex: {column: sex, codes: {m: male, f: female}}
  donor_age: age
  donor_sex: {column: sex, codes: {m: male, f: female}}
  death_status: dead
  followup_day: day
tables:
  transplants: {file: tx.csv, key: tx}
  patients: {file: pat.csv, key: pat, named_by: pat}
  donors: {file: don.csv, key: don, named_by: [d1, d2]}
  outcomes: {file: out.csv, key: tx}
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Mapping:
    path = tmp_path / "m.yaml"
    path.write_text(MAPPING)
    return load_mapping(path)


def tables() -> dict[str, pd.DataFrame]:
    return {
        "transplants": pd.DataFrame(
            {
                "tx": ["t1", "t2", "t3", "t4"],
                "pat": ["p1", "p2", "p1", "p3"],
                "d1": ["c1", "c3", "c4", None],
                "d2": ["c2", None, "c5", None],
                "source": ["cb", "bm", "cb", "bm"],
            }
        ),
        "patients": pd.DataFrame(
            {"pat": ["p1", "p2", "p3"], "age": [10, 20, 30], "sex": ["m", "f", "m"]}
        ),
        "donors": pd.DataFrame(
            {
                "don": ["c1", "c2", "c3", "c4", "c5"],
                "age": [None, None, 40, 1, 2],
                "sex": ["m", "m", "f", "m", "f"],
            }
        ),
        "outcomes": pd.DataFrame({"tx": ["t1", "t2", "t3"], "dead": [1, 0, 0], "day": [9, 99, 50]}),
    }


def conserved(result: ReadResult) -> None:
    assert result.n_read == len(result.accepted) + len(result.quarantined)


def test_two_cords_are_two_donors(mapping: Mapping) -> None:
    data = tables()
    data["outcomes"].loc[3] = ["t4", 0, 5]
    result = read_records(data, mapping)
    conserved(result)
    frame = result.accepted.frame.set_index("transplant_id")
    assert frame.index.tolist() == ["t1", "t2", "t3", "t4"]
    assert frame["patient_age"].tolist() == [10, 20, 10, 30]
    assert frame["patient_id"].tolist() == ["p1", "p2", "p1", "p3"]
    assert frame["donor_sex"].astype(object).where(frame["donor_sex"].notna(), None).tolist() == [
        *("male", "female", None, None)
    ]
    assert frame["donor_age"].fillna(-1).tolist() == [-1, 40, -1, -1]
    assert frame["sex_match"].astype(object).tolist()[:2] == ["MM", "FF"]
    donors = result.accepted.donors
    assert donors is not None
    assert donors[["transplant_id", "donor_slot", "donor_id"]].values.tolist() == [
        *(["t1", 1, "c1"], ["t2", 1, "c3"], ["t3", 1, "c4"], ["t1", 2, "c2"], ["t3", 2, "c5"])
    ]


def test_donors_that_differ_are_told_softly(mapping: Mapping) -> None:
    result = read_records(tables(), mapping)
    told = result.violations[result.violations["rule"].str.contains("donors differ")]
    assert set(told["severity"]) == {"soft"}
    assert set(zip(told["transplant_id"], told["field"], strict=True)) == {
        ("t1", "donor_id"),
        ("t3", "donor_id"),
        ("t3", "donor_sex"),
        ("t3", "donor_age"),
    }


@pytest.mark.parametrize(
    ("table", "column", "value", "field", "rule"),
    [
        ("transplants", "pat", "p9", "patient_id", "must be in the table"),
        ("transplants", "d1", "c9", "donor_id", "must be in the table"),
        ("transplants", "d2", "c9", "donor_id", "must be in the table"),
        ("patients", "pat", "p2", "patient_id", "given once"),
        ("donors", "don", "c3", "donor_id", "given once"),
        ("outcomes", "tx", "t2", "transplant_id", "given once"),
    ],
)
def test_a_reference_that_fails_quarantines_the_transplant(
    mapping: Mapping, table: str, column: str, value: str, field: str, rule: str
) -> None:
    data = tables()
    data["outcomes"].loc[3] = ["t4", 0, 5]
    data[table].loc[0, column] = value
    result = read_records(data, mapping)
    conserved(result)
    hard = result.violations[result.violations["severity"] == "hard"]
    assert field in set(hard["field"])
    assert hard["rule"].str.contains(rule).any()
    assert len(result.quarantined) >= 1
    assert set(hard["transplant_id"]) == set(result.quarantined["transplants.tx"])


def test_a_transplant_without_outcomes_is_told(mapping: Mapping) -> None:
    result = read_records(tables(), mapping)
    conserved(result)
    assert len(result.accepted) == 4
    told = result.violations[result.violations["rule"].str.contains("no row in the table")]
    assert told[["transplant_id", "severity"]].values.tolist() == [["t4", "soft"]]
    assert result.accepted.frame["death_status"].isna().tolist() == [False, False, False, True]


def test_patients_still_to_be_treated_have_no_table_of_outcomes(
    tmp_path: Path, mapping: Mapping
) -> None:
    data = tables()
    del data["outcomes"]
    for name, frame in data.items():
        frame.to_csv(tmp_path / mapping.tables[name].file, index=False)
    for result in (read_records(data, mapping), read_records(tmp_path, mapping)):
        conserved(result)
        assert len(result.accepted) == 4
        assert result.absent_columns == ("outcomes.day", "outcomes.dead")


def test_an_autologous_transplant_names_no_donor(mapping: Mapping) -> None:
    data = tables()
    data["transplants"][["d1", "d2"]] = None
    result = read_records(data, mapping)
    conserved(result)
    assert len(result.accepted) == 4
    assert result.accepted.donors is not None
    assert len(result.accepted.donors) == 0


def test_a_bad_value_of_one_donor_quarantines_the_transplant_once(mapping: Mapping) -> None:
    data = tables()
    data["donors"]["age"] = data["donors"]["age"].astype(object)
    data["donors"].loc[1, "age"] = "old"
    data["donors"].loc[2, "sex"] = "?"
    result = read_records(data, mapping)
    conserved(result)
    hard = result.violations[result.violations["severity"] == "hard"]
    told = set(zip(hard["transplant_id"], hard["field"], hard["value"], strict=True))
    assert {("t1", "donor_age", "old"), ("t2", "donor_sex", "?")} <= told
    donors = result.accepted.donors
    assert donors is not None
    assert set(donors["transplant_id"]) == {"t3"}


def test_a_folder_of_files(tmp_path: Path, mapping: Mapping) -> None:
    for name, frame in tables().items():
        frame.to_csv(tmp_path / mapping.tables[name].file, index=False)
    result = read_records(tmp_path, mapping)
    conserved(result)
    assert result.accepted.frame["transplant_id"].tolist() == ["t1", "t2", "t3", "t4"]
    with pytest.raises(InputOutputFailed, match="folder"):
        read_records(tmp_path / "tx.csv", mapping)
    (tmp_path / "don.csv").unlink()
    with pytest.raises(InputOutputFailed, match=r"don\.csv"):
        read_records(tmp_path, mapping)


def test_an_absent_table_or_key(mapping: Mapping) -> None:
    data = tables()
    del data["donors"]
    with pytest.raises(InputOutputFailed, match="'donors' is absent"):
        read_records(data, mapping)
    data = tables()
    data["patients"] = data["patients"].rename(columns={"pat": "patt"})
    with pytest.raises(MissingColumn, match="'patt'"):
        read_records(data, mapping)


def test_columns_that_nobody_maps_name_their_table(mapping: Mapping) -> None:
    data = tables()
    data["donors"]["weight"] = 1
    assert read_records(data, mapping).unknown_columns == ("donors.weight",)


def test_one_flat_table_by_name() -> None:
    frame = pd.DataFrame({"transplant_id": ["a"]})
    assert len(read_records({"transplants": frame}).accepted) == 1
