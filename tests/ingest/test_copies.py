"""Rows that come twice: the same words are kept once, different ones not at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from hscrisk.ingest import load_mapping, read_records
from hscrisk.ingest.chunks import read_in_chunks
from hscrisk.schema import load_contract

ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["30", "40"])), max_size=7)


@given(ROWS, st.integers(1, 4))
@settings(max_examples=20)
def test_of_equal_rows_the_first_is_kept(rows: list[tuple[str, str]], size: int) -> None:
    import tempfile

    table = pd.DataFrame(rows, columns=["transplant_id", "patient_age"], dtype=object)
    result = read_records(table)
    contents: dict[str, set[str]] = {}
    for name, age in rows:
        contents.setdefault(name, set()).add(age)
    kept = {name: min(ages) for name, ages in contents.items() if len(ages) == 1}
    frame = result.accepted.frame
    ages = [f"{age:.0f}" for age in frame.get("patient_age", [])]
    assert dict(zip(frame["transplant_id"], ages, strict=True)) == kept
    first = [i for i, (name, _) in enumerate(rows, 1) if name in kept]
    first = [i for i in first if rows[i - 1][0] not in [name for name, _ in rows[: i - 1]]]
    assert sorted(result.quarantined["row"]) == sorted(set(range(1, len(rows) + 1)) - set(first))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.csv"
        table.to_csv(path, index=False)
        pieces = [*read_in_chunks(path, load_mapping("contract"), load_contract(), rows=size)]
    told = pd.concat([p.violations for p in pieces], ignore_index=True)
    columns = ["row", "field", "value", "rule"]
    assert told[columns].to_numpy().tolist() == result.violations[columns].to_numpy().tolist()
    assert sum(len(p.accepted) for p in pieces) == len(result.accepted)


def test_the_mend_of_a_copy_says_what_was_done() -> None:
    table = pd.DataFrame({"transplant_id": ["a", "b", "a"], "remark": ["x", "", "x"]})
    mapping = load_mapping("contract").model_copy(update={"ignore": ("remark",)})
    result = read_records(table, mapping)
    assert result.quarantined["row"].tolist() == [3]
    assert "the first of them was kept" in result.violations["mend"].iloc[0]
    differ = table.assign(remark=["x", "", "y"])
    assert read_records(differ, mapping).quarantined["row"].tolist() == [1, 3]
