"""The OpenAPI document says what the service does, and its examples work."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hscrisk.bundle import Bundle

ROUTES = {
    "/v1/predict": "post",
    "/v1/explain": "post",
    "/v1/contract": "get",
    "/v1/card": "get",
    "/health/live": "get",
    "/health/ready": "get",
}


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    return dict(client.get("/openapi.json").json())


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def fits(document: dict[str, Any], schema: dict[str, Any], value: Any) -> bool:
    """Judge a value by the words of JSON Schema that the document uses, and by no other."""
    schema = _resolve(document, schema)
    known = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf"}
    known |= {"minimum", "maximum", "maxItems", "minItems", "prefixItems", "description", "title"}
    known |= {"examples", "default"}
    assert schema.keys() <= known, schema.keys() - known
    if "anyOf" in schema:
        return any(fits(document, option, value) for option in schema["anyOf"])
    if "enum" in schema and value not in schema["enum"]:
        return False
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "number": int | float,
        "integer": int,
        "boolean": bool,
        "null": type(None),
    }
    allowed = schema.get("type", list(kinds))
    allowed = [allowed] if isinstance(allowed, str) else allowed
    if not any(
        isinstance(value, kinds[kind]) and (kind == "boolean") == isinstance(value, bool)
        for kind in allowed
    ):
        return False
    if isinstance(value, int | float):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if isinstance(value, list):
        items = schema.get("items", {})
        return len(value) <= schema.get("maxItems", len(value)) and all(
            fits(document, items, item) for item in value
        )
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        return set(schema.get("required", ())) <= value.keys() and all(
            fits(document, properties[key], item) if key in properties else more is not False
            for key, item in value.items()
        )
    return True


def _body_schema(document: dict[str, Any], route: str) -> dict[str, Any]:
    content = document["paths"][route]["post"]["requestBody"]["content"]
    return _resolve(document, content["application/json"]["schema"])


def _answer_schema(document: dict[str, Any], route: str, status: str, kind: str) -> dict[str, Any]:
    content = document["paths"][route][ROUTES[route]]["responses"][status]["content"]
    return dict(content[kind]["schema"])


def test_every_route_is_described_and_nothing_else(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert {path: next(iter(item)) for path, item in document["paths"].items()} == ROUTES
    assert "not a medical device" in document["info"]["description"]
    for route, method in ROUTES.items():
        said = document["paths"][route][method]
        assert said["summary"]
        assert said["description"]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                _resolve(document, value)
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(document)


@pytest.mark.parametrize("route", ["/v1/predict", "/v1/explain"])
def test_the_examples_fit_and_are_answered_as_described(
    client: httpx.Client, document: dict[str, Any], route: str
) -> None:
    schema = _body_schema(document, route)
    (example,) = schema["examples"]
    assert fits(document, schema, example)
    assert len(example["record"]) > 5
    answer = client.post(route, json=example)
    assert answer.status_code == 200
    described = _answer_schema(document, route, "200", "application/json")
    assert fits(document, described, answer.json())
    assert not fits(document, described, {"risk": "high"} if route == "/v1/predict" else [])


@pytest.mark.parametrize(
    ("changed", "agrees"),
    [
        ({"patient_age": 101}, False),
        ({"patient_age": True}, False),
        ({"patient_age": "42"}, False),
        ({"patient_age": None}, True),
        ({"patient_sex": "femal"}, False),
        ({"patient_sex": 1}, False),
        ({"methotrexate_prophylaxis": True}, True),
        ({"patient_sex": True}, False),
        ({"interval_dx_hct_days": 2.5}, False),
        ({"interval_dx_hct_days": -1}, False),
        ({"acute_gvhd_day": 3}, False),
        ({"transplant_id": "x"}, False),
        ({"unheard_of": 1}, False),
    ],
)
def test_schema_and_service_agree_on_records(
    client: httpx.Client,
    document: dict[str, Any],
    record: dict[str, Any],
    changed: dict[str, Any],
    agrees: bool,
) -> None:
    body = {"record": {**record, **changed}}
    answer = client.post("/v1/predict", json=body)
    assert fits(document, _body_schema(document, "/v1/predict"), body) is agrees
    assert (answer.status_code == 200) is agrees
    if not agrees:
        kind = "application/problem+json"
        schema = _answer_schema(document, "/v1/predict", "422", kind)
        assert answer.headers["content-type"] == kind
        assert fits(document, schema, answer.json())


def test_the_contract_lists_what_may_be_sent(client: httpx.Client, bundle: Bundle) -> None:
    found = client.get("/v1/contract").json()
    assert found["version"] == bundle.contract.version
    fields = {field["name"]: field for field in found["fields"]}
    age = fields["patient_age"]
    assert (age["unit"], age["hard"], age["when"]) == ("years", [0, 100], "before_conditioning")
    assert age["used_by"] == list(bundle.endpoints)
    assert fields["patient_sex"]["levels"] == ["female", "male"]
    assert fields["bmi"]["used_by"] == []
    assert not any(bundle.contract[name].role != "predictor" for name in fields)


def test_cards(client: httpx.Client) -> None:
    one = client.get("/v1/card", params={"endpoint": "chronic_gvhd"})
    assert one.text == "# Model card: chronic_gvhd\n"
    assert one.headers["content-type"].startswith("text/markdown")
    assert client.get("/v1/card").text.count("# Model card") == 3
    unknown = client.get("/v1/card", params={"endpoint": "cronic_gvhd"})
    assert unknown.status_code == 404
    assert unknown.json()["errors"][0]["mend"] == "Did you mean 'chronic_gvhd'?"
    assert client.get("/v1/card?endpoint=acute_gvhd&endpoint=chronic_gvhd").status_code == 422
    assert client.get("/v1/card?end_point=acute_gvhd").status_code == 422


def test_health(client: httpx.Client, bundle: Bundle) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready").json()
    assert ready == {"status": "ready", "model_versions": [bundle.model_version]}
