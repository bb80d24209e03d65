"""Where one contract field comes from: a column, its codes, its missing codes, its unit."""

from __future__ import annotations

from typing import Annotated, Any, Self

import pydantic

from hscrisk.schema.values import canonical

SETTINGS = pydantic.ConfigDict(extra="forbid", frozen=True)


def _words(given: Any) -> Any:
    if isinstance(given, str | int | float | bool):
        given = [given]
    return [canonical(word) for word in given] if isinstance(given, list | tuple) else given


def _codes(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return {canonical(code): canonical(level) for code, level in given.items()}


def _word(given: Any) -> Any:
    return canonical(given) if isinstance(given, str | int | float | bool) else given


Word = Annotated[str, pydantic.BeforeValidator(_word)]
Words = Annotated[tuple[str, ...], pydantic.BeforeValidator(_words)]


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
    codes : mapping of str to str, optional
        The file's codes and what they mean in the contract. A code that is not listed quarantines
        the row: a value that nobody explained must not turn into 'missing'.
    otherwise : str, optional
        What every code that is not listed means.
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
    codes: Annotated[dict[str, str], pydantic.BeforeValidator(_codes)] | None = None
    otherwise: Word | None = None
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
        given = (self.column, self.columns, self.constant, self.row_number or None)
        if sum(source is not None for source in given) != 1:
            rule = "give one of: column, columns, constant, row_number"
            raise ValueError(rule)
        if self.otherwise is not None and self.codes is None:
            rule = "otherwise needs codes"
            raise ValueError(rule)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns that are read."""
        return self.columns or (() if self.column is None else (self.column,))
