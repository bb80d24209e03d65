"""A large file a piece at a time, with the answers that reading it whole would give.

One pass over the identifiers comes first: a transplant given twice is told wherever its rows lie
(of rows that are the same word for word the first is kept), so neither the size of the pieces nor
the order of the rows changes what is accepted.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hscrisk.errors import InputOutputFailed
from hscrisk.ingest.apply import map_columns
from hscrisk.ingest.arff import LARGEST_FIELD
from hscrisk.ingest.copies import row_texts
from hscrisk.ingest.files import (
    NO_PARQUET,
    RawTable,
    header_names,
    is_arff,
    laid_out,
    malformed,
    not_utf8,
    read_table,
)
from hscrisk.ingest.mapping import Mapping
from hscrisk.ingest.reader import checked_records
from hscrisk.ingest.result import ReadResult
from hscrisk.ingest.tables import Joined, join_tables
from hscrisk.schema import Contract
from hscrisk.schema.findings import Findings
from hscrisk.schema.values import canonical, is_missing

ROWS = 20_000
"""Rows of a piece: large enough for vectorised work, small enough for any memory."""


def read_in_chunks(
    source: str | Path, mapping: Mapping, contract: Contract, *, rows: int = ROWS
) -> Iterator[ReadResult]:
    """Yield a file's records piece by piece, rows numbered through; the pieces add up.

    Parameters
    ----------
    source : str or Path
        CSV or Parquet. Several tables (their folder) are joined in memory and come as one piece,
        as does an ARFF file.
    mapping : Mapping
    contract : Contract
        The one to check against, as a bundle carries it.
    rows : int
        Rows of a piece.

    Raises
    ------
    InputOutputFailed, MissingColumn
        As `read_records`.
    """
    if mapping.tables:
        yield checked_records(join_tables(source, mapping, contract), mapping, contract)
        return
    again = _given_again(source, mapping, contract, rows)
    seen: set[str] = set()
    for raw in raw_chunks(source, mapping.separator, rows=rows):
        noted, copies = _noted(raw, mapping, contract, again, seen)
        yield checked_records(Joined(raw, violations=(noted,)), mapping, contract, copies)


def raw_chunks(source: str | Path, separator: str = ",", *, rows: int = ROWS) -> Iterator[RawTable]:
    """Yield the table of a CSV or Parquet file, `rows` rows at a time; at least one piece.

    Raises
    ------
    InputOutputFailed
        When it cannot be read, at the piece where that shows.
    """
    path = Path(source)
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        msg = f"{path.name} cannot be read: {reason}"
        raise InputOutputFailed(msg, mend="Check the path and its rights.") from error
    if start == b"PAR1" or path.suffix.lower() in (".parquet", ".pq"):
        yield from _parquet(path, rows)
    elif is_arff(path):
        yield read_table(path)
    else:
        yield from _csv(path, separator, rows)


def _parquet(path: Path, rows: int) -> Iterator[RawTable]:
    first = 1
    try:
        with pq.ParquetFile(path) as file:
            names = header_names([str(name) for name in file.schema_arrow.names])
            for batch in file.iter_batches(batch_size=rows):
                # Whole numbers with gaps stay whole: as floats the longest identifiers would blur.
                frame = batch.to_pandas(integer_object_nulls=True).reset_index(drop=True)
                frame.columns = pd.Index(names)
                yield RawTable(frame, np.arange(first, first + len(frame), dtype=np.int64))
                first += len(frame)
            if first == 1:
                yield RawTable(file.schema_arrow.empty_table().to_pandas(), _numbers([]))
    except (pa.ArrowException, OSError) as error:
        msg = f"{path.name} is no readable Parquet file"
        raise InputOutputFailed(msg, mend=NO_PARQUET) from error


def _csv(path: Path, separator: str, rows: int) -> Iterator[RawTable]:
    kept = csv.field_size_limit(LARGEST_FIELD)
    reader: Any = None
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=separator, strict=True)
            lines = (cells for cells in reader if cells and (len(cells) > 1 or cells[0].strip()))
            header = next(lines, None)
            if header is None:
                msg = f"{path.name} is empty"
                raise InputOutputFailed(msg, mend="Give a header and data rows.")
            names, first = header_names([cell.strip() for cell in header]), 1
            while (piece := list(islice(lines, rows))) or first == 1:
                yield laid_out(piece, names, first)
                first += max(1, len(piece))
    except UnicodeDecodeError as error:
        raise not_utf8(path.name, _undecodable(path)) from error
    except csv.Error as error:
        raise malformed(path.name, reader.line_num) from error
    finally:
        csv.field_size_limit(kept)


def _undecodable(path: Path) -> int:
    """Return the first line that is not UTF-8."""
    with path.open("rb") as stream:
        for line, content in enumerate(stream, start=1):
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                return line
    return 1


def _numbers(rows: list[int]) -> Any:
    return np.array(rows, dtype=np.int64)


def _identifiers(raw: RawTable, mapping: Mapping, contract: Contract) -> pd.Series[Any]:
    """Return the transplant of each row as a check will call it; missing where it has none."""
    unheard = Findings(raw.rows, np.full(len(raw.rows), "", dtype=object))
    mapped = map_columns(raw.frame, mapping, contract, unheard, only=("transplant_id",))
    if "transplant_id" not in mapped.columns:  # rows are named by their number
        return pd.Series(raw.rows.astype(str), dtype=object)
    named = [None if is_missing(value) else canonical(value) for value in mapped["transplant_id"]]
    return pd.Series(named, dtype=object)


def _given_again(
    source: str | Path, mapping: Mapping, contract: Contract, rows: int
) -> dict[str, bool]:
    """Return the transplants of two or more rows, and whether those rows are all the same.

    No more than 8 bytes a row are held, and the text of rows that may be concerned.
    """

    def pieces() -> Iterator[Any]:
        for raw in raw_chunks(source, mapping.separator, rows=rows):
            names = _identifiers(raw, mapping, contract)
            told = names.notna().to_numpy()
            short = np.zeros(len(names), dtype=np.uint64)
            given = names[told].to_numpy(dtype=object)
            short[told] = pd.util.hash_array(given, categorize=False)
            yield raw.frame, names, told, short

    hashes = np.sort(np.concatenate([short[told] for _, _, told, short in pieces()]))
    suspects = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if len(suspects) == 0:
        return {}
    # Two names may share a hash: only the names themselves tell.
    counts: Counter[str] = Counter()
    texts: dict[str, set[Any]] = {}
    for frame, names, told, short in pieces():
        here = told & np.isin(short, suspects)
        for name, text in zip(names[here], row_texts(frame, here), strict=True):
            counts[name] += 1
            texts.setdefault(name, set()).add(text)
    return {name: len(texts[name]) == 1 for name, n in counts.items() if n > 1}


def _noted(
    raw: RawTable,
    mapping: Mapping,
    contract: Contract,
    again: dict[str, bool],
    seen: set[str],
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return violations of transplants given differently, and which rows are copies."""
    names = _identifiers(raw, mapping, contract)
    findings = Findings(raw.rows, names.fillna("").to_numpy(dtype=object))
    mend = "Give every transplant its own identifier; none of them was kept."
    differ = names.isin([name for name, same in again.items() if not same])
    findings.add(differ, "transplant_id", names, "a transplant must be given once", mend)
    copies = np.zeros(len(names), dtype=bool)
    for row, name in enumerate(names):
        if again.get(name, False):
            copies[row] = name in seen
            seen.add(name)
    return findings.table(), copies
