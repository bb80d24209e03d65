"""The summary of a registry, and the command that prints it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.cli import main
from hscrisk.cohort import build_cohort, summarise
from hscrisk.datasets import load_copelan1991
from hscrisk.endpoints import endpoint_names
from hscrisk.errors import InvalidConfiguration
from hscrisk.ingest import read_records
from hscrisk.schema import Records

SUMMARY = summarise(load_copelan1991(), by=["primary_disease", "disease_risk_group"]).to_dict()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["hscrisk", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    return int(caught.value.code or 0)


@pytest.fixture
def facts(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(root / "tests" / "reference"))
    return importlib.import_module("copelan1991_facts")


@pytest.fixture
def exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    out = tmp_path / "copelan.csv"
    assert run(monkeypatch, "datasets", "export", "copelan1991", "--out", out) == 0
    capsys.readouterr()
    return out


def test_the_command_reproduces_the_published_facts(
    exported: Path,
    facts: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    by = ["--by", "primary_disease", "--by", "disease_risk_group"]
    code = run(monkeypatch, "check", exported, "--mapping", "copelan1991", *by, "--json")
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    read, summary = told["read"], told["summary"]
    assert (read["n_read"], read["n_accepted"], read["n_quarantined"]) == (137, 137, 0)
    published = facts.PUBLISHED
    groups = {tuple(group["by"].values()): group["n"] for group in summary["groups"]}
    assert groups == {
        ("AML", "low"): published["aml_low_risk"],
        ("AML", "high"): published["aml_high_risk"],
        ("ALL", "ungraded"): published["all"],
    }
    recorded = {name: told["recorded"] for name, told in summary["endpoints"].items()}
    assert summary["n"] == published["patients"] == 137
    assert recorded["relapse"] == published["relapses"] == 42
    assert recorded["death"] == published["deaths"] == 81
    assert recorded["acute_gvhd"] == published["acute_gvhd"] == 26
    assert recorded["chronic_gvhd"] == published["chronic_gvhd"] == 61
    assert recorded["platelet_engraftment"] == published["platelet_recovery"] == 120
    assert summary["endpoints"]["non_relapse_mortality"]["events"] == 41
    late = [v for v in read["violations"] if v["field"] == "chronic_gvhd_day"]
    assert [(v["severity"], v["n"], v["rows"]) for v in late] == [("soft", 1, [127])]


def test_incidences_are_those_of_a_computation_written_apart(
    exported: Path, facts: ModuleType
) -> None:
    expected = facts.incidences(facts.read_rows(exported))
    expected["platelet_engraftment"] = expected.pop("platelet_recovery")
    assert set(expected) == set(SUMMARY["endpoints"])
    for name, by_day in expected.items():
        found = {row["horizon"]: row for row in SUMMARY["endpoints"][name]["horizons"]}
        assert set(found) == set(by_day)
        for day, incidence in by_day.items():
            assert found[day]["incidence"] == pytest.approx(incidence, abs=1e-12)
            assert found[day]["low"] <= incidence <= found[day]["high"]


def test_outcomes_are_those_of_a_computation_written_apart(
    exported: Path, facts: ModuleType
) -> None:
    rows = facts.read_rows(exported)
    for name in SUMMARY["endpoints"]:
        theirs = "platelet_recovery" if name == "platelet_engraftment" else name
        event, duration = facts.endpoint_rows(rows, theirs)
        y = build_cohort(load_copelan1991(), name).y
        assert y["event"].tolist() == event
        assert y["duration"].tolist() == np.maximum(duration, 1).tolist()


def test_every_endpoint_is_told_or_refused_with_a_reason() -> None:
    assert set(SUMMARY["endpoints"]) | set(SUMMARY["refused"]) == set(endpoint_names())
    assert set(SUMMARY["refused"]) == {
        "neutrophil_engraftment",
        "primary_graft_failure",
        "acute_gvhd_2_4",
        "acute_gvhd_3_4",
        "chronic_gvhd_extensive",
    }
    for reason in SUMMARY["refused"].values():
        assert "the cohort records no" in reason


def test_numbers_add_up() -> None:
    for told in SUMMARY["endpoints"].values():
        for part in (told, *told["groups"]):
            assert part["n"] == part["events"] + sum(part["competing"].values()) + part["censored"]
        for key in ("n", "events", "censored"):
            assert told[key] == sum(group[key] for group in told["groups"])
    assert sum(group["n"] for group in SUMMARY["groups"]) == SUMMARY["n"]
    assert json.loads(json.dumps(SUMMARY, allow_nan=False)) == SUMMARY


def test_follow_up_by_reverse_kaplan_meier() -> None:
    # Everybody alive: the median of the days of last contact; deaths censor and only shift it.
    frame = pd.DataFrame(
        {"transplant_id": list("abcde"), "death_status": 0, "followup_day": [10, 20, 30, 40, 50]}
    )
    records = read_records(frame).accepted
    assert summarise(records, endpoints=[]).follow_up_median == 30.0
    dead = read_records(frame.assign(death_status=1)).accepted
    assert summarise(dead, endpoints=[]).follow_up_median is None
    # The first dies: of the other four half are followed to day 30 or longer (2 of 4 after day 30).
    first = read_records(frame.assign(death_status=[1, 0, 0, 0, 0])).accepted
    assert summarise(first, endpoints=[]).follow_up_median == 30.0


def test_missing_values_groups_and_years() -> None:
    frame = pd.DataFrame(
        {
            "transplant_id": list("abcd"),
            "patient_id": ["p", "p", "q", "r"],
            "patient_sex": ["male", None, "female", "male"],
            "patient_age": [1, None, None, 4],
            "year_of_hct": [2001, 2003, 2001, None],
            "centre_id": ["x", "y", "x", None],
        }
    )
    records = read_records(frame).accepted
    told = summarise(records, by="patient_sex").to_dict()
    assert told["missing"] == {"patient_age": 2, "patient_sex": 1}
    assert (told["n"], told["n_patients"], told["n_centres"]) == (4, 3, 2)
    assert told["years"] == "2001 to 2003"
    groups = [(group["by"]["patient_sex"], group["n"]) for group in told["groups"]]
    assert groups == [("female", 1), ("male", 2), ("unknown", 1)]
    years = summarise(records, by="year_of_hct").groups
    assert [group["by"]["year_of_hct"] for group in years] == ["2001", "2003", "unknown"]
    centres = summarise(records, by="centre_id").groups
    assert [(group["by"]["centre_id"], group["n"]) for group in centres] == [
        *(("x", 2), ("y", 1), ("unknown", 1))
    ]


@pytest.mark.parametrize("field", ["patient_age", "nonsense", "relapse_status", "donor_type"])
def test_a_cohort_is_divided_by_categories_that_it_has(field: str) -> None:
    with pytest.raises(InvalidConfiguration, match="cannot be divided"):
        summarise(load_copelan1991(), by=field)


def small(durations: list[int], events: list[int]) -> list[dict[str, Any]]:
    n = len(durations)
    frame = pd.DataFrame(
        {"transplant_id": range(n), "death_status": events, "followup_day": durations}
    )
    records = Records(read_records(frame).accepted.frame, "small")
    return list(summarise(records, endpoints=["death"]).endpoints["death"]["horizons"])


def test_a_day_that_nobody_reaches_is_not_estimable() -> None:
    rows = small([*[50] * 12, 120], [*[1] * 12, 0])
    assert [row["at_risk"] for row in rows] == [1, 0, 0]
    assert rows[0]["incidence"] == pytest.approx(12 / 13)
    assert "nobody is followed" in rows[1]["note"]
    assert "incidence" not in rows[1]
    done = small([50] * 12, [1] * 12)
    assert [row["incidence"] for row in done] == [1.0, 1.0, 1.0]


def test_no_event_so_far_has_an_upper_limit() -> None:
    rows = small([*[800] * 20, *[400] * 10], [*[0] * 20, *[1] * 10])
    assert (rows[0]["incidence"], rows[0]["low"]) == (0.0, 0.0)
    # Clopper-Pearson, 0 of 30: (1 - p)^30 = .025.
    assert (1 - rows[0]["high"]) ** 30 == pytest.approx(0.025)


# -- the command ---------------------------------------------------------------------------------


def test_the_page_tells_all_and_ends_with_what_it_is_not(
    exported: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(monkeypatch, "check", exported, "--mapping", "copelan1991", "--by", "patient_sex")
    page = capsys.readouterr().out
    assert code == 0
    assert "read 137 = accepted 137 + quarantined 0" in page
    for word in ("Chronic GVHD", "0.425 [0.341, 0.506]", "Not estimable: acute_gvhd_2_4, because"):
        assert word in page
    assert page.rstrip().endswith("Research decision support, not a medical device.")


def test_quarantined_rows_change_the_exit_code_and_are_written_not_printed(
    exported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = exported.read_text().splitlines()
    lines[3] = lines[3].replace(",", ",SECRET", 1)
    exported.write_text("\n".join(lines))
    out = tmp_path / "q.csv"
    arguments = ["check", exported, "--mapping", "copelan1991", "--quarantine", out]
    for extra in ([], ["--json"]):
        assert run(monkeypatch, *arguments, *extra) == 1
        assert "SECRET" not in capsys.readouterr().out
    kept = pd.read_csv(out)
    assert kept["row"].tolist() == [3]
    assert "SECRET" in kept["group"][0]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["check", "absent.csv"], 3, "cannot be read"),
        (["check", "copelan1991", "--mapping", "copelan"], 2, "Did you mean 'copelan1991'"),
        (["check", "copelan1991", "--by", "patient_sexx"], 2, "'patient_sex'"),
        (["check", "copelan1991", "--quarantine", "absent/q.csv"], 3, "cannot be written"),
        (["check"], 2, ""),
        (["check", "copelan1991", "--nonsense"], 2, ""),
        (["datasets", "export", "copelan", "--out", "x.csv"], 2, "Did you mean 'copelan1991'"),
    ],
)
def test_exit_codes(
    arguments: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *arguments) == code
    assert told in capsys.readouterr().err


def test_a_bundled_cohort_is_checked_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "check", "copelan1991", "--json") == 0
    assert json.loads(capsys.readouterr().out)["summary"]["n"] == 137


def test_a_header_alone_is_told_and_not_an_accident(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("transplant_id,patient_age\n")
    for extra in ([], ["--json"]):
        assert run(monkeypatch, "check", path, *extra) == 0
    assert "no record was accepted" in capsys.readouterr().out
