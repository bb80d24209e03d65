"""Why a cell cannot become a value of the contract: its row is quarantined with these words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """What stands in a column of values in place of a cell that cannot be read.

    Attributes
    ----------
    found : str
        The cell as it was.
    rule, mend : str
    column : str, optional
        The column at fault, where it serves several fields: told once a row.
    """

    found: str
    rule: str
    mend: str = ""
    column: str | None = None
