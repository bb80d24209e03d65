"""Conditions on other columns: to whom a column applies, and what several columns say together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
import pydantic
from numpy.typing import NDArray

from hscrisk.schema.values import canonical, each_distinct

SETTINGS = pydantic.ConfigDict(extra="forbid", frozen=True)
EMPTY = ""
"""What an empty cell is called in a condition."""


def words_of(given: Any) -> Any:
    """Return one word or several as a list of canonical words."""
    if isinstance(given, str | int | float | bool):
        given = [given]
    return [canonical(word) for word in given] if isinstance(given, list | tuple) else given


def word_of(given: Any) -> Any:
    """Return a word in its canonical form."""
    return canonical(given) if isinstance(given, str | int | float | bool) else given


Word = Annotated[str, pydantic.BeforeValidator(word_of)]
Words = Annotated[tuple[str, ...], pydantic.BeforeValidator(words_of)]


class Test(pydantic.BaseModel):
    """What a cell must be: one of some codes, none of some, or the same as another column's.

    Attributes
    ----------
    any_of, other_than : tuple of str, optional
        Codes; '' is an empty cell.
    same_as : str, optional
        A column; two empty cells are not the same.
    """

    model_config = SETTINGS

    any_of: Words | None = None
    other_than: Words | None = None
    same_as: str | None = None

    @pydantic.model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return given if isinstance(given, dict | Test) else {"any_of": given}

    @pydantic.model_validator(mode="after")
    def _one(self) -> Self:
        given = (self.any_of, self.other_than, self.same_as)
        if sum(part is not None for part in given) != 1:
            rule = "a condition is codes, or other_than codes, or same_as a column"
            raise ValueError(rule)
        return self


When = Annotated[dict[str, Test], pydantic.Field(min_length=1)]


class Case(pydantic.BaseModel):
    """What a row means in which all conditions hold.

    Attributes
    ----------
    when : mapping of str to Test
        By column.
    means : str, optional
        A level or a number of the contract; missing where nothing is given.
    """

    model_config = SETTINGS

    when: When
    means: Word | None = None


def columns_of(when: Mapping[str, Test]) -> tuple[str, ...]:
    """Return the columns that conditions read."""
    others = [test.same_as for test in when.values() if test.same_as is not None]
    return tuple(dict.fromkeys([*when, *others]))


def codes_of(column: pd.Series[Any], missing: frozenset[str]) -> NDArray[np.object_]:
    """Return the code of each cell, '' where it is empty or a word for missing."""
    found, present = each_distinct(column, canonical)
    empty = np.array([code in missing for code in found], dtype=bool)
    return np.where(present & ~empty, found, EMPTY)


def holds(when: Mapping[str, Test], codes: Mapping[str, NDArray[np.object_]]) -> NDArray[np.bool_]:
    """Return whether all conditions hold, shape (n_rows,).

    Parameters
    ----------
    when : mapping of str to Test
    codes : mapping of str to ndarray, shape (n_rows,) each
        From `codes_of`, by column.
    """
    met = np.ones(len(next(iter(codes.values()))), dtype=bool)
    for column, test in when.items():
        here = codes[column]
        if test.same_as is not None:
            met &= (here == codes[test.same_as]) & (here != EMPTY)
        elif test.any_of is not None:
            met &= np.isin(here, list(test.any_of))
        else:
            met &= ~np.isin(here, list(test.other_than or ()))
    return met
