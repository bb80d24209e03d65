"""The values of one source: codes, dates, decimal marks and units at work, cell by cell.

What cannot be read stands there as a `Refusal`, so that whoever asks for the values decides which
rows it concerns and tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import nearest
from hscrisk.ingest.conditions import EMPTY, Case, codes_of, columns_of, holds
from hscrisk.ingest.dates import read_date, years_between
from hscrisk.ingest.decimals import with_point
from hscrisk.ingest.field_source import FieldSource
from hscrisk.ingest.refusal import Refusal
from hscrisk.ingest.source_parts import Unit
from hscrisk.ingest.units import factor
from hscrisk.schema import Field
from hscrisk.schema.values import canonical, each_distinct, is_missing, parse_number

Cells = NDArray[np.object_]
Columns = Mapping[str, "pd.Series[Any]"]


@dataclass(frozen=True)
class FileForm:
    """How a whole file is written.

    Attributes
    ----------
    missing : frozenset of str
        Words for 'missing' in every column.
    date_format, decimal : str
    """

    missing: frozenset[str]
    date_format: str
    decimal: str


def values_of(
    source: FieldSource,
    field: Field,
    columns: Columns,
    rows: NDArray[np.int64],
    form: FileForm,
) -> Cells:
    """Return the value of each row, shape (n_rows,): None where missing, or a `Refusal`.

    Parameters
    ----------
    columns : mapping of str to Series
        The columns of the file that the source reads, by their names in the mapping.
    rows : ndarray of int, shape (n_rows,)
        Their numbers.
    """
    if source.constant is not None:
        values = np.array([source.constant] * len(rows), dtype=object)
    elif source.row_number:
        values = np.array([str(row) for row in rows], dtype=object)
    elif source.columns:
        values = _joined([columns[column] for column in source.columns])
    elif source.cases is not None:
        values = _by_case(source, field, columns, form)
    else:
        values = _of_column(source, field, columns, form)
    if source.instead:
        codes = codes_of(columns[source.values_from[0]], frozenset())
        for code, other in source.instead.items():
            there = codes == code
            values[there] = values_of(other, field, columns, rows, form)[there]
    if source.only_when is not None:
        codes_by = {c: codes_of(columns[c], form.missing) for c in columns_of(source.only_when)}
        values[~holds(source.only_when, codes_by)] = None
    return values


def _joined(raw: list[pd.Series[Any]]) -> Cells:
    joined = [
        None if any(is_missing(cell) for cell in cells) else "-".join(map(canonical, cells))
        for cells in zip(*raw, strict=True)
    ]
    return np.array([*joined, None], dtype=object)[:-1]


def _cases_at_work(
    cases: tuple[Case, ...], otherwise: str | None, columns: Columns, missing: frozenset[str]
) -> tuple[Cells, NDArray[np.bool_]]:
    """Return what the first case that holds means, and which rows no case covers."""
    read = dict.fromkeys(column for case in cases for column in columns_of(case.when))
    codes = {column: codes_of(columns[column], missing) for column in read}
    empty = np.all([column == EMPTY for column in codes.values()], axis=0)
    values = np.full(len(empty), otherwise, dtype=object)
    values[empty] = None
    uncovered = ~empty if otherwise is None else np.zeros(len(empty), dtype=bool)
    for case in reversed(cases):  # the first that holds has the last word
        here = holds(case.when, codes)
        values[here] = case.means
        uncovered &= ~here
    return values, uncovered


def _by_case(source: FieldSource, field: Field, columns: Columns, form: FileForm) -> Cells:
    cases = source.cases or ()
    values, uncovered = _cases_at_work(cases, source.otherwise, columns, form.missing)
    rule = f"{field.label} has no case in the mapping for these codes"
    read = dict.fromkeys(column for case in cases for column in columns_of(case.when))
    for row in np.flatnonzero(uncovered):
        cells = {c: columns[c].iloc[row] for c in read}
        told = [f"{c}={'' if is_missing(v) else canonical(v)}" for c, v in cells.items()]
        values[row] = Refusal(", ".join(told), rule, "Add a case to the mapping.")
    return values


def _of_column(source: FieldSource, field: Field, columns: Columns, form: FileForm) -> Cells:
    column = source.values_from[0]
    missing = form.missing | frozenset(source.missing)
    if source.is_date or field.kind == "date":
        return _of_dates(source, field, columns, missing, form)
    if source.codes is not None:
        read: Callable[[Any], Any] = _decoder(source, field)
    elif field.is_numeric:
        read = _number_reader(field, (source.decimal or form.decimal) == ",", missing)
    else:
        read = _as_it_is

    def value(cell: Any) -> Any:
        return None if canonical(cell) in missing else read(cell)

    values, _ = each_distinct(columns[column], value)
    return values if source.unit is None else _scaled(values, source.unit, field, columns, form)


def _as_it_is(cell: Any) -> Any:
    return cell


def _decoder(source: FieldSource, field: Field) -> Callable[[Any], Any]:
    known = source.codes or {}

    def decoded(cell: Any) -> Any:
        code = canonical(cell)
        if code in known:
            return known[code]
        if source.otherwise is not None:
            return source.otherwise
        rule = f"{field.label} has a code that the mapping does not list"
        mend = f"{nearest(code, known)} Or list it in the mapping."
        return Refusal(str(cell), rule, mend)

    return decoded


def _number_reader(field: Field, comma: bool, missing: frozenset[str]) -> Callable[[Any], Any]:  # noqa: FBT001
    def read(cell: Any) -> Any:
        if not comma or not isinstance(cell, str):
            return cell
        number = with_point(cell)
        if number is None:
            rule = f"{field.label} must be a number with a decimal comma"
            mend = "No point and no thousands separator; or say decimal: '.' for the column."
            return Refusal(cell, rule, mend)
        return None if canonical(number) in missing else number

    return read


def _scaled(values: Cells, unit: Unit, field: Field, columns: Columns, form: FileForm) -> Cells:
    if unit.one is not None:
        by = factor(field.unit or "", unit.one, field.name)
        return np.array([*(_times(value, by, field) for value in values), None], dtype=object)[:-1]
    told, found = _units_of_rows(unit, columns, form)
    scaled = np.full(len(values), None, dtype=object)
    for row, (value, own) in enumerate(zip(values, told, strict=True)):
        if value is None or isinstance(value, Refusal):
            scaled[row] = value
        elif own is None:
            rule = f"the unit of {field.label} must be known"
            mend = "List its code under the unit in the mapping, or give otherwise."
            shown = f"{value}, unit {found[row] or 'empty'}"
            scaled[row] = Refusal(shown, rule, mend)
        else:
            scaled[row] = _times(value, factor(field.unit or "", own, field.name), field)
    return scaled


def _units_of_rows(unit: Unit, columns: Columns, form: FileForm) -> tuple[Cells, Cells]:
    """Return the unit of each row, None where untold, and the code that was found."""
    if unit.column is None:
        values, _ = _cases_at_work(unit.cases or (), unit.otherwise, columns, form.missing)
        if unit.otherwise is not None:
            values[values == None] = unit.otherwise  # noqa: E711 (by element)
        return values, np.full(len(values), "untold by the cases", dtype=object)
    codes = codes_of(columns[unit.column], form.missing)
    told = [unit.codes.get(code, unit.otherwise) for code in codes]
    return np.array([*told, None], dtype=object)[:-1], codes


def _times(value: Any, by: float, field: Field) -> Any:
    number = None if value is None or isinstance(value, Refusal) else parse_number(value)
    if number is None:
        return value  # the check names it
    number *= by
    return float(round(number)) if field.kind in ("day", "integer") else number


def _of_dates(
    source: FieldSource,
    field: Field,
    columns: Columns,
    missing: frozenset[str],
    form: FileForm,
) -> Cells:
    dates = [
        _dates(columns[column], column, told, day, gone)
        for (column, told, day), gone in zip(
            source.date_formats(form.date_format), _missing_of(source, missing, form), strict=True
        )
    ]
    read = dates[0]
    if source.since is None:
        return _each(read, lambda found: found.year if source.part else found.isoformat())
    return _counted(read, dates[1], source, field)


def _missing_of(
    source: FieldSource, missing: frozenset[str], form: FileForm
) -> list[frozenset[str]]:
    since = source.since
    if since is None:
        return [missing]
    return [missing, missing if since.missing is None else form.missing | frozenset(since.missing)]


def _dates(
    cells: pd.Series[Any], column: str, form: str, imputed_day: int | None, missing: frozenset[str]
) -> Cells:
    def read(cell: Any) -> Any:
        return None if canonical(cell) in missing else read_date(cell, form, column, imputed_day)

    values, _ = each_distinct(cells, read)
    return values


def _each(values: Cells, of: Callable[[date], Any]) -> Cells:
    told = [of(value) if isinstance(value, date) else value for value in values]
    return np.array([*told, None], dtype=object)[:-1]


def _counted(read: Cells, since: Cells, source: FieldSource, field: Field) -> Cells:
    """Return the days or years from one date to another, row by row."""
    origin = source.since.column if source.since else ""
    backwards = field.hard is not None and field.hard[0] < 0
    counted = np.full(len(read), None, dtype=object)
    for row, (last, first) in enumerate(zip(read, since, strict=True)):
        if isinstance(first, Refusal) or isinstance(last, Refusal):
            counted[row] = first if isinstance(first, Refusal) else last
        elif last is None or first is None:
            if last is not None and field.group == "outcome":
                rule, mend = f"{field.label} needs the date {origin}", f"Fill in {origin}."
                counted[row] = Refusal(last.isoformat(), rule, mend, origin)
        elif last < first and not backwards:
            rule = f"{field.label}: {source.column} must not come before {origin}"
            mend = "Check both dates: are they swapped, or is a year wrong?"
            shown = f"{last.isoformat()}, {origin} {first.isoformat()}"
            counted[row] = Refusal(shown, rule, mend)
        elif field.unit == "years":
            counted[row] = years_between(first, last)
        else:
            counted[row] = (last - first).days
    return counted
