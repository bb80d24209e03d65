"""The page without a browser: what it asks, what it keeps, what it never lets through."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from hscrisk.bundle import Bundle
from hscrisk.errors import NotEstimable

HTML = {"Accept": "text/html"}


class _Page(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def _filled(record: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in record.items()}


@pytest.fixture(scope="module")
def pages(client: httpx.Client) -> dict[str, str]:
    """Return the page empty, with an example, answered, and refused."""
    example = client.get("/?example=yes").text
    entered = {
        a["name"]: a["value"]
        for a in _Page(example).all("input")
        if a.get("value") and (a.get("type") == "text" or "checked" in a)
    }
    answered = client.post("/", data=entered)
    refused = client.post("/", data={"patient_age": "forty", "donor_age": "400"})
    assert (answered.status_code, refused.status_code) == (200, 422)
    found = {"empty": client.get("/").text, "example": example}
    return found | {"answered": answered.text, "refused": refused.text}


def test_the_form_asks_for_what_the_models_use_and_nothing_twice(
    pages: dict[str, str], bundle: Bundle
) -> None:
    asked = {a["name"] for a in _Page(pages["empty"]).all("input", "select")}
    used = {str(n) for model in bundle.models.values() for n in model.feature_names_in_}
    assert asked == used - {"sex_match", "cmv_match"}
    headings = re.findall(r"<legend>(.*)</legend>", pages["empty"])
    assert headings == ["Patient", "Donor", "Treatment"]


@pytest.mark.parametrize("name", ["empty", "example", "answered", "refused"])
def test_every_page_keeps_its_own_policy(pages: dict[str, str], name: str) -> None:
    page = _Page(pages[name])
    assert not page.all("script", "style", "iframe", "object", "embed", "base")
    for tag, attributes in page.elements:
        assert "style" not in attributes, tag
        assert not [key for key in attributes if key.startswith("on")], tag
        for key in ("src", "href", "action"):
            target = attributes.get(key) or "/"
            assert target[0] in "/#" or target == "data:,", target


@pytest.mark.parametrize("name", ["empty", "example", "answered", "refused"])
def test_every_page_can_be_read_aloud(pages: dict[str, str], name: str) -> None:
    page = _Page(pages[name])
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for key in ("aria-labelledby", "aria-describedby", "for"):
            assert set((attributes.get(key) or "").split()) <= set(ids)
        if (attributes.get("href") or "").startswith("#"):
            assert str(attributes["href"])[1:] in ids
    labelled = {a["for"] for a in page.all("label") if "for" in a}
    assert {a["id"] for a in page.all("select")} <= labelled
    assert {a["id"] for a in page.all("input") if a["type"] == "text"} <= labelled
    assert len(page.all("h1")) == 1
    assert page.all("html")[0]["lang"] == "en"


def test_the_disclaimer_the_cohort_and_the_doubts_stand_above_the_numbers(
    client: httpx.Client, record: dict[str, Any]
) -> None:
    entered = _filled({**record, "patient_age": 71})
    text = client.post("/", data=entered).text
    places = [
        text.index(words)
        for words in (
            "Research decision support, not a medical device",
            "137 transplants of the cohort copelan1991",
            "Patient age is above the training range",
            "of 100</b>",
        )
    ]
    assert places == sorted(places)
    assert "Not supported by the cohort" in text
    assert "Whole cohort" in text
    assert "90\u00a0% interval" in text


def test_every_endpoint_is_explained(pages: dict[str, str], bundle: Bundle) -> None:
    text = pages["answered"]
    for name, endpoint in bundle.endpoints.items():
        assert f'id="about-{name}"' in text
        assert endpoint.label in text
        assert f'aria-labelledby="factors-{name}"' in text
    assert text.count("Associated with a ") >= 3
    assert text.count("not causes") == 3
    assert text.count("No evaluation is kept with this model") == 3


def test_the_page_shows_the_numbers_of_the_service(
    client: httpx.Client, record: dict[str, Any]
) -> None:
    text = client.post("/", data=_filled(record)).text
    for risk in client.post("/v1/predict", json={"record": record}).json():
        low, high = round(100 * risk["low"]), round(100 * risk["high"])
        assert f"<b>{round(100 * risk['risk'])} of 100</b>" in text
        assert f"interval {low} to {high}" in text


def test_errors_stand_beside_their_fields_and_nothing_is_typed_again(
    pages: dict[str, str],
) -> None:
    text = pages["refused"]
    wrong = {a["id"] for a in _Page(text).all("input") if a.get("aria-invalid") == "true"}
    assert wrong == {"patient_age", "donor_age"}
    assert 'value="forty"' in text
    assert 'value="400"' in text
    assert '<a href="#patient_age">Patient age must be a number</a>' in text
    assert "Donor age must lie between 0 and 90 years" in text
    assert "<title>Error" in text
    assert 'role="alert"' in text
    assert "of 100</b>" not in text


def test_a_rare_value_is_doubted_and_answered(client: httpx.Client, record: dict[str, Any]) -> None:
    answer = client.post("/", data=_filled({**record, "patient_age": 95}))
    assert answer.status_code == 200
    assert "Patient age usually lies between 0 and 80 years" in answer.text


@pytest.mark.parametrize(
    ("entered", "words"),
    [
        ({}, "none of the columns that the model was trained on is there"),
        ({"patient_age": "1e999"}, "Patient age must be a number"),
        ({"patient_age": "NaN"}, "Patient age must be a number"),
        ({"patient_age": "4,2"}, "Write it as 4.2"),
        ({"patient_age": "४२"}, "Patient age must be a number"),
        ({"patient_sex": "femal"}, "Did you mean &#39;female&#39;?"),
        ({"interval_dx_hct_days": "3.5"}, "must be a whole number"),
        ({"shoe_size": "43"}, "the form has no such field"),
        ({"acute_gvhd_day": "3"}, "the form has no such field"),
    ],
)
def test_what_cannot_be_answered_is_said_in_words(
    client: httpx.Client, entered: dict[str, str], words: str
) -> None:
    answer = client.post("/", data=entered, headers=HTML | {"Content-Type": FORM})
    assert answer.status_code == 422
    assert words in answer.text


FORM = "application/x-www-form-urlencoded"
HOSTILE = [
    f"{opening}{body}"
    for opening in ("", '"', "'", '">', "'>", "</title>", "</textarea>", "--></option>", "\u202e")
    for body in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        " onfocus=alert(1) autofocus ",
        "javascript:alert(1)",
        "{{7*7}}",
        "{% include 'base.html' %}",
        "<style>*{display:none}</style>",
        "<base href=//evil.example>",
        "&lt;script&gt;",
        "<form action=//evil.example>",
        "\u2028<b>",
    )
]


def test_nothing_entered_becomes_part_of_the_page(client: httpx.Client) -> None:
    assert len(HOSTILE) >= 100
    plain = _Page(client.post("/", data={"patient_age": "x", "patient_sex": "x"}).text)
    expected = [tag for tag, _ in plain.elements]
    for text in HOSTILE:
        answer = client.post("/", data={"patient_age": text, "patient_sex": text})
        assert answer.status_code == 422
        page = _Page(answer.text)
        assert [tag for tag, _ in page.elements] == expected, text
        assert [a["value"] for a in page.all("input") if a.get("id") == "patient_age"] == [
            text.strip()
        ]
    for text in HOSTILE[::9]:
        named = client.post("/", data={text: "1"})
        assert named.status_code == 422
        assert not _Page(named.text).all("script", "img", "style", "base")


def test_a_problem_outside_the_form_is_a_page_too(client: httpx.Client) -> None:
    answer = client.post("/", content=b"{}", headers=HTML | {"Content-Type": "text/plain"})
    assert answer.status_code == 415
    assert "Back to the form" in answer.text
    assert client.post("/", content=b"{}").headers["content-type"] == "application/problem+json"


def test_an_endpoint_that_cannot_be_explained_still_has_its_numbers(
    client: httpx.Client, record: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Bundle.explain

    def broken(self: Bundle, given: Any, endpoint: str, horizon: float | None = None) -> Any:
        if endpoint == "acute_gvhd":
            rule = "no log-odds"
            raise NotEstimable(rule, value="secret")
        return whole(self, given, endpoint, horizon)

    monkeypatch.setattr(Bundle, "explain", broken)
    text = client.post("/", data=_filled(record)).text
    assert "Not explained: no log-odds." in text
    assert "secret" not in text
    assert 'id="about-acute_gvhd"' in text
    assert 'id="factors-acute_gvhd"' not in text
    assert 'id="factors-chronic_gvhd"' in text
