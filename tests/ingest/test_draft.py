"""A drafted mapping: it always loads, reading with it never crashes, and it is often right."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hscrisk.cli import main
from hscrisk.errors import HscriskError, InputOutputFailed
from hscrisk.ingest import load_mapping, read_records
from hscrisk.ingest.arff import read_arff
from hscrisk.ingest.column_profile import profile
from hscrisk.ingest.draft import Draft, draft_mapping
from hscrisk.ingest.draft_text import draft_text, quoted, write_draft
from hscrisk.schema import load_contract
from hscrisk.schema.configuration import read_yaml

# What the data READMEs say of the CIBMTR studies: field of the contract, column of the file.
STUDIES: dict[str, dict[str, str]] = {
    "LK1801": {
        "transplant_id": "dummyid",
        "patient_sex": "sex",
        "patient_age_band": "agegpb",
        "performance_group": "kps2",
        "hctci_group_3": "hctcigroup",
        "donor_type": "donorgroup",
        "graft_source": "graftype2",
        "conditioning_myeloablative": "condintb",
        "serotherapy_given": "atggroup",
        "cytogenetic_risk": "elngroup",
        "mrd_status": "mrdpr",
        "patient_ancestry_group": "racegroup",
        "death_status": "dead",
        "followup_day": "intxsurv",
        "acute_gvhd_2_4_status": "agvhd24",
        "acute_gvhd_2_4_day": "intxagvhd24",
        "chronic_gvhd_status": "cgvhd",
        "chronic_gvhd_day": "intxcgvhd",
        "relapse_status": "rel",
        "relapse_day": "intxrel",
    },
    "IB1904": {
        "transplant_id": "pseudoid",
        "centre_id": "pseudoccn",
        "year_of_hct": "yeartx",
        "patient_age": "age",
        "donor_age": "dnrage",
        "patient_sex": "sex",
        "donor_type": "donor",
        "graft_source": "graftype",
        "disease_status": "distatgpt",
        "conditioning_myeloablative": "condmye",
        "performance_group": "kps",
        "hctci_group": "hctcigp",
        "patient_cmv_igg": "rcmvpr",
        "serotherapy": "atgcampathgp",
        "gvhd_prophylaxis": "gvhdgp_new",
        "cytogenetic_risk": "cytogeneeln",
        "interval_dx_hct_days": "dx2tx",
        "death_status": "dead",
        "followup_day": "intxsurv",
        "acute_gvhd_2_4_status": "agvhd24",
        "acute_gvhd_2_4_day": "intxagvhd24",
        "chronic_gvhd_status": "cgvhd",
        "chronic_gvhd_day": "intxcgvhd",
        "relapse_status": "rel",
        "relapse_day": "intxrel",
    },
    "CK1803": {
        "transplant_id": "dcrid",
        "centre_id": "dccn",
        "year_of_hct": "yeartx",
        "patient_age": "age",
        "patient_sex": "sex",
        "interval_dx_hct_days": "intdxtx",
        "donor_type": "donorgp",
        "sex_match": "drsex",
        "cmv_match": "drcmvpr",
        "abo_match": "drabomatch",
        "performance_group": "karnofcat",
        "graft_source": "graftypecat",
        "conditioning_intensity": "condint",
        "serotherapy": "atgcampathgp",
        "death_status": "dead",
        "followup_day": "intxsurv",
        "acute_gvhd_2_4_status": "agvhd24",
        "acute_gvhd_2_4_day": "intxagvhd",
        "acute_gvhd_3_4_status": "agvhd34",
        "acute_gvhd_3_4_day": "intxagvhd34",
        "chronic_gvhd_status": "cgvhd",
        "chronic_gvhd_day": "intxcgvhd",
        "relapse_status": "rel",
        "relapse_day": "intxrel",
    },
    "IN1801": {
        "transplant_id": "dummyid",
        "centre_id": "dummyccn",
        "year_of_hct": "yeartx",
        "patient_age": "age",
        "donor_age": "dnrage",
        "patient_sex": "sex",
        "interval_dx_hct_days": "intxdx",
        "graft_source": "graftype",
        "conditioning_myeloablative": "condint2",
        "performance_group_3": "kps",
        "hctci_group_4": "hctcigp2",
        "sex_match": "sexmatch",
        "cmv_match": "cmvmatch",
        "primary_disease": "disease",
        "disease_status": "distage",
        "gvhd_prophylaxis": "gvhdgp2",
        "death_status": "dead",
        "followup_day": "intxsurv",
        "neutrophil_engraftment_status": "anc500",
        "neutrophil_engraftment_day": "intx_anc",
        "acute_gvhd_2_4_status": "agvhd24",
        "acute_gvhd_2_4_day": "intxagvhd24",
        "chronic_gvhd_status": "cgvhd",
        "chronic_gvhd_day": "intxcgvhd",
        "relapse_status": "rel",
        "relapse_day": "intxrel",
    },
    "CK2001": {
        "transplant_id": "dummyid",
        "centre_id": "dummyccn",
        "year_of_hct": "yeartx",
        "patient_age": "age",
        "interval_dx_hct_days": "indxtx",
        "donor_type": "donorgp",
        "sex_match": "drsex",
        "cmv_match": "drcmvpr",
        "graft_source": "graftypecat",
        "performance_group": "karnofcat",
        "gvhd_prophylaxis": "gvhdgp",
        "serotherapy_given": "atgcampuse",
        "patient_ancestry_group": "racemod",
        "spleen_status": "splnmgprgp",
        "death_status": "dead24",
        "followup_day": "intxsurv24",
        "acute_gvhd_2_4_status": "agvhd24_24",
        "acute_gvhd_2_4_day": "intxagvhd24_24",
        "acute_gvhd_3_4_status": "agvhd34_24",
        "acute_gvhd_3_4_day": "intxagvhd34_24",
        "chronic_gvhd_status": "cgvhd_24",
        "chronic_gvhd_day": "intxcgvhd_24",
        "relapse_status": "rel24",
        "relapse_day": "intxrel24",
    },
    "HS1802": {
        "transplant_id": "dummycrid",
        "centre_id": "dummyccn",
        "year_of_hct": "yeartx",
        "patient_age": "age",
        "patient_sex": "sex",
        "patient_ancestry_group": "racegp",
        "primary_disease": "disease",
        "dri_refined": "drigp",
        "hctci_group_3": "hctcigpc",
        "conditioning_myeloablative": "condintb",
        "tbi_given": "tbigp",
        "donor_type": "donorgp",
        "graft_source": "graftype",
        "gvhd_prophylaxis": "gvhdgpn",
        "death_status": "dead",
        "followup_day": "intxsurv",
        "acute_gvhd_2_4_status": "agvhd",
        "acute_gvhd_2_4_day": "intxagvhd",
        "chronic_gvhd_status": "cgvhd1y",
        "chronic_gvhd_day": "intxcgvhd",
        "relapse_status": "rel",
        "relapse_day": "intxrel",
    },
}


def by_mapping(name: str) -> dict[str, set[str]]:
    """Return the columns that a shipped mapping reads for each field."""
    fields = load_mapping(name).fields
    return {field: set(source.names) for field, source in fields.items() if source.names}


def hits(draft: Draft, truth: dict[str, set[str]]) -> set[str]:
    return {g.field for g in draft.guesses if g.column in truth.get(g.field, ())}


def checked(source: Path | pd.DataFrame, draft: Draft, tmp_path: Path) -> Any:
    """Write the draft, load it, and read its file with it."""
    path = write_draft(draft, tmp_path / "draft.yaml")
    mapping = load_mapping(path)
    assert mapping.registry == draft.registry
    result = read_records(source, mapping)
    assert result.n_read == len(result.accepted) + len(result.quarantined)
    return result


@pytest.fixture
def uci(tmp_path: Path, shared_data: Path) -> Path:
    text = (shared_data / "uci_bmt_children" / "bone-marrow.arff").read_text(encoding="utf-8")
    with (tmp_path / "children.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(read_arff(text, "bone-marrow.arff"))
    return tmp_path / "children.csv"


# -- how often it is right -----------------------------------------------------------------------


def test_most_columns_of_ds1302_are_found_and_none_is_mapped_wrongly(
    tmp_path: Path, shared_data: Path
) -> None:
    source = shared_data / "cibmtr_ds1302" / "DS1302.csv"
    draft, truth = draft_mapping(source), by_mapping("cibmtr_ds1302")
    assert len(hits(draft, truth)) >= 0.8 * len(truth)
    for guess in draft.guesses:
        if guess.is_sure:
            assert guess.column in truth[guess.field], guess
    result = checked(source, draft, tmp_path)
    assert len(result.accepted) == 4946
    # Units and missing codes were seen: the outcomes are those of the mapping made by hand.
    by_hand = read_records(source, "cibmtr_ds1302").accepted.frame
    for name in ("followup_day", "neutrophil_engraftment_day", "relapse_day", "patient_age"):
        assert np.array_equal(result.accepted.frame[name], by_hand[name], equal_nan=True)


def test_most_columns_of_the_children_are_found(uci: Path, tmp_path: Path) -> None:
    draft, truth = draft_mapping(uci), by_mapping("uci_bmt_children")
    assert len(hits(draft, truth)) >= 0.85 * len(truth)
    for guess in draft.guesses:
        if guess.is_sure:
            assert guess.column in truth[guess.field], guess
    result = checked(uci, draft, tmp_path)
    assert len(result.accepted) == 187
    by_hand = read_records(uci, "uci_bmt_children").accepted.frame
    for name in ("hla_match_10", "cd3_dose_infused", "graft_source", "patient_cmv_igg"):
        assert result.accepted.frame[name].astype(object).equals(by_hand[name].astype(object))


def test_a_status_that_is_turned_round_is_not_mapped(tmp_path: Path, shared_data: Path) -> None:
    # In the first release of the children's file 0 is the event of grade III-IV.
    old = shared_data / "uci_bmt_children" / "bone-marrow-v1-numeric.arff"
    rows = read_arff(old.read_text(encoding="utf-8").replace("$", "%", 1), old.name)
    frame = pd.DataFrame(rows[1:], columns=rows[0])
    draft = draft_mapping(frame)
    guess = {guess.field: guess for guess in draft.guesses}["acute_gvhd_3_4_status"]
    assert guess.column == "aGvHDIIIIV"
    assert not guess.is_sure
    assert "is 1 really the event?" in guess.fit.evidence
    checked(frame, draft, tmp_path)


@pytest.mark.parametrize("name", STUDIES)
def test_the_other_studies(name: str, tmp_path: Path, shared_data: Path) -> None:
    source = shared_data / "cibmtr_studies" / f"{name}.csv"
    truth = {field: {column} for field, column in STUDIES[name].items()}
    contract = load_contract()
    assert set(truth) <= set(contract)
    draft = draft_mapping(source)
    found = hits(draft, truth)
    wrong = [
        (guess.field, guess.column)
        for guess in draft.guesses
        if guess.is_sure
        and guess.field != "patient_id"
        and guess.column not in truth.get(guess.field, ())
    ]
    assert wrong == []
    assert len(found) >= 0.8 * len(truth)
    checked(source, draft, tmp_path)


# -- whatever comes ------------------------------------------------------------------------------

NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(
    [
        "age",
        "no",
        "null",
        "true",
        "a: b",
        "#x",
        "- x",
        "{a}",
        "'",
        '"',
        "\u2028",
        "\x85",
        "~",
        "*a",
        "&a",
        "!t",
        "sex",
        "intxsurv",
        "dead",
        "id",
        "=1+1",
        "\U0001f9ec",
        "%",
        "@",
        "`",
        "1e5",
        "010",
        "0x1f",
        "1:30",
    ]
)
CELLS = st.sampled_from(
    [
        "",
        "1",
        "0",
        "2",
        "99",
        "-9",
        "NA",
        "?",
        "yes",
        "no",
        "12.5",
        "x",
        "null",
        "#",
        "a: b",
        "\u2028",
        "1e999",
        "=cmd",
        "male",
        "F",
        "-",
        "+",
        "{",
        "}",
        "nan",
        "1000000",
        "9.1",
        "2010",
        "\x07",
        "10/10",
    ]
)


@given(
    st.lists(NAMES, min_size=1, max_size=6, unique_by=lambda n: n.strip()),
    st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=25),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_table_has_a_draft_that_loads_and_reads(
    tmp_path: Path, names: list[str], rows: list[list[str]]
) -> None:
    frame = pd.DataFrame(
        {name: [row[i] for row in rows] for i, name in enumerate(names)}, dtype=object
    )
    draft = draft_mapping(frame)
    path = tmp_path / "draft.yaml"
    path.unlink(missing_ok=True)
    checked(frame, draft, tmp_path)


@given(st.text(max_size=20))
def test_a_text_is_read_as_it_was_written(tmp_path_factory: Any, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "quoted.yaml"
    path.write_text(f"key: [{quoted(text)}]\n", encoding="utf-8")
    found = read_yaml(path)["key"][0]
    assert (str(found) if isinstance(found, int) else found) == text


@pytest.mark.parametrize(
    "value", [None, 1, 1.5, True, b"x", [1], pd.NA, pd.Timestamp("2020-01-01")]
)
def test_any_object_is_looked_at(value: Any, tmp_path: Path) -> None:
    frame = pd.DataFrame({"age": [value, 3], "sex": [2, value], "id": [1, 2]}, dtype=object)
    checked(frame, draft_mapping(frame), tmp_path)


def test_empty_tables(tmp_path: Path) -> None:
    header = tmp_path / "h.csv"
    header.write_text("age,sex,dead\n")
    draft = draft_mapping(header)
    assert (draft.n, draft.guesses) == (0, ())
    checked(header, draft, tmp_path)
    (tmp_path / "e.csv").write_text("")
    with pytest.raises(InputOutputFailed, match="is empty"):
        draft_mapping(tmp_path / "e.csv")
    with pytest.raises(InputOutputFailed, match="cannot be read"):
        draft_mapping(tmp_path / "absent.csv")


# -- what it says --------------------------------------------------------------------------------


def small(**columns: list[Any]) -> pd.DataFrame:
    n = max(map(len, columns.values()))
    return pd.DataFrame({name: (values * n)[:n] for name, values in columns.items()}, dtype=object)


def guessed(frame: pd.DataFrame) -> dict[str, Any]:
    return {guess.field: guess for guess in draft_mapping(frame).guesses}


def test_units_are_told_by_their_size() -> None:
    rng = np.random.default_rng(8)
    days = rng.integers(1, 3000, 60)
    found = guessed(
        pd.DataFrame(
            {
                "survival_time": days / 30.4,
                "age_months": rng.integers(6, 900, 60),
                "CD3_x1e8_per_kg": rng.uniform(0.1, 9, 60),
                "height": rng.uniform(1.2, 1.9, 60),
            }
        )
    )
    assert found["followup_day"].fit.unit == "months_30.4"
    assert found["patient_age"].fit.unit == "months"
    assert found["cd3_dose_infused"].fit.unit == "10^8/kg"
    assert found["height_cm"].fit.unit == "m"
    whole = guessed(pd.DataFrame({"survival_time": days}))
    assert whole["followup_day"].fit.unit is None


def test_codes_that_are_words_are_mapped_and_numbers_are_asked_about() -> None:
    words = guessed(small(sex=["M", "F", "F"] * 10, graft=["PBSC", "BM"] * 15))
    assert words["patient_sex"].fit.codes == {"M": "male", "F": "female"}
    assert words["patient_sex"].is_sure
    numbers = guessed(small(sex=[1, 2, 2] * 10))
    assert not numbers["patient_sex"].is_sure
    half = guessed(small(sex=["M", "F", "X"] * 10))
    assert not half["patient_sex"].is_sure


def test_grouped_scores_are_never_taken_for_numbers() -> None:
    found = guessed(small(hctcigp=[0, 1, 2, 3] * 10))
    assert "hctci_score" not in found or not found["hctci_score"].is_sure
    assert not guessed(small(hctci=[0, 1, 2, 3, 4, 5, 6] * 10))["hctci_score"].is_sure


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        ([1, 2, 99], ("99",)),
        ([0, 1, -9], ("-9",)),
        ([1, 2, 98, 99], ("98", "99")),
        ([90, 95, 97, 98, 99, 100], ()),
        ([70, 80, 90, 100, 99], ("99",)),
        ([12, 15, 1000000, 1000000], ("1000000",)),
        (list(range(1, 130)), ()),
        (["a", "99"], ()),
    ],
)
def test_codes_that_may_mean_missing(cells: list[Any], missing: tuple[str, ...]) -> None:
    assert profile(pd.Series(cells * 3, dtype=object), "x").missing_codes == missing


def test_rare_codes_and_free_text_are_not_told() -> None:
    rows = 40
    frame = small(
        id=[f"p{i}" for i in range(rows)],
        sex=[1] * 37 + [2] * 3,
        remark=[f"seen by Dr {i}" for i in range(rows)],
        nurse=["Ada Smith"] * 2 + [f"N. {i}" for i in range(9)] + [None] * 29,
    )
    text = draft_text(draft_mapping(frame))
    assert "1 (37), 2 (<5)" in text
    for secret in ("Dr 3", "Ada", "N. 4", "p7"):
        assert secret not in text


def test_two_columns_for_one_field_are_both_told() -> None:
    frame = small(age=[30, 40.5, 51] * 10, patient_age_years=[30, 40.5, 51] * 10)
    assert "or from: " in draft_text(draft_mapping(frame))


def test_separators_and_files_of_other_kinds(tmp_path: Path) -> None:
    for separator in (";", "\t", "|"):
        path = tmp_path / "in.csv"
        path.write_text(separator.join(["id", "age"]) + "\n" + f"1{separator}30\n2{separator}40\n")
        draft = draft_mapping(path)
        assert draft.separator == separator
        (tmp_path / "draft.yaml").unlink(missing_ok=True)
        assert len(checked(path, draft, tmp_path).accepted) == 2
    small(id=[1, 2, 3, 4, 5], age=[3.5, 4, 9, 12, 40.0]).astype(float).to_parquet(
        tmp_path / "in.parquet"
    )
    assert "patient_age" in {g.field for g in draft_mapping(tmp_path / "in.parquet").guesses}


def test_the_command_writes_a_new_file_and_never_over_an_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "My data.csv", tmp_path / "mine-2.yaml"
    data.write_text("id,age\n1,30\n2,40\n")

    def run(*arguments: str | Path) -> int:
        monkeypatch.setattr("sys.argv", ["hscrisk", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return int(caught.value.code or 0)

    assert run("mapping", "draft", data, "--out", out) == 0
    assert "fields mapped" in capsys.readouterr().out
    assert load_mapping(out).registry == "mine_2"
    assert run("check", data, "--mapping", out) == 0
    before = out.read_text()
    assert run("mapping", "draft", data, "--out", out) == 3
    assert "exists" in capsys.readouterr().err
    assert out.read_text() == before
    assert run("mapping", "draft", data, "--out", tmp_path / "no" / "m.yaml") == 3
    assert {path.name for path in tmp_path.iterdir()} == {"My data.csv", "mine-2.yaml"}
    with pytest.raises(HscriskError):
        write_draft(draft_mapping(data), out)


# -- the page that tells how ----------------------------------------------------------------------


def documented() -> pd.DataFrame:
    """Return the file of docs/mapping.md, 200 rows of it."""
    rng, n = np.random.default_rng(5), 200
    dead = rng.integers(0, 2, n)
    event = rng.integers(0, 2, n)
    return pd.DataFrame(
        {
            "id": [f"p{i + 1}" for i in range(n)],
            "sex": [1 + i % 2 for i in range(n)],
            "age_m": rng.integers(220, 800, n),
            "graft": ["BM", "PB"] * 100,
            "karnofsky": rng.choice([70, 80, 90, 100, 99], n),
            "dead": dead,
            "fu_months": np.where(dead == 1, rng.uniform(1, 12, n), rng.uniform(12, 60, n)).round(
                1
            ),
            "agvhd24": event,
            "agvhd24_day": np.where(event == 1, rng.integers(10, 60, n), rng.integers(100, 900, n)),
        }
    )


def test_the_page_shows_what_the_draft_says(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "mapping.md").read_text(encoding="utf-8")
    csv_block = page.split("```\n", 2)[1].splitlines()
    frame = documented()
    assert csv_block[0] == ",".join(frame.columns)
    text = draft_text(draft_mapping(frame, "mine"))
    shown = page.split("```yaml\n")[1].split("```")[0].splitlines()
    assert len(shown) > 10
    assert [line for line in shown if line not in text.splitlines()] == []
    result = checked(frame, draft_mapping(frame, "mine"), tmp_path)
    assert len(result.accepted) == 200


def test_the_fields_that_the_page_shows_are_a_mapping(root: Path, tmp_path: Path) -> None:
    page = (root / "docs" / "mapping.md").read_text(encoding="utf-8")
    cases = page.split("```yaml\n")[2].split("```")[0]
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`" in line]
    cells = [line.split("|")[2].strip().strip("`") for line in rows]
    short = [cell for cell in cells if re.match(r"[a-z_]+: [{a-z]", cell)]
    assert len(short) >= 7
    for entry in short:
        path = tmp_path / "one.yaml"
        path.write_text(f"registry: mine\nfields:\n  {entry}\n", encoding="utf-8")
        if not entry.startswith(("missing", "otherwise", "instead", "optional")):
            load_mapping(path)
    (tmp_path / "cases.yaml").write_text(
        f"registry: mine\nfields:\n  transplant_id: id\n{cases}", encoding="utf-8"
    )
    assert "acute_gvhd_2_4_status" in load_mapping(tmp_path / "cases.yaml").fields
