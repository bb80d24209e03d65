"""Accepted records: one row a transplant, in the contract's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Records:
    """Transplants that passed the checks.

    Attributes
    ----------
    frame : DataFrame, shape (n_transplants, n_fields)
        Contract columns that the source has: float64 for numbers and days, categories for levels
        (all levels of the contract, in its order), str for identifiers.
    source : str
        Name of the cohort.
    definitions : mapping
        What the registry declares about its outcomes (thresholds, grading, kind of follow-up).
    extraction_date : str, optional
        Day on which the data were taken from the registry.
    donors : DataFrame, optional
        One row a donor (`transplant_id`, `donor_slot`, donor fields) where a transplant may have
        several; `frame` then holds the donor values on which they agree.
    columns : DataFrame, optional
        Columns of the source that the mapping reads, as they were, aligned with `frame`: to divide
        a cohort by, and never a feature.
    published : tuple of mapping
        What papers print of these patients: `source`, `endpoint`, `by`, `n` by level or code.
    """

    frame: pd.DataFrame
    source: str
    definitions: Mapping[str, Any] = field(default_factory=dict)
    extraction_date: str | None = None
    donors: pd.DataFrame | None = None
    columns: pd.DataFrame | None = None
    published: tuple[Mapping[str, Any], ...] = ()

    def __len__(self) -> int:
        return len(self.frame)
