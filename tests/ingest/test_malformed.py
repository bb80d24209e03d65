"""5,000 malformed rows and files: no crash, nothing lost, and every reason names its mend."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import HscriskError
from hscrisk.ingest import ReadResult, load_mapping, read_records
from hscrisk.ingest.chunks import read_in_chunks
from hscrisk.ingest.files import LARGEST_CELL
from hscrisk.ingest.spreadsheet import is_formula
from hscrisk.schema import load_contract

CONTRACT = load_contract()
MAPPING = """
registry: mine
missing: [NA, "."]
fields:
  transplant_id: id
  patient_age: {column: age_months, unit: months}
  patient_sex: {column: sex, codes: {1: male, 2: female}, missing: 99}
  graft_source: {column: graft, codes: {BM: bone_marrow, PB: peripheral_blood}}
  weight_kg: weight
  performance_kps: {column: kps, missing: [99, -9]}
  transplant_type: {constant: allogeneic}
  death_status: dead
  followup_day: {column: months, unit: months_30.4}
  acute_gvhd_2_4_status: gvhd
  acute_gvhd_2_4_day: gvhd_day
"""
HEADER = ["id", "age_months", "sex", "graft", "weight", "kps", "dead", "months", "gvhd", "gvhd_day"]
GOOD = ["", "420", "1", "BM", "70.5", "90", "0", "24.5", "1", "31"]

Row = list[str]
HARD: dict[str, tuple[str, str]] = {
    "a word for a number": ("age_months", "forty"),
    "a decimal comma": ("weight", "70,5"),
    "a thousands separator": ("weight", "1.070.5"),
    "a number with its unit": ("weight", "70 kg"),
    "pounds and more": ("weight", "900"),
    "days where months belong": ("age_months", "15330"),
    "not a number": ("weight", "NaN"),
    "infinity": ("weight", "inf"),
    "minus infinity": ("months", "-Infinity"),
    "an overflow": ("weight", "1e999"),
    "hexadecimal": ("weight", "0x46"),
    "another script": ("weight", "٧٠"),
    "an underscore": ("weight", "7_0"),
    "a date for a day": ("gvhd_day", "2019-02-31"),
    "half a day": ("gvhd_day", "31.5"),
    "a day before infusion": ("gvhd_day", "-31"),
    "a status of its own": ("dead", "7"),
    "true for a number": ("dead", "true"),
    "an unseen code": ("sex", "3"),
    "an unseen word": ("graft", "bone marow"),
    "another case": ("graft", "bm"),
    "a code twice": ("sex", "1;2"),
    "a formula for a code": ("graft", '=HYPERLINK("http://example.org?"&A1,"x")'),
    "a formula for a number": ("weight", "=1+1"),
    "a command": ("weight", "@SUM(1)*cmd|' /C calc'!A0"),
    "no name": ("id", ""),
    "a blank name": ("id", "   "),
    "a formula for a name": ("id", "=1+1"),
    "a control character in a name": ("id", "a\x07b"),
    "a zero byte": ("weight", "7\x000"),
    "a direction mark": ("weight", "\u202e70"),
    "a missing code of another column": ("weight", "unknown"),
    "99 of another column": ("dead", "99"),
    "a long number": ("weight", "7" * 400),
    "a picture": ("sex", "\U0001f9ec"),
    "markup": ("graft", "<script>alert(1)</script>"),
}
SOFT: dict[str, tuple[str, str]] = {
    "younger than its grams": ("weight", "2"),
    "GVHD after the last contact": ("gvhd_day", "9000"),
    "an event without its day": ("gvhd_day", ""),
    "a day without its event": ("gvhd", ""),
    "an event on the day of infusion": ("gvhd_day", "0"),
}
FINE: dict[str, tuple[str, str]] = {
    "spaces": ("weight", "  70.5 "),
    "a whole number as a float": ("sex", "1.0"),
    "its missing code": ("kps", "-9"),
    "a missing word": ("weight", "NA"),
    "scientific": ("weight", "7.05e1"),
    "a sign": ("weight", "+70.5"),
    "a comma in a name": ("id", "a,b"),
    "a quote in a name": ("id", 'a"b'),
    "an accent in a name": ("id", "é\u0301ß"),
}


def one(name: int, change: tuple[str, str]) -> Row:
    row = [f"t{name}", *GOOD[1:]]
    column, value = change
    named = column == "id" and value.startswith(("a", "é"))
    row[HEADER.index(column)] = f"{value}{name}" if named else value
    return row


def text(rows: list[Row], separator: str = ",") -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator="\n").writerows([HEADER, *rows])
    return written.getvalue()


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path / "m.yaml"


def conserved(result: ReadResult, tmp_path: Path | None = None) -> None:
    """Nothing is lost, and whoever has to mend something is told what to do."""
    assert result.n_read == len(result.accepted) + len(result.quarantined)
    hard = result.violations[result.violations["severity"] == "hard"]
    assert set(hard["row"]) == set(result.quarantined["row"])
    assert result.quarantined["reasons"].astype(str).str.len().gt(0).all()
    assert all(isinstance(mend, str) and mend.strip() for mend in hard["mend"])
    frame = result.accepted.frame
    assert frame["transplant_id"].is_unique
    for name in frame.columns:
        field = CONTRACT[name]
        if field.is_numeric and field.hard:
            values = frame[name].dropna()
            assert values.between(*field.hard).all()
    if tmp_path is not None:
        result.write_quarantined(tmp_path / "q.csv")
        with (tmp_path / "q.csv").open(newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
        assert len(rows) - 1 == len(result.quarantined)
        assert not any(is_formula(cell) for row in rows for cell in row)


def read(tmp_path: Path, content: str | bytes, mapping: Path | str) -> ReadResult:
    path = tmp_path / "in.csv"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return read_records(path, mapping)


def test_four_thousand_malformed_rows(tmp_path: Path, mapping: Path) -> None:
    rng, kinds = np.random.default_rng(31), [*HARD.items(), *SOFT.items(), *FINE.items()]
    rows, expected = [], {}
    for number in range(4_000):
        kind, change = kinds[rng.integers(len(kinds))]
        row = one(number, change)
        if kind == "a formula for a name":
            row[0] = f"={number}+1"
        shape = rng.random()
        if shape < 0.05:
            row, kind = row[: rng.integers(2, len(row))], "ragged"
        elif shape < 0.10:
            row, kind = [*row, *["more"] * rng.integers(1, 4)], "ragged"
        elif shape < 0.12 and rows:
            row[0], kind = "t-twice", "twice"
        rows.append(row)
        expected[number + 1] = kind
    result = read(tmp_path, text(rows), mapping)
    conserved(result, tmp_path)
    assert result.n_read == 4_000
    aside = set(result.quarantined["row"])
    hard = {row for row, kind in expected.items() if kind in HARD or kind in ("ragged", "twice")}
    assert aside == hard
    warned = set(result.violations.loc[result.violations["severity"] == "soft", "row"])
    assert {row for row, kind in expected.items() if kind in SOFT} <= warned
    pieces = list(read_in_chunks(tmp_path / "in.csv", load_mapping(mapping), CONTRACT, rows=700))
    assert sum(piece.n_read for piece in pieces) == 4_000
    assert {row for piece in pieces for row in piece.quarantined["row"]} == hard


@pytest.mark.parametrize("kind", [*HARD, *SOFT, *FINE])
def test_each_kind_alone_and_its_neighbours_unharmed(
    kind: str, tmp_path: Path, mapping: Path
) -> None:
    change = (HARD | SOFT | FINE)[kind]
    rows = [[f"n{i}", *GOOD[1:]] for i in range(3)]
    result = read(tmp_path, text([rows[0], one(7, change), *rows[1:]]), mapping)
    conserved(result, tmp_path)
    assert result.quarantined["row"].tolist() == ([2] if kind in HARD else [])
    assert (2 in set(result.violations["row"])) == (kind not in FINE)
    assert set(result.accepted.frame["transplant_id"]) >= {"n0", "n1", "n2"}


def test_a_cell_of_ten_megabytes_costs_its_row_and_no_more(tmp_path: Path, mapping: Path) -> None:
    rows = [[f"n{i}", *GOOD[1:]] for i in range(3)]
    for column in ("weight", "id", "graft"):
        rows[1][HEADER.index(column)] = "x" * 10_000_000
        result = read(tmp_path, text(rows), mapping)
        conserved(result, tmp_path)
        assert result.quarantined["row"].tolist() == [2]
        assert f"{LARGEST_CELL:,}" in result.quarantined["reasons"][0]
        assert (tmp_path / "q.csv").stat().st_size < 10_000
        pieces = list(read_in_chunks(tmp_path / "in.csv", load_mapping(mapping), CONTRACT, rows=1))
        assert [len(piece.accepted) for piece in pieces] == [1, 0, 1]


@pytest.mark.parametrize("value", ["x" * 10_000_000, "9" * 10_000_000], ids=["letters", "digits"])
@pytest.mark.parametrize("field", ["weight_kg", "graft_source", "transplant_id", "patient_cmv_igg"])
def test_a_huge_value_in_a_frame_is_told_without_comparing_it_for_minutes(
    field: str, value: str
) -> None:
    frame = pd.DataFrame({"transplant_id": ["a", "b"], "patient_age": ["3", "4"]}, dtype=object)
    frame[field] = [frame["transplant_id"][0] if field == "transplant_id" else None, value]
    result = read_records(frame)
    assert result.n_read == 2 == len(result.accepted) + len(result.quarantined)


FILES: dict[str, Callable[[str], bytes]] = {
    "empty": lambda _: b"",
    "blank lines": lambda _: b"\n\n  \n",
    "a byte order mark alone": lambda _: b"\xef\xbb\xbf",
    "UTF-16": lambda good: good.encode("utf-16"),
    "Latin-1": lambda good: good.replace("n1", "né").encode("latin-1"),
    "mixed encodings": lambda good: good.encode() + "é,1\n".encode() + "é,1\n".encode("latin-1"),
    "an open quote": lambda good: (good + '"n9,420\n').encode(),
    "text after a quote": lambda good: (good + '"n9"x,420\n').encode(),
    "a column twice": lambda good: good.replace("weight", "sex", 1).encode(),
    "no such column": lambda good: good.replace("weight", "wieght", 1).encode(),
    "semicolons": lambda good: good.replace(",", ";").encode(),
    "tabs": lambda good: good.replace(",", "\t").encode(),
    "no header": lambda good: good.split("\n", 1)[1].encode(),
    "a title above the header": lambda good: ("My registry\n" + good).encode(),
    "zero bytes": lambda _: b"\x00" * 1000,
    "a spreadsheet": lambda _: b"PK\x03\x04" + bytes(range(256)) * 4,
    "half a Parquet file": lambda _: b"PAR1" + b"\x15\x04" * 50,
    "a web page": lambda _: b"<!doctype html><p>Sign in</p>",
}
READABLE: dict[str, Callable[[str], bytes]] = {
    "header only": lambda good: good.split("\n", 1)[0].encode(),
    "a byte order mark": lambda good: b"\xef\xbb\xbf" + good.encode(),
    "two byte order marks in a name": lambda good: good.replace("n1", "\ufeffn1").encode(),
    "line ends of another system": lambda good: good.replace("\n", "\r\n").encode(),
    "line ends of an old system": lambda good: good.replace("\n", "\r").encode(),
    "no end": lambda good: good.rstrip("\n").encode(),
    "blank lines between": lambda good: good.replace("\n", "\n\n").encode(),
    "an end-of-file mark": lambda good: good.encode() + b"\x1a",
    "the header again": lambda good: (good + good.split("\n", 1)[0] + "\n").encode(),
    "a sum below": lambda good: (good + "Total,3\n").encode(),
    "columns that nobody mapped": lambda good: good.replace("\n", ",=1+1\n").encode(),
    "a column without a name": lambda good: (
        good.replace("gvhd_day\n", "gvhd_day,\n").replace("31\n", "31,x\n").encode()
    ),
}
CLEAN = text([[f"n{i}", *GOOD[1:]] for i in range(3)])


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_cannot_be_read_is_an_error_with_its_mend(
    kind: str, tmp_path: Path, mapping: Path
) -> None:
    with pytest.raises(HscriskError) as caught:
        read(tmp_path, FILES[kind](CLEAN), mapping)
    assert caught.value.mend
    with pytest.raises(HscriskError) as piecewise:
        list(read_in_chunks(tmp_path / "in.csv", load_mapping(mapping), CONTRACT, rows=2))
    assert piecewise.value.mend


@pytest.mark.parametrize("kind", READABLE)
def test_an_odd_file_is_read(kind: str, tmp_path: Path, mapping: Path) -> None:
    result = read(tmp_path, READABLE[kind](CLEAN), mapping)
    conserved(result, tmp_path)
    names = {name.strip("\ufeff") for name in result.accepted.frame["transplant_id"]}
    assert names >= ({"n0", "n2"} if kind != "header only" else set())


def test_a_thousand_files_with_flipped_dropped_and_inserted_bytes(
    tmp_path: Path, mapping: Path
) -> None:
    rng, good = np.random.default_rng(32), CLEAN.encode()
    mine, mends = load_mapping(mapping), []
    odd = [b",", b'"', b"\n", b"\r", b"\x00", b"\xff", b"=", b"-", b"\xe2\x80\xae", b"1e", b";"]
    for _ in range(1_000):
        content = bytearray(good)
        for _ in range(rng.integers(1, 6)):
            at = int(rng.integers(len(HEADER) * 7, len(content)))
            action = rng.integers(3)
            if action == 0:
                content[at : at + 1] = bytes([int(rng.integers(256))])
            elif action == 1:
                del content[at : at + int(rng.integers(1, 9))]
            else:
                content[at:at] = odd[int(rng.integers(len(odd)))]
        (tmp_path / "in.csv").write_bytes(bytes(content))
        try:
            result = read_records(tmp_path / "in.csv", mine)
        except HscriskError as error:
            mends.append(error.mend)
            continue
        conserved(result)
    assert all(mends)
    assert 0 < len(mends) < 900


@pytest.mark.parametrize(
    "value",
    [
        *(float("nan"), float("inf"), -0.0, True, b"bytes", [1], {"a": 1}, (), object(), 2**70),
        *(
            pd.NA,
            pd.NaT,
            pd.Timestamp("2020-01-01"),
            np.float32(3),
            np.bool_(True),
            "\ud800",
            3 + 4j,
        ),
    ],
    ids=lambda value: f"{type(value).__name__} {value!s:.9}".encode("ascii", "replace").decode(),
)
def test_any_object_in_any_column_of_a_frame(value: Any, tmp_path: Path) -> None:
    for name in ("transplant_id", "patient_age", "patient_sex", "cryopreserved", "death_status"):
        frame = pd.DataFrame({"transplant_id": ["a", "b"], "patient_age": [1, 2]}, dtype=object)
        if name not in frame:
            frame[name] = pd.Series([None, None], dtype=object)
        frame.at[1, name] = value
        conserved(read_records(frame), tmp_path)


def test_a_separator_beside_a_number_is_space_as_any_other() -> None:
    for mark in "\x1c\x1d\x1e\x1f\x85\u00a0\u3000":
        result = read_records(pd.DataFrame({"transplant_id": ["a"], "patient_age": [f"24{mark}"]}))
        assert result.accepted.frame["patient_age"].tolist() == [24.0]
