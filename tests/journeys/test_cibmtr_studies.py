"""Six studies of one owner by mapping alone, against counts made from their raw files in loops.

The files are their owner's; nothing but totals stands here.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hscrisk.cli import app
from hscrisk.cohort import build_cohort, summarise
from hscrisk.cohort.follow_up import piled_days
from hscrisk.datasets.fetch import owned_cohorts
from hscrisk.endpoints import load_endpoint
from hscrisk.ingest import read_records
from hscrisk.ingest.result import ReadResult
from hscrisk.schema import Records
from hscrisk.survival import AalenJohansen
from tests.reference import study_facts as facts

EXACT = 1e-12
SIZES = {
    "LK1801": (2253, None, 32),
    "IB1904": (1004, 125, 9),
    "IN1801": (2744, 99, 61),
    "CK1803": (1735, 106, 28),
    "CK2001": (856, 102, 28),
    "HS1802": (5473, 148, 0),
}
"""Patients, centres, deaths by day 28."""
STUDIES = tuple(SIZES)
USABLE = [(study, endpoint) for study in STUDIES for endpoint in facts.OUTCOMES[study]]
FIRST_DAY = {
    ("IB1904", "acute_gvhd_2_4"): 100,
    ("IN1801", "relapse"): 185,
    ("IN1801", "non_relapse_mortality"): 185,
    ("CK1803", "relapse"): 185,
    ("CK1803", "non_relapse_mortality"): 185,
    ("CK2001", "relapse"): 185,
    ("CK2001", "non_relapse_mortality"): 185,
    ("HS1802", "relapse"): 366,
    ("HS1802", "non_relapse_mortality"): 366,
    ("HS1802", "death"): 366,
}
"""From which day on an endpoint can be told, where not from the first."""


class Study:
    """A study as the mapping reads it, and its raw rows."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.csv"
        self.mapping = f"cibmtr_{name.lower()}"
        self.rows = facts.read_rows(self.path)
        self.result: ReadResult = read_records(self.path, self.mapping)

    @property
    def records(self) -> Records:
        return self.result.accepted

    @property
    def undeclared(self) -> Records:
        """The records without what the mapping declares of years and dates."""
        declared = ("immature_years", "dates_usable_from")
        kept = {k: v for k, v in self.records.definitions.items() if k not in declared}
        return replace(self.records, definitions=kept)

    def plain(self, field: str) -> list[Any]:
        column = self.records.frame[field].astype(object)
        return [None if isinstance(v, float) and math.isnan(v) else v for v in column]


@lru_cache(maxsize=6)
def _study(folder: Path, name: str) -> Study:
    return Study(folder, name)


@pytest.fixture
def study(request: pytest.FixtureRequest, shared_data: Path) -> Study:
    return _study(shared_data / "cibmtr_studies", request.param)


@lru_cache(maxsize=6)
def _checked(path: Path, mapping: str) -> dict[str, Any]:
    command = ["check", str(path), "--mapping", mapping, "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def each_study(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("study", names or STUDIES, indirect=True)


def one(name: str) -> pytest.MarkDecorator:
    return each_study(name)


# -- reading


@each_study()
def test_every_row_is_read_and_every_column_accounted_for(study: Study) -> None:
    n, centres, early = SIZES[study.path.stem]
    result = study.result
    assert (result.n_read, len(result.accepted), len(result.quarantined)) == (n, n, 0)
    assert result.unknown_columns == result.absent_columns == ()
    assert set(result.violations["severity"]) == {"soft"}
    told = _checked(study.path, study.mapping)
    assert told["read"]["unknown_columns"] == told["read"]["absent_columns"] == []
    assert told["summary"]["n"] == told["summary"]["n_patients"] == n
    assert told["summary"]["n_centres"] == centres
    deaths = [facts.day_of_death(row, study.path.stem) for row in study.rows]
    assert sum(1 for day in deaths if day is not None and day <= 28) == early
    frame = study.records.frame
    assert int(((frame["death_status"] == 1) & (frame["followup_day"] <= 28)).sum()) == early


@each_study()
def test_the_owners_page_stands_for_the_file(study: Study) -> None:
    cohort = owned_cohorts()[study.mapping]
    assert (cohort.rows, cohort.columns) == (len(study.rows), tuple(study.rows[0]))
    assert study.path.stem in cohort.page
    assert "://" not in cohort.page


# -- outcomes


@pytest.mark.parametrize(("study", "endpoint", "horizon"), list(facts.NOTED), indirect=["study"])
def test_counts_are_those_of_the_data_notes(study: Study, endpoint: str, horizon: int) -> None:
    name = study.path.stem
    noted = facts.NOTED[name, endpoint, horizon]
    flags = facts.endpoint_rows(study.rows, name, endpoint, by_flags=True)
    assert facts.counts(*flags, horizon) == noted
    y = build_cohort(study.undeclared, endpoint).y
    here = facts.counts(y["event"].tolist(), y["duration"].tolist(), horizon)
    if name == "IN1801" and endpoint in ("relapse", "non_relapse_mortality"):
        # Two rows, one either way, both after the horizon: see the mapping.
        ever = (1176, 548) if endpoint == "relapse" else (548, 1176)
        noted = replace(noted, ever=ever)
    assert here == noted


@pytest.mark.parametrize(("study", "endpoint"), USABLE, indirect=["study"])
def test_rows_and_incidences_are_those_of_plain_loops(study: Study, endpoint: str) -> None:
    name = study.path.stem
    event, duration = facts.endpoint_rows(study.rows, name, endpoint)
    y = build_cohort(study.undeclared, endpoint).y
    assert y["event"].tolist() == event
    assert y["duration"].tolist() == duration
    horizons = [*load_endpoint(endpoint).horizons, *(h for s, e, h in facts.NOTED
                if (s, e) == (name, endpoint))]  # fmt: skip
    found = AalenJohansen().fit(y).predict(horizons)
    for horizon, risk in zip(horizons, found, strict=True):
        assert abs(risk - facts.incidence(event, duration, horizon)) < EXACT


@pytest.mark.parametrize(("study", "endpoint"), USABLE, indirect=["study"])
def test_what_check_tells_is_without_immature_years_and_imputed_days(
    study: Study, endpoint: str
) -> None:
    name = study.path.stem
    years = facts.IMMATURE.get(name, {}).get(endpoint, {})
    event, duration = facts.endpoint_rows(study.rows, name, endpoint, without=years)
    told = _checked(study.path, study.mapping)["summary"]["endpoints"][endpoint]
    assert (told["n"], told["events"]) == (len(event), event.count(1))
    assert sum(told["competing"].values()) == event.count(2)
    first = FIRST_DAY.get((name, endpoint), 0)
    asked = [row["horizon"] for row in told["horizons"] if "incidence" in row]
    assert asked == [day for day in load_endpoint(endpoint).horizons if day >= first]
    for row in told["horizons"]:
        if row["horizon"] in asked:
            expected = facts.incidence(event, duration, row["horizon"])
            assert abs(row["incidence"] - expected) < EXACT
        else:
            assert f"usable from day {first} on only" in row["note"]
    assert build_cohort(study.records, endpoint).endpoint.first_day == first


@pytest.mark.parametrize(
    ("study", "endpoint"),
    [(s, e) for s, by in facts.IMMATURE.items() for e in by],
    indirect=["study"],
)
def test_immature_years_are_those_of_the_data_notes(study: Study, endpoint: str) -> None:
    name = study.path.stem
    years = facts.IMMATURE[name][endpoint]
    horizon = next(h for s, e, h in facts.NOTED if (s, e) == (name, endpoint))
    shares = facts.censored_by_year(study.rows, name, endpoint, horizon)
    assert {year: round(shares[year], 3) for year in years} == years
    others = {year for year, share in shares.items() if share > 0.10} - set(years)
    # Left in: most of them were censored while they were still followed.
    assert others == ({2009, 2018} if (name, endpoint) == ("CK2001", "chronic_gvhd") else set())


def test_no_year_of_the_other_endpoints_is_immature(shared_data: Path) -> None:
    for name, endpoint, horizon in facts.NOTED:
        mature = endpoint not in facts.IMMATURE.get(name, {})
        if mature and name != "LK1801":
            rows = _study(shared_data / "cibmtr_studies", name).rows
            assert max(facts.censored_by_year(rows, name, endpoint, horizon).values()) <= 0.10


@pytest.mark.parametrize(
    ("study", "endpoint", "imputed", "of", "days"),
    [
        ("IB1904", "acute_gvhd_2_4", 121 + 1, 362, (37, 37)),  # 121 imputed, one not
        ("IN1801", "relapse", 100, 1177, (181, 184)),
        ("CK1803", "relapse", 171, 699, (181, 184)),
        ("CK2001", "relapse", 253, 347, (181, 184)),
    ],
    indirect=["study"],
)
def test_imputed_dates_are_as_many_as_noted_and_the_report_finds_the_days(
    study: Study, endpoint: str, imputed: int, of: int, days: tuple[int, int]
) -> None:
    recorded = facts.OUTCOMES[study.path.stem][endpoint]
    flagged = [row for row in study.rows if row[recorded.flag] == "1"]
    when = [facts.days(row[recorded.time]) for row in flagged]
    assert len(flagged) == of
    assert sum(1 for day in when if day is not None and days[0] <= day <= days[1]) == imputed
    piled = piled_days(build_cohort(study.undeclared, endpoint).y)
    assert any(days[0] <= pile["day"] <= days[1] for pile in piled)


# -- what papers print


def _by(records: Records, endpoint: str, column: str, horizon: int) -> dict[str, float]:
    wanted = load_endpoint(endpoint).model_copy(
        update={"horizons": (horizon,), "primary_horizon": horizon}
    )
    told = summarise(records, [wanted], by=column).to_dict()["endpoints"][endpoint]["groups"]
    return {group["by"][column]: group["horizons"][0]["incidence"] for group in told}


@pytest.mark.parametrize(
    ("study", "endpoint", "column", "horizon", "here", "paper"),
    [
        ("LK1801", "relapse", "elngroup", 730,
         {"1": 27.3, "2": 27.6, "3": 37.6}, {"1": 28, "2": 27.5, "3": 37.5}),
        ("LK1801", "acute_gvhd_2_4", "elngroup", 100,
         {"1": 29.8, "2": 35.7, "3": 35.4}, {"1": 30.9, "2": 35.4, "3": 35}),
        ("CK1803", "acute_gvhd_2_4", "donorgp", 365,
         {"1": 39.7, "4": 48.7}, {"1": 39.3, "4": 48.3}),
        ("CK1803", "acute_gvhd_3_4", "donorgp", 365,
         {"1": 17.3, "4": 20.2}, {"1": 17.2, "4": 20.0}),
        ("CK1803", "chronic_gvhd", "donorgp", 1825,
         {"1": 48.9, "4": 53.2}, {"1": 49.0, "4": 53.9}),
        ("CK2001", "acute_gvhd_2_4", "strata", 100,
         {"1": 34.8, "2": 59.2, "4": 36.0, "5": 40.6}, {"1": 34.4, "2": 58.9, "4": 35.3, "5": 40}),
    ],
    indirect=["study"],
)  # fmt: skip
def test_incidences_by_group_are_those_noted_and_near_the_papers(
    study: Study,
    endpoint: str,
    column: str,
    horizon: int,
    here: dict[str, float],
    paper: dict[str, float],
) -> None:
    found = _by(study.records, endpoint, column, horizon)
    assert set(found) == set(here)
    for code, risk in found.items():
        rows = [row for row in study.rows if row[column] == code]
        event, duration = facts.endpoint_rows(rows, study.path.stem, endpoint)
        assert abs(risk - facts.incidence(event, duration, horizon)) < EXACT
        assert abs(100 * risk - here[code]) <= 0.05 + 1e-9
        assert abs(100 * risk - paper[code]) <= 1.15


@pytest.mark.parametrize(
    ("study", "field", "groups"),
    [
        ("LK1801", "cytogenetic_risk", {"favourable": 178, "intermediate": 1164, "adverse": 911}),
        ("LK1801", "donor_type", {"matched_sibling": 591, "other_related": 438,
                                  "matched_unrelated": 865, "cord": 359}),
        ("IB1904", "disease_status", {"CR1": 715, "CR2": 289}),
        ("IB1904", "donor_type", {"matched_sibling": 182, "matched_unrelated": 822}),
        ("IN1801", "donor_type", {"haploidentical": 750, "matched_sibling": 1994}),
        ("IN1801", "ptcy", {"yes": 1151, "no": 1593}),
        ("IN1801", "primary_disease", {"AML": 1369, "ALL": 540, "MDS": 803, None: 32}),
        ("CK1803", "donor_type", {"matched_sibling": 632, "matched_unrelated": 1103}),
        ("CK2001", "conditioning_intensity", {"MAC": 377, "RIC": 479}),
        ("CK2001", "conditioning_regimen", {"FluBu": 399, "BuCy": 132, "FluMel": 325}),
        ("CK2001", "busulfan_route", {"none": 325, "intravenous": 521, "oral": 10}),
        ("CK2001", "melphalan_mg_m2", {0.0: 531, 100.0: 51, 140.0: 274}),
        ("HS1802", "donor_type", {"matched_sibling": 1750, "other_related": 571,
                                  "matched_unrelated": 2151, "mismatched_unrelated": 448,
                                  "cord": 553}),
    ],
    indirect=["study"],
)  # fmt: skip
def test_groups_are_as_large_as_noted(study: Study, field: str, groups: dict[Any, int]) -> None:
    assert Counter(study.plain(field)) == groups


def test_papers_count_more_and_the_difference_is_told(shared_data: Path) -> None:
    expected = {
        "LK1801": {"1": (181, 178), "2": (1185, 1164), "3": (923, 911)},
        "IN1801": {"1": (757, 750), "3": (403, 401), "4": (1605, 1593)},
    }
    for name, groups in expected.items():
        study = _study(shared_data / "cibmtr_studies", name)
        (paper,) = _checked(study.path, study.mapping)["summary"]["published"]
        told = {row["level"]: (row["published"], row["here"]) for row in paper["rows"]}
        assert told == groups


# -- codes

CODES: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("LK1801", "patient_age_band"): ("agegpb", {"1": "18_39", "2": "40_59", "3": "60_plus"}),
    ("LK1801", "performance_group"): ("kps2", {"1": "below_90", "2": "90_100", "99": None}),
    ("LK1801", "hctci_group_3"): ("hctcigroup", {"1": "0", "2": "1_2", "3": "3_plus", "99": None}),
    ("LK1801", "serotherapy_given"): ("atggroup", {"1": "no", "2": "yes", "99": None}),
    ("LK1801", "conditioning_myeloablative"): ("condintb", {"1": "yes", "2": "no", "99": None}),
    ("LK1801", "mrd_status"): ("mrdpr", {"1": "negative", "2": "positive", "99": None}),
    ("IB1904", "performance_group"): ("kps", {"0": "below_90", "1": "90_100", "99": None}),
    ("IB1904", "patient_cmv_igg"): ("rcmvpr", {"0": "negative", "1": "positive", "99": None}),
    ("IB1904", "serotherapy"): ("atgcampathgp", {"2": "atg", "4": "none", "99": None}),
    ("IB1904", "conditioning_myeloablative"): ("condmye", {"1": "yes", "2": "no"}),
    ("IN1801", "performance_group_3"): (
        "kps",
        {"1": "below_80", "2": "80_89", "3": "90_100", "99": None},
    ),
    ("IN1801", "sex_match"): ("sexmatch", {"1": "MM", "2": "MF", "3": "FM", "4": "FF", "99": None}),
    ("IN1801", "cmv_match"): (
        "cmvmatch",
        {"1": "pos_pos", "2": "pos_neg", "3": "neg_pos", "4": "neg_neg"},
    ),
    ("IN1801", "tbi_given"): ("tbigp", {"0": "no", "1": "yes", "2": "yes"}),
    ("CK1803", "performance_group"): ("karnofcat", {"1": "90_100", "2": "below_90", "NA": None}),
    ("CK1803", "cmv_match"): (
        "drcmvpr",
        {"0": "pos_pos", "1": "pos_neg", "2": "neg_pos", "3": "neg_neg", "99": None},
    ),
    ("CK1803", "sex_match"): ("drsex", {"1": "MM", "2": "MF", "3": "FM", "4": "FF"}),
    ("CK1803", "conditioning_intensity"): (
        "condint",
        {"1": "MAC", "2": "RIC", "3": "NMA", "99": None, "NA": None},
    ),
    ("CK1803", "hctci_group_4"): (
        "hctci",
        {"0": "0", "1": "1_2", "2": "1_2", "3": "3_4", "4": "3_4", "5": "5_plus", "6": "5_plus",
         "NA": None},
    ),
    ("CK2001", "cmv_match"): (
        "drcmvpr",
        {"0": "pos_pos", "1": "pos_neg", "2": "neg_pos", "3": "neg_neg", "NA": None},
    ),
    ("CK2001", "sex_match"): ("drsex", {"1": "MM", "2": "MF", "3": "FM", "4": "FF", "NA": None}),
    ("CK2001", "hctci_group"): (
        "coorgscoregp2",
        {"0": "0", "1": "1", "2": "2", "3": "3_plus", "4": "3_plus", "5": "3_plus", "99": None},
    ),
    ("HS1802", "hctci_group_3"): ("hctcigpc", {"0": "0", "1": "1_2", "2": "3_plus", "99": None}),
    ("HS1802", "tbi_given"): ("tbigp", {"0": "no", "1": "yes", "99": None}),
    ("HS1802", "dri_refined"): (
        "drigp",
        {"1": "low", "2": "intermediate", "3": "high", "4": "very_high", "80": None, "99": None},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("study", "field"), list(CODES), indirect=["study"])
def test_codes(study: Study, field: str) -> None:
    column, code = CODES[study.path.stem, field]
    known = [(row[column], told) for row, told in zip(study.rows, study.plain(field), strict=True)]
    assert all(told == code.get(given) for given, told in known)
    if study.path.stem != "IN1801" or field != "cmv_match":
        assert {given for given, _ in known} <= set(code)


@each_study("IN1801", "CK1803", "CK2001")
def test_the_second_of_a_pair_is_the_patient(study: Study) -> None:
    letters = {"male": "M", "female": "F", None: None}
    pairs = zip(study.plain("sex_match"), study.plain("patient_sex"), strict=True)
    known = [(pair[1], letters[sex]) for pair, sex in pairs if pair is not None]
    assert len(known) >= len(study.rows) - 2
    assert all(second == sex for second, sex in known)


@one("IN1801")
def test_one_side_of_a_pair_is_kept_where_the_other_is_unknown(study: Study) -> None:
    donor, patient = study.plain("donor_cmv_igg"), study.plain("patient_cmv_igg")
    for row, ours, theirs in zip(study.rows, donor, patient, strict=True):
        sides = {"5": ("positive", None), "6": ("negative", None), "7": (None, "positive"),
                 "8": (None, "negative")}  # fmt: skip
        if row["cmvmatch"] in sides:
            assert (ours, theirs) == sides[row["cmvmatch"]]
    assert (donor.count(None), patient.count(None)) == (49 + 22, 12 + 8)


@each_study("CK1803", "CK2001")
def test_two_groupings_of_one_score_agree(study: Study) -> None:
    both = zip(study.plain("hctci_group"), study.plain("hctci_group_4"), strict=True)
    assert set(both) == {("0", "0"), ("1", "1_2"), ("2", "1_2"), ("3_plus", "3_4"),
                         ("3_plus", "5_plus"), (None, None)}  # fmt: skip


@each_study()
def test_nothing_known_after_infusion_predicts(study: Study) -> None:
    X = [str(name) for name in build_cohort(study.records, "death").X]
    assert set(X) <= set(study.records.frame)
    assert not [name for name in X if name.endswith("_status") and name not in
                ("disease_status", "mrd_status", "spleen_status")]  # fmt: skip
    assert not {"cause_of_death", "centre_id", "year_of_hct", "patient_ancestry_group"} & set(X)


# -- single facts of the notes


@one("IN1801")
def test_graft_failure_and_neutrophils_that_never_fell(study: Study) -> None:
    failed = build_cohort(study.records, "primary_graft_failure")
    ids = set(failed.transplant_id[failed.y["event"] == 1])
    later = [row for row in study.rows if row["dummyid"] in ids and row["anc500"] == "1"]
    assert (len(ids), len(later)) == (91, 64)
    y = build_cohort(study.records, "neutrophil_engraftment").y
    assert Counter(y["event"].tolist()) == {1: 2660, 2: 66, 0: 5}
    assert int((y["duration"] == 1).sum()) == 36 + 1
    assert sum(1 for age in study.plain("patient_age") if age < 18) == 203


@one("IN1801")
def test_most_imputed_relapses_are_of_myelodysplasia(study: Study) -> None:
    frame = study.records.frame
    here = (frame["relapse_status"] == 1) & frame["relapse_day"].between(181, 184)
    assert int((here & (frame["primary_disease"] == "MDS")).sum()) == 85


@one("IB1904")
def test_shares_are_those_of_the_paper_and_121_onsets_one_imputed_number(study: Study) -> None:
    n = len(study.rows)
    assert round(100 * sum(row["Overall_SB"] == "1" for row in study.rows) / n, 1) == 42.0
    assert sum(row["intxagvhd24"] == "1.2335526" for row in study.rows) == 121
    assert round(100 * study.plain("disease_status").count("CR1") / n, 1) == 71.2
    assert round(100 * study.plain("donor_type").count("matched_sibling") / n, 1) == 18.1


@each_study("IB1904", "CK1803", "CK2001")
def test_events_without_a_day_are_counted_as_lost(study: Study) -> None:
    lost = {"IB1904": 25, "CK1803": 14, "CK2001": 10}[study.path.stem]
    told = summarise(study.undeclared, ["chronic_gvhd"]).to_dict()["endpoints"]["chronic_gvhd"]
    assert told["undated"]["events"] == lost


@one("CK1803")
def test_a_relapse_before_the_transplant_leaves_that_endpoint_alone(study: Study) -> None:
    (number,) = [i for i, row in enumerate(study.rows) if (facts.days(row["intxrel"]) or 0) < 0]
    who = study.rows[number]["dcrid"]
    assert who not in set(build_cohort(study.undeclared, "relapse").transplant_id)
    assert who in set(build_cohort(study.records, "acute_gvhd_2_4").transplant_id)


# -- conditional on the future


@each_study()
def test_only_the_cohort_of_one_year_survivors_is_found_to_be_one(study: Study) -> None:
    told = _checked(study.path, study.mapping)["summary"]["selection"]
    assert told["suspected"] is (study.path.stem == "HS1802")


@one("HS1802")
def test_the_report_says_that_nobody_dies_in_the_first_year(study: Study) -> None:
    told = _checked(study.path, study.mapping)["summary"]
    assert told["selection"]["first_death"] == 366
    assert told["selection"]["deaths_soon_after"] >= 700
    assert told["selection"]["p_at_most"] < 1e-200
    words = CliRunner().invoke(app, ["check", str(study.path), "--mapping", study.mapping])
    assert "Nobody dies before day 366" in " ".join(words.output.split())
    assert set(told["endpoints"]) == {"relapse", "non_relapse_mortality", "death"}
    days = [facts.days(row["intxrel"]) for row in study.rows if row["rel"] == "1"]
    assert (min(d for d in days if d is not None), days.count(365)) == (365, 8)
    # Without a word of the mapping about its dates it is found all the same.
    assert summarise(study.undeclared, ["death"]).selection["suspected"] is True


@one("HS1802")
def test_gvhd_is_not_mapped_where_early_deaths_are_missing(study: Study) -> None:
    onsets = [facts.days(row["intxagvhd"]) for row in study.rows if row["agvhd"] == "1"]
    early = [day for day in onsets if day is not None and day <= 100]
    assert (len(early), sum(row["cgvhd1y"] == "1" for row in study.rows)) == (2034, 3060)
    assert not [
        name for name in map(str, study.records.frame) if "gvhd" in name and "_status" in name
    ]
