"""Groups by fields and by a registry's own columns; a paper's numbers beside the file's."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hscrisk.cohort import summarise
from hscrisk.cohort.groups import groups_of
from hscrisk.errors import InvalidConfiguration
from hscrisk.ingest import load_mapping, read_records
from hscrisk.schema import Records

MAPPING = """registry: mine
missing: [NA]
fields:
  transplant_id: {row_number: true}
  abo_match: {column: abo, codes: {0: matched, 1: minor, 10: major}, missing: 99}
  patient_age: age
  transplant_type: {constant: allogeneic}
  death_status: {column: dead, missing: 99}
  followup_day: last
published:
  - {source: A paper, endpoint: death, by: abo, n: {0: 11, 1: 20, 10: 4}}
"""
N = 40


@pytest.fixture
def records(tmp_path: Path) -> Records:
    path = tmp_path / "mine.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    table = pd.DataFrame(
        {
            "abo": (["10", "0", "1", "1.0"] * (N // 4)),
            "age": [str(i) for i in range(N)],
            "dead": ["1", "1", "1", "0"] * (N // 4 - 1) + ["99", "1", "1", "0"],
            "last": [str(100 + i) for i in range(N - 1)] + [""],
            "own": "x",
        }
    )
    result = read_records(table, load_mapping(path))
    assert len(result.quarantined) == 0
    return result.accepted


def test_a_column_of_the_registry_divides_as_its_field_does(records: Records) -> None:
    by_field = groups_of(records, ["abo_match"])
    by_column = groups_of(records, ["abo"])
    assert [key for key, _ in by_column] == [{"abo": "0"}, {"abo": "1"}, {"abo": "10"}]
    assert [key["abo_match"] for key, _ in by_field] == ["matched", "minor", "major"]
    for (_, ours), (_, theirs) in zip(by_field, by_column, strict=True):
        assert ours.tolist() == theirs.tolist()
    both = groups_of(records, ["abo", "abo_match"])
    assert sum(int(mask.sum()) for _, mask in both) == N


@pytest.mark.parametrize("name", ["own", "patient_age", "abbo", "nothing_like_it"])
def test_what_does_not_divide_is_refused(records: Records, name: str) -> None:
    with pytest.raises(InvalidConfiguration, match="divided"):
        groups_of(records, [name])


def test_a_column_of_measurements_makes_no_groups() -> None:
    from dataclasses import replace

    table = pd.DataFrame({"transplant_id": [str(i) for i in range(500)], "patient_age": 3})
    records = read_records(table).accepted
    wide = replace(records, columns=pd.DataFrame({"months": [str(i / 7) for i in range(500)]}))
    with pytest.raises(InvalidConfiguration, match="more than 400"):
        groups_of(wide, ["months"])


def test_known_outcomes_are_counted_whether_or_not_their_day_is(records: Records) -> None:
    told: dict[str, Any] = summarise(records, ["death"], by="abo").to_dict()
    death = told["endpoints"]["death"]
    assert (death["known"], death["n"]) == (N - 1, N - 2)
    by = {group["by"]["abo"]: (group["known"], group["n"]) for group in death["groups"]}
    assert by == {"0": (10, 10), "1": (20, 19), "10": (9, 9)}


def test_the_difference_from_a_paper_is_told(records: Records) -> None:
    from rich.console import Console

    from hscrisk.cohort.text import check_tables

    (paper,) = summarise(records, ["death"]).to_dict()["published"]
    assert paper["by"] == "abo"
    rows = {row["level"]: (row["here"], row["difference"]) for row in paper["rows"]}
    assert rows == {"0": (10, -1), "1": (20, 0), "10": (9, 5)}
    console = Console(width=120, record=True, file=StringIO())
    read = {"n_read": N, "n_accepted": N, "n_quarantined": 0, "violations": []}
    read |= {"unknown_columns": [], "absent_columns": []}
    for part in check_tables(read, summarise(records, ["death"]).to_dict()):
        console.print(part)
    text = console.export_text()
    assert "A paper" in text
    assert "+5" in text
    assert "-1" in text
