"""Units that differ from row to row, decimal commas, and sources that must agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.ingest import ReadResult, load_mapping, read_records
from hscrisk.ingest.decimals import with_point
from hscrisk.ingest.field_source import FieldSource
from hscrisk.ingest.source_values import FileForm, values_of
from hscrisk.schema import load_contract


def read(tmp_path: Path, table: Any, fields: str, rest: str = "") -> ReadResult:
    path = tmp_path / "mine.yaml"
    path.write_text(f"registry: mine\nfields:\n  {fields}\n{rest}", encoding="utf-8")
    return read_records(pd.DataFrame(table), load_mapping(path))


@given(st.floats(-1e9, 1e9, allow_nan=False))
def test_a_decimal_comma_is_a_decimal_point(number: float) -> None:
    text = f"{number:.6f}"
    assert with_point(text.replace(".", ",")) == text
    assert with_point(text) is None


@given(st.integers(1000, 10**9))
def test_thousands_are_never_guessed(number: int) -> None:
    for text in (
        f"{number:,}".replace(",", "."),
        f"{number:,}.50",
        f"{number:,}".replace(",", " "),
    ):
        assert with_point(text) is None


def test_the_decimal_mark_of_the_file_or_of_a_column(tmp_path: Path) -> None:
    table = {"age": ["39,4", "39.4", "1.234,5", "999,0"], "kg": ["70.5"] * 4}
    fields = "patient_age: {column: age, missing: 999}\n  weight_kg: {column: kg, decimal: '.'}"
    result = read(tmp_path, table, fields, "decimal: ','")
    assert result.accepted.frame["patient_age"].tolist()[0] == 39.4
    assert result.accepted.frame["patient_age"].isna().tolist() == [False, True]
    assert result.accepted.frame["weight_kg"].tolist() == [70.5, 70.5]
    assert result.quarantined["row"].tolist() == [2, 3]
    assert set(result.violations["rule"]) == {"patient age must be a number with a decimal comma"}
    # A column of numbers has no decimal mark.
    numbers = read(tmp_path, {"age": [39.4]}, "patient_age: {column: age, decimal: ','}")
    assert numbers.accepted.frame["patient_age"].tolist() == [39.4]


def test_a_comma_that_nobody_declared_is_refused_with_the_mend(tmp_path: Path) -> None:
    result = read(tmp_path, {"age": ["39,4", "1,234.5"]}, "patient_age: age")
    assert "decimal: ','" in result.violations["mend"].iloc[0]
    assert "thousands separator" in result.violations["mend"].iloc[1]


def test_the_unit_of_each_row(tmp_path: Path) -> None:
    fields = "weight_kg: {column: w, missing: 999, unit: {column: u, codes: {kg: kg, 1: lb, g: g}}}"
    table = {"w": ["70", "154.5", "70800", "999", "70", "70"], "u": ["kg", "1", "g", "", "st", ""]}
    result = read(tmp_path, table, fields)
    weights = result.accepted.frame["weight_kg"]
    assert weights.tolist()[:3] == pytest.approx([70, 70.0800, 70.8], abs=1e-3)
    assert weights.isna().tolist() == [False, False, False, True]
    assert result.quarantined["row"].tolist() == [5, 6]
    assert result.violations["value"].tolist() == ["70, unit st", "70, unit empty"]
    other = fields.replace("g: g}", "g: g}, otherwise: kg")
    assert len(read(tmp_path, table, other).quarantined) == 0


def test_the_unit_by_what_other_columns_say(tmp_path: Path) -> None:
    fields = (
        "height_cm: {column: h, missing: 999,\n"
        "    unit: {cases: [{when: {centre: [4, 5]}, means: m}], otherwise: cm}}"
    )
    table = {"h": ["1.78", "178", "999", "178"], "centre": ["4", "1", "5", ""]}
    heights = read(tmp_path, table, fields).accepted.frame["height_cm"]
    assert heights.tolist()[:2] == [178.0, 178.0]
    assert heights.isna().tolist() == [False, False, True, False]
    strict = fields.replace(", otherwise: cm", "")
    assert read(tmp_path, table, strict).quarantined["row"].tolist() == [2, 4]


@given(st.lists(st.tuples(st.floats(1, 300), st.sampled_from(["kg", "lb", "g"])), min_size=1))
def test_a_unit_by_row_is_the_unit_of_that_row(rows: list[tuple[float, str]]) -> None:
    field, form = load_contract()["weight_kg"], FileForm(frozenset(), "%Y-%m-%d", ".")
    columns: dict[str, Any] = {
        "w": pd.Series([w for w, _ in rows], dtype=object),
        "u": pd.Series([u for _, u in rows], dtype=object),
    }
    numbering = np.arange(1, len(rows) + 1)
    mixed = FieldSource.model_validate(
        {"column": "w", "unit": {"column": "u", "codes": {"kg": "kg", "lb": "lb", "g": "g"}}}
    )
    found = values_of(mixed, field, columns, numbering, form)
    for i, (_, unit) in enumerate(rows):
        alone = FieldSource.model_validate({"column": "w", "unit": unit})
        assert found[i] == values_of(alone, field, columns, numbering, form)[i]


def test_two_sources_of_one_field_must_agree(tmp_path: Path) -> None:
    fields = (
        "death_status: {column: dead,\n"
        "    agrees_with: {cases: [{when: {died: ''}, means: 0}], otherwise: 1}}\n"
        "  followup_day: {column: last, since: tx, agrees_with: {column: died, since: tx}}"
    )
    table = {
        "tx": ["2012-01-01"] * 5,
        "dead": ["0", "1", "0", "1", "1"],
        "last": ["2012-02-01"] * 5,
        "died": ["", "2012-02-01", "2012-02-01", "2012-02-02", "2012-02-31"],
    }
    result = read(tmp_path, table, fields)
    told = result.violations[["row", "field", "severity"]].to_numpy().tolist()
    assert told == [
        [3, "death_status", "soft"],
        [4, "followup_day", "soft"],
        [5, "followup_day", "soft"],
    ]
    assert result.violations["value"].tolist() == ["0 and 1", "31 and 32", "2012-02-31"]
    assert result.accepted.frame["followup_day"].tolist() == [31.0] * 5
