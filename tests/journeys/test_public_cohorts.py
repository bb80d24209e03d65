"""Two public cohorts by mapping, against counts made from their raw files in plain loops.

The files are their owners'; nothing but totals stands here.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hscrisk.cli import app
from hscrisk.cohort import build_cohort, summarise
from hscrisk.datasets.fetch import fetch_cohort
from hscrisk.errors import HorizonOutOfRange, MissingColumn
from hscrisk.ingest import load_mapping, read_records
from hscrisk.ingest.arff import read_arff
from hscrisk.ingest.chunks import read_in_chunks
from hscrisk.ingest.result import ReadResult
from hscrisk.models import MarginalIncidence
from hscrisk.schema import load_contract
from hscrisk.survival import AalenJohansen
from tests.reference import ds1302_facts as facts
from tests.reference.brute_force import aalen_johansen

ENDPOINTS = {
    "neutrophil_engraftment": "neutrophils",
    "platelet_engraftment": "platelets",
    "acute_gvhd_2_4": "agvhd_2_4",
    "acute_gvhd_3_4": "agvhd_3_4",
    "chronic_gvhd": "cgvhd",
    "relapse": "relapse",
    "non_relapse_mortality": "nrm",
    "death": "death",
}
EXACT = 1e-12


# -- adults: CIBMTR study DS1302


@pytest.fixture(scope="module")
def adults_file(shared_data: Path) -> Path:
    return shared_data / "cibmtr_ds1302" / "DS1302.csv"


@pytest.fixture(scope="module")
def adults_raw(adults_file: Path) -> list[dict[str, str]]:
    return facts.read_rows(adults_file)


@pytest.fixture(scope="module")
def adults_facts(adults_file: Path) -> dict[str, Any]:
    return facts.facts(adults_file)


@pytest.fixture(scope="module")
def adults(adults_file: Path) -> ReadResult:
    return read_records(adults_file, "cibmtr_ds1302")


@pytest.fixture(scope="module")
def checked(adults_file: Path) -> dict[str, Any]:
    from typer.testing import CliRunner

    command = ["check", str(adults_file), "--mapping", "cibmtr_ds1302", "--by", "drabomatch"]
    result = CliRunner().invoke(app, [*command, "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_every_adult_is_read_and_every_column_accounted_for(checked: dict[str, Any]) -> None:
    read, summary = checked["read"], checked["summary"]
    assert (read["n_read"], read["n_accepted"], read["n_quarantined"]) == (4946, 4946, 0)
    assert read["unknown_columns"] == read["absent_columns"] == []
    assert summary["n_centres"] == facts.NOTED["centres"]
    assert summary["years"] == "2008 to 2018"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_adults_counts_and_incidences_are_those_of_brute_force(
    checked: dict[str, Any], adults_facts: dict[str, Any], endpoint: str
) -> None:
    told, fact = checked["summary"]["endpoints"][endpoint], adults_facts[ENDPOINTS[endpoint]]
    assert told["n"] == fact["n"]
    assert told["events"] == fact["events"]
    assert sum(told["competing"].values()) == fact["competing"]
    days = [row["horizon"] for row in told["horizons"]]
    assert days
    for row in told["horizons"]:
        assert abs(row["incidence"] - fact["incidence"][row["horizon"]]) < EXACT


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_adults_groups_have_the_n_of_the_flags(
    checked: dict[str, Any], adults_raw: list[dict[str, str]], endpoint: str
) -> None:
    groups = checked["summary"]["endpoints"][endpoint]["groups"]
    assert [group["by"] for group in groups] == [{"drabomatch": code} for code in "0123"]
    name = ENDPOINTS[endpoint]
    known = tuple(group["known"] for group in groups)
    assert known == facts.n_by_abo(adults_raw, name, timed=False)
    assert tuple(group["n"] for group in groups) == facts.n_by_abo(adults_raw, name, timed=True)
    if name in facts.NOTED_N_BY_ABO:
        assert known == facts.NOTED_N_BY_ABO[name]


def test_adults_group_incidences_are_those_of_brute_force(
    checked: dict[str, Any], adults_raw: list[dict[str, str]]
) -> None:
    for endpoint in ("acute_gvhd_2_4", "neutrophil_engraftment"):
        for code, group in zip("0123", checked["summary"]["endpoints"][endpoint]["groups"]):  # noqa: B905
            rows = [row for row in adults_raw if row["drabomatch"] == code]
            event, duration = facts.endpoint_rows(rows, ENDPOINTS[endpoint])
            for row in group["horizons"]:
                expected = aalen_johansen(event, duration, row["horizon"], 1)
                assert abs(row["incidence"] - expected) < EXACT


def test_the_differences_from_the_paper_are_told(checked: dict[str, Any]) -> None:
    papers = {paper["endpoint"]: paper for paper in checked["summary"]["published"]}
    assert {ENDPOINTS[name] for name in papers} == set(facts.PAPER_N_BY_ABO)
    for name, paper in papers.items():
        theirs = facts.PAPER_N_BY_ABO[ENDPOINTS[name]]
        ours = facts.NOTED_N_BY_ABO[ENDPOINTS[name]]
        assert paper["by"] == "drabomatch"
        for row, published, here in zip(paper["rows"], theirs, ours, strict=True):
            assert (row["published"], row["here"]) == (published, here)
            assert row["difference"] == here - published
    assert any(row["difference"] < 0 for p in papers.values() for row in p["rows"])


def test_dividing_by_the_field_is_dividing_by_the_column(
    adults: ReadResult, checked: dict[str, Any]
) -> None:
    told = summarise(adults.accepted, ["acute_gvhd_2_4"], by="abo_match").to_dict()
    groups = told["endpoints"]["acute_gvhd_2_4"]["groups"]
    names = [group.pop("by")["abo_match"] for group in groups]
    assert names == ["matched", "minor", "major", "bidirectional"]
    by_column = checked["summary"]["endpoints"]["acute_gvhd_2_4"]["groups"]
    assert [{k: v for k, v in group.items() if k != "by"} for group in by_column] == groups


def test_graft_failure_is_being_alive_on_day_28_without_recovery(
    adults: ReadResult, adults_raw: list[dict[str, str]]
) -> None:
    cohort = build_cohort(adults.accepted, "primary_graft_failure")
    failed = {row["pseudoid"] for row in adults_raw if facts.graft_failure(row)}
    assert set(cohort.transplant_id[cohort.y["event"] == 1]) == failed
    assert len(failed) == facts.NOTED["graft_failure"]
    assert len(cohort) == facts.NOTED["pgf_flag_known"]
    risk = AalenJohansen().fit(cohort.y).predict([28])[0]
    assert risk == pytest.approx(len(failed) / len(cohort), abs=EXACT)


def test_nothing_known_after_infusion_predicts(adults: ReadResult) -> None:
    from hscrisk.schema import load_contract

    X = build_cohort(adults.accepted, "acute_gvhd_2_4").X
    contract = load_contract()
    assert all(contract[name].when in ("before_conditioning", "at_infusion") for name in X)
    assert {"hctci_group", "performance_group", "abo_match", "ptcy", "donor_age"} <= set(X)
    assert not {"hctci_group_3", "donor_age_band", "patient_age_band", "female_donor_to_male",
                "patient_ancestry_group", "year_of_hct", "centre_id"} & set(X)  # fmt: skip


CODES: dict[str, tuple[str, dict[str, Any]]] = {
    "patient_sex": ("sex", {"1": "male", "2": "female"}),
    "performance_group": ("karnofcat", {"1": "90_100", "2": "below_90", "99": None}),
    "hctci_group": ("hctcigp", {"0": "0", "1": "1", "2": "2", "3": "3_plus", "99": None}),
    "disease_status": (
        "alstatprgp",
        {
            "1": "primary_induction_failure",
            "2": "CR1",
            "3": "CR2",
            "4": "CR3_plus",
            "5": "relapse",
            "99": None,
        },
    ),
    "cmv_match": (
        "drcmvpr",
        {
            "0": "pos_pos",
            "1": "pos_neg",
            "2": "neg_pos",
            "3": "neg_neg",
            "99.1": None,
            "99.2": None,
            "99.3": None,
        },
    ),
    "sex_match": ("drsex", {"1": "MM", "2": "MF", "3": "FM", "4": "FF"}),
    "tbi_given": ("condtbi", {"1": "yes", "2": "no", "3": None, "99": None}),
    "conditioning_myeloablative": ("condtbi", {"1": "yes", "2": "yes", "3": "no", "99": None}),
    "serotherapy_given": ("atgcampathgp2", {"1": "yes", "2": "no", "99": None}),
    "donor_type": ("donorgp", {"1": "matched_sibling", "2": "matched_unrelated"}),
}


@pytest.mark.parametrize("field", CODES)
def test_adults_codes(adults: ReadResult, adults_raw: list[dict[str, str]], field: str) -> None:
    column, code = CODES[field]
    expected = [code[row[column]] for row in adults_raw]
    assert _plain(adults, field) == expected


def _plain(result: ReadResult, field: str) -> list[Any]:
    column = result.accepted.frame[field].astype(object)
    return [None if isinstance(v, float) and math.isnan(v) else v for v in column]


def test_the_second_sex_of_a_pair_is_the_patients(adults: ReadResult) -> None:
    for pair, sex in zip(_plain(adults, "sex_match"), _plain(adults, "patient_sex"), strict=True):
        assert pair[1] == {"male": "M", "female": "F"}[sex]


def test_prophylaxis_and_processing_of_two_columns(
    adults: ReadResult, adults_raw: list[dict[str, str]]
) -> None:
    others = {"2": "ciclosporin_other", "4": "other", "99": None}
    names = {
        "0": "ptcy_based",
        "1": "tacrolimus_methotrexate",
        "2": "tacrolimus_mycophenolate",
        "3": "tacrolimus_other",
        "4": "ciclosporin_mycophenolate",
        "5": "ciclosporin_methotrexate",
    }
    told = [names.get(r["gvhdprgp"], others.get(r["gvhdprgp2"])) for r in adults_raw]
    assert _plain(adults, "gvhd_prophylaxis") == told
    ptcy = [None if t is None else "yes" if t == "ptcy_based" else "no" for t in told]
    assert _plain(adults, "ptcy") == ptcy
    flag = {"0": "no", "1": "yes"}
    for field, old, new in (
        ("rbc_depleted", "rbcreduc13", "rbcreduc4"),
        ("buffy_coat_prepared", "buffycp13", "buffycp4"),
    ):
        expected = [flag.get(r[old], flag.get(r[new])) for r in adults_raw]
        assert _plain(adults, field) == expected


def test_donor_age_is_that_of_unrelated_donors(
    adults: ReadResult, adults_raw: list[dict[str, str]]
) -> None:
    ages, bands = _plain(adults, "donor_age"), _plain(adults, "donor_age_band")
    for row, age, band in zip(adults_raw, ages, bands, strict=True):
        assert (age is None) == (row["dnrage_urd"] == "NA")
        if row["donorgp"] == "1":
            assert age is None
            assert band is None
        elif age is not None:
            assert age == float(row["dnrage_urd"])
            assert band == {"1": "18_29", "2": "30_39", "3": "40_49", "4": "50_59"}.get(
                row["dagegp"], "60_plus"
            )


def test_times_of_99_months_and_more_are_real(
    adults: ReadResult, adults_raw: list[dict[str, str]]
) -> None:
    days = _plain(adults, "acute_gvhd_3_4_day")
    assert days == [facts.days(row["intxagvhd34"]) for row in adults_raw]
    long = sum(1 for day in days if day is not None and day >= 99 * 30.4)
    assert long == facts.NOTED["agvhd_3_4_times_of_99_months_or_more"]


# -- children: UCI data set 565


@pytest.fixture(scope="module")
def children_raw(shared_data: Path) -> list[dict[str, str]]:
    path = shared_data / "uci_bmt_children" / "bone-marrow.arff"
    header, *rows = read_arff(path.read_text(encoding="utf-8"), path.name)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def children(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ReadResult:
    source = shared_data / "uci_bmt_children" / "bone-marrow.arff"
    kept = fetch_cohort("uci_bmt_children", source, tmp_path_factory.mktemp("owned"))
    assert kept.checked_by == "checksum"
    return read_records(kept.path, "uci_bmt_children")


def test_the_owners_own_arff_file_gives_the_same_records(
    children: ReadResult, shared_data: Path
) -> None:
    from typer.testing import CliRunner

    source = shared_data / "uci_bmt_children" / "bone-marrow.arff"
    again = read_records(source, "uci_bmt_children")
    pieces = list(read_in_chunks(source, load_mapping("uci_bmt_children"), load_contract()))
    for found in (again, *pieces):
        pd.testing.assert_frame_equal(found.accepted.frame, children.accepted.frame)
    told = CliRunner().invoke(app, ["check", str(source), "--mapping", "uci_bmt_children"])
    assert told.exit_code == 0
    assert "187" in told.output


NEVER = 1_000_000.0


def uci(rows: list[dict[str, str]], endpoint: str) -> tuple[list[int], list[float]]:
    """Return event and day of each child, from the notes on the file and nothing else."""
    event, duration = [], []
    for row in rows:
        last, died = float(row["survival_time"]), row["survival_status"] == "1"
        if endpoint == "death":
            happened, day = died, last
        elif endpoint == "acute_gvhd_2_4":
            # No onset: by day 100, or by death where that came first.
            happened, day = row["acute_GvHD_II_III_IV"] == "yes", min(100.0, last)
        elif endpoint == "acute_gvhd_3_4":
            happened = row["acute_GvHD_III_IV"] == "yes"
            day = float(row["time_to_acute_GvHD_III_IV"])
        else:
            column = {"neutrophil_engraftment": "ANC_recovery"}.get(endpoint, "PLT_recovery")
            day = float(row[column])
            happened = day < NEVER
        if happened and day <= last:
            event.append(1)
            duration.append(day)
        else:
            event.append(2 if died else 0)
            duration.append(last)
    return event, duration


UCI = (
    "neutrophil_engraftment",
    "platelet_engraftment",
    "acute_gvhd_2_4",
    "acute_gvhd_3_4",
    "death",
)


@pytest.mark.parametrize("endpoint", UCI)
def test_children_counts_and_incidences_are_those_of_plain_loops(
    children: ReadResult, children_raw: list[dict[str, str]], endpoint: str
) -> None:
    event, duration = uci(children_raw, endpoint)
    cohort = build_cohort(children.accepted, endpoint)
    assert cohort.y["event"].tolist() == event
    assert cohort.y["duration"].tolist() == duration
    told = summarise(children.accepted, [endpoint]).to_dict()["endpoints"][endpoint]
    asked = [row for row in told["horizons"] if "incidence" in row]
    assert asked
    for row in asked:
        expected = aalen_johansen(event, duration, row["horizon"], 1)
        assert abs(row["incidence"] - expected) < EXACT
        # Nobody is censored before day 433: the incidence is a share.
        if row["horizon"] <= 365:
            share = sum(1 for e, t in zip(event, duration, strict=True)
                        if e == 1 and t <= row["horizon"]) / len(event)  # fmt: skip
            assert abs(row["incidence"] - share) < EXACT


def test_children_are_all_read_and_every_column_accounted_for(children: ReadResult) -> None:
    assert (children.n_read, len(children.accepted)) == (187, 187)
    assert children.unknown_columns == children.absent_columns == ()
    assert set(children.violations["severity"]) == {"soft"}


def test_pitfall_1_a_million_is_neither_a_day_nor_missing(
    children: ReadResult, children_raw: list[dict[str, str]]
) -> None:
    for stem, column, never in (
        ("neutrophil_engraftment", "ANC_recovery", 5),
        ("platelet_engraftment", "PLT_recovery", 17),
    ):
        status, day = _plain(children, f"{stem}_status"), _plain(children, f"{stem}_day")
        assert status.count(0.0) == never
        for row, state, when in zip(children_raw, status, day, strict=True):
            seen = float(row[column])
            assert state == (0.0 if seen == NEVER else 1.0)
            assert when == (float(row["survival_time"]) if seen == NEVER else seen)


def test_pitfall_2_death_competes_with_engraftment(children: ReadResult) -> None:
    y = build_cohort(children.accepted, "neutrophil_engraftment").y
    assert Counter(y["event"].tolist()) == {1: 182, 2: 5}
    assert sorted(y["duration"][y["event"] == 2]) == [6, 10, 11, 15, 26]
    told = summarise(children.accepted, ["primary_graft_failure"]).to_dict()
    assert "only 0 of 187" in told["refused"]["primary_graft_failure"]


def test_pitfalls_3_and_4_platelets_after_death_did_not_come(children: ReadResult) -> None:
    y = build_cohort(children.accepted, "platelet_engraftment").y
    late = y.iloc[[7, 63]]
    assert late.values.tolist() == [[2, 45], [2, 19]]
    assert int((y["event"] == 1).sum()) == 170 - 2
    by_100 = y["duration"] <= 100
    assert int((by_100 & (y["event"] == 1)).sum()) == 162 - 2
    assert int((by_100 & (y["event"] == 2)).sum()) == 13 + 2
    after = children.violations[children.violations["rule"].str.contains("after death")]
    assert after["row"].tolist() == [8, 64]


def test_pitfalls_5_and_6_the_flag_is_the_outcome(children: ReadResult) -> None:
    severe = _plain(children, "acute_gvhd_3_4_status")
    assert severe.count(1.0) == 40
    day = _plain(children, "acute_gvhd_3_4_day")
    assert (severe[105], day[105]) == (0.0, 100.0)
    assert (severe[122], day[122]) == (0.0, 100.0)
    both = zip(severe, _plain(children, "acute_gvhd_2_4_status"), strict=True)
    assert Counter(both) == {(1.0, 1.0): 40, (0.0, 1.0): 72, (0.0, 0.0): 75}


def test_grade_2_to_4_has_no_onset_and_so_one_horizon(children: ReadResult) -> None:
    cohort = build_cohort(children.accepted, "acute_gvhd_2_4")
    assert cohort.endpoint.horizons == (100,)
    assert set(cohort.left_out) == {30, 60}
    assert AalenJohansen().fit(cohort.y).predict([100])[0] == pytest.approx(112 / 187, abs=EXACT)
    model = MarginalIncidence(cohort.endpoint).fit(cohort.X, cohort.y)
    assert model.predict_cumulative_incidence(cohort.X[:1])[0, 0] == pytest.approx(112 / 187)
    with pytest.raises(HorizonOutOfRange, match="does not tell what happened before day 100"):
        model.predict_cumulative_incidence(cohort.X, [60])


def test_pitfall_7_chronic_gvhd_is_not_estimable_and_not_filled_in(children: ReadResult) -> None:
    status = _plain(children, "chronic_gvhd_extensive_status")
    assert Counter(status) == {0.0: 128, 1.0: 28, None: 31}
    missing = [last for last, s in zip(_plain(children, "followup_day"), status, strict=True)
               if s is None]  # fmt: skip
    assert max(missing) <= 96
    refused = summarise(children.accepted).to_dict()["refused"]
    for name in ("chronic_gvhd_extensive", "relapse", "non_relapse_mortality"):
        assert "and not when" in refused[name]


def test_pitfall_8_the_first_release_with_inverted_codes_is_refused_and_not_misread(
    shared_data: Path,
) -> None:
    path = shared_data / "uci_bmt_children" / "bone-marrow-v1-numeric.arff"
    header, *rows = read_arff(path.read_text(encoding="utf-8"), path.name)
    with pytest.raises(MissingColumn):
        read_records(pd.DataFrame(rows, columns=header), "uci_bmt_children")


def test_pitfall_9_doses_in_one_unit_and_no_ratio(
    children: ReadResult, children_raw: list[dict[str, str]]
) -> None:
    assert not any("ratio" in name for name in children.accepted.frame)
    for row, cd34, cd3 in zip(
        children_raw,
        _plain(children, "cd34_dose_infused"),
        _plain(children, "cd3_dose_infused"),
        strict=True,
    ):
        assert cd34 == float(row["CD34_x1e6_per_kg"])
        given = row["CD3_x1e8_per_kg"]
        assert cd3 is None if given == "?" else cd3 == pytest.approx(10 * float(given))


def test_pitfalls_10_and_11_differences_add_up_to_those_of_the_match(children: ReadResult) -> None:
    antigen = _plain(children, "hla_antigen_mismatches_n")
    allele = _plain(children, "hla_allele_mismatches_n")
    match = _plain(children, "hla_match_10")
    known = [trio for trio in zip(antigen, allele, match, strict=True) if None not in trio]
    assert len(known) == 186
    assert all(a + b == 10 - m for a, b, m in known)
    donor = zip(_plain(children, "donor_type"), match, strict=True)
    assert Counter(donor) == {
        ("matched_unrelated", 10.0): 94,
        ("mismatched_unrelated", 9.0): 65,
        ("mismatched_unrelated", 8.0): 23,
        ("mismatched_unrelated", 7.0): 5,
    }


def test_pitfall_12_pairs_are_rebuilt_from_their_parts(
    children: ReadResult, children_raw: list[dict[str, str]]
) -> None:
    abo, cmv = _plain(children, "abo_match"), _plain(children, "cmv_match")
    assert abo[164] == "matched"  # both B, and 'mismatched' in the file
    named = {"0": "neg_neg", "1": "pos_neg", "2": "neg_pos", "3": "pos_pos"}
    differ = []
    for number, (row, ours, pair) in enumerate(zip(children_raw, abo, cmv, strict=True), start=1):
        if "?" not in (row["donor_ABO"], row["recipient_ABO"]):
            assert (ours == "matched") == (row["donor_ABO"] == row["recipient_ABO"])
        sides = [{"present": "pos", "absent": "neg"}.get(row[f"{who}_CMV"]) for who in
                 ("donor", "recipient")]  # fmt: skip
        assert pair == (None if None in sides else "_".join(map(str, sides)))
        if pair is not None and row["CMV_status"] != "?" and named[row["CMV_status"]] != pair:
            differ.append(number)
    assert set(differ) <= {5, 14, 34}
    assert differ
    age = _plain(children, "patient_age")[155]
    assert age == 10.0
    assert _plain(children, "patient_age_band")[155] == "0_17"


def test_pitfalls_13_to_15_what_predicts_and_what_does_not(children: ReadResult) -> None:
    X = build_cohort(children.accepted, "death").X
    outcomes = [n for n in children.accepted.frame if n.endswith(("_status", "_day"))]
    assert not set(outcomes) & set(X) - {"disease_status"}
    assert Counter(_plain(children, "patient_cmv_igg")) == {
        "positive": 100,
        "negative": 73,
        None: 14,
    }
    assert Counter(_plain(children, "transplant_after_relapse")) == {"no": 164, "yes": 23}
    assert Counter(_plain(children, "female_donor_to_male")) == {"no": 155, "yes": 32}
    assert "donor_sex" not in children.accepted.frame
    assert set(_plain(children, "donor_relation")) == {"unrelated"}
