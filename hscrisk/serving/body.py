"""The bodies of requests, read strictly: small, UTF-8, JSON without surprises, or a plain form.

Everything that lenient readers let through (NaN, 1e999, a key given twice, half a surrogate pair)
is refused with the field it stands in.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections import Counter
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from starlette.requests import Request

from hscrisk.serving.problems import FieldError, Problem, shown_name

MAX_BYTES = 256 * 1024
MAX_DISCARDED = 32 * 1024 * 1024
"""Of a body that is too large, so much is still taken in: who is cut off while sending often never
reads the answer."""

MAX_DEPTH = 16
MAX_FORM_FIELDS = 400
READ_SECONDS = 10.0
FORM = "application/x-www-form-urlencoded"

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_LONGEST_INTEGER = 400
_TITLE = "The body cannot be read"
_SEND = 'Send {"record": {...}}.'


class _NotFinite:
    """Stands where a number was that is none: NaN, an infinity, or one too large."""


_NOT_FINITE = _NotFinite()


async def read_body(request: Request, content_type: str) -> bytes:
    """Return the bytes of a request's body.

    Parameters
    ----------
    request : Request
    content_type : str
        The one that is understood, as 'application/json'.

    Raises
    ------
    Problem
        415 for another type or a compressed body, 413 beyond 256 KiB whether or not a length was
        declared, 408 when it does not arrive in time.
    """
    _refuse_type(request, content_type)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size <= MAX_BYTES:
                    parts.append(part)
                elif size > MAX_DISCARDED:
                    break
    except TimeoutError as error:
        title = f"The body did not arrive within {READ_SECONDS:g} seconds"
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, title) from error
    if size > MAX_BYTES:
        raise _too_large()
    return b"".join(parts)


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds.

    Examples
    --------
    >>> parse_json(b'{"record": {"patient_age": 42.5}}')
    {'record': {'patient_age': 42.5}}

    Raises
    ------
    Problem
        400 for what is no JSON, 422 for JSON that is no object, is nested too deeply, gives a key
        twice, or holds numbers that are not finite or text that is not Unicode.
    """
    text = _text(body)
    if _depth(text) > MAX_DEPTH:
        _refuse(None, f"at most {MAX_DEPTH} levels of nesting are read", _SEND)
    twice: list[str] = []

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            counted = Counter(key for key, _ in pairs)
            twice.extend(key for key, n in counted.items() if n > 1)
        return value

    try:
        value = json.loads(
            text,
            parse_constant=lambda _: _NOT_FINITE,
            parse_float=_number,
            parse_int=_integer,
            object_pairs_hook=unique,
        )
    except json.JSONDecodeError as error:
        rule = f"the body must be JSON (line {error.lineno}, column {error.colno} is not)"
        wrong = FieldError(None, rule, _SEND)
        raise Problem(HTTPStatus.BAD_REQUEST, _TITLE, [wrong]) from error
    errors = [FieldError(shown_name(key), "a key is given twice", "Keep one.") for key in twice]
    errors += _unsound(value, None)
    if errors:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _TITLE, errors)
    if not isinstance(value, dict):
        _refuse(None, "the body must be a JSON object", _SEND)
    return value


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of a submitted form, blanks left out.

    Raises
    ------
    Problem
        400 for what is no form, 422 for a field given twice.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MAX_FORM_FIELDS,
        )
    except ValueError as error:
        rule = f"the body must be a form of at most {MAX_FORM_FIELDS} fields, URL-encoded UTF-8"
        wrong = FieldError(None, rule, "Send the form of the page.")
        raise Problem(HTTPStatus.BAD_REQUEST, _TITLE, [wrong]) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        _refuse(None, "a field is given twice", "Send the form of the page.")
    return {name: value.strip() for name, value in fields.items() if value.strip()}


def _refuse_type(request: Request, expected: str) -> None:
    given = request.headers.get("content-type", "")
    kind, _, parameters = given.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    encoded = request.headers.get("content-encoding", "identity").lower() != "identity"
    if kind.strip().lower() != expected or charset not in ("", "utf-8", "utf8") or encoded:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "The type of the body is not understood",
            [
                FieldError(
                    "Content-Type",
                    f"the body must be {expected}, UTF-8 and not compressed",
                    f"Send the header Content-Type: {expected}.",
                )
            ],
        )


def _too_large() -> Problem:
    rule = f"a body holds at most {MAX_BYTES // 1024} KiB"
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is too large",
        [FieldError(None, rule, "For many records use `hscrisk score`.")],
        headers={"Connection": "close"},
    )


def _text(body: bytes) -> str:
    if not body.strip():
        wrong = FieldError(None, "a body is needed", _SEND)
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is empty", [wrong])
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = FieldError(None, "the body must be UTF-8", "Encode it as UTF-8.")
        raise Problem(HTTPStatus.BAD_REQUEST, _TITLE, [wrong]) from error
    return text.removeprefix("\ufeff")


def _depth(text: str) -> int:
    # Counted before parsing: a parser would reach for the stack.
    deepest = depth = 0
    for mark in re.findall(r"[\[{\]}]", _STRING.sub("", text)):
        depth += 1 if mark in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _number(text: str) -> float | _NotFinite:
    value = float(text)
    return value if math.isfinite(value) else _NOT_FINITE


def _integer(text: str) -> int | _NotFinite:
    # Beyond 309 digits no double holds it, and Python itself refuses very long ones.
    if len(text) > _LONGEST_INTEGER:
        return _NOT_FINITE
    value = int(text)
    return value if abs(value) < 1 << 1023 else _NOT_FINITE


def _unsound(value: Any, field: str | None) -> list[FieldError]:
    """Return what is wrong inside a parsed value, each with the key it stands under."""
    if isinstance(value, _NotFinite):
        mend = "Leave out what is not known, or send null."
        return [FieldError(field, "a number must be finite", mend)]
    if isinstance(value, str):
        return [_not_unicode(field, "text")] if _has_surrogate(value) else []
    if isinstance(value, list):
        return [error for item in value for error in _unsound(item, field)]
    if not isinstance(value, dict):
        return []
    errors = [_not_unicode(field, "a key") for key in value if _has_surrogate(key)]
    for key, item in value.items():
        errors += _unsound(item, shown_name(key))
    return errors


def _not_unicode(field: str | None, what: str) -> FieldError:
    mend = "Leave out escapes from \\ud800 to \\udfff that stand alone."
    return FieldError(field, f"{what} must be Unicode", mend)


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _refuse(field: str | None, rule: str, mend: str = "") -> NoReturn:
    raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _TITLE, [FieldError(field, rule, mend)])
