"""Calendar dates in the form that a mapping declares; nothing is guessed, nothing invented.

Day first or month first is never guessed: a cell that is not written as declared is refused. A time
of day is left out. A date known to the month only needs a declared day that stands for all of them.
"""

from __future__ import annotations

import re
from calendar import isleap
from datetime import date, datetime, timedelta
from typing import Any

from hscrisk.ingest.refusal import Refusal
from hscrisk.schema.values import canonical, parse_number

ISO = "%Y-%m-%d"
EXCEL = "excel"
"""Days since 1899-12-30, as spreadsheets count them (not those of the old Macintosh)."""

_EPOCH = date(1899, 12, 30)
_FIRST_SERIAL = 61  # spreadsheets have a 29 February 1900 that never was
_YEARS = (1900, 2100)
_TIME = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?$")
_DIRECTIVES = re.compile(r"%(.)")
_KNOWN = {"d", "m", "Y", "b", "B", "j", "H", "M", "S", "f", "%"}
_SHOWN = {"%d": "DD", "%m": "MM", "%Y": "YYYY", "%b": "Mon", "%B": "Month"}


def check_format(form: str) -> str:
    """Return a format of dates as `strptime` has it, or raise ValueError where it cannot serve."""
    if form == EXCEL:
        return form
    parts = _DIRECTIVES.findall(form)
    if "y" in parts:
        rule = "%y leaves the century open; have the years written with four digits (%Y)"
        raise ValueError(rule)
    unknown = [part for part in parts if part not in _KNOWN]
    if unknown or "Y" not in parts:
        rule = f"'{form}' is no format of dates; one is '%d.%m.%Y', another '%Y-%m-%d', or 'excel'"
        raise ValueError(rule)
    return form


def has_month(form: str) -> bool:
    """Return whether a format tells the month."""
    return form == EXCEL or any(part in form for part in ("%m", "%b", "%B", "%j"))


def has_day(form: str) -> bool:
    """Return whether a format tells the day.

    >>> has_day("%d.%m.%Y"), has_day("%m/%Y")
    (True, False)
    """
    return form == EXCEL or "%d" in form or "%j" in form


def shown(form: str) -> str:
    """Return a format as a reader writes it.

    >>> shown("%d.%m.%Y")
    'DD.MM.YYYY'
    """
    return _DIRECTIVES.sub(lambda part: _SHOWN.get(part.group(), part.group()), form)


def read_date(value: Any, form: str, column: str, imputed_day: int | None = None) -> date | Refusal:
    """Return the date of a cell, or why it is none.

    Parameters
    ----------
    value : object
        Text, a date, or a number (a serial number only where `form` is 'excel').
    form : str
        As `strptime` has it, or 'excel'.
    column : str
        For the reason.
    imputed_day : int, optional
        The day of the month that stands for all where `form` tells none.

    Examples
    --------
    >>> read_date("29.02.2012", "%d.%m.%Y", "tx")
    datetime.date(2012, 2, 29)
    >>> read_date("30.02.2012", "%d.%m.%Y", "tx").mend
    'The calendar has no such day.'
    """
    found: date | None
    if isinstance(value, date):  # so are the time stamps of pandas and datetime
        found = value.date() if isinstance(value, datetime) else value
    elif form == EXCEL:
        found = _from_serial(value)
    else:
        found = _from_text(canonical(value), form)
    if found is None:
        rule = f"{column} must be a date written {_written(form)}"
        return Refusal(str(value), rule, _mend(str(value).strip(), form), column)
    if not _YEARS[0] <= found.year <= _YEARS[1]:
        rule = f"{column} must lie between the years {_YEARS[0]} and {_YEARS[1]}"
        mend = "Correct the year, or list the date under 'missing' of its column."
        return Refusal(str(value), rule, mend, column)
    return found if imputed_day is None else found.replace(day=imputed_day)


def _written(form: str) -> str:
    return "as a serial number" if form == EXCEL else shown(form)


def _from_serial(value: Any) -> date | None:
    number = parse_number(value)
    if number is None or not _FIRST_SERIAL <= number < 100_000:
        return None
    return _EPOCH + timedelta(days=int(number))


def _from_text(text: str, form: str) -> date | None:
    plain = text if "%H" in form else _TIME.sub("", text)
    if not plain.isascii():
        return None
    try:
        found = datetime.strptime(plain, form)
    except ValueError:
        return None
    # Without a separator 1112009 is two dates: only full length tells.
    if re.search(r"%[dmYj]%[dmYj]", form) and len(plain) != len(found.strftime(form)):
        return None
    return found.date()


def _mend(text: str, form: str) -> str:
    numbers = re.findall(r"\d+", text)
    if parse_number(text) is not None and form != EXCEL and len(numbers) == 1:
        return "Is it a serial number of a spreadsheet? Then say date_format: excel."
    if form == EXCEL:
        return "Write the number of the day, or declare the date_format of the column."
    if len(numbers) == 3 and all(len(part) <= 2 for part in numbers):
        return "Write the year with four digits."
    if len(numbers) == 3 and _reads_but_for_the_day(text, form):
        return "The calendar has no such day."
    return "Write it so, or declare the date_format of the column."


def _reads_but_for_the_day(text: str, form: str) -> bool:
    pattern = re.escape(form)
    for part, digits in (("%d", r"\d{1,2}"), ("%m", r"\d{1,2}"), ("%Y", r"\d{4}")):
        pattern = pattern.replace(re.escape(part), digits)
    return text.isascii() and re.fullmatch(pattern, text) is not None


def years_between(first: date, last: date) -> float:
    """Return the age in years on `last` of who was born on `first`: whole on each birthday.

    The rest is the share of the year from one birthday to the next; who was born on 29 February
    has birthday on 1 March in other years.

    >>> years_between(date(2000, 5, 1), date(2018, 5, 1))
    18.0
    """
    whole = last.year - first.year
    if _birthday(first, last.year) > last:
        whole -= 1
    before = _birthday(first, first.year + whole)
    after = _birthday(first, first.year + whole + 1)
    return whole + (last - before).days / (after - before).days


def _birthday(born: date, year: int) -> date:
    if (born.month, born.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return born.replace(year=year)
