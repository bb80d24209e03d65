"""Parts of a field's source: the unit of each row, and the date from which days are counted."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import pydantic

from hscrisk.ingest.conditions import SETTINGS, Case, Word, Words, columns_of
from hscrisk.ingest.dates import check_format, has_day, has_month
from hscrisk.schema.values import canonical

DateFormat = Annotated[str, pydantic.AfterValidator(check_format)]
Day = Annotated[int, pydantic.Field(ge=1, le=28)]
Decimal = Literal[".", ","]


def _codes(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return {canonical(code): canonical(level) for code, level in given.items()}


Cases = Annotated[tuple[Case, ...], pydantic.Field(min_length=1)]
Codes = Annotated[dict[str, str], pydantic.BeforeValidator(_codes)]


class Unit(pydantic.BaseModel):
    """The unit of a column: one, or that of each row.

    Attributes
    ----------
    column : str, optional
        The column that tells it, by `codes`.
    codes : mapping of str to str
        The file's codes and the unit that each means.
    cases : tuple of Case, optional
        Instead of a column: what other columns say, as a centre.
    otherwise : str, optional
        The unit of all other rows. Without it a row with a value and no known unit is quarantined.
        A bare word is this, alone: the unit of all rows.
    """

    model_config = SETTINGS

    column: str | None = None
    codes: Codes = pydantic.Field(default_factory=dict)
    cases: Cases | None = None
    otherwise: Word | None = None

    @pydantic.model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"otherwise": given} if isinstance(given, str) else given

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> Self:
        sources = (self.column, self.cases, self.one)
        if sum(source is not None for source in sources) != 1 or (self.column and not self.codes):
            rule = "a unit is a word, or a column and its codes, or cases"
            raise ValueError(rule)
        return self

    @property
    def one(self) -> str | None:
        """Return the unit of all rows, where there is one."""
        return self.otherwise if self.column is None and self.cases is None else None

    @property
    def said(self) -> tuple[str, ...]:
        """Return every unit that a row can have."""
        units = [*self.codes.values(), *(case.means for case in self.cases or ()), self.otherwise]
        return tuple(dict.fromkeys(unit for unit in units if unit is not None))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns that are read."""
        if self.column is not None:
            return (self.column,)
        return tuple(column for case in self.cases or () for column in columns_of(case.when))


class DateColumn(pydantic.BaseModel):
    """The date from which days are counted.

    Attributes
    ----------
    column : str
    date_format, imputed_day, missing
        Of this column, where they are not those of the other one.
    """

    model_config = SETTINGS

    column: str
    date_format: DateFormat | None = None
    imputed_day: Day | None = None
    missing: Words | None = None

    @pydantic.model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given


def why_not_dated(form: str, imputed_day: int | None, part: str | None) -> str | None:
    """Return why dates of a format cannot give days (or their year), None where they can."""
    if part == "year":
        return None
    if not has_month(form):
        return "a year alone gives neither days nor an age"
    if not has_day(form) and imputed_day is None:
        return (
            "dates without a day give no whole days; imputed_day says which day of the month "
            "stands for all"
        )
    if has_day(form) and imputed_day is not None:
        return "imputed_day is for dates without a day"
    return None
