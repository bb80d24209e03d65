"""Tables from files. CSV is read as text, so that nothing is turned into something else unseen."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hscrisk.errors import InputOutputFailed
from hscrisk.ingest.arff import LARGEST_FIELD, read_arff
from hscrisk.schema.values import TEXT

LARGEST_CELL = 100_000
"""Characters; a row with a longer cell is set aside, and the cell cut short there."""
_SHOWN = 200
NO_PARQUET = "Write it again, or give a CSV file."


@dataclass(frozen=True)
class Ragged:
    """A row that could not be laid out: more or fewer cells than the header, or a huge one."""

    row: int
    cells: tuple[str, ...]
    too_long: bool = False


@dataclass(frozen=True)
class RawTable:
    """A table as it was found.

    Attributes
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
    rows : ndarray of int, shape (n_rows,)
        Number of each row, the first data row being 1; blank lines are not counted.
    ragged : tuple of Ragged
        Rows that could not be laid out, numbered in the same way.
    """

    frame: pd.DataFrame
    rows: NDArray[np.int64]
    ragged: tuple[Ragged, ...] = field(default=())

    @property
    def n_read(self) -> int:
        """Return the number of data rows."""
        return len(self.rows) + len(self.ragged)


def read_table(source: str | Path | pd.DataFrame, separator: str = ",") -> RawTable:
    """Return a CSV, ARFF or Parquet file, or a data frame, as a table.

    Raises
    ------
    InputOutputFailed
        When it cannot be read: no such file, empty, not UTF-8, a quote never closed, a column given
        twice, no Parquet.
    """
    if isinstance(source, pd.DataFrame):
        return _numbered(source.reset_index(drop=True))
    path = Path(source)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputOutputFailed(
            f"{path.name} cannot be read: {reason.lower()}", mend="Check the path and its rights."
        ) from error
    if not content.strip():
        raise InputOutputFailed(f"{path.name} is empty", mend="Give a header and data rows.")
    if content[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(content, path.name)
    return _text(content, path, separator)


def _parquet(content: bytes, name: str) -> RawTable:
    try:
        # Whole numbers with gaps stay whole: as floats the longest identifiers would blur.
        frame = pq.read_table(io.BytesIO(content)).to_pandas(integer_object_nulls=True)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InputOutputFailed(f"{name} is no readable Parquet file", mend=NO_PARQUET) from error
    return _numbered(frame.reset_index(drop=True))


def _numbered(frame: pd.DataFrame) -> RawTable:
    frame.columns = pd.Index(header_names([str(column) for column in frame.columns]))
    return RawTable(frame, np.arange(1, len(frame) + 1, dtype=np.int64))


def _text(content: bytes, path: Path, separator: str) -> RawTable:
    name = path.name
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(name, content[: error.start].count(b"\n") + 1) from error
    lines = read_arff(text, name) if is_arff(path) else _lines(text, name, separator)
    if not lines:
        raise InputOutputFailed(f"{name} is empty", mend="Give a header and data rows.")
    header = header_names([cell.strip() for cell in lines[0]])
    return laid_out(lines[1:], header, 1)


def is_arff(path: Path) -> bool:
    """Return whether a file is called an ARFF file."""
    return path.suffix.lower() == ".arff"


def laid_out(lines: list[list[str]], names: list[str], first: int) -> RawTable:
    """Return lines as a table of text, the first of them being row number `first`."""
    body: list[list[str]] = []
    rows: list[int] = []
    ragged: list[Ragged] = []
    for number, cells in enumerate(lines, start=first):
        # The sum is quick, and seldom leaves anything to look for.
        if sum(map(len, cells)) > LARGEST_CELL and any(len(cell) > LARGEST_CELL for cell in cells):
            ragged.append(Ragged(number, tuple(map(_cut, cells)), too_long=True))
        elif len(cells) != len(names):
            ragged.append(Ragged(number, tuple(cells)))
        else:
            body.append(cells)
            rows.append(number)
    columns: list[Any] = list(zip(*body, strict=True)) if body else [()] * len(names)
    frame = pd.DataFrame(
        {name: pd.Series(cells, dtype=TEXT) for name, cells in zip(names, columns, strict=True)}
    )
    return RawTable(frame, np.array(rows, dtype=np.int64), tuple(ragged))


def _cut(cell: str) -> str:
    if len(cell) <= LARGEST_CELL:
        return cell
    return f"{cell[:_SHOWN]}... ({len(cell):,} characters)"


def _lines(text: str, name: str, separator: str) -> list[list[str]]:
    kept = csv.field_size_limit(LARGEST_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        lines = [cells for cells in reader if cells and (len(cells) > 1 or cells[0].strip())]
    except csv.Error as error:
        raise malformed(name, reader.line_num) from error
    finally:
        csv.field_size_limit(kept)
    return lines


def malformed(name: str, line: int) -> InputOutputFailed:
    """Return the error of a file whose quotes cannot be paired."""
    return InputOutputFailed(
        f"{name} is no well-formed CSV near line {line}",
        mend="Close every quote, and double a quote inside a quoted cell.",
    )


def not_utf8(name: str, line: int) -> InputOutputFailed:
    """Return the error of a file in another encoding, or in several."""
    return InputOutputFailed(
        f"{name} is not UTF-8 text (line {line})",
        mend="Save it as UTF-8; spreadsheets call it 'CSV UTF-8'.",
    )


def header_names(names: list[str]) -> list[str]:
    """Return the names of columns; one without a name is called by its place, none comes twice."""
    named = [name or f"unnamed_{i}" for i, name in enumerate(names, start=1)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputOutputFailed(
            "a column is given twice", field=twice[0], mend="Rename or leave out one of them."
        )
    return named
