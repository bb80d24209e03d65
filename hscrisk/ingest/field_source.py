"""Where one contract field comes from: a column, its codes, its missing codes, its unit."""

from __future__ import annotations

from typing import Annotated, Any, Self

import pydantic

from hscrisk.ingest.conditions import SETTINGS, Case, When, Word, Words, columns_of
from hscrisk.schema.values import canonical


def _codes(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return {canonical(code): canonical(level) for code, level in given.items()}


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
    instead : mapping of str to str
        Codes of this column that stand for another column's value, as a day of 1000000 that means
        'never, see the last contact'. That column has the same unit and missing codes.
    only_when : mapping of str to Test, optional
        Conditions on other columns; the field is missing where they do not hold.
    missing : tuple of str
        Codes of this column that mean 'missing'.
    unit : str, optional
        The file's unit where it is not the contract's; days are rounded.
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
    cases: Annotated[tuple[Case, ...], pydantic.Field(min_length=1)] | None = None
    codes: Annotated[dict[str, str], pydantic.BeforeValidator(_codes)] | None = None
    otherwise: Word | None = None
    instead: Annotated[dict[str, str], pydantic.BeforeValidator(_codes)] = pydantic.Field(
        default_factory=dict
    )
    only_when: When | None = None
    missing: Words = ()
    unit: str | None = None
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
        if self.instead and self.column is None:
            rule = "instead needs a column"
            raise ValueError(rule)
        return self

    @property
    def values_from(self) -> tuple[str, ...]:
        """Return the columns that hold the value itself."""
        return self.columns or (() if self.column is None else (self.column,))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns that are read, those of conditions too."""
        whens = [case.when for case in self.cases or ()]
        whens += [] if self.only_when is None else [self.only_when]
        conditions = [column for when in whens for column in columns_of(when)]
        return tuple(dict.fromkeys([*self.values_from, *self.instead.values(), *conditions]))
