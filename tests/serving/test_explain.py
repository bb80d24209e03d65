"""POST /v1/explain: exact contributions, the same as `Bundle.explain`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hscrisk.bundle import Bundle


@pytest.mark.parametrize("horizon", [None, 180, 200])
def test_the_answer_is_that_of_python_and_adds_up(
    client: httpx.Client, bundle: Bundle, record: dict[str, Any], horizon: int | None
) -> None:
    body = {"record": record, "endpoint": "chronic_gvhd"} | (
        {} if horizon is None else {"horizon": horizon}
    )
    found = client.post("/v1/explain", json=body).json()
    expected = bundle.explain(record, "chronic_gvhd", horizon)
    assert found["horizon_days"] == expected.horizon_days == (horizon or 365)
    assert found["risk"] == expected.risk
    assert [item["field"] for item in found["items"]] == [item.field for item in expected.items]
    for base, part, total in (
        ("base_log_odds", "contribution_log_odds", "log_odds"),
        ("base_risk", "contribution_risk", "risk"),
    ):
        summed = found[base] + sum(item[part] for item in found["items"])
        assert summed == pytest.approx(found[total], abs=1e-9)
    assert any("copelan1991" in text for text in found["text"])
    assert found["disclaimer"] == "Research decision support, not a medical device"


def test_the_risk_explained_is_the_risk_predicted(
    client: httpx.Client, bundle: Bundle, record: dict[str, Any]
) -> None:
    for name in bundle.endpoints:
        explained = client.post("/v1/explain", json={"record": record, "endpoint": name}).json()
        body = {"record": record, "endpoint": name, "horizons": [explained["horizon_days"]]}
        (predicted,) = client.post("/v1/predict", json=body).json()
        for key in ("risk", "low", "high", "null_risk", "supported"):
            assert explained[key] == predicted[key]


def test_an_endpoint_is_needed(client: httpx.Client, record: dict[str, Any]) -> None:
    answer = client.post("/v1/explain", json={"record": record})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "endpoint"
    assert "chronic_gvhd" in answer.json()["errors"][0]["mend"]
