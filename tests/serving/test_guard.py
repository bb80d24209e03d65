"""What holds for every answer: headers, names, origins, and logs without a value."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from hscrisk.schema import load_contract
from hscrisk.serving.guard import Guard, is_loopback

ALL = ("/", "/page.css", "/v1/contract", "/v1/card", "/health/live", "/openapi.json", "/nowhere")


@pytest.mark.parametrize("path", ALL)
def test_headers_of_every_answer(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers
    assert "set-cookie" not in headers


def test_unknown_paths_and_methods_are_problems(client: httpx.Client) -> None:
    answer = client.get("/v1/nothing")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    answer = client.get("/v1/predict")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "<h1>Not Found</h1>" in client.get("/x", headers={"Accept": "text/html"}).text
    for path in ("/docs", "/redoc", "/metrics"):
        assert client.get(path).status_code == 404


TRAVERSAL = [
    f"{start}{step * n}{target}"
    for start in ("/", "/page.css/", "/v1/", "/pages/")
    for step in ("../", "..%2f", "%2e%2e/", "..\\", "%252e%252e%252f")
    for n in (1, 6)
    for target in ("etc/passwd", "app.py", "C:/boot.ini", "page.html%00", "#x?y")
]


def test_no_path_leads_out(client: httpx.Client) -> None:
    assert len(TRAVERSAL) >= 200
    expected = {path: client.get(path).content for path in ("/", "/page.css")}
    for path in TRAVERSAL:
        answer = client.get(path)
        assert answer.status_code == 404 or answer.content in expected.values(), path
    for path in TRAVERSAL[::5]:
        assert client.get("/v1/card", params={"endpoint": path}).status_code == 404, path


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:9999", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8000", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("192.168.1.5:8000", 421),
        ("0.0.0.0", 421),
        ("[", 421),
        ("[::ffff:10.0.0.1]", 421),
    ],
)
def test_only_names_of_this_machine_are_answered(
    client: httpx.Client, host: str, status: int
) -> None:
    assert client.get("/health/live", headers={"Host": host}).status_code == status


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "["])
def test_forms_of_other_sites_are_refused(
    client: httpx.Client, record: dict[str, Any], origin: str
) -> None:
    headers = {"Origin": origin}
    assert client.post("/", data={"patient_age": "3"}, headers=headers).status_code == 403
    answer = client.post("/v1/predict", json={"record": record}, headers=headers)
    assert answer.status_code == 403
    own = {"Origin": str(client.base_url).rstrip("/")}
    assert client.post("/v1/predict", json={"record": record}, headers=own).status_code == 200


def test_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]")))
    others = ("", "0.0.0.0", "::", "10.0.0.1", "127.0.0.1.x", "localhost.", "hscrisk", "0")
    assert not any(map(is_loopback, others))


CANARIES = [f"canary{i:04d}" for i in range(1000)]


def test_nothing_that_was_sent_reaches_a_log(
    client: httpx.Client, record: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for logger in ("httpx", "httpcore"):  # the client of this test, not the service
        caplog.set_level(logging.CRITICAL, logger=logger)
    caplog.set_level(logging.DEBUG)
    said = []
    fields = list(load_contract())
    for i in range(0, 1000, 100):
        c = CANARIES[i : i + 100]
        sent = dict(zip(fields, c, strict=False))
        assert len(sent) > 50
        body = {"record": sent, "endpoint": "acute_gvhd"}
        said += [client.post(route, json=body) for route in ("/v1/predict", "/v1/explain")]
        client.post("/v1/predict", json={"record": record, "endpoint": c[-1]})
        client.post("/v1/predict", json={"record": dict.fromkeys(c[60:70], 1)})
        client.post("/", data=sent, headers={"Accept": c[91]})
        client.post("/", data={"patient_sex": c[92]})
        client.get(f"/{c[93]}", params={"mrn": c[94]})
        client.get("/v1/card", headers={"Cookie": c[95], "User-Agent": c[96]})
    assert any("POST /v1/predict 422" in line for line in caplog.text.splitlines())
    assert not [canary for canary in CANARIES if canary in caplog.text]
    assert {answer.status_code for answer in said} == {422}
    assert not [canary for canary in CANARIES for answer in said if canary in answer.text]


def test_an_unexpected_error_says_nothing_of_the_record(
    running: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastAPI()

    @app.post("/broken")
    async def broken() -> None:
        message = "could not convert string to float: 'canary'"
        raise ValueError(message)

    app.add_middleware(Guard, paths=("/broken",))
    caplog.set_level(logging.DEBUG)
    with running(app) as client:
        answer = client.post("/broken")
    assert answer.status_code == 500
    assert answer.json()["errors"] == []
    assert "canary" not in answer.text + caplog.text
    assert "unexpected error: ValueError" in caplog.text
    assert "POST /broken 500" in caplog.text
    assert answer.headers["cache-control"] == "no-store"
