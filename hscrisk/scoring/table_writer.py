"""Write a table piece by piece; it appears under its name only when it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hscrisk.errors import InputOutputFailed, InvalidConfiguration

SUFFIXES = (".csv", ".parquet")


class TableWriter:
    """A CSV or Parquet file in the making, beside its final place under another name.

    Parameters
    ----------
    path : Path
        Where the table will be; the suffix chooses the form.
    types : mapping of str to pyarrow.DataType, optional
        Of the columns of a Parquet file; the others are text.

    Raises
    ------
    InvalidConfiguration
        If the suffix is neither `.csv` nor `.parquet`.
    """

    def __init__(self, path: Path, types: Mapping[str, pa.DataType] | None = None) -> None:
        if path.suffix.lower() not in SUFFIXES:
            msg = "the form of a table follows from its name"
            raise InvalidConfiguration(
                msg,
                field=str(path),
                mend="End the name in .csv or .parquet.",
            )
        self.path, self._types = path, types or {}
        self._is_csv = path.suffix.lower() == ".csv"
        self._parquet: pq.ParquetWriter | None = None
        self._stack = ExitStack()
        self._empty = True

    def __enter__(self) -> Self:
        name = f".{self.path.name}.{secrets.token_hex(6)}.part"
        self._temporary = self.path.with_name(name)
        with _disk(self.path):
            self._stream = self._stack.enter_context(self._temporary.open("xb"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What matters was checked by `finish`; after a failure that failure is what is told.
        with suppress(OSError):
            self._stack.close()
        self._temporary.unlink(missing_ok=True)

    def write(self, table: pd.DataFrame) -> None:
        """Append rows; every piece has the columns of the first."""
        with _disk(self.path):
            if self._is_csv:
                text = table.to_csv(index=False, header=self._empty, lineterminator="\n")
                self._stream.write(text.encode())
            else:
                self._write_parquet(table)
        self._empty = False

    def _write_parquet(self, table: pd.DataFrame) -> None:
        # Types by name, never guessed from a piece: one that is empty would have others.
        schema = pa.schema([(str(c), self._types.get(c, pa.string())) for c in table.columns])
        arrays = [
            pa.array(column, type=kind, from_pandas=True) if c in self._types else _text(column)
            for (c, column), kind in zip(table.items(), schema.types, strict=True)
        ]
        if self._parquet is None:
            self._parquet = self._stack.enter_context(pq.ParquetWriter(self._stream, schema))
        self._parquet.write_table(pa.Table.from_arrays(arrays, schema=schema))

    def finish(self) -> None:
        """Flush to the disk; the file is whole but not yet under its name."""
        with _disk(self.path):
            if self._parquet is not None:
                self._parquet.close()
            self._stream.flush()
            os.fsync(self._stream.fileno())

    def publish(self) -> None:
        """Give the finished file its name, in one stroke."""
        with _disk(self.path):
            self._temporary.replace(self.path)


def _text(column: pd.Series[Any]) -> pa.Array:
    try:
        return pa.array(column, type=pa.string(), from_pandas=True)
    except pa.ArrowException:  # not all of it is text: a quarantined cell is anything
        words = column.astype(object).map(str, na_action="ignore")
        return pa.array(words, type=pa.string(), from_pandas=True)


class _disk:
    """Turn the disk's complaints into ours, with the path and the mend."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError):
            msg = f"the file could not be written ({error.strerror or 'write failed'})"
            raise InputOutputFailed(
                msg,
                field=str(self._path),
                mend="Check that the folder exists, its rights and the free space.",
            ) from error
