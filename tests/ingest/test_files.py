"""Files: CSV as text, Parquet as it is, and a clear word where neither can be read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hscrisk.errors import InputOutputFailed
from hscrisk.ingest.files import read_table


def write(tmp_path: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_everything_is_text(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b,c\n01,1e5,NA\n007,true,\n"))
    assert table.frame.to_dict("list") == {
        "a": ["01", "007"],
        "b": ["1e5", "true"],
        "c": ["NA", ""],
    }
    assert table.rows.tolist() == [1, 2]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_byte_order_mark_line_ends_quotes_and_blank_lines(tmp_path: Path, end: str) -> None:
    lines = ["\ufeffa,b", "1,2", "", '"x, ""y""",3', "   ", '"two lines",4', ""]
    table = read_table(write(tmp_path, end.join(lines)))
    assert list(table.frame.columns) == ["a", "b"]
    assert table.frame["a"].tolist() == ["1", 'x, "y"', "two lines"]
    assert table.rows.tolist() == [1, 2, 3]
    assert table.n_read == 3


def test_rows_of_another_length_are_kept_aside(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n"))
    assert table.rows.tolist() == [1, 4]
    assert [(line.row, line.cells) for line in table.ragged] == [(2, ("3",)), (3, ("4", "5", "6"))]
    assert table.n_read == 4


def test_one_column(tmp_path: Path) -> None:
    assert read_table(write(tmp_path, "a\n1\n\n2\n")).frame["a"].tolist() == ["1", "2"]


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a,b\n"))
    assert (table.n_read, list(table.frame.columns)) == (0, ["a", "b"])


def test_another_separator(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, "a;b\n1,5;2\n"), ";")
    assert table.frame.to_dict("list") == {"a": ["1,5"], "b": ["2"]}


def test_a_column_without_a_name(tmp_path: Path) -> None:
    assert list(read_table(write(tmp_path, ",b\n0,1\n")).frame.columns) == ["unnamed_1", "b"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "is empty"),
        (" \n \n", "is empty"),
        ("\ufeff", "is empty"),
        ("a,b,a\n1,2,3\n", "given twice"),
        (b"a,b\n1,2\n\xff,3\n", r"not UTF-8 text \(line 3\)"),
        ("a,b\n1,2".encode("utf-16"), "not UTF-8"),
        ('a,b\n1,"2\n3,4\n', "well-formed CSV"),
        ('a,b\n1,"2"x\n', "well-formed CSV"),
        (b"PAR1 and no more", "Parquet"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: str | bytes, told: str) -> None:
    with pytest.raises(InputOutputFailed, match=told) as caught:
        read_table(write(tmp_path, content))
    assert caught.value.exit_code == 3


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputOutputFailed, match=r"absent\.csv cannot be read: no such file"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(InputOutputFailed, match="cannot be read"):
        read_table(tmp_path)


def test_parquet_keeps_its_types_whatever_its_name(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, None], "b": ["x", None], "c": [1, 2], "d": [True, False]})
    frame.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.dat").write_bytes((tmp_path / "a.parquet").read_bytes())
    for name in ("a.parquet", "b.dat"):
        table = read_table(tmp_path / name)
        assert table.frame["a"].isna().tolist() == [False, True]
        assert table.frame["c"].tolist() == [1, 2]
        assert table.rows.tolist() == [1, 2]


def test_a_frame_is_left_as_it_was() -> None:
    frame = pd.DataFrame({"a": [1, 2], 3: [4, 5]}, index=[9, 9])
    table = read_table(frame)
    assert list(table.frame.columns) == ["a", "3"]
    assert list(frame.columns) == ["a", 3]
    assert frame.index.tolist() == [9, 9]


ARFF = "% of nobody\n@relation a\n@attribute id numeric\n@attribute 'b c' {x,y}\n@data\n"


def test_an_arff_file_is_read_as_text(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, f"{ARFF}01, 'x, y'\n% c\n2,?\n3\n4,x,5\n", "a.ARFF"))
    assert table.frame.to_dict("list") == {"id": ["01", "2"], "b c": ["x, y", "?"]}
    assert table.rows.tolist() == [1, 2]
    assert [(line.row, line.cells) for line in table.ragged] == [(3, ("3",)), (4, ("4", "x", "5"))]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,b\n1,2\n", "no @data"),
        ("@data\n1\n", "names no attribute"),
        (f"{ARFF}{{0 1}}\n", "sparse"),
        (f"{ARFF}1,'x\n2,y\n", "well-formed ARFF"),
        (ARFF.replace("'b c'", "id") + "1,2\n", "given twice"),
        (f"{ARFF}1,\xff\n".encode("latin-1"), r"not UTF-8 text \(line 6\)"),
    ],
)
def test_an_arff_file_that_cannot_be_read(tmp_path: Path, content: str | bytes, told: str) -> None:
    with pytest.raises(InputOutputFailed, match=told):
        read_table(write(tmp_path, content, "a.arff"))
