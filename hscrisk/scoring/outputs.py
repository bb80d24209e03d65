"""The files that scoring writes: all of them appear, or none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from hscrisk.errors import InvalidConfiguration
from hscrisk.ingest.spreadsheet import disarmed
from hscrisk.places import require_outside
from hscrisk.scoring.table_writer import TableWriter


@dataclass(frozen=True)
class Places:
    """Where everything goes."""

    output: Path
    quarantine: Path
    quarantine_always: bool
    contributions: Path | None

    @classmethod
    def of(
        cls, source: Path, output: Path, quarantine: str | Path | None, *, explain: bool
    ) -> Places:
        """Choose the names that were not given, and refuse those that would do harm.

        Raises
        ------
        InvalidConfiguration
            If two files are the same, or one would lie inside a bundle.
        """
        beside = output.with_suffix(".quarantine.csv")
        aside = beside if quarantine is None else Path(quarantine)
        contributions = output.with_name(f"{output.stem}.contributions{output.suffix}")
        written = [output, aside, *([contributions] if explain else [])]
        taken = [path.resolve() for path in [source, *written]]
        if len(set(taken)) < len(taken):
            msg = "input, output and quarantine must be different files"
            raise InvalidConfiguration(msg)
        for path in written:
            require_outside(path)
        # An old quarantine file must not pass for this run's.
        always = quarantine is not None or aside.exists()
        return cls(output, aside, always, contributions if explain else None)


class Writers:
    """The files in the making; all of them appear, or none."""

    def __init__(self, stack: ExitStack, places: Places, types: Mapping[str, pa.DataType]) -> None:
        self._stack, self._places = stack, places
        self.scores = stack.enter_context(TableWriter(places.output, types))
        self.contributions = (
            stack.enter_context(TableWriter(places.contributions, types))
            if places.contributions
            else None
        )
        self._aside: TableWriter | None = None
        self._columns: list[str] = []
        self.set_aside = False

    def put_aside(self, rows: pd.DataFrame) -> None:
        """Write quarantined rows, a row with surplus cells keeping them in one more column."""
        if not len(rows) and not (self._places.quarantine_always and self._aside is None):
            return
        surplus = [name for name in rows.columns if re.fullmatch(r"surplus_\d+", str(name))]
        table = rows.drop(columns=surplus)
        table["surplus"] = [
            ",".join(str(cell) for cell in cells if cell is not None and cell == cell)
            for cells in rows[surplus].itertuples(index=False)
        ]
        if self._aside is None:
            self._aside = self._stack.enter_context(TableWriter(self._places.quarantine))
            self.set_aside = True
        table = table.astype(object).where(table.notna(), None)
        is_csv = self._places.quarantine.suffix.lower() == ".csv"
        self._aside.write(disarmed(table) if is_csv else table)

    def publish(self) -> None:
        """Flush every file, then give each its name, the scores last."""
        writers = [w for w in (self._aside, self.contributions, self.scores) if w is not None]
        for writer in writers:
            writer.finish()
        for writer in writers:
            writer.publish()
