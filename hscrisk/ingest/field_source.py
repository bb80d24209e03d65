"""Where one contract field comes from: a column, its codes, its missing codes, its unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import pydantic

from hscrisk.ingest.conditions import SETTINGS, When, Word, Words, columns_of
from hscrisk.ingest.source_parts import (
    Cases,
    Codes,
    DateColumn,
    DateFormat,
    Day,
    Decimal,
    Unit,
)
from hscrisk.schema.values import canonical


def _keyed(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return {canonical(code): other for code, other in given.items()}


class FieldSource(pydantic.BaseModel):
    """Where a contract field comes from.

    Attributes
    ----------
    column : str, optional
        A column of the file.
    columns : tuple of str, optional
        Several columns, joined by '-' (for an identifier).
    constant : str, optional
        The same value for everybody.
    row_number : bool
        The number of the row (for an identifier).
    cases : tuple of Case, optional
        What several columns say together: the first case whose conditions hold. A row in which
        none holds is quarantined, unless all those cells are empty or `otherwise` is given.
    codes : mapping of str to str, optional
        The file's codes and what they mean in the contract. A code that is not listed quarantines
        the row: a value that nobody explained must not turn into 'missing'.
    otherwise : str, optional
        What every code that is not listed, or every row without a case, means.
    instead : mapping of str to FieldSource
        Codes of this column that stand for another source's value, as a day of 1000000 that means
        'never, see the last contact'; '' is an empty cell. The other source has its own unit,
        codes, missing codes and form of dates: nothing is handed on to it.
    agrees_with : FieldSource, optional
        Another source that must say the same where both say something; a warning tells where not.
    only_when : mapping of str to Test, optional
        Conditions on other columns; the field is missing where they do not hold.
    missing : tuple of str
        Codes of this column that mean 'missing'.
    unit : Unit, optional
        The file's unit where it is not the contract's, a word or by row; days are rounded.
    decimal : {'.', ','}, optional
        The decimal mark of this column, where it is not that of the file.
    since : DateColumn, optional
        The column is a date, and the value the time from this other date to it: whole days, or
        years (whole on each birthday).
    part : {'year'}, optional
        The column is a date, and the value a part of it.
    date_format : str, optional
        How the dates of this column are written, where it is not as in the rest of the file.
    imputed_day : int, optional
        Day of the month that stands for all, where the dates are known to the month only.
    table : str, optional
        The table of the column, where a registry keeps several.
    optional : bool
        The column may be absent from a file.
    """

    model_config = SETTINGS

    column: str | None = None
    columns: tuple[str, ...] | None = None
    constant: Word | None = None
    row_number: bool = False
    cases: Cases | None = None
    codes: Codes | None = None
    otherwise: Word | None = None
    instead: Annotated[dict[str, FieldSource], pydantic.BeforeValidator(_keyed)] = pydantic.Field(
        default_factory=dict
    )
    agrees_with: FieldSource | None = None
    only_when: When | None = None
    missing: Words = ()
    unit: Unit | None = None
    decimal: Decimal | None = None
    since: DateColumn | None = None
    part: Literal["year"] | None = None
    date_format: DateFormat | None = None
    imputed_day: Day | None = None
    table: str | None = None
    optional: bool = False

    @pydantic.model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"column": given} if isinstance(given, str) else given

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> Self:
        given = (self.column, self.columns, self.constant, self.row_number or None, self.cases)
        if sum(source is not None for source in given) != 1:
            rule = "give one of: column, columns, constant, row_number, cases"
            raise ValueError(rule)
        if self.otherwise is not None and self.codes is None and self.cases is None:
            rule = "otherwise needs codes or cases"
            raise ValueError(rule)
        needs_column = {"instead": self.instead, "since": self.since, "part": self.part}
        for key, value in needs_column.items():
            if value and self.column is None:
                rule = f"{key} needs a column"
                raise ValueError(rule)
        if self.since is not None and self.part is not None:
            rule = "since and part exclude each other"
            raise ValueError(rule)
        if self.codes is not None and (self.since or self.part or self.unit):
            rule = "codes have no unit and no date; give one column to each"
            raise ValueError(rule)
        return self

    @property
    def is_date(self) -> bool:
        """Return whether days or a year are taken from dates."""
        return self.since is not None or self.part is not None

    @property
    def values_from(self) -> tuple[str, ...]:
        """Return the columns that hold the value itself."""
        return self.columns or (() if self.column is None else (self.column,))

    @property
    def units(self) -> tuple[str, ...]:
        """Return every unit that the source names."""
        return () if self.unit is None else self.unit.said

    @property
    def whole(self) -> Iterator[FieldSource]:
        """Yield this source and those inside it."""
        yield self
        inner = [*self.instead.values(), *([self.agrees_with] if self.agrees_with else [])]
        for other in inner:
            yield from other.whole

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns that are read, those of conditions too."""
        whens = [case.when for case in self.cases or ()]
        whens += [] if self.only_when is None else [self.only_when]
        named = [*self.values_from]
        named += [] if self.since is None else [self.since.column]
        named += () if self.unit is None else self.unit.names
        named += [column for other in [*self.whole][1:] for column in other.names]
        named += [column for when in whens for column in columns_of(when)]
        return tuple(dict.fromkeys(named))

    def date_formats(self, default: str) -> Iterator[tuple[str, str, int | None]]:
        """Yield each column of dates with its format and its imputed day, inner sources left out.

        Parameters
        ----------
        default : str
            The format of the file.
        """
        if self.column is not None:
            yield self.column, self.date_format or default, self.imputed_day
        if self.since is not None:
            form = self.since.date_format or self.date_format or default
            same = self.since.date_format is None
            day = self.since.imputed_day or (self.imputed_day if same else None)
            yield self.since.column, form, day
