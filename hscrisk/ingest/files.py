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
from hscrisk.schema.values import TEXT

_LARGEST_CELL = 1_000_000


@dataclass(frozen=True)
class Ragged:
    """A row with more or fewer cells than the header."""

    row: int
    cells: tuple[str, ...]


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
    """Return a CSV or Parquet file, or a data frame, as a table.

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
        raise InputOutputFailed(f"{path.name} cannot be read: {reason.lower()}") from error
    if not content.strip():
        raise InputOutputFailed(f"{path.name} is empty", mend="Give a header and data rows.")
    if content[:4] == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
        return _parquet(content, path.name)
    return _csv(content, path.name, separator)


def _parquet(content: bytes, name: str) -> RawTable:
    try:
        # Whole numbers with gaps stay whole: as floats the longest identifiers would blur.
        frame = pq.read_table(io.BytesIO(content)).to_pandas(integer_object_nulls=True)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InputOutputFailed(f"{name} is no readable Parquet file") from error
    return _numbered(frame.reset_index(drop=True))


def _numbered(frame: pd.DataFrame) -> RawTable:
    frame.columns = pd.Index(header_names([str(column) for column in frame.columns]))
    return RawTable(frame, np.arange(1, len(frame) + 1, dtype=np.int64))


def _csv(content: bytes, name: str, separator: str) -> RawTable:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputOutputFailed(
            f"{name} is not UTF-8 text (line {line})",
            mend="Save it as UTF-8; spreadsheets call it 'CSV UTF-8'.",
        ) from error
    lines = _lines(text, name, separator)
    if not lines:
        raise InputOutputFailed(f"{name} is empty", mend="Give a header and data rows.")
    header = header_names([cell.strip() for cell in lines[0]])
    body: list[list[str]] = []
    rows: list[int] = []
    ragged: list[Ragged] = []
    for number, cells in enumerate(lines[1:], start=1):
        if len(cells) == len(header):
            body.append(cells)
            rows.append(number)
        else:
            ragged.append(Ragged(number, tuple(cells)))
    columns: list[Any] = list(zip(*body, strict=True)) if body else [()] * len(header)
    frame = pd.DataFrame(
        {name: pd.Series(cells, dtype=TEXT) for name, cells in zip(header, columns, strict=True)}
    )
    return RawTable(frame, np.array(rows, dtype=np.int64), tuple(ragged))


def _lines(text: str, name: str, separator: str) -> list[list[str]]:
    kept = csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        lines = [cells for cells in reader if cells and (len(cells) > 1 or cells[0].strip())]
    except csv.Error as error:
        raise InputOutputFailed(
            f"{name} is no well-formed CSV near line {reader.line_num}",
            mend="Close every quote, and double a quote inside a quoted cell.",
        ) from error
    finally:
        csv.field_size_limit(kept)
    return lines


def header_names(names: list[str]) -> list[str]:
    """Return the names of columns; one without a name is called by its place, none comes twice."""
    named = [name or f"unnamed_{i}" for i, name in enumerate(names, start=1)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputOutputFailed(
            "a column is given twice", field=twice[0], mend="Rename or leave out one of them."
        )
    return named
