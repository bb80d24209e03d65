"""What reading gives: accepted records, quarantined rows, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from hscrisk.errors import InputOutputFailed
from hscrisk.ingest.spreadsheet import disarmed
from hscrisk.places import require_outside
from hscrisk.schema import Records

FIRST_ROWS = 20
"""So many row numbers are told of each violation in a summary."""


@dataclass(frozen=True)
class ReadResult:
    """What was read: `n_read == len(accepted) + len(quarantined)`, always.

    Attributes
    ----------
    accepted : Records
    quarantined : DataFrame
        `row` (1 is the first after the header), `reasons` (each with field, rule, what was found
        and the mend, divided by a bar), and the row as it was found (a column of the source that
        has one of those two names is called `source.row`, `source.reasons`).
    violations : DataFrame
        All violations of all rows: `row`, `transplant_id`, `field`, `value`, `rule`, `mend`,
        `severity`.
    n_read : int
        Data rows in the source.
    unknown_columns : tuple of str
        Columns that the mapping neither uses nor leaves out on purpose.
    absent_columns : tuple of str
        Columns that the mapping names and the source lacks (outcomes, optional ones).
    """

    accepted: Records
    quarantined: pd.DataFrame
    violations: pd.DataFrame
    n_read: int
    unknown_columns: tuple[str, ...] = field(default=())
    absent_columns: tuple[str, ...] = field(default=())

    def write_quarantined(self, path: str | Path) -> None:
        """Write the quarantined rows to a CSV file; an empty one where there are none.

        A cell that a spreadsheet would calculate gets an apostrophe in front.

        Raises
        ------
        InputOutputFailed
            When it cannot be written.
        InvalidConfiguration
            When it would lie in a bundle.
        """
        require_outside(path)
        try:
            # JSON can bring lone surrogates, which no file can hold.
            disarmed(self.quarantined).to_csv(path, index=False, errors="backslashreplace")
        except OSError as error:
            raise InputOutputFailed(
                f"{Path(path).name} cannot be written", mend="Check the folder and its rights."
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """Return counts and the violations by field and rule, without any value, as plain JSON."""
        return {
            "n_read": self.n_read,
            "n_accepted": len(self.accepted),
            "n_quarantined": len(self.quarantined),
            "unknown_columns": list(self.unknown_columns),
            "absent_columns": list(self.absent_columns),
            "violations": self._grouped(),
        }

    def _grouped(self) -> list[dict[str, Any]]:
        keys = ["severity", "field", "rule"]
        groups = self.violations.groupby(keys, sort=False, dropna=False)
        found = [
            {
                **dict(zip(keys, map(str, key), strict=True)),
                "n": len(rows),
                "rows": [int(row) for row in rows["row"].head(FIRST_ROWS)],
            }
            for key, rows in groups
        ]
        return sorted(found, key=lambda group: group["severity"])
