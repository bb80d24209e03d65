"""The commands, from a file of records to a prior that can be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hscrisk.cli import app
from hscrisk.datasets import load_copelan1991
from hscrisk.errors import NotEstimable
from hscrisk.priors.registry import summarise_records


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def test_from_records_to_a_prior(tmp_path: Path) -> None:
    one, two, pooled = (tmp_path / name for name in ("one.json", "two.json", "pooled.json"))
    made = run("prior", "summarise", "copelan1991", "--out", one, "--without", "relapse")
    assert made.exit_code == 0
    assert "chronic_gvhd: days" in made.stdout
    assert "not shared: acute_gvhd_2_4" in made.stdout
    shared = json.loads(one.read_text(encoding="utf-8"))
    assert "relapse" not in shared["endpoints"]
    run("prior", "summarise", "copelan1991", "--out", two, "--study", "another")
    assert run("prior", "pool", one, two, "--out", pooled, "--name", "both").exit_code == 0
    told = run("prior", "show", pooled).stdout
    assert "both: a prior from 2 studies (another, copelan1991)" in told
    assert "non_relapse_mortality by day 365: 1 studies" in told
    assert "only another has it" in told
    assert "not a medical device" in told
    assert "copelan1991: what it shares" in run("prior", "show", one).stdout
    assert json.loads(run("prior", "show", pooled, "--json").stdout)["name"] == "both"


def test_a_cohort_chosen_for_having_survived_is_refused() -> None:
    records = load_copelan1991()
    late = records.frame[records.frame["followup_day"] > 365]
    from dataclasses import replace

    with pytest.raises(NotEstimable, match="chosen for having survived"):
        summarise_records(replace(records, frame=late.reset_index(drop=True)))
