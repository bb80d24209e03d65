"""POST /v1/predict: the answers of Python, bit for bit, and every refusal in words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from hscrisk.bundle import Bundle
from hscrisk.datasets import load_copelan1991
from hscrisk.scoring import predict_one, score_table

KEPT = ("endpoint", "horizon_days", "risk", "low", "high", "null_risk", "supported")


def test_every_risk_comes_with_all_that_it_needs(
    client: httpx.Client, bundle: Bundle, record: dict[str, Any]
) -> None:
    answer = client.post("/v1/predict", json={"record": record})
    assert answer.status_code == 200
    found = answer.json()
    anchors = {name: list(model.horizons_) for name, model in bundle.models.items()}
    assert [(r["endpoint"], r["horizon_days"]) for r in found] == [
        (name, day) for name, days in anchors.items() for day in days
    ]
    for risk in found:
        assert 0 <= risk["low"] <= risk["risk"] <= risk["high"] <= 1
        assert 0 <= risk["null_risk"] <= 1
        assert risk["level"] == 0.9
        assert risk["cohort"] == {"name": "copelan1991", "n": 137, "years": None}
        assert risk["model_version"] == bundle.model_version
        assert risk["disclaimer"] == "Research decision support, not a medical device"


def test_one_endpoint_at_days_of_ones_own(
    client: httpx.Client, bundle: Bundle, record: dict[str, Any]
) -> None:
    body = {"record": record, "endpoint": "chronic_gvhd", "horizons": [200, 365.0, 100]}
    found = client.post("/v1/predict", json=body).json()
    expected = predict_one(bundle, record, "chronic_gvhd", [200, 365, 100])
    assert [r["risk"] for r in found] == [p.risk for p in expected]
    assert [r["horizon_days"] for r in found] == [200, 365, 100]


def test_null_counts_as_missing_and_a_flag_may_be_true(
    client: httpx.Client, record: dict[str, Any]
) -> None:
    def risks(**changed: Any) -> list[float]:
        body = {"record": {**record, **changed}}
        return [r["risk"] for r in client.post("/v1/predict", json=body).json()]

    whole = risks()
    assert risks(donor_age=None) == risks(donor_age=None, donor_cmv_igg="negative") != whole
    assert risks(methotrexate_prophylaxis=False) == whole
    assert risks(methotrexate_prophylaxis=True) == risks(methotrexate_prophylaxis="yes") != whole


def test_reasons_not_to_trust_travel_with_the_number(
    client: httpx.Client, record: dict[str, Any]
) -> None:
    found = client.post("/v1/predict", json={"record": {**record, "patient_age": 71}}).json()
    assert not any(r["supported"] for r in found)
    assert all("patient age is above the training range" in r["reasons"][0] for r in found)


def test_200_requests_by_8_threads_equal_python_and_the_table_bit_for_bit(
    client: httpx.Client, bundle: Bundle
) -> None:
    records = load_copelan1991().frame
    predictors = [name for name in records.columns if bundle.contract[name].role == "predictor"]
    rows = records[predictors].astype(object)
    sent = [
        {name: value for name, value in row.items() if value == value and value is not None}
        for row in rows.to_dict("records")
    ]
    chosen = [i % len(sent) for i in range(200)]

    endpoints = [list(bundle.endpoints)[k % len(bundle.endpoints)] for k in range(200)]

    def ask(i: int, endpoint: str) -> list[dict[str, Any]]:
        body = {"record": sent[i], "endpoint": endpoint}
        answer = client.post("/v1/predict", json=body)
        assert answer.status_code == 200, answer.text
        return list(answer.json())

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, chosen, endpoints))
    table = score_table(bundle, records)
    table = table.set_index(["transplant_id", table["endpoint"]]).sort_index()
    for k, (i, endpoint, answer) in enumerate(zip(chosen, endpoints, answers, strict=True)):
        told = [tuple(r[key] for key in KEPT) for r in answer]
        rows = table.loc[(records["transplant_id"].iloc[i], endpoint), list(KEPT)]
        assert told == list(rows.itertuples(index=False, name=None))
        if k % 10 == 0:
            alone = predict_one(bundle, sent[i], endpoint)
            assert told == [tuple(getattr(p, key) for key in KEPT) for p in alone]


@pytest.mark.parametrize(
    ("changed", "field", "rule", "mend"),
    [
        ({"patient_age": True}, "patient_age", "must be a number", "null"),
        ({"patient_age": "42"}, "patient_age", "must be a number", "null"),
        ({"patient_age": [42]}, "patient_age", "must be a number", "null"),
        ({"patient_age": {"value": 42}}, "patient_age", "must be a number", "null"),
        ({"patient_age": 400}, "patient_age", "must lie between 0 and 100 years", "unit years"),
        ({"patient_age": -1}, "patient_age", "must lie between", ""),
        ({"patient_age": 10**300}, "patient_age", "must lie between", ""),
        ({"interval_dx_hct_days": 3.5}, "interval_dx_hct_days", "whole number", ""),
        ({"patient_sex": 1}, "patient_sex", "one of the words female, male", "null"),
        ({"patient_sex": True}, "patient_sex", "one of the words", "null"),
        ({"patient_sex": "femal"}, "patient_sex", "no such level", "Did you mean 'female'?"),
        ({"methotrexate_prophylaxis": 1}, "methotrexate_prophylaxis", "no, yes", "null"),
        ({"pacient_age": 4}, "pacient_age", "no such field", "Did you mean 'patient_age'?"),
        ({"acute_gvhd_day": 30}, "acute_gvhd_day", "only after the prediction", "Leave it out"),
        ({"patient_id": "x"}, "patient_id", "needs no identifier", "Leave it out"),
        ({"": 1}, "", "no such field", ""),
    ],
)
def test_a_wrong_field_is_named_with_its_mend(
    client: httpx.Client,
    record: dict[str, Any],
    changed: dict[str, Any],
    field: str,
    rule: str,
    mend: str,
) -> None:
    answer = client.post("/v1/predict", json={"record": {**record, **changed}})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert rule in error["rule"]
    assert mend in error["mend"]


def test_all_that_is_wrong_is_said_at_once(client: httpx.Client, record: dict[str, Any]) -> None:
    wrong = {"patient_age": "old", "donor_age": 999, "patient_sex": "x", "shoe_size": 43}
    body = {"record": {**record, **wrong}, "endpoint": "chronic_gvhd"}
    errors = client.post("/v1/predict", json=body).json()["errors"]
    assert {error["field"] for error in errors} == set(wrong)


@pytest.mark.parametrize(
    ("body", "field", "mend"),
    [
        ({}, "record", "/v1/contract"),
        ({"record": None}, "record", "/v1/contract"),
        ({"record": []}, "record", "/v1/contract"),
        ({"record": "x"}, "record", "/v1/contract"),
        ({"record": {}}, None, "patient_age"),
        ({"record": {"patient_age": 3}, "end_point": "x"}, "end_point", "Did you mean 'endpoint'?"),
        (
            {"record": {"patient_age": 3}, "endpoint": "cronic_gvhd"},
            "endpoint",
            "Did you mean 'chronic_gvhd'?",
        ),
        ({"record": {"patient_age": 3}, "endpoint": 3}, "endpoint", "chronic_gvhd"),
        ({"record": {"patient_age": 3}, "horizons": 100}, "horizons", "[100, 365]"),
        ({"record": {"patient_age": 3}, "horizons": ["100"]}, "horizons", "earlier"),
        ({"record": {"patient_age": 3}, "horizons": [True]}, "horizons", "earlier"),
        ({"record": {"patient_age": 3}, "horizons": [0]}, "horizons", "earlier"),
        ({"record": {"patient_age": 3}, "horizons": [99.5]}, "horizons", "earlier"),
        ({"record": {"patient_age": 3}, "horizons": [10**10]}, "horizons", "day 100"),
        ({"record": {"patient_age": 3}, "horizons": [101]}, "horizons", "day 100"),
        ({"record": {"patient_age": 3}, "horizons": [1] * 101}, "horizons", ""),
        ({"record": {"patient_age": 3}, "horizons": {"a": 1}}, "horizons", ""),
    ],
)
def test_a_wrong_request_is_named_with_its_mend(
    client: httpx.Client, body: dict[str, Any], field: str | None, mend: str
) -> None:
    answer = client.post("/v1/predict", json=body)
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["field"] == field
    assert mend in error["mend"]


@pytest.mark.parametrize("horizon", [731, 10**9, 0, -5, True, "365", [365], 1.5])
def test_explain_beyond_the_last_day(
    client: httpx.Client, record: dict[str, Any], horizon: Any
) -> None:
    body = {"record": record, "endpoint": "chronic_gvhd", "horizon": horizon}
    answer = client.post("/v1/explain", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "horizon"
    assert "730" in answer.json()["errors"][0]["rule"]
