"""The commands, from a file of records to a prior that can be read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest
from typer.testing import CliRunner

from hscrisk.cli import app
from hscrisk.datasets import load_copelan1991
from hscrisk.errors import InvalidConfiguration, NotEstimable
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
    assert "\nrelapse by day 365: 1 study," in told
    assert "only another has it" in told
    assert "not a medical device" in told
    shown = run("prior", "show", one).stdout
    assert "copelan1991: what it shares" in shown
    anchor = shared["endpoints"]["chronic_gvhd"][0]  # by day 180 nobody is censored
    limits = binomtest(anchor["n_events"], anchor["n"]).proportion_ci(method="wilson")
    assert f"incidence 0.299 [{limits.low:.3f}, {limits.high:.3f}]" in shown
    assert json.loads(run("prior", "show", pooled, "--json").stdout)["name"] == "both"


def test_a_cohort_chosen_for_having_survived_is_refused() -> None:
    records = load_copelan1991()
    late = records.frame[records.frame["followup_day"] > 365]
    from dataclasses import replace

    with pytest.raises(NotEstimable, match="chosen for having survived"):
        summarise_records(replace(records, frame=late.reset_index(drop=True)))


def test_reasons_that_are_shared_tell_no_small_count(tmp_path: Path) -> None:
    records, out = tmp_path / "small.csv", tmp_path / "out.json"
    run("datasets", "simulate", "--n", "70", "--seed", "4", "--out", records)
    made = run("prior", "summarise", tmp_path / "small-simulated.csv", "--out", out)
    assert made.exit_code == 0
    shared = json.loads(out.read_text(encoding="utf-8"))
    assert shared["study"] == "small-simulated"
    assert shared["about"] == {"source": "simulated, no row is a person"}
    reasons = " ".join(shared["left_out"].values())
    assert "10 events" in reasons
    told = {int(n) for n in re.findall(r"\b\d+\b", reasons)}
    assert told <= {10, 14, 20, 21, 28, 30, 50, 60, 100, 180, 365, 730}  # limits and days


def test_a_name_that_nobody_could_read_is_refused_before_it_is_written() -> None:
    with pytest.raises(InvalidConfiguration, match="small letters"):
        summarise_records(load_copelan1991(), study="My Registry")
