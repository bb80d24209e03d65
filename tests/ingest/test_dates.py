"""Dates: read as declared or refused, counted like a calendar counts, never guessed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.ingest import ReadResult, load_mapping, read_records
from hscrisk.ingest.dates import EXCEL, ISO, read_date, years_between
from hscrisk.ingest.refusal import Refusal

DAYS = st.dates(date(1900, 3, 1), date(2100, 12, 31))
GERMAN = "%d.%m.%Y"
FORMATS = (GERMAN, ISO, "%m/%d/%Y", "%d/%m/%Y", "%Y%m%d", "%d%m%Y", "%d-%b-%Y")


def read(tmp_path: Path, table: Any, fields: str, rest: str = "") -> ReadResult:
    path = tmp_path / "mine.yaml"
    path.write_text(f"registry: mine\nfields:\n{fields}\n{rest}", encoding="utf-8")
    return read_records(pd.DataFrame(table), load_mapping(path))


@given(DAYS, st.sampled_from(FORMATS))
def test_a_date_written_as_declared_is_read(day: date, form: str) -> None:
    assert read_date(day.strftime(form), form, "c") == day
    if "%b" not in form:
        assert read_date(f"{day.strftime(form)} 23:59:59", form, "c") == day


@given(DAYS)
def test_day_first_is_never_read_as_month_first(day: date) -> None:
    for written, declared in ((GERMAN, "%m.%d.%Y"), ("%m/%d/%Y", "%d/%m/%Y")):
        found = read_date(day.strftime(written), declared, "c")
        swapped = day.day <= 12
        assert isinstance(found, date) == swapped  # the form alone cannot tell those
        assert read_date(day.strftime(written), ISO, "c") != day


@given(DAYS)
def test_serial_numbers_count_from_1900_and_only_where_declared(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert read_date(serial, EXCEL, "c") == day
    assert read_date(f"{serial}.75", EXCEL, "c") == day
    for form in FORMATS:
        refused = read_date(serial, form, "c")
        assert isinstance(refused, Refusal)
        assert "excel" in refused.mend


@given(DAYS, st.integers(0, 30_000))
def test_days_since_another_date_are_those_between(first: date, n: int) -> None:
    last = first + timedelta(days=min(n, (date(2100, 12, 31) - first).days))
    a, b = (read_date(d.isoformat(), ISO, "c") for d in (first, last))
    assert isinstance(a, date)
    assert isinstance(b, date)
    assert (b - a).days == last.toordinal() - first.toordinal()


@given(DAYS, DAYS)
def test_an_age_is_whole_on_birthdays_and_grows_every_day(born: date, day: date) -> None:
    if day < born:
        born, day = day, born
    age = years_between(born, day)
    completed = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    assert int(age) == completed
    assert age == pytest.approx((day - born).days / 365.2425, abs=0.012)
    assert years_between(born, day + timedelta(days=1)) > age


@pytest.mark.parametrize(
    ("cell", "form", "mend"),
    [
        ("31.02.2023", GERMAN, "The calendar has no such day."),
        ("32.01.2023", GERMAN, "The calendar has no such day."),
        ("02.01.09", GERMAN, "Write the year with four digits."),
        ("2011-12-29", GERMAN, "Write it so"),
        ("29.12.2011", ISO, "Write it so"),
        ("12/29/2011", "%d/%m/%Y", "The calendar has no such day."),
        ("39814", GERMAN, "date_format: excel"),
        ("1112009", "%d%m%Y", "date_format: excel"),
        ("soon", EXCEL, "Write the number"),
        ("60", EXCEL, "Write the number"),
        ("03.2009", GERMAN, "Write it so"),
        ("\u0660\u0661.\u0660\u0661.2009", GERMAN, "Write it so"),
        ("01.01.0209", GERMAN, "Correct the year"),
        ("31.12.9999", GERMAN, "Correct the year"),
    ],
)
def test_what_is_no_date_is_refused_with_a_mend(cell: str, form: str, mend: str) -> None:
    refused = read_date(cell, form, "tx")
    assert isinstance(refused, Refusal)
    assert mend in refused.mend
    assert refused.rule.startswith("tx must ")
    assert refused.found == cell


def test_dates_of_a_parquet_file_need_no_format() -> None:
    for cell in (date(2009, 1, 2), datetime(2009, 1, 2, 13, 5), pd.Timestamp("2009-01-02 23:00")):
        assert read_date(cell, GERMAN, "c") == date(2009, 1, 2)


FIELDS = """
  transplant_id: id
  infusion_date: tx
  year_of_hct: {column: tx, part: year}
  patient_age: {column: tx, since: born}
  interval_dx_hct_days: {column: tx, since: dx}
  death_status: dead
  followup_day: {column: last, since: tx}
"""


def table(**other: str) -> dict[str, list[str]]:
    row = {
        "id": "a",
        "tx": "01.03.2012",
        "born": "29.02.2000",
        "dx": "01.03.2011",
        "dead": "0",
        "last": "01.03.2013 10:30",
    }
    return {name: [cell] for name, cell in (row | other).items()}


def test_a_file_of_dates_becomes_days(tmp_path: Path) -> None:
    result = read(tmp_path, table(), FIELDS, "date_format: '%d.%m.%Y'")
    row = result.accepted.frame.iloc[0]
    assert (row["infusion_date"], row["year_of_hct"]) == ("2012-03-01", 2012)
    assert row["patient_age"] == pytest.approx(12 + 1 / 366)
    assert (row["interval_dx_hct_days"], row["followup_day"]) == (366, 365)
    assert len(result.violations) == 0


@pytest.mark.parametrize(
    ("change", "field", "rule"),
    [
        ({"tx": "2012-03-01"}, "year_of_hct", "tx must be a date written DD.MM.YYYY"),
        ({"last": "31.02.2013"}, "followup_day", "last must be a date written DD.MM.YYYY"),
        (
            {"last": "01.02.2012"},
            "followup_day",
            "day of death or last contact: last must not come before tx",
        ),
        (
            {"dx": "02.03.2012"},
            "interval_dx_hct_days",
            "time from diagnosis to transplant: tx must not come before dx",
        ),
    ],
)
def test_a_wrong_date_quarantines_its_row_and_is_told_once(
    tmp_path: Path, change: dict[str, str], field: str, rule: str
) -> None:
    result = read(tmp_path, table(**change), FIELDS, "date_format: '%d.%m.%Y'")
    hard = result.violations[result.violations["severity"] == "hard"]
    assert hard[["field", "rule"]].to_numpy().tolist() == [[field, rule]]
    assert len(result.quarantined) == 1


def test_an_outcome_needs_the_date_from_which_it_counts(tmp_path: Path) -> None:
    result = read(tmp_path, table(tx=""), FIELDS, "date_format: '%d.%m.%Y'")
    assert "needs the date tx" in result.violations["rule"].iloc[0]
    unknown = read(tmp_path, table(dx=""), FIELDS, "date_format: '%d.%m.%Y'")
    assert unknown.accepted.frame["interval_dx_hct_days"].isna().all()


def test_without_a_declared_format_dates_are_iso(tmp_path: Path) -> None:
    result = read(tmp_path, table(), FIELDS)
    assert len(result.quarantined) == 1
    result = read(
        tmp_path,
        {"transplant_id": ["a"], "infusion_date": ["01.03.2012"]},
        "  infusion_date: infusion_date",
    )
    assert "YYYY-MM-DD" in result.violations["rule"].iloc[0]
    assert (
        read_records(pd.DataFrame({"transplant_id": ["a"], "infusion_date": ["1.3.2012"]})).n_read
        == 1
    )
    fine = read_records(pd.DataFrame({"transplant_id": ["a"], "infusion_date": ["2012-03-01"]}))
    assert fine.accepted.frame["infusion_date"].tolist() == ["2012-03-01"]


def test_each_column_may_have_its_own_format(tmp_path: Path) -> None:
    fields = """
  patient_age: {column: tx, date_format: excel, since: {column: born, date_format: '%m/%d/%Y'}}
"""
    result = read(tmp_path, {"tx": [40969], "born": ["03/01/2000"]}, fields)
    assert result.accepted.frame["patient_age"].tolist() == [12.0]


def test_a_missing_code_of_a_date(tmp_path: Path) -> None:
    fields = (
        "  interval_dx_hct_days: {column: tx, since: {column: dx, missing: '1900-01-01'}}\n"
        "  relapse_day: {column: rel, since: tx, missing: ['9999-12-31', 'never']}"
    )
    cells = {"tx": ["2012-03-01"] * 2, "dx": ["1900-01-01"] * 2, "rel": ["9999-12-31", "never"]}
    result = read(tmp_path, cells, fields)
    assert len(result.quarantined) == 0
    assert result.accepted.frame[["interval_dx_hct_days", "relapse_day"]].isna().all(axis=None)


def test_a_date_known_to_the_month_says_so(tmp_path: Path) -> None:
    fields = """
  infusion_date: tx
  relapse_status: {constant: 1}
  relapse_day: {column: rel, date_format: '%m/%Y', imputed_day: 15, since: {column: tx,
    date_format: '%Y-%m-%d'}}
"""
    said = "definitions: {dates_usable_from: {relapse: 60}}"
    result = read(tmp_path, {"tx": ["2012-03-01"], "rel": ["06/2012"]}, fields, said)
    assert result.accepted.frame["relapse_day"].tolist() == [106.0]  # 15 June
    assert result.accepted.definitions["dates_usable_from"] == {"relapse": 60}


def test_a_day_that_is_a_date_is_told_how_to_be_read(tmp_path: Path) -> None:
    result = read(tmp_path, {"last": ["27.02.2012"]}, "  followup_day: last")
    assert "since: COLUMN" in result.violations["mend"].iloc[0]
