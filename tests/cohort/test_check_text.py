"""The text of `check`: every word whole, every count explained, what is lost told loudly."""

from __future__ import annotations

from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from hscrisk.cohort import summarise
from hscrisk.cohort.page import render_report
from hscrisk.cohort.rounding import FEWEST, grain
from hscrisk.cohort.text import check_tables
from hscrisk.ingest import read_records
from hscrisk.ingest.result import ReadResult

N = 200


def shown(read: ReadResult, width: int = 80, endpoints: list[str] | None = None) -> str:
    console = Console(width=width, record=True, file=StringIO())
    summary = summarise(read.accepted, endpoints).to_dict()
    for part in check_tables(read.to_dict(), summary):
        console.print(part, soft_wrap=isinstance(part, str))
    return console.export_text()


def cohort(**columns: Any) -> pd.DataFrame:
    """Return transplants followed for 800 days, a fifth of which relapse by day 400."""
    days = np.where(np.arange(N) % 5 == 0, 10 + np.arange(N) * 2 % 390, 800)
    plain: dict[str, Any] = {
        "transplant_id": range(N),
        "death_status": 0,
        "followup_day": 800,
        "relapse_status": (np.arange(N) % 5 == 0).astype(int),
        "relapse_day": days,
    }
    return pd.DataFrame(plain | columns)


def test_names_and_numbers_are_whole_in_eighty_columns() -> None:
    long = "chronic_gvhd_moderate_severe_status"
    table = cohort(patient_age=[400.0] * 12 + [30.0] * (N - 12), acute_gvhd_lower_gi_max=7)
    table[long] = 9
    text = shown(read_records(table))
    for name in ("patient_age", "acute_gvhd_lower_gi_max", long):
        assert name in text
    told = shown(read_records(cohort()), endpoints=["relapse"])
    assert [line for line in told.splitlines() if "0.200 [0.1" in line and line.rstrip()[-1] == "]"]


def test_quarantined_and_warned_stand_apart() -> None:
    table = cohort(patient_age=[400.0] * 3 + [90.0] * 4 + [30.0] * (N - 7))
    text = shown(read_records(table))
    assert text.index("Quarantined") < text.index("Warnings")
    assert "known" not in text.split("Warnings")[0]


def test_long_lists_are_broken_between_names() -> None:
    names = {f"column with words {i}": [1] * N for i in range(60)}
    text = shown(read_records(cohort(**names)))
    assert "does not know (60): " in text
    lines = [line for line in text.splitlines() if "column with words" in line]
    assert len(lines) > 10
    assert max(map(len, lines)) <= 100
    for name in names:
        assert any(f"{name}," in line or f"{name}." in line for line in lines)


def test_steps_that_lose_transplants_are_told() -> None:
    disease = ["AA"] * 20 + ["AML"] * (N - 20)
    status: list[float] = [*cohort()["relapse_status"]]
    status[30:36] = [np.nan] * 6
    table = cohort(primary_disease=disease, relapse_status=status)
    line = next(
        line
        for line in shown(read_records(table), endpoints=["relapse"]).splitlines()
        if line.startswith("Who counts for Relapse")
    )
    assert "200 accepted records, less 20 (disease is AA or " in line
    assert "less 6 (relapse: status unknown) = 174" in line.replace(
        "relapse or progression: status", "relapse: status"
    )


def test_two_counts_never_share_a_name() -> None:
    days: list[float] = [*cohort()["relapse_day"]]
    days[0] = np.nan
    text = shown(read_records(cohort(relapse_day=days)), endpoints=["relapse"])
    heads = [line for line in text.splitlines() if "endpoint" in line and "day" in line]
    assert len(heads) == 2
    assert "known" in heads[0]
    assert "known" not in heads[1]
    assert "seen so far" in heads[1]


def test_events_that_no_training_counts_are_told() -> None:
    days = cohort()["relapse_day"].to_numpy().copy()
    days[:10:5] = 790  # two relapses after the last horizon of 730 days
    text = shown(read_records(cohort(relapse_day=days)), endpoints=["relapse"])
    assert "all that a training counts: Relapse or progression 38 of 40 (day 730)" in text
    assert "all that a training counts" not in shown(read_records(cohort()), endpoints=["relapse"])


# -- days that are missing ------------------------------------------------------------------------


@pytest.fixture
def open_ended(tmp_path: Any) -> ReadResult:
    """Return a registry whose status of 0 has no day, read as if it had one of its own."""
    table = cohort()
    table["relapse_day"] = table["relapse_day"].where(table["relapse_status"] == 1)
    (tmp_path / "m.yaml").write_text(
        "registry: mine\nfields:\n"
        + "".join(f"  {name}: {name}\n" for name in table.columns)
        + "definitions: {follow_up: recorded}\n"
    )
    return read_records(table, tmp_path / "m.yaml")


def test_those_who_leave_without_a_day_are_told_loudly(open_ended: ReadResult) -> None:
    summary = summarise(open_ended.accepted, ["relapse"]).to_dict()
    told = summary["endpoints"]["relapse"]
    assert told["undated"] == {
        "events": 0,
        "events_known": 40,
        "others": 160,
        "others_known": 160,
    }
    for text in (shown(open_ended), render_report(open_ended.to_dict(), summary)):
        assert "DO NOT USE Relapse or progression yet." in text
        assert "160 of 160 without it. The incidence comes out too high." in text
    assert "DO NOT USE" not in shown(read_records(cohort()))


def test_a_few_lost_days_are_a_caution_and_no_alarm() -> None:
    days: list[float] = [*cohort()["relapse_day"]]
    lost = [row for row in range(N) if row % 5 == 0][:12]
    for row in lost:
        days[row] = np.nan
    read = read_records(cohort(relapse_day=days))
    text = shown(read, endpoints=["relapse"])
    assert "12 of 40 with the event, 0 of 160 without it. The incidence comes out too low." in text
    assert "DO NOT USE" not in text


# -- months that became days ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (30.4375 / 10, "months to one decimal"),
        (30.4375, "months in whole numbers"),
        (7.0, "weeks in whole numbers"),
        (36.525, "years to one decimal"),
    ],
)
def test_a_grid_is_recognised(step: float, words: str) -> None:
    rng = np.random.default_rng(3)
    for cut in (np.floor, np.round):
        true = rng.exponential(300, 400) + 5
        found = grain(np.round(np.asarray(cut(true / step) * step, dtype=np.float64)))
        assert found is not None
        assert found.words == words


def test_real_days_are_on_no_grid() -> None:
    rng = np.random.default_rng(4)
    for scale in (4, 30, 400):
        assert grain(np.round(rng.exponential(scale, 500) + 2)) is None
    assert grain(np.full(400, 183.0)) is None  # one imputed day is a pile and no grid
    assert grain(np.arange(FEWEST - 1) * 7.0 + 7) is None


def test_days_of_rounded_months_are_no_pile() -> None:
    rng = np.random.default_rng(5)
    n = 900
    true = np.concatenate([rng.gamma(8, 15, 300), rng.uniform(800, 900, n - 300)])
    days = np.round(np.floor(true / 3.04375) * 3.04375)
    table = pd.DataFrame(
        {
            "transplant_id": range(n),
            "death_status": 0,
            "followup_day": 900,
            "chronic_gvhd_status": [1] * 300 + [0] * (n - 300),
            "chronic_gvhd_day": days,
            "transplant_type": "allogeneic",
        }
    )
    told = summarise(read_records(table).accepted, ["chronic_gvhd"]).endpoints["chronic_gvhd"]
    said = " ".join(told["cautions"])
    assert told["piled_days"] == []
    assert "pile up" not in said
    assert "Days come from months to one decimal: events can fall on every 3.04" in said
    # A date that was filled in is still found among them.
    table.loc[:60, "chronic_gvhd_day"] = 183.0
    told = summarise(read_records(table).accepted, ["chronic_gvhd"]).endpoints["chronic_gvhd"]
    assert [pile["day"] for pile in told["piled_days"]] == [183]
