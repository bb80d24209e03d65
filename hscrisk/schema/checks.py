"""Every violation of every row, in one pass over the columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidRecord, nearest
from hscrisk.schema.consistency import check_outcomes
from hscrisk.schema.derive import derive
from hscrisk.schema.fields import Contract, Field
from hscrisk.schema.findings import Findings, printable
from hscrisk.schema.follow_up import FollowUp, fill_last_days
from hscrisk.schema.values import TEXT, Distinct, canonical, each_distinct, is_missing, numbers

_PLAIN = "Write a decimal point, no thousands separator and no unit."
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}([ T].*)?")
_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True)
class CheckResult:
    """What the checks found.

    Attributes
    ----------
    frame : DataFrame
        All rows with the contract's types and derived fields; a value that breaks a hard rule is
        missing here.
    violations : DataFrame
        `row` (from 1), `transplant_id`, `field`, `value` (as found), `rule`, `mend`, `severity`
        ('hard': the row is quarantined, 'soft': a warning).
    accepted : ndarray of bool, shape (n_rows,)
        Which rows break no hard rule.
    """

    frame: pd.DataFrame
    violations: pd.DataFrame
    accepted: NDArray[np.bool_]


def check_records(
    frame: pd.DataFrame, contract: Contract, *, rows: NDArray[np.int64] | None = None
) -> CheckResult:
    """Check contract columns, whatever their types, against the contract.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_fields)
        Columns of the contract only; cells may be text, numbers or JSON values.
    contract : Contract
    rows : ndarray of int, shape (n_rows,), optional
        The number that a person gives each row; 1, 2, ... by default.

    Raises
    ------
    InvalidRecord
        When a column is no field of the contract, or is given twice.
    """
    numbering = np.arange(1, len(frame) + 1) if rows is None else np.asarray(rows, dtype=np.int64)
    frame = frame.reset_index(drop=True)
    findings = Findings(numbering, transplant_names(frame))
    checked = run_checks(frame, contract, findings)
    accepted = ~np.isin(numbering, findings.hard_rows())
    return CheckResult(checked, findings.table(), accepted)


def run_checks(
    frame: pd.DataFrame,
    contract: Contract,
    findings: Findings,
    follow_up: FollowUp | None = None,
    copies: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Return the typed frame of `check_records` and note violations in `findings`.

    The index of `frame` must be 0, 1, 2, ...

    Parameters
    ----------
    follow_up : FollowUp, optional
        What the mapping says of how far outcomes were followed.
    copies : ndarray of bool, shape (n_rows,), optional
        Rows of a transplant that was given before, word for word: they are refused, not the first.
    """
    follow_up = FollowUp() if follow_up is None else follow_up
    _refuse_columns(frame, contract)
    typed = {}
    for name, field in contract.items():
        if name in frame.columns:
            typed[name] = _check_field(frame[name], field, findings)
        elif field.required:
            nothing = np.full(len(frame), None, dtype=object)
            findings.add(
                np.ones(len(frame), dtype=bool), name, nothing, f"{field.label} is required"
            )
    if "transplant_id" in typed:
        _check_unique(typed["transplant_id"], findings, copies)
    checked = derive(pd.DataFrame(typed, index=frame.index), contract, findings)
    filled = fill_last_days(checked, contract, follow_up)
    check_outcomes(filled, contract, findings, follow_up)
    return filled


def _refuse_columns(frame: pd.DataFrame, contract: Contract) -> None:
    for name in frame.columns:
        if name not in contract:
            raise InvalidRecord(
                "no such field in the contract", field=str(name), mend=nearest(str(name), contract)
            )
    if not frame.columns.is_unique:
        twice = str(frame.columns[frame.columns.duplicated()][0])
        raise InvalidRecord("a column is given twice", field=twice, mend="Keep one of them.")


def transplant_names(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Return what the rows are called in violations: their transplant, '' where they have none."""
    names = np.full(len(frame), "", dtype=object)
    if "transplant_id" in frame.columns:
        ids = frame["transplant_id"]
        names[:] = ["" if is_missing(value) else printable(canonical(value)) for value in ids]
    return names


def _check_field(column: pd.Series[Any], field: Field, findings: Findings) -> pd.Series[Any]:
    if field.is_numeric:
        checked = _check_numbers(column, field, findings)
    elif field.is_categorical:
        checked = _check_levels(column, field, findings)
    elif field.kind == "date":
        checked = _check_dates(column, field, findings)
    else:
        checked = _check_text(column, field, findings)
    if field.required:
        empty = np.array([is_missing(value) for value in column], dtype=bool)
        mend = "Fill it in, or leave the row out."
        findings.add(empty, field.name, column, f"{field.label} is required", mend)
    return checked


def _check_numbers(column: pd.Series[Any], field: Field, findings: Findings) -> pd.Series[Any]:
    values, wrong = numbers(column)
    unit = f" {field.unit}" if field.unit else ""
    rule = f"{field.label} must be a finite number"
    findings.add(wrong, field.name, column, rule, _mends(column, wrong, field))
    if field.kind in ("integer", "day"):
        broken = np.isfinite(values) & (values != np.floor(values))
        rule = f"{field.label} must be a whole number"
        findings.add(broken, field.name, column, rule, "Round it in the mapping or the file.")
        values = np.where(broken, np.nan, values)
    beyond = np.zeros(len(values), dtype=bool)
    if field.hard:
        low, high = field.hard
        beyond = (values < low) | (values > high)
        rule = f"{field.label} must lie between {low:g} and {high:g}{unit}"
        findings.add(beyond, field.name, column, rule, _unit_hint(field))
    if field.plausible:
        low, high = field.plausible
        odd = ((values < low) | (values > high)) & ~beyond
        rule = f"{field.label} usually lies between {low:g} and {high:g}{unit}"
        findings.add(odd, field.name, column, rule, "Check the value and its unit.", "soft")
    return pd.Series(np.where(beyond, np.nan, values), index=column.index, dtype=np.float64)


def _mends(column: pd.Series[Any], wrong: NDArray[np.bool_], field: Field) -> Any:
    mends = np.full(len(column), _PLAIN, dtype=object)
    for row in np.flatnonzero(wrong):
        text = str(column.iloc[row]).strip()
        if field.kind == "day" and _DATE.fullmatch(text):
            mends[row] = "A date gives days by since: COLUMN in the mapping (see date_format)."
        elif _COMMA.fullmatch(text):
            mends[row] = "Write a decimal point, or say decimal: ',' in the mapping."
    return mends


def _unit_hint(field: Field) -> str:
    if field.kind == "day":
        return "Days are counted from infusion; list codes for 'missing' in the mapping."
    return f"Check the value{f' (unit {field.unit})' if field.unit else ''} and its missing codes."


def _check_levels(column: pd.Series[Any], field: Field, findings: Findings) -> pd.Series[Any]:
    words = {"true": "yes", "false": "no"} if field.kind == "flag" else {}

    def level(value: Any) -> str | None:
        if isinstance(value, bool | np.bool_):
            return words.get(canonical(value))
        return str(value).strip() if str(value).strip() in field.levels else None

    found = Distinct.of(column, level)
    unknown = found.refused
    if unknown.any():
        mends = {text: nearest(text, field.levels) for text in {str(v) for v in column[unknown]}}
        mend = np.array([mends.get(str(value), "") for value in column], dtype=object)
        findings.add(unknown, field.name, column, f"{field.label} has no such level", mend)
    place = {name: i for i, name in enumerate(field.levels)}
    codes = np.array([place.get(name, -1) for name in found.results], dtype=np.int64)[found.codes]
    dtype = pd.CategoricalDtype(list(field.levels), ordered=False)
    return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype), index=column.index)


def _check_text(column: pd.Series[Any], field: Field, findings: Findings) -> pd.Series[Any]:
    def text(value: Any) -> str | None:
        if isinstance(value, bool | np.bool_) or not isinstance(
            value, str | int | float | np.integer | np.floating
        ):
            return None
        word = canonical(value)
        return word if word.isprintable() else None

    found = Distinct.of(column, text)
    wrong = found.refused
    rule = f"{field.label} must be text of printable characters"
    findings.add(wrong, field.name, column, rule, "Use letters and digits.")
    checked: pd.Series[Any] = pd.Series(found.results, dtype=TEXT).take(found.codes)
    return checked.set_axis(column.index)


def _check_dates(column: pd.Series[Any], field: Field, findings: Findings) -> pd.Series[Any]:
    def day(value: Any) -> str | None:
        if isinstance(value, date):
            return value.isoformat()[:10]
        try:
            return date.fromisoformat(str(value).strip()).isoformat()
        except ValueError:
            return None

    found, present = each_distinct(column, day)
    wrong = present & np.array([value is None for value in found], dtype=bool)
    mend = "Write it so, or declare the date_format in the mapping."
    rule = f"{field.label} must be a date written YYYY-MM-DD"
    findings.add(wrong, field.name, column, rule, mend)
    checked: pd.Series[Any] = pd.Series(list(found), index=column.index, dtype=TEXT)
    return checked


COPY = "the row repeats an earlier one word for word"
COPY_MEND = "Nothing to do: the first of them was kept."


def _check_unique(
    ids: pd.Series[Any], findings: Findings, copies: NDArray[np.bool_] | None
) -> None:
    again = np.zeros(len(ids), dtype=bool) if copies is None else copies
    once = ids[~again]
    # Of a transplant that is given differently as well, no copy is better than another.
    twice = ids.isin(once[once.duplicated() & once.notna()]).to_numpy()
    again = again & ~twice
    findings.add(again, "transplant_id", ids, COPY, COPY_MEND)
    mend = "Give every transplant its own identifier; none of them was kept."
    findings.add(twice, "transplant_id", ids, "a transplant must be given once", mend)
