"""The mapping language: what it says, and what it refuses."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.errors import InputOutputFailed, InvalidConfiguration
from hscrisk.ingest import load_mapping
from hscrisk.ingest.units import FACTORS, factor, units_for
from hscrisk.schema import load_contract
from hscrisk.schema.configuration import config_folder, config_names, read_yaml


def load(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


BASE = "registry: mine\nfields:\n  transplant_id: id\n"


def test_shipped_mappings_load() -> None:
    assert {"copelan1991", "template"} <= set(config_names("registries"))
    for name in config_names("registries"):
        assert load_mapping(name).fields


def test_the_template_explains_every_key_of_the_language() -> None:
    text = (config_folder() / "registries" / "template.yaml").read_text(encoding="utf-8")
    for key in load_mapping("template").model_dump():
        assert f"{key}:" in text, key
    for key in ("columns", "codes", "otherwise", "missing", "unit", "constant", "row_number"):
        assert f"{key}:" in text, key
    for key in ("cases", "means", "only_when", "instead", "same_as", "other_than"):
        assert f"{key}:" in text, key
    for key in ("dates_usable_from", "immature_years", "status_only"):
        assert f"{key}:" in text, key
    for key in ("since", "part", "imputed_day", "agrees_with", "followed_to"):
        assert f"{key}:" in text, key
    for key in ("optional", "named_by", "per_endpoint", "recorded", "table"):
        assert key in text, key


def test_the_tables_of_the_template_load_when_uncommented(tmp_path: Path) -> None:
    text = (config_folder() / "registries" / "template.yaml").read_text(encoding="utf-8")
    lines = text.splitlines()
    start = lines.index("# tables:")
    tables = [line.removeprefix("# ") for line in lines[start:]]
    mapping = load(tmp_path, "\n".join([*lines[:start], *tables]))
    assert mapping.tables["donors"].named_by == ("donor_1", "donor_2")


def test_contract_maps_every_field_to_itself() -> None:
    mapping = load_mapping("contract")
    assert {name: source.column for name, source in mapping.fields.items()} == {
        name: name for name in load_contract()
    }


def test_codes_are_the_same_as_numbers_or_words(tmp_path: Path) -> None:
    fields = "  patient_sex: {column: s, codes: {1: male, '2': female}, missing: [99, '-9']}\n"
    source = load(tmp_path, BASE + fields).fields["patient_sex"]
    assert source.codes == {"1": "male", "2": "female"}
    assert source.missing == ("99", "-9")


def test_yes_and_no_are_words(tmp_path: Path) -> None:
    fields = "  ptcy: {column: s, codes: {no: no, yes: yes}}\n  cryopreserved: {constant: no}\n"
    mapping = load(tmp_path, BASE + fields)
    assert mapping.fields["ptcy"].codes == {"no": "no", "yes": "yes"}
    assert mapping.fields["cryopreserved"].constant == "no"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BASE + "  patient_agee: x\n", "'patient_age'"),
        (BASE + "  patient_sex: {column: s, codes: {1: mal}}\n", "'male'"),
        (BASE + "  patient_sex: {column: s, codes: {1: male}, otherwise: femal}\n", "'female'"),
        (BASE + "  patient_sex: {constant: mal}\n", "'male'"),
        (BASE + "  patient_age: {constant: old}\n", "Give a number"),
        (BASE + "  death_status: {column: d, codes: {1: dead}}\n", "Give a number"),
        (BASE + "  patient_age: {column: a, unit: month}\n", "'months'"),
        (BASE + "  hctci_score: {column: a, unit: kg}\n", "unit cannot become points"),
        (BASE + "  patient_age: {columnx: a}\n", "'column'"),
        (BASE + "  patient_age: {}\n", "give one of"),
        (BASE + "  patient_age: {column: a, constant: 3}\n", "give one of"),
        (BASE + "  patient_age: {column: a, otherwise: 3}\n", "otherwise needs codes"),
        (BASE + "  patient_age: {row_number: true}\n", "for identifiers"),
        (BASE + "  patient_age: {column: a, table: donor}\n", "no such table"),
        (BASE + "missing: [99]\n", "99 may be a value elsewhere"),
        (BASE + "definitions: {folow_up: overall}\n", "'follow_up'"),
        (BASE + "definitions: {follow_up: sometimes}\n", "follow_up"),
        (BASE + "tables: {patients: {file: a, key: b, named_by: c}}\n", "one of transplants"),
        (
            BASE + "tables: {transplants: {file: a, key: b}, donors: {file: a, key: b}}\n",
            "named_by",
        ),
        (BASE + "tables: {transplant: {file: a, key: b}}\n", "'transplants'"),
        (BASE + "registri: x\n", "'registry'"),
        ("fields: {}\n", "registry"),
        (BASE + "date_format: '%d.%m.%y'\n", "four digits"),
        (BASE + "date_format: DD.MM.YYYY\n", "no format of dates"),
        (BASE + "date_format: '%d.%m.%Y %Q'\n", "no format of dates"),
        (BASE + "decimal: ';'\n", "decimal"),
        (BASE + "  followup_day: {column: a, date_format: '%d.%m.%Y'}\n", "needs since"),
        (BASE + "  followup_day: {column: a, since: b, part: year}\n", "exclude each other"),
        (BASE + "  followup_day: {column: a, since: b, unit: weeks}\n", "comes in days"),
        (BASE + "  followup_day: {column: a, since: b, codes: {1: 2}}\n", "no date"),
        (BASE + "  followup_day: {constant: 3, since: b}\n", "since needs a column"),
        (BASE + "  weight_kg: {column: a, since: b}\n", "only days and years"),
        (BASE + "  patient_age: {column: a, part: year}\n", "a year is no value"),
        (BASE + "  followup_day: {column: a, sinse: b}\n", "'since'"),
        (BASE + "  followup_day: {column: a, since: {columns: b}}\n", "'column'"),
        (BASE + "  patient_age: {column: a, since: b, date_format: '%Y'}\n", "a year alone"),
        (BASE + "  patient_age: {column: a, since: b, date_format: '%m/%Y'}\n", "imputed_day"),
        (BASE + "  patient_age: {column: a, since: b, imputed_day: 15}\n", "is for dates without"),
        (
            BASE
            + "  relapse_day:\n    {column: a, since: b, date_format: '%m/%Y', imputed_day: 15}\n",
            "dates_usable_from",
        ),
        (BASE + "  weight_kg: {column: a, unit: {column: u}}\n", "a column and its codes"),
        (BASE + "  weight_kg: {column: a, unit: {column: u, codes: {1: kgs}}}\n", "'kg'"),
        (BASE + "  weight_kg: {column: a, unit: {column: u, code: {1: kg}}}\n", "'codes'"),
        (BASE + "  followup_day: {column: a, instead: {1: {column: b, unit: week}}}\n", "'weeks'"),
        (
            BASE + "  patient_sex: {column: a, agrees_with: {column: b, codes: {1: mal}}}\n",
            "'male'",
        ),
        (BASE + "definitions: {followed_to: last_contact}\n", "to the last contact already"),
        (
            BASE + "definitions: {follow_up: recorded, followed_to: {relaps: last_contact}}\n",
            "'relapse'",
        ),
        (
            BASE + "definitions: {follow_up: recorded, followed_to: {death: last_contact}}\n",
            "no such outcome",
        ),
        ("registry: My Centre\nfields: {}\n", "registry"),
    ],
)
def test_what_a_mapping_must_not_say(tmp_path: Path, text: str, told: str) -> None:
    load(tmp_path, BASE)
    with pytest.raises(InvalidConfiguration, match=told) as caught:
        load(tmp_path, text)
    assert "mine.yaml" in str(caught.value)


def test_unknown_names_and_files() -> None:
    with pytest.raises(InvalidConfiguration, match="'copelan1991'"):
        load_mapping("copelan1990")
    with pytest.raises(InputOutputFailed):
        load_mapping("absent.yaml")


def test_every_unit_of_the_contract_that_can_be_converted_is_one() -> None:
    units = {field.unit for field in load_contract().values()}
    assert set(FACTORS) <= units
    assert units_for(None) == ()


# Independent of the table: what one of each is, in the contract's unit.
@pytest.mark.parametrize(
    ("unit", "source", "given_value", "expected"),
    [
        ("days", "weeks", 2, 14),
        ("days", "months_30.4", 10, 304),
        ("days", "months_30.4375", 12, 365.25),
        ("days", "years", 4, 1461),
        ("days", "hours", 48, 2),
        ("years", "months", 18, 1.5),
        ("years", "days", 1461, 4),
        ("years", "weeks", 1461, 28),
        ("kg", "g", 70_000, 70),
        ("kg", "lb", 100, 45.359237),
        ("cm", "m", 1.8, 180),
        ("cm", "in", 10, 25.4),
        ("Gy", "cGy", 1200, 12),
        ("g/dL", "g/L", 130, 13),
        ("10^9/L", "/uL", 500, 0.5),
        ("10^9/L", "10^3/uL", 0.5, 0.5),
        ("mg/L", "mg/dL", 3, 30),
        ("ng/mL", "ug/L", 800, 800),
        ("1/uL", "/mL", 30_000, 30),
        ("1/uL", "10^9/L", 0.03, 30),
        ("mg.h/L", "uM.min", 24_360, 100),
        ("kg", "kg", 7, 7),
    ],
)
def test_units(unit: str, source: str, given_value: float, expected: float) -> None:
    assert given_value * factor(unit, source) == pytest.approx(expected, rel=1e-12)


def test_no_unit_is_untested() -> None:
    marks = test_units.pytestmark[0].args[1]  # type: ignore[attr-defined]
    tested = {(case[0], case[1]) for case in marks}
    cells = {u for u in FACTORS if u.endswith("/kg")}
    assert {(u, s) for u in set(FACTORS) - cells for s in FACTORS[u]} <= tested
    assert cells == {"10^6/kg", "10^7/kg", "10^8/kg"}


@given(st.sampled_from(["10^6/kg", "10^7/kg", "10^8/kg"]), st.integers(1, 10**9))
def test_cells_of_any_power_are_the_same_cells(unit: str, cells: int) -> None:
    def of(name: str) -> Fraction:
        return Fraction(10) ** (0 if name == "/kg" else int(name[3:-3]))

    for source in units_for(unit):
        given_value = Fraction(cells) / of(source)
        converted = float(given_value) * factor(unit, source)
        assert converted == pytest.approx(float(Fraction(cells) / of(unit)), rel=1e-12)


def test_an_amount_of_substance_depends_on_the_substance() -> None:
    # 1 mg/dL is 88.4 umol/L of creatinine and 17.1 umol/L of bilirubin: by 113.12 and 584.66 g/mol.
    for field, molar_mass in (("creatinine_mg_dl", 113.12), ("bilirubin_total_mg_dl", 584.66)):
        per_mg_dl = 10_000 / molar_mass
        assert factor("mg/dL", "umol/L", field) == pytest.approx(1 / per_mg_dl, rel=1e-3)
    assert units_for("mg/dL") == ("mg/dL",)


@given(st.integers(0, 20_000))
def test_a_whole_day_survives_months_and_back(day: int) -> None:
    for source in ("months_30.4", "months_30.4375", "weeks", "years"):
        assert round(day / factor("days", source) * factor("days", source)) == day


def test_a_mapping_is_plain_data(root: Path) -> None:
    for path in (root / "configs" / "registries").glob("*.yaml"):
        assert isinstance(read_yaml(path), dict)
