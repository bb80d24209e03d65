"""The bundled cohort: the very bytes, the very codes, and who stays."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest

from hscrisk.datasets import COHORTS, bundled_cohort, data_file, export_cohort, load_copelan1991
from hscrisk.errors import InputOutputFailed, InvalidConfiguration
from hscrisk.ingest import read_records

COHORT = bundled_cohort("copelan1991")


def rows() -> list[dict[str, str]]:
    with COHORT.path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_bytes_are_those_that_were_compared() -> None:
    for cohort in COHORTS.values():
        assert hashlib.sha256(cohort.path.read_bytes()).hexdigest() == cohort.sha256


def test_the_readme_and_the_decision_describe_every_column(root: Path) -> None:
    text = (COHORT.path.parent / "README.md").read_text(encoding="utf-8")
    for column in rows()[0]:
        assert f"`{column}`" in text, column
    assert (root / "docs" / "decisions" / "0001-bundled-cohort.md").is_file()
    assert "docs/decisions/0001-bundled-cohort.md" in text


def test_all_137_stay_with_two_soft_warnings() -> None:
    result = read_records(COHORT.path, "copelan1991")
    assert result.n_read == len(result.accepted) == COHORT.n == 137
    assert result.unknown_columns == result.absent_columns == ()
    found = result.violations[["row", "field", "severity"]].values.tolist()
    assert found == [
        [124, "platelet_engraftment_day", "soft"],
        [127, "chronic_gvhd_day", "soft"],
    ]


def test_the_mapping_keeps_every_value() -> None:
    """Each row of the CSV, read with ifs from the README, is the row of the records."""
    frame = load_copelan1991().frame.set_index("transplant_id")
    sign = {"0": "negative", "1": "positive"}
    sex = {"0": "female", "1": "male"}
    group = {"1": ("ALL", "ungraded"), "2": ("AML", "low"), "3": ("AML", "high")}
    centre = {"1": "ohio_state", "2": "alfred", "3": "st_vincent", "4": "hahnemann"}
    for row in rows():
        ours = frame.loc[row["patient"]]
        assert (ours["primary_disease"], ours["disease_risk_group"]) == group[row["group"]]
        assert ours["centre_id"] == centre[row["z9"]]
        numbers = {
            "patient_age": "z1",
            "donor_age": "z2",
            "interval_dx_hct_days": "z7",
            "death_status": "d1",
            "followup_day": "t1",
            "relapse_status": "d2",
            "relapse_day": "t2",
            "acute_gvhd_status": "da",
            "acute_gvhd_day": "ta",
            "chronic_gvhd_status": "dc",
            "chronic_gvhd_day": "tc",
            "platelet_engraftment_status": "dp",
            "platelet_engraftment_day": "tp",
        }
        assert {name: ours[name] for name in numbers} == {
            name: float(row[column]) for name, column in numbers.items()
        }
        assert (ours["patient_sex"], ours["donor_sex"]) == (sex[row["z3"]], sex[row["z4"]])
        assert ours["sex_match"] == sex[row["z4"]][0].upper() + sex[row["z3"]][0].upper()
        assert (ours["patient_cmv_igg"], ours["donor_cmv_igg"]) == (
            sign[row["z5"]],
            sign[row["z6"]],
        )
        assert ours["fab_m4_m5"] == {"0": "no", "1": "yes"}[row["z8"]]
        assert ours["methotrexate_prophylaxis"] == {"0": "no", "1": "yes"}[row["z10"]]


def test_status_is_told_as_risk_group_and_not_invented() -> None:
    assert "disease_status" not in load_copelan1991().frame.columns


def test_export_and_names(tmp_path: Path) -> None:
    out = export_cohort("copelan1991", tmp_path / "deep" / "c.csv")
    assert out.read_bytes() == COHORT.path.read_bytes()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputOutputFailed, match="cannot be written"):
        export_cohort("copelan1991", tmp_path / "file" / "c.csv")
    with pytest.raises(InvalidConfiguration, match="'copelan1991'"):
        bundled_cohort("copelan1992")
    assert data_file("copelan1991") == COHORT.path
    assert data_file("mine.csv") == Path("mine.csv")
