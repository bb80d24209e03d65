"""docs/mapping.md: every example can be read, and does what the page says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from hscrisk.cli import app
from hscrisk.cohort import build_cohort
from hscrisk.endpoints import endpoint_names, load_endpoint
from hscrisk.endpoints.page import render_competing
from hscrisk.ingest import load_mapping, read_records


def blocks(root: Path) -> list[str]:
    page = (root / "docs" / "mapping.md").read_text(encoding="utf-8")
    return [block.split("```")[0] for block in page.split("```yaml\n")[2:]]


def the(root: Path, word: str) -> str:
    (found,) = [block for block in blocks(root) if word in block]
    return found


def mapping(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "page.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def test_every_example_is_a_mapping(root: Path, tmp_path: Path) -> None:
    assert len(blocks(root)) >= 6
    for block in blocks(root):
        if "followed_to" in block and "_status" not in block:
            text = "registry: mine\nfields: {}\ndefinitions:\n" + block
        elif "fields:" in block:
            text = "registry: mine\n" + block
        else:
            text = "registry: mine\nfields:\n" + block
        mapping(tmp_path, text)


def test_the_table_of_competing_events_is_that_of_the_endpoints(root: Path) -> None:
    page = (root / "docs" / "mapping.md").read_text(encoding="utf-8")
    table = render_competing(map(load_endpoint, endpoint_names()))
    assert f"<!-- from configs/endpoints -->\n{table}" in page


def test_the_draft_of_the_readme_runs_as_written(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    line = "hscrisk mapping draft mine.csv"
    assert f"`{line}`" in readme
    frame = pd.DataFrame({"age": [30, 40], "sex": ["male", "female"]})
    frame.to_csv(tmp_path / "mine.csv", index=False)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, line.split()[1:])
    assert result.exit_code == 0
    assert mapping(tmp_path, result.output).registry == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.csv", "page.yaml"]


def rows(n: int = 20) -> pd.DataFrame:
    """Return n with relapse on day 31, n dead on day 60, n alive at 366, n transplanted at 91."""
    one = pd.DataFrame(
        {
            "relapse": ["yes", "no", "no", "no"],
            "relapse_date": ["2020-02-01", None, None, None],
            "tx_date": ["2020-01-01"] * 4,
            "vital": ["alive", "dead", "alive", "dead"],
            "last_contact": ["2021-01-01", "2020-03-01", "2021-01-01", "2021-01-01"],
            "next_tx_date": [None, None, None, "2020-04-01"],
        },
        dtype=object,
    )
    return pd.concat([one] * n, ignore_index=True)


@pytest.mark.parametrize(
    ("definitions", "relapse"),
    [
        ("  follow_up: overall\n", [(1, 31), (2, 60), (0, 366), (2, 366)]),
        (None, [(1, 31), (2, 60), (0, 366), (0, 91)]),
    ],
)
def test_the_natural_case_is_followed_as_the_page_says(
    root: Path, tmp_path: Path, definitions: str | None, relapse: list[tuple[int, int]]
) -> None:
    block = the(root, "relapse_date")
    assert yaml.safe_load(block.split("definitions:")[1]) == {"follow_up": "overall"}
    said = the(root, "followed_to: next_transplant") if definitions is None else definitions
    text = "registry: mine\nfields:\n" + block.split("definitions:")[0] + "definitions:\n" + said
    result = read_records(rows(), mapping(tmp_path, text))
    assert len(result.accepted) == result.n_read == 80
    assert len(result.violations) == 0
    y = build_cohort(result.accepted, "relapse").y
    assert list(zip(y["event"], y["duration"], strict=True))[:4] == relapse


@pytest.mark.parametrize("word", ["# counted", "# left out"])
def test_counts_that_never_fell(root: Path, tmp_path: Path, word: str) -> None:
    fields = the(root, word) + "  death_status: {constant: 0}\n  followup_day: last\n"
    said = "definitions: {follow_up: per_endpoint, followed_to: last_contact}\n"
    table = pd.DataFrame(
        {
            "plt": ["yes", "never_below", "no", "unknown"] * 20,
            "plt_day": ["14", None, None, None] * 20,
            "last": ["90"] * 80,
        },
        dtype=object,
    )
    result = read_records(table, mapping(tmp_path, "registry: mine\nfields:\n" + fields + said))
    assert len(result.quarantined) == 0
    y = build_cohort(result.accepted, "platelet_engraftment").y
    told = list(zip(y["event"], y["duration"], strict=True))
    counted = [(1, 14), (1, 1), (0, 90)]
    assert told[: len(counted)] == (counted if word == "# counted" else [(1, 14), (0, 90), (1, 14)])
    assert (result.accepted.frame["platelets_never_below"] == "yes").sum() == 20
