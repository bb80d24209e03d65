"""`hscrisk check --json` on the bundled cohort equals a brute-force count of the published file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hscrisk.cli import app
from tests.reference import copelan1991_facts as facts

ENDPOINTS = {
    "acute_gvhd": "acute_gvhd",
    "chronic_gvhd": "chronic_gvhd",
    "platelet_engraftment": "platelet_recovery",
    "relapse": "relapse",
    "non_relapse_mortality": "non_relapse_mortality",
    "death": "death",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("copelan") / "copelan1991.csv"
    run("datasets", "export", "copelan1991", "--out", str(out))
    return out


@pytest.fixture(scope="module")
def checked(source: Path) -> dict[str, Any]:
    text = run(
        "check", str(source), "--mapping", "copelan1991", "--by", "disease_risk_group", "--json"
    )
    found: dict[str, Any] = json.loads(text)
    return found


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_nothing_is_lost_and_the_late_gvhd_is_a_warning(checked: dict[str, Any]) -> None:
    read = checked["read"]
    assert (read["n_read"], read["n_accepted"], read["n_quarantined"]) == (137, 137, 0)
    late = [v for v in read["violations"] if v["field"] == "chronic_gvhd_day"]
    assert [(v["severity"], v["n"], v["rows"]) for v in late] == [("soft", 1, [127])]


def test_the_published_facts_are_reproduced(checked: dict[str, Any], source: Path) -> None:
    published = facts.count_published(facts.read_rows(source))
    assert published == facts.PUBLISHED
    summary = checked["summary"]
    groups = {g["by"]["disease_risk_group"]: g["n"] for g in summary["groups"]}
    assert summary["n"] == published["patients"] == 137
    assert groups == {"ungraded": 38, "low": 54, "high": 45}
    recorded = {name: e["recorded"] for name, e in summary["endpoints"].items()}
    assert recorded["acute_gvhd"] == 26
    assert recorded["chronic_gvhd"] == 61
    assert recorded["platelet_engraftment"] == 120
    assert recorded["relapse"] == 42
    assert recorded["death"] == 81


@pytest.mark.parametrize("endpoint", sorted(ENDPOINTS))
def test_every_incidence_equals_brute_force(
    checked: dict[str, Any], source: Path, endpoint: str
) -> None:
    theirs = facts.incidences(facts.read_rows(source))[ENDPOINTS[endpoint]]
    ours = checked["summary"]["endpoints"][endpoint]["horizons"]
    assert [h["horizon"] for h in ours] == sorted(theirs)
    for point in ours:
        assert point["incidence"] == pytest.approx(theirs[int(point["horizon"])], abs=1e-12)
        assert point["low"] < point["incidence"] < point["high"]


def test_what_the_cohort_does_not_record_is_refused_with_the_reason(
    checked: dict[str, Any],
) -> None:
    refused = checked["summary"]["refused"]
    assert set(refused) >= {
        "neutrophil_engraftment",
        "primary_graft_failure",
        "acute_gvhd_2_4",
        "acute_gvhd_3_4",
    }
    assert all("records no" in reason for reason in refused.values())
