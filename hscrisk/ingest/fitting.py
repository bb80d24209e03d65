"""Whether a column's values can be those of a field, in which unit, with which codes."""

from __future__ import annotations

from hscrisk.ingest.code_fit import fit_levels, fit_status
from hscrisk.ingest.column_profile import ColumnProfile
from hscrisk.ingest.fit import NO_FIT, Fit
from hscrisk.ingest.number_fit import fit_numbers
from hscrisk.schema import Field

FEW = 0.02
"""Share of rows up to which an identifier may be met again and still be one."""


def fit(column: ColumnProfile, field: Field) -> Fit:
    """Return how well a column's values fit a field; a column without values fits nothing."""
    if column.n_filled == 0:
        return NO_FIT
    if field.kind == "date" or (column.dates is not None and field.role != "year"):
        return _fit_dates(column, field)
    if field.kind == "text":
        return _fit_identifier(column, field)
    if field.name.endswith("_status") and field.is_numeric:
        return fit_status(column)
    if field.is_categorical:
        return fit_levels(column, field)
    return fit_numbers(column, field)


def _fit_dates(column: ColumnProfile, field: Field) -> Fit:
    ages = ("patient_age", "donor_age")  # of which a date of birth tells
    if column.dates is None or (field.kind not in ("date", "day") and field.name not in ages):
        return NO_FIT
    return Fit(1.0, sure=column.dates.is_plain, evidence=column.dates.words)


def _fit_identifier(column: ColumnProfile, field: Field) -> Fit:
    if field.role not in ("identifier", "centre"):
        return NO_FIT
    unique = column.n_distinct / column.n_filled
    if column.share_numeric > 0.5 and not column.is_whole:
        return NO_FIT
    if field.role == "centre":
        ok = unique <= 0.5 or column.n_filled < 20
        return Fit(1.0 if ok else 0.2, sure=ok, evidence=f"{column.n_distinct:,} names")
    if field.name == "transplant_id":
        return _fit_transplant(column)
    ok = unique > 0.5
    return Fit(0.95 if ok else 0.1, sure=ok, evidence=f"{column.n_distinct:,} names")


def _fit_transplant(column: ColumnProfile) -> Fit:
    again = column.n_filled - column.n_distinct
    if column.n_filled < column.n:
        return NO_FIT
    if again == 0:
        return Fit(1.0, sure=True, evidence="every row has another one")
    if again > FEW * column.n:
        return NO_FIT
    said = f"{again} of {column.n:,} rows repeat another's: an identifier with a few duplicates"
    return Fit(0.9, sure=True, evidence=f"{said}, whose rows the check will set aside")
