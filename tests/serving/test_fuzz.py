"""No body whatever gets a 5xx, and no refusal repeats a value."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hscrisk.schema import load_contract
from hscrisk.serving.body import MAX_BYTES

ROUTES = ("/v1/predict", "/v1/explain")
FIELDS = tuple(load_contract())
# Hypothesis must not let a function's fixture live longer than an example; the service is shared.
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)

ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["yes", "no", "female", "AML", "42", "NaN", "", "\u202e", "' OR 1=1 --"])
    | st.lists(st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
)
NAMES = st.sampled_from(FIELDS) | st.text(max_size=8)
RECORDS = st.dictionaries(NAMES, ODD, max_size=6) | ODD
ENDPOINTS = st.sampled_from(["acute_gvhd", "chronic_gvhd", "platelet_engraftment", "x"]) | ODD
DAYS = st.integers(-2, 900) | ODD
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "record": RECORDS,
        "endpoint": ENDPOINTS,
        "horizons": st.lists(DAYS, max_size=3) | ODD,
        "horizon": DAYS,
    },
)


def _post(client: httpx.Client, route: str, body: bytes, kind: str = "application/json") -> Any:
    answer = client.post(route, content=body, headers={"Content-Type": kind})
    assert answer.status_code < 500, answer.text
    if answer.status_code != 200:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem.keys() == {"status", "title", "errors"}
        assert problem["status"] == answer.status_code
        assert all(error.keys() == {"field", "rule", "mend"} for error in problem["errors"])
    return answer


@shared
@given(st.sampled_from(ROUTES), REQUESTS)
def test_any_request(client: httpx.Client, route: str, request_: dict[str, Any]) -> None:
    # json.dumps writes NaN, infinities and lone surrogates, as a careless client does.
    answer = _post(client, route, json.dumps(request_).encode())
    if answer.status_code == 200 and route == "/v1/predict":
        assert all(0 <= r["low"] <= r["risk"] <= r["high"] <= 1 for r in answer.json())


@shared
@given(st.sampled_from(ROUTES), st.binary(max_size=60))
def test_any_bytes(client: httpx.Client, route: str, body: bytes) -> None:
    assert _post(client, route, body).status_code in (400, 422)


CORPUS = [
    b"",
    b"null",
    b"[]",
    b"[" * 5000,
    b'{"record": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"record": {"patient_age": NaN}}',
    b'{"record": {"patient_age": -Infinity}}',
    b'{"record": {"patient_age": 1e999}}',
    b'{"record": {"patient_age": -0.0}}',
    b'{"record": {"patient_age": 1' + b"0" * 4999 + b"}}",
    rb'{"record": {"patient_sex": "\ud83d"}}',
    rb'{"record": {"\ud83d": 1}}',
    b'{"record": {"patient_age": 1}, "record": {}}',
    b'{"record": {"patient_sex": "fem\\u0000ale"}}',
    b'{"record": {"__proto__": {}}}',
    b'{"record": {"__class__": "x"}}',
    b'{"record": {"transplant_id": null}}',
    b'{"record": {"patient_sex": " "}}',
    b'{"record": {"patient_age": 1, "transplant_type": "autologous"}}',
]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("body", CORPUS)
def test_known_traps(client: httpx.Client, route: str, body: bytes) -> None:
    _post(client, route, body)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/json-patch+json",
        "\xff",
    ],
)
def test_other_types_are_not_understood(client: httpx.Client, route: str, kind: str) -> None:
    answer = client.post(route, content=b"{}", headers={b"Content-Type": kind.encode("latin-1")})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["errors"][0]["mend"]


def test_json_with_a_charset_is_understood_and_compressed_json_is_not(
    client: httpx.Client,
) -> None:
    assert _post(client, ROUTES[0], b"{}", "application/json; charset=UTF-8").status_code == 422
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert client.post(ROUTES[0], content=b"\x1f\x8b", headers=headers).status_code == 415


@pytest.mark.parametrize("route", [*ROUTES, "/"])
def test_a_large_body_is_refused_with_and_without_a_length(
    client: httpx.Client, route: str
) -> None:
    kind = "application/x-www-form-urlencoded" if route == "/" else "application/json"
    headers = {"Content-Type": kind}
    for size in (MAX_BYTES + 1, 4 * MAX_BYTES):
        whole = client.post(route, content=b" " * size, headers=headers)
        assert whole.status_code == 413
        pieces = iter([b" " * 1024] * (size // 1024 + 1))
        chunked = client.post(route, content=pieces, headers=headers)
        assert chunked.request.headers["transfer-encoding"] == "chunked"
        assert chunked.status_code == 413
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"record": {f"patient_agf{i}": i for i in range(9000)}},
        {f"recorf{i}": 1 for i in range(15000)},
        {"record": {"primary_disease": "AML" * 80_000}},
        {"record": {"patient_age": 30}, "endpoint": "acute" * 40_000},
        {"record": {"patient_age": list(range(40_000))}},
    ],
)
def test_no_small_request_makes_long_work(client: httpx.Client, body: dict[str, Any]) -> None:
    started = time.process_time()
    answer = client.post("/v1/predict", json=body)
    assert answer.status_code == 422
    assert len(answer.content) < 20_000
    assert time.process_time() - started < 2


def test_the_largest_body_allowed_is_read(client: httpx.Client) -> None:
    body = b'{"record": {"patient_age": 30}}'
    assert _post(client, ROUTES[0], body.ljust(MAX_BYTES)).status_code == 200
