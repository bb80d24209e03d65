"""Bodies: what lenient readers let through is refused, and nothing else is."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.serving.body import MAX_DEPTH, parse_form, parse_json
from hscrisk.serving.problems import Problem, shown_name

UNICODE = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
SOUND = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | UNICODE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(UNICODE, inner, max_size=4),
    max_leaves=12,
)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


@given(st.dictionaries(UNICODE, SOUND, max_size=5), st.booleans())
def test_sound_objects_are_read_as_python_reads_them(value: dict[str, Any], escaped: bool) -> None:
    if _depth(value) <= MAX_DEPTH:
        assert parse_json(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_problem(body: bytes) -> None:
    try:
        found: Any = parse_json(body)
    except Problem as problem:
        found = problem
    assert isinstance(found, dict) or (found.status in (400, 422) and found.errors)


@pytest.mark.parametrize(
    ("body", "status", "field", "rule"),
    [
        (b"", 400, None, "a body is needed"),
        (b" \n\t", 400, None, "a body is needed"),
        (b"{", 400, None, "must be JSON"),
        (b'{"a": 1} x', 400, None, "must be JSON"),
        (b"{'a': 1}", 400, None, "must be JSON"),
        (b'{"a": 01}', 400, None, "must be JSON"),
        (b'{"a": "\x00"}', 400, None, "must be JSON"),
        (b'{"a": "\xff"}', 400, None, "must be UTF-8"),
        (b"\x1f\x8b\x08", 400, None, "must be UTF-8"),
        (b"[]", 422, None, "must be a JSON object"),
        (b"null", 422, None, "must be a JSON object"),
        (b'"text"', 422, None, "must be a JSON object"),
        (b'{"a": NaN}', 422, "a", "must be finite"),
        (b'{"r": {"a": Infinity}}', 422, "a", "must be finite"),
        (b'{"r": {"a": -Infinity}}', 422, "a", "must be finite"),
        (b'{"r": {"a": 1e999}}', 422, "a", "must be finite"),
        (b'{"r": {"a": -1e999}}', 422, "a", "must be finite"),
        (b'{"r": [1, {"a": [1e400]}]}', 422, "a", "must be finite"),
        (b'{"a": 1' + b"0" * 308 + b"}", 422, "a", "must be finite"),
        (b'{"a": 1' + b"0" * 5000 + b"}", 422, "a", "must be finite"),
        (rb'{"a": "\ud800"}', 422, "a", "must be Unicode"),
        (rb'{"a": ["\udc00x"]}', 422, "a", "must be Unicode"),
        (rb'{"\udfff": 1}', 422, None, "a key must be Unicode"),
        (b'{"a": 1, "a": 1}', 422, "a", "given twice"),
        (b'{"r": {"a": 1, "b": 2, "a": 3}}', 422, "a", "given twice"),
        (b"[" * 5000, 422, None, "levels of nesting"),
        (b"[" * 5000 + b"]" * 5000, 422, None, "levels of nesting"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, 422, None, "levels of nesting"),
    ],
)
def test_what_is_refused_says_where_and_why(
    body: bytes, status: int, field: str | None, rule: str
) -> None:
    with pytest.raises(Problem) as refused:
        parse_json(body)
    assert refused.value.status == status
    error = refused.value.errors[0]
    assert error.field == field
    assert rule in error.rule


def test_brackets_inside_text_are_no_nesting() -> None:
    text = "[{" * 50 + '"' + "\\" * 7 + "[" * 50
    assert parse_json(json.dumps({"a": text}).encode()) == {"a": text}


def test_the_largest_double_is_finite_and_a_byte_order_mark_is_no_harm() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1.7976931348623157e308}') == {"a": 1.7976931348623157e308}
    assert math.isfinite(float(parse_json(b'{"a": 1' + b"0" * 307 + b"}")["a"]))


def test_a_flood_of_errors_is_answered_shortly() -> None:
    body = json.dumps({f"k{i}": 0 for i in range(5000)})[:-1] + ", "
    body += ", ".join(f'"k{i}": NaN' for i in range(5000)) + "}"
    with pytest.raises(Problem) as refused:
        parse_json(body.encode())
    assert len(refused.value.errors) == 100


@given(st.text(max_size=200))
def test_a_key_is_repeated_short_and_printable(name: str) -> None:
    shown = shown_name(name)
    assert len(shown) <= 64
    assert shown.isprintable()
    shown.encode()


def test_forms() -> None:
    assert parse_form(b"") == {}
    assert parse_form(b"a=1&b=&c=+2+&d=%C3%A9") == {"a": "1", "c": "2", "d": "é"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"a=1&a=2", 422),
        (b"a=%ff", 400),
        (b"a", 400),
        (b"\xff=1", 400),
        (b"&".join(b"f%d=1" % i for i in range(401)), 400),
    ],
)
def test_forms_refused(body: bytes, status: int) -> None:
    with pytest.raises(Problem) as refused:
        parse_form(body)
    assert refused.value.status == status
