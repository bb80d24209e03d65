"""Endpoints as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pydantic
import pytest

from hscrisk.endpoints import Endpoint, endpoint_names, load_endpoint
from hscrisk.errors import InvalidConfiguration

# The anchors of the estimand: (horizons, primary).
ANCHORS = {
    "neutrophil_engraftment": ((14, 21, 28), 28),
    "platelet_engraftment": ((20, 28, 60, 100), 100),
    "primary_graft_failure": ((28,), 28),
    "acute_gvhd": ((30, 60, 100), 100),
    "acute_gvhd_2_4": ((30, 60, 100), 100),
    "acute_gvhd_3_4": ((30, 60, 100), 100),
    "chronic_gvhd": ((180, 365, 730), 365),
    "chronic_gvhd_extensive": ((180, 365, 730), 365),
    "relapse": ((100, 365, 730), 365),
    "non_relapse_mortality": ((100, 365, 730), 365),
    "death": ((100, 365, 730), 365),
}


def test_all_are_there_in_a_stable_order() -> None:
    assert endpoint_names() == tuple(ANCHORS)


@pytest.mark.parametrize("name", list(ANCHORS))
def test_each_is_as_defined_and_survives_json(name: str) -> None:
    endpoint = load_endpoint(name)
    assert endpoint.name == name
    assert (endpoint.horizons, endpoint.primary_horizon) == ANCHORS[name]
    assert Endpoint.from_dict(json.loads(json.dumps(endpoint.to_dict()))) == endpoint
    assert endpoint.min_events == 10
    assert endpoint.label
    assert endpoint.definition


@pytest.mark.parametrize("name", list(ANCHORS))
def test_death_competes_unless_it_is_the_event(name: str) -> None:
    endpoint = load_endpoint(name)
    statuses = {competing.status for competing in endpoint.competing}
    dies = endpoint.event is not None and endpoint.event.status == "death_status"
    assert ("death_status" in statuses) != dies


def test_gvhd_is_for_allogeneic_transplants() -> None:
    for name in endpoint_names():
        has = load_endpoint(name).population == {"transplant_type": ("allogeneic",)}
        assert has == ("gvhd" in name)


def test_engraftment_is_good_news_and_nothing_else_is() -> None:
    good = {name for name in endpoint_names() if load_endpoint(name).direction == "favourable"}
    assert good == {"neutrophil_engraftment", "platelet_engraftment"}


def test_nested_endpoints_name_the_wider_one() -> None:
    nested = {n: load_endpoint(n).nested_in for n in endpoint_names() if load_endpoint(n).nested_in}
    assert nested == {
        "acute_gvhd_2_4": "acute_gvhd",
        "acute_gvhd_3_4": "acute_gvhd_2_4",
        "chronic_gvhd_extensive": "chronic_gvhd",
    }
    for narrow, wide in nested.items():
        assert load_endpoint(narrow).horizons == load_endpoint(str(wide)).horizons


GOOD: dict[str, Any] = {
    "name": "mine",
    "label": "Mine",
    "event": {"status": "relapse_status", "time": "relapse_day"},
    "horizons": [10, 20],
    "primary_horizon": 20,
    "direction": "adverse",
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"horizons": [20, 10]}, "ascending"),
        ({"horizons": [0, 20]}, "ascending"),
        ({"horizons": []}, "ascending"),
        ({"primary_horizon": 15}, "one of the horizons"),
        ({"event": None}, "needs an event"),
        ({"kind": "state_at_horizon"}, "has a record, one horizon and no event"),
        ({"competing": [{"name": "a", "time": "relapse_day"}] * 2}, "given twice"),
        ({"horizon": [1]}, "'horizons'"),
        ({"event": {"status": "relapse_status", "tim": "relapse_day"}}, "'time'"),
        ({"prediction_time": "after"}, "prediction_time"),
        ({"min_events": 0}, "min_events"),
    ],
)
def test_a_wrong_endpoint_is_refused(change: dict[str, Any], told: str) -> None:
    Endpoint.from_dict(GOOD)
    with pytest.raises(InvalidConfiguration, match=told):
        Endpoint.from_dict({**GOOD, **change})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("event: {status: relapse_status, time: relaps_day}", "'relapse_day'"),
        ("competing: [{name: a, status: deth_status, time: followup_day}]", "'death_status'"),
        ("population: {transplant_typ: [allogeneic]}", "'transplant_type'"),
        ("population: {transplant_type: [allogenic]}", "'allogeneic'"),
        ("excluded: {primary_disease: [AMLL]}", "'AML'"),
        ("record: {status: relapse_status, time: nonsense}", "Known"),
    ],
)
def test_a_file_names_only_fields_and_levels_of_the_contract(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "mine.yaml"
    base = "name: mine\nlabel: Mine\nhorizons: [10]\nprimary_horizon: 10\ndirection: adverse\n"
    event = (
        "" if text.startswith("event") else "event: {status: relapse_status, time: relapse_day}\n"
    )
    path.write_text(base + event)
    if event:
        assert load_endpoint(path).name == "mine"
    path.write_text(base + event + text)
    with pytest.raises(InvalidConfiguration, match=told):
        load_endpoint(path)


def test_it_cannot_be_changed() -> None:
    endpoint = load_endpoint("relapse")
    with pytest.raises(pydantic.ValidationError):
        endpoint.name = "other"  # type: ignore[misc]


def test_an_unknown_name_is_told_the_nearest() -> None:
    with pytest.raises(InvalidConfiguration, match="'acute_gvhd'"):
        load_endpoint("acute_gvdh")


def test_repeated_transplants_are_a_policy_of_the_endpoint() -> None:
    for name in endpoint_names():
        assert load_endpoint(name).repeated_transplants == "all"
    body = load_endpoint("death").to_dict()
    first = Endpoint.from_dict({**body, "repeated_transplants": "first"})
    assert first.repeated_transplants == "first"
    old = {key: value for key, value in body.items() if key != "repeated_transplants"}
    assert Endpoint.from_dict(old) == load_endpoint("death")  # of a bundle written before
    with pytest.raises(InvalidConfiguration, match="first"):
        Endpoint.from_dict({**body, "repeated_transplants": "last"})


def test_the_earliest_day_that_can_be_asked() -> None:
    assert {load_endpoint(name).first_day for name in endpoint_names()} == {0}
    endpoint = load_endpoint("relapse")
    body = endpoint.to_dict()
    assert Endpoint.from_dict({**body, "first_day": 100}).earliest == 100
    assert Endpoint.from_dict({k: v for k, v in body.items() if k != "first_day"}) == endpoint
    for wrong in (101, -1):
        with pytest.raises(InvalidConfiguration, match="first_day"):
            Endpoint.from_dict({**body, "first_day": wrong})
    state = load_endpoint("primary_graft_failure")
    assert state.earliest == state.horizons[0]
