"""A column taken for a field, and the file in which it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.ingest.column_profile import ColumnProfile
from hscrisk.ingest.date_guess import read_dates
from hscrisk.ingest.decimals import with_point
from hscrisk.ingest.fit import Fit
from hscrisk.schema import Contract
from hscrisk.schema.values import canonical, is_missing, numbers

SURE = 0.74


@dataclass(frozen=True)
class Guess:
    """A column taken for a field.

    Attributes
    ----------
    field, column : str
    score : float
        Between 0 and 1, of name and values together.
    fit : Fit
    alias : str
        The name that the column's name is like.
    """

    field: str
    column: str
    score: float
    fit: Fit
    alias: str

    @property
    def is_sure(self) -> bool:
        """Return whether it is mapped, and not only suggested."""
        return self.score >= SURE and self.fit.sure

    def doubted(self, why: str, **changes: object) -> Guess:
        """Return the guess as one to decide, with one more reason."""
        return self.noted(why, sure=False, **changes)

    def noted(self, why: str, **changes: object) -> Guess:
        """Return the guess with more evidence."""
        said = f"{self.fit.evidence}; {why}" if self.fit.evidence else why
        return replace(self, fit=replace(self.fit, evidence=said, **changes))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Seen:
    """A file as a draft sees it.

    Attributes
    ----------
    frame : DataFrame
    columns : mapping of str to ColumnProfile
    contract : Contract
    """

    frame: pd.DataFrame
    columns: Mapping[str, ColumnProfile]
    contract: Contract

    def dates(self, column: str) -> NDArray[np.float64]:
        """Return the dates of a column as days since 1 January 1900, shape (n_rows,)."""
        seen, start = self.columns[column].dates, date(1900, 1, 1)
        if seen is None:
            return np.full(len(self.frame), np.nan)
        texts = ["" if is_missing(v) else canonical(v) for v in self.frame[column]]
        found = read_dates(texts, seen.form)
        return np.array([np.nan if d is None else (d - start).days for d in found], dtype=float)

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return the numbers of a column, by its own decimal mark, shape (n_rows,)."""
        if self.columns[column].decimal == ",":
            texts = ["" if is_missing(v) else canonical(v) for v in self.frame[column]]
            values = [with_point(text) for text in texts]
            return np.array([np.nan if v is None else float(v) for v in values])
        return numbers(self.frame[column])[0]

    def held(self, column: str) -> NDArray[np.bool_]:
        """Return which rows have something that is no code for 'missing', shape (n_rows,)."""
        gone = {*self.columns[column].missing_codes, *self.columns[column].unknown}
        gone |= set(self.columns[column].missing_words)
        return np.array(
            [not is_missing(v) and canonical(v) not in gone for v in self.frame[column]], dtype=bool
        )

    def codes(self, column: str) -> NDArray[np.str_]:
        """Return the code of each row, '' where there is none, shape (n_rows,)."""
        return np.array(["" if is_missing(v) else canonical(v) for v in self.frame[column]])

    def days(self, guess: Guess, since: str | None) -> NDArray[np.float64]:
        """Return a guess's times: numbers as they are, dates as days since another date."""
        if self.columns[guess.column].dates is None:
            return self.numbers(guess.column)
        if since is None:
            return np.full(len(self.frame), np.nan)
        return self.dates(guess.column) - self.dates(since)
