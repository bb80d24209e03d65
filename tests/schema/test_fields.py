"""The contract: complete, consistent, and carried by a bundle without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hscrisk.errors import InvalidConfiguration
from hscrisk.schema import Contract, Field, load_contract, render_fields
from hscrisk.schema.consistency import NESTED, outcome_pairs
from hscrisk.schema.derive import RULES

CONTRACT = load_contract()


def test_it_holds_fields_of_all_kinds() -> None:
    assert len(CONTRACT) >= 200
    assert {field.group for field in CONTRACT.values()} == {
        "identifier",
        "patient",
        "donor",
        "treatment",
        "landmark",
        "outcome",
    }
    assert {field.kind for field in CONTRACT.values()} >= {"number", "integer", "category", "flag"}


def test_it_survives_json() -> None:
    again = Contract.from_dict(json.loads(json.dumps(CONTRACT.to_dict(), allow_nan=False)))
    assert again == CONTRACT
    assert hash(again) == hash(CONTRACT)
    assert list(again) == list(CONTRACT)
    assert CONTRACT != "contract"


@pytest.mark.parametrize("time", ["before_conditioning", "at_infusion"])
def test_no_outcome_identifier_centre_or_year_is_a_predictor(time: str) -> None:
    for name in CONTRACT.predictors(time):
        assert CONTRACT[name].role == "predictor"
        assert CONTRACT[name].when != "after"


def test_what_is_known_at_infusion_only_is_not_known_before() -> None:
    early, late = CONTRACT.predictors("before_conditioning"), CONTRACT.predictors("at_infusion")
    assert set(early) < set(late)
    assert "cd34_dose_infused" in set(late) - set(early)
    with pytest.raises(InvalidConfiguration):
        CONTRACT.predictors("after")


def test_every_numeric_predictor_has_limits_and_a_unit() -> None:
    for field in CONTRACT.values():
        if field.is_numeric and field.role == "predictor":
            assert field.hard, field.name
            assert field.plausible, field.name
            assert field.unit, field.name


def test_every_field_says_what_it_is() -> None:
    assert all(field.label and field.description for field in CONTRACT.values())
    labels = [field.label for field in CONTRACT.values()]
    assert len(set(labels)) == len(labels)


def test_every_outcome_has_status_and_day() -> None:
    for status, day in outcome_pairs(CONTRACT).values():
        assert CONTRACT[status].role == CONTRACT[day].role == "outcome"
        assert CONTRACT[day].kind == "day"
    for pair in NESTED:
        assert set(pair) <= set(outcome_pairs(CONTRACT))


def test_derived_fields_are_of_the_contract() -> None:
    for rule in RULES:
        assert {rule.name, *rule.parts} <= set(CONTRACT)


GOOD: dict[str, Any] = {
    "name": "a",
    "label": "a",
    "group": "patient",
    "kind": "number",
    "when": "at_infusion",
}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"kind": "category"}, "a category has levels"),
        ({"levels": ["x"]}, "only a category"),
        ({"kind": "text", "hard": [0, 1]}, "only numbers"),
        ({"hard": [2, 1]}, "from low to high"),
        ({"when": "after"}, "known after infusion only"),
        ({"group": "outcome", "when": "at_infusion"}, "known after infusion only"),
        ({"hard": [0, 5], "plausible": [1, 6]}, "inside the hard limits"),
    ],
)
def test_an_inconsistent_field_is_refused(change: dict[str, Any], rule: str) -> None:
    Field(**GOOD)
    with pytest.raises(InvalidConfiguration, match=rule):
        Contract.from_dict({"version": "1", "fields": [{**GOOD, **change}]})


def test_a_field_given_twice_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="given twice"):
        Contract.from_dict({"version": "1", "fields": [GOOD, GOOD]})


def test_an_unknown_key_names_the_nearest() -> None:
    with pytest.raises(InvalidConfiguration, match="'plausible'"):
        Contract.from_dict({"version": "1", "fields": [{**GOOD, "plausibl": [0, 1]}]})


def test_the_page_of_fields_is_up_to_date(root: Path) -> None:
    page = (root / "docs" / "fields.md").read_text(encoding="utf-8")
    assert page == render_fields(CONTRACT), "run `make docs`"
    for name in CONTRACT:
        assert f"| `{name}` |" in page
