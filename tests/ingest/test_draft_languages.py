"""A draft of a file in any of four languages: dates, commas, units by row, and what stays open."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.ingest import load_mapping, read_records
from hscrisk.ingest.column_profile import profile
from hscrisk.ingest.date_guess import guess_dates
from hscrisk.ingest.draft import Draft, draft_mapping
from hscrisk.ingest.draft_text import draft_text, write_draft
from hscrisk.ingest.naming import folded

N = 120
RNG = np.random.default_rng(11)
TX = [date(2012, 1, 1) + timedelta(days=int(d)) for d in RNG.integers(0, 3000, N)]
BORN = [t - timedelta(days=int(d)) for t, d in zip(TX, RNG.integers(6000, 25000, N), strict=True)]
DEAD = RNG.random(N) < 0.4
LAST_DAY = RNG.integers(100, 2500, N)
LAST = [t + timedelta(days=int(d)) for t, d in zip(TX, LAST_DAY, strict=True)]
RELAPSED = RNG.random(N) < 0.3
RELAPSE_DAY = RNG.integers(20, 99, N)
RELAPSE = [t + timedelta(days=int(d)) for t, d in zip(TX, RELAPSE_DAY, strict=True)]


def written(days: list[date], form: str, only: Any = None) -> list[str]:
    kept = np.ones(N, dtype=bool) if only is None else only
    return [day.strftime(form) if keep else "" for day, keep in zip(days, kept, strict=True)]


def some(*words: Any) -> list[Any]:
    return [words[i % len(words)] for i in range(N)]


def told(flags: Any, yes: str, no: str) -> list[str]:
    return [yes if flag else no for flag in flags]


def commas(values: Any) -> list[str]:
    return [f"{value:.1f}".replace(".", ",") for value in values]


WEIGHTS = RNG.uniform(45, 99, N).round(1)
HEIGHTS = RNG.integers(150, 195, N)
REGISTRIES: dict[str, tuple[dict[str, list[Any]], dict[str, str]]] = {
    "german": (
        {
            "FallNr": list(range(1, N + 1)),
            "Geb_Datum": written(BORN, "%d.%m.%Y"),
            "Tx_Datum": written(TX, "%d.%m.%Y"),
            "Geschlecht": some("m", "w"),
            "Spendergeschlecht": some("w", "w", "m"),
            "Spenderalter": some(21, 35, 48, 60, 33),
            "Gewicht": commas(WEIGHTS),
            "Größe": list(HEIGHTS),
            "CMV_Empfänger": some("positiv", "negativ", "unbekannt"),
            "CMV_Spender": some("positiv", "negativ"),
            "Stammzellquelle": some("KM", "PBSC"),
            "Kond": some("MAC", "RIC"),
            "Rezidiv": told(RELAPSED, "ja", "nein"),
            "Rezidiv_Datum": written(RELAPSE, "%d.%m.%Y", RELAPSED),
            "verstorben": told(DEAD, "ja", "nein"),
            "letzter_Kontakt": written(LAST, "%d.%m.%Y"),
        },
        {
            "transplant_id": "FallNr",
            "patient_age": "Geb_Datum",
            "year_of_hct": "Tx_Datum",
            "infusion_date": "Tx_Datum",
            "patient_sex": "Geschlecht",
            "donor_sex": "Spendergeschlecht",
            "donor_age": "Spenderalter",
            "weight_kg": "Gewicht",
            "height_cm": "Größe",
            "patient_cmv_igg": "CMV_Empfänger",
            "donor_cmv_igg": "CMV_Spender",
            "graft_source": "Stammzellquelle",
            "conditioning_intensity": "Kond",
            "relapse_status": "Rezidiv",
            "relapse_day": "Rezidiv_Datum",
            "death_status": "verstorben",
            "followup_day": "letzter_Kontakt",
        },
    ),
    "french": (
        {
            "N_greffe": [f"G{i}" for i in range(N)],
            "date_naissance": written(BORN, "%d/%m/%Y"),
            "date_greffe": written(TX, "%d/%m/%Y"),
            "sexe": some("M", "F"),
            "sexe_donneur": some("F", "F", "M"),
            "âge_donneur": some(21, 35, 48, 60, 33),
            "poids_kg": commas(WEIGHTS),
            "taille": list(HEIGHTS),
            "CMV_receveur": some("positif", "négatif", "inconnu"),
            "CMV_donneur": some("positif", "négatif"),
            "source_greffon": some("MO", "CSP"),
            "conditionnement": some("MAC", "RIC"),
            "rechute": told(RELAPSED, "O", "N"),
            "date_rechute": written(RELAPSE, "%d/%m/%Y", RELAPSED),
            "décès": told(DEAD, "O", "N"),
            "date_décès": written(LAST, "%d/%m/%Y", DEAD),
            "date_dernières_nouvelles": written(LAST, "%d/%m/%Y"),
        },
        {
            "transplant_id": "N_greffe",
            "patient_age": "date_naissance",
            "year_of_hct": "date_greffe",
            "infusion_date": "date_greffe",
            "patient_sex": "sexe",
            "donor_sex": "sexe_donneur",
            "donor_age": "âge_donneur",
            "weight_kg": "poids_kg",
            "height_cm": "taille",
            "patient_cmv_igg": "CMV_receveur",
            "donor_cmv_igg": "CMV_donneur",
            "graft_source": "source_greffon",
            "conditioning_intensity": "conditionnement",
            "relapse_status": "rechute",
            "relapse_day": "date_rechute",
            "death_status": "décès",
            "followup_day": "date_dernières_nouvelles",
        },
    ),
    "spanish": (
        {
            "n_trasplante": list(range(1, N + 1)),
            "fecha_nacimiento": written(BORN, "%d-%m-%Y"),
            "fecha_TPH": written(TX, "%d-%m-%Y"),
            "edad_donante": some(21, 35, 48, 60, 33),
            "peso": commas(WEIGHTS),
            "talla": list(HEIGHTS),
            "CMV_receptor": some("positivo", "negativo", "desconocido"),
            "CMV_donante": some("positivo", "negativo"),
            "fuente": some("MO", "SCU"),
            "acondicionamiento": some("MAC", "RIC"),
            "recaída": told(RELAPSED, "S", "N"),
            "fecha_recaída": written(RELAPSE, "%d-%m-%Y", RELAPSED),
            "exitus": told(DEAD, "S", "N"),
            "fecha_último_contacto": written(LAST, "%d-%m-%Y"),
        },
        {
            "transplant_id": "n_trasplante",
            "patient_age": "fecha_nacimiento",
            "year_of_hct": "fecha_TPH",
            "infusion_date": "fecha_TPH",
            "donor_age": "edad_donante",
            "weight_kg": "peso",
            "height_cm": "talla",
            "patient_cmv_igg": "CMV_receptor",
            "donor_cmv_igg": "CMV_donante",
            "graft_source": "fuente",
            "conditioning_intensity": "acondicionamiento",
            "relapse_status": "recaída",
            "relapse_day": "fecha_recaída",
            "death_status": "exitus",
            "followup_day": "fecha_último_contacto",
        },
    ),
    "english": (
        {
            "Transplant ID": [f"T{i}" for i in range(N)],
            "DOB": written(BORN, "%m/%d/%Y"),
            "HSCT Date": written(TX, "%m/%d/%Y"),
            "R Sex": some("M", "F"),
            "D Sex": some("F", "F", "M"),
            "Donor Age": some(21, 35, 48, 60, 33),
            "Wt": list(WEIGHTS),
            "Ht (cm)": list(HEIGHTS),
            "Recip CMV": some("Pos", "Neg", "Unknown"),
            "Donor CMV": some("Pos", "Neg"),
            "Graft": some("BM", "PB"),
            "Conditioning Intensity": some("MAC", "RIC"),
            "Relapse": told(RELAPSED, "Y", "N"),
            "Relapse Date": written(RELAPSE, "%m/%d/%Y", RELAPSED),
            "Deceased": told(DEAD, "Yes", "No"),
            "Date of Last Contact": written(LAST, "%m/%d/%Y"),
        },
        {
            "transplant_id": "Transplant ID",
            "patient_age": "DOB",
            "year_of_hct": "HSCT Date",
            "infusion_date": "HSCT Date",
            "patient_sex": "R Sex",
            "donor_sex": "D Sex",
            "donor_age": "Donor Age",
            "weight_kg": "Wt",
            "height_cm": "Ht (cm)",
            "patient_cmv_igg": "Recip CMV",
            "donor_cmv_igg": "Donor CMV",
            "graft_source": "Graft",
            "conditioning_intensity": "Conditioning Intensity",
            "relapse_status": "Relapse",
            "relapse_day": "Relapse Date",
            "death_status": "Deceased",
            "followup_day": "Date of Last Contact",
        },
    ),
}


def table(**columns: Any) -> pd.DataFrame:
    rows = max(map(len, columns.values()))
    repeated = {name: (list(values) * rows)[:rows] for name, values in columns.items()}
    return pd.DataFrame(repeated, dtype=object)


def guesses(frame: pd.DataFrame) -> dict[str, Any]:
    return {guess.field: guess for guess in draft_mapping(frame).guesses}


def line(draft: Draft, field: str) -> str:
    """Return what the draft says of a field, whether mapped or to decide."""
    found = [one for one in draft_text(draft).splitlines() if f" {field}: " in one]
    assert len(found) == 1, found
    return found[0].lstrip("# ")


@pytest.mark.parametrize("language", REGISTRIES)
def test_a_registry_of_each_language_is_read_right_with_its_draft(
    language: str, tmp_path: Path
) -> None:
    columns, truth = REGISTRIES[language]
    source = tmp_path / "registry.csv"
    frame = pd.DataFrame(columns, dtype=object)
    frame.to_csv(source, sep=";", index=False)
    draft = draft_mapping(source)
    assert {g.field: g.column for g in draft.guesses if g.is_sure} == truth
    assert draft.left_over == ()
    read = read_records(source, load_mapping(write_draft(draft, tmp_path / "draft.yaml")))
    assert len(read.accepted) == N
    found = read.accepted.frame
    assert np.array_equal(found["followup_day"], LAST_DAY)
    assert np.array_equal(found["death_status"], DEAD)
    assert np.array_equal(found["relapse_status"], RELAPSED)
    assert np.array_equal(found["relapse_day"][RELAPSED], RELAPSE_DAY[RELAPSED])
    assert np.array_equal(found["year_of_hct"], [day.year for day in TX])
    ages = [(t - b).days / 365.25 for t, b in zip(TX, BORN, strict=True)]
    assert np.allclose(found["patient_age"], ages, atol=0.01)
    assert np.allclose(found["weight_kg"], WEIGHTS)
    assert int(found["patient_cmv_igg"].isna().sum()) == N // 3
    assert set(found["graft_source"].dropna()) <= {"bone_marrow", "peripheral_blood", "cord_blood"}


def test_what_is_to_decide_is_a_mapping_as_soon_as_it_is_decided(tmp_path: Path) -> None:
    form = "%d.%m.%Y"
    frame = table(
        tx_date=written(TX, form),
        relapse_date=written(RELAPSE, form, RELAPSED),
        last_contact=written(LAST, form, ~DEAD),
        date_of_death=written(LAST, form, DEAD),
        height=[[170.0, 1.71][i % 2] + i / 1e3 for i in range(N)],
        centre=["A", "B"],
    )
    text = draft_text(draft_mapping(frame))
    decided = re.sub(r"(?m)^  #   (\w+: {.*})$", r"  \1", text)
    assert decided.count("\n  #   ") < text.count("\n  #   ") - 4
    (tmp_path / "decided.yaml").write_text(decided, encoding="utf-8")
    found = read_records(frame, load_mapping(tmp_path / "decided.yaml")).accepted.frame
    assert np.array_equal(found["followup_day"], LAST_DAY)
    assert np.array_equal(found["death_status"], DEAD)
    assert np.array_equal(found["relapse_status"], RELAPSED)
    assert found["height_cm"].between(170, 183).all()


# -- dates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "formats"),
    [
        ("%Y-%m-%d", ("%Y-%m-%d",)),
        ("%d.%m.%Y", ("%d.%m.%Y",)),
        ("%d/%m/%Y", ("%d/%m/%Y",)),
        ("%m/%d/%Y", ("%m/%d/%Y",)),
        ("%Y%m%d", ("%Y%m%d",)),
        ("%d%b%Y", ("%d%b%Y",)),
        ("%Y-%m-%d 00:00:00", ("%Y-%m-%d",)),
        ("%m/%Y", ("%m/%Y",)),
    ],
)
def test_dates_are_recognised_with_their_format(form: str, formats: tuple[str, ...]) -> None:
    found = guess_dates({day.strftime(form): 1 for day in TX})
    assert found is not None
    assert found.formats == formats
    assert (found.first.year, found.last.year) == (min(TX).year, max(TX).year)


def test_what_cannot_be_told_of_dates_is_asked() -> None:
    either = guess_dates({"03/04/2012": 5, "11/12/2015": 5})
    assert either is not None
    assert not either.is_plain
    assert "DD/MM/YYYY or MM/DD/YYYY" in either.words
    assert "whether day or month comes first" in either.words
    short = guess_dates({"29.03.12": 5})
    assert short is not None
    assert not short.is_plain
    assert "century open" in short.words
    slips = guess_dates({"29.03.2012": 19, "31.02.2013": 1})
    assert slips is not None
    assert "1 of 20 are not so written" in slips.words


@pytest.mark.parametrize("cells", [["9/10", "8/10"], ["1.5", "12.2"], ["41234"], ["a"], ["1-2"]])
def test_what_is_no_date_is_not_taken_for_one(cells: list[str]) -> None:
    assert guess_dates(dict.fromkeys(cells, 5)) is None
    assert guess_dates({}) is None


def test_a_doubtful_format_maps_nothing() -> None:
    days = [date(2012, 1 + i % 12, 1 + i % 11) for i in range(60)]
    frame = table(
        tx_date=[d.strftime("%d/%m/%Y") for d in days],
        last_contact=[d.replace(year=2014).strftime("%d/%m/%Y") for d in days],
        dead=["no", "yes"],
    )
    draft = draft_mapping(frame)
    assert [g.field for g in draft.guesses if g.is_sure] == ["death_status"]
    assert draft.date_format is None
    assert 'date_format: "%d/%m/%Y"' in line(draft, "followup_day")


@pytest.mark.parametrize("name", ["Transplantationsdatum", "Infusionsdatum", "Tag_der_KMT_Datum"])
def test_a_german_date_of_transplant_is_what_days_are_counted_from(name: str) -> None:
    frame = pd.DataFrame(
        {name: written(TX, "%d.%m.%Y"), "Letzter_Kontakt": written(LAST, "%d.%m.%Y")}
    )
    text = draft_text(draft_mapping(frame))
    assert f"followup_day: {{column: Letzter_Kontakt, since: {name}}}" in text


def test_dates_without_a_transplant_date_or_before_it_are_asked() -> None:
    alone = draft_mapping(table(date_relapse=written(RELAPSE, "%d.%m.%Y")))
    assert line(alone, "relapse_day") == "relapse_day: {column: date_relapse, since: ?}"
    early = [t - timedelta(days=30) for t in TX]
    frame = table(
        tx_date=written(TX, "%d.%m.%Y"),
        relapse=told(RELAPSED, "yes", "no"),
        date_relapse=written(early, "%d.%m.%Y", RELAPSED),
    )
    guess = guesses(frame)["relapse_day"]
    assert not guess.is_sure
    assert "before it; is it this date?" in guess.fit.evidence


def test_an_event_of_which_only_the_date_is_kept_has_a_status_to_decide() -> None:
    frame = table(
        tx_date=written(TX, "%Y-%m-%d"), relapse_date=written(RELAPSE, "%Y-%m-%d", RELAPSED)
    )
    draft = draft_mapping(frame)
    assert "does empty mean 'did not happen'?" in draft_text(draft)
    assert line(draft, "relapse_status") == (
        'relapse_status: {cases: [{when: {relapse_date: ""}, means: 0}], otherwise: 1}'
    )


def test_the_last_contact_is_compared_with_the_date_of_death() -> None:
    form = "%d.%m.%Y"
    earlier = [day - timedelta(days=20) for day in LAST]
    shown = {}
    for name, contact in (("same", LAST), ("other", earlier)):
        frame = table(
            tx_date=written(TX, form),
            last_contact=written(contact, form),
            date_of_death=written(LAST, form, DEAD),
        )
        shown[name] = line(draft_mapping(frame), "followup_day")
    assert "agrees_with: {column: date_of_death, since: tx_date}" in shown["same"]
    assert shown["other"] == (
        "followup_day: {column: date_of_death, since: tx_date, "
        'instead: {"": {column: last_contact, since: tx_date}}}'
    )


# -- numbers --------------------------------------------------------------------------------------


def test_a_decimal_comma_is_that_of_the_file_or_of_a_column() -> None:
    ages = commas(RNG.uniform(1, 80, N))
    whole = draft_mapping(table(age=ages, weight=commas(WEIGHTS)))
    assert whole.decimal == ","
    assert line(whole, "patient_age") == "patient_age: {column: age}"
    mixed = draft_mapping(table(age=ages, weight=WEIGHTS.tolist()))
    assert mixed.decimal == "."
    assert line(mixed, "patient_age") == 'patient_age: {column: age, decimal: ","}'
    assert line(mixed, "weight_kg") == "weight_kg: {column: weight}"


def test_a_comma_that_may_divide_thousands_is_asked() -> None:
    guess = guesses(table(ferritin=[f"{n // 1000},{n % 1000:03}" for n in range(1000, 5000, 40)]))
    assert "thousands" in guess["ferritin_ng_ml"].fit.evidence
    assert not guess["ferritin_ng_ml"].is_sure


def test_a_column_of_units_is_read_by_row() -> None:
    weights = [[70.5, 154.3][i % 2] + i / 10 for i in range(60)]
    draft = draft_mapping(table(Gewicht=weights, Gew_Einheit=["kg", "lbs"], Einheit=["x"]))
    assert line(draft, "weight_kg") == (
        "weight_kg: {column: Gewicht, unit: {column: Gew_Einheit, codes: {kg: kg, lbs: lb}}}"
    )
    assert draft.left_over == ("Einheit",)
    odd = guesses(table(weight=weights, weight_unit=["kg", "stone"]))["weight_kg"]
    assert not odd.is_sure


def test_two_units_in_one_column_are_seen_and_asked() -> None:
    heights = [[170.0, 182.0, 165.0, 1.71][i % 4] + i / 1e3 for i in range(80)]
    by_centre = draft_mapping(table(height=heights, centre=["A", "B", "A", "C"]))
    assert line(by_centre, "height_cm") == (
        "height_cm: {column: height, unit: {cases: [{when: {centre: [C]}, means: m}], "
        "otherwise: cm}}"
    )
    alone = guesses(table(height=heights, centre=["A", "B", "C", "C"]))["height_cm"]
    assert not alone.is_sure
    assert "20 look like m, the others like cm" in alone.fit.evidence


@pytest.mark.parametrize(
    ("name", "values", "field", "unit"),
    [
        ("KREA_UMOL", [60, 75, 90, 110, 82], "creatinine_mg_dl", "umol/L"),
        ("TBI_cGy", [0, 200, 400, 1200, 1320], "tbi_gy", "cGy"),
        ("tbi_cgy", [0, 0, 0, 0, 0], "tbi_gy", "cGy"),
        ("alter_monate", [24, 300, 555, 610, 700], "patient_age", "months"),
        ("cd34", [3.1e6, 5.2e6, 7.9e6, 2.2e6, 4.4e6], "cd34_dose_infused", "/kg"),
    ],
)
def test_units_by_name_or_size(name: str, values: list[float], field: str, unit: str) -> None:
    guess = guesses(table(**{name: [v * (1 + i / 1e3) for i in range(20) for v in values]}))[field]
    assert guess.fit.unit == unit


def test_a_slip_does_not_hide_a_code_for_missing() -> None:
    weights: list[Any] = [*(40 + i / 2 for i in range(100)), 70_800, 999, 999]
    assert profile(pd.Series(weights, dtype=object), "weight").missing_codes == ("999",)


# -- codes ----------------------------------------------------------------------------------------


def test_a_status_with_a_two_asks_for_its_codes() -> None:
    frame = table(
        cgvhd=[0, 1, 2, 0] * 5,
        cgvhd_day=[90 + 9 * i if i % 4 in (1, 2) else "" for i in range(20)],
    )
    draft = draft_mapping(frame)
    assert line(draft, "chronic_gvhd_status") == (
        "chronic_gvhd_status: {column: cgvhd, codes: {0: ?, 1: ?, 2: ?}}"
    )
    assert "2 may be 'died without it', a grade or extent" in draft_text(draft)
    assert "cgvhd_day is given with 1 and 2: is each of them the event?" in draft_text(draft)


def test_the_code_that_has_a_day_is_the_event() -> None:
    frame = table(
        Rezidiv=[1, 2, 2] * 6,
        Rezidiv_Tag=[day if i % 3 == 0 else "" for i, day in enumerate(range(60, 420, 20))],
        Vitalstatus=[1, 2, 1],
        Todesdatum=["", "01.02.2014", ""],
    )
    draft = draft_mapping(frame)
    assert line(draft, "relapse_status") == "relapse_status: {column: Rezidiv, codes: {1: 1, 2: ?}}"
    assert "codes: {1: ?, 2: 1}" in line(draft, "death_status")
    assert not any(g.is_sure for g in draft.guesses if g.field.endswith("_status"))


@pytest.mark.parametrize(("yes", "no"), [("J", "N"), ("O", "N"), ("S", "N"), ("ja", "nein")])
def test_yes_and_no_in_each_language(yes: str, no: str) -> None:
    found = guesses(table(kryo=[yes, no, no], recaida=[yes, no, no]))
    assert found["cryopreserved"].fit.codes == {yes: "yes", no: "no"}
    assert found["relapse_status"].fit.codes == {yes: "1", no: "0"}
    more = guesses(table(kryo=[yes, no, "U"], recaida=[yes, no, "U"]))
    for name in ("cryopreserved", "relapse_status"):
        assert not more[name].is_sure
        assert "U may mean 'unknown'" in more[name].fit.evidence
    alone = guesses(table(kryo=["S", "P"]))["cryopreserved"]
    assert alone.fit.codes is None


def test_codes_that_may_be_two_words_are_asked() -> None:
    found = guesses(table(sexo=["H", "M"] * 20, sexo_donante=["M", "F"] * 20))
    assert found["patient_sex"].fit.codes is None  # hombre and mujer, or homme and no femme
    assert found["donor_sex"].fit.codes == {"M": "male", "F": "female"}


@pytest.mark.parametrize("word", ["unbekannt", "inconnu", "desconocido", "Unknown"])
def test_words_for_unknown_are_missing_or_the_level_of_that_name(word: str) -> None:
    draft = draft_mapping(
        table(cmv_donor=["pos", "neg", word], cytogenetics=["intermediate", "adverse", word])
    )
    assert f"missing: [{word}]" in line(draft, "donor_cmv_igg")
    assert f"{word}: unknown" in line(draft, "cytogenetic_risk")


def test_codes_that_may_be_other_are_not_called_missing() -> None:
    draft = draft_mapping(table(diagnose=[*range(1, 12), 88, 89] * 6, kond_int=[1, 2, 9]))
    assert "88: ?, 89: ?}" in line(draft, "primary_disease")
    assert "missing" not in line(draft, "primary_disease")
    assert "missing: [9]" in line(draft, "conditioning_intensity")


def test_bounds_are_levels() -> None:
    found = guesses(table(hctci=["0", "1", "2", ">=3"], donor_age_band=["<18", "18-29", "60+"]))
    assert (found["hctci_group"].fit.codes or {})[">=3"] == "3_plus"
    assert found["donor_age_band"].fit.codes == {
        "18-29": "18_29",
        "60+": "60_plus",
        "<18": "below_18",
    }


# -- names ----------------------------------------------------------------------------------------


def test_an_identifier_with_a_few_duplicates_is_found_and_said() -> None:
    names = [f"T{i}" for i in range(200)]
    names[50] = names[20]
    draft = draft_mapping(table(transplant_no=names, age=[30.5, 41, 56, 22]))
    text = draft_text(draft)
    assert "transplant_id: transplant_no" in text
    assert "1 of 200 rows repeat another's: an identifier with a few duplicates" in text
    many = [f"P{i % 150}" for i in range(200)]
    assert "row_number: true" in draft_text(draft_mapping(table(transplant_no=many)))


@pytest.mark.parametrize("donor", ["donor", "Spender", "donneur", "donante", "DNR"])
def test_what_is_the_donors_is_never_offered_for_the_patient(donor: str) -> None:
    frame = table(
        **{
            f"{donor}_sex": ["M", "F"],
            f"CMV_{donor}": ["pos", "neg"],
            f"{donor}_age": [20.5, 31, 44, 52, 60, 38],
        }
    )
    found = guesses(frame)
    assert {"donor_sex", "donor_cmv_igg", "donor_age"} == set(found)


def test_accents_and_umlauts_are_spelt_out() -> None:
    assert folded("Größe ÉTÉ año") == "groesse ete ano"
