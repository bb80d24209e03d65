"""What a refused request hears: field, rule and mend of everything wrong, and never a value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from hscrisk.errors import HscriskError

PROBLEM = "application/problem+json"
_LONGEST_NAME = 64
_MOST_ERRORS = 100


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with a request.

    Attributes
    ----------
    field : str or None
        Where: the name of a field of the record, a key of the body, or None for the whole.
    rule : str
        What is required, in words.
    mend : str
        What to do about it ('' where that is plain).
    """

    field: str | None
    rule: str
    mend: str = ""


class Problem(Exception):
    """A request that cannot be answered, as a status and a list of what is wrong.

    Parameters
    ----------
    status : int
        HTTP status, 400 to 599.
    title : str
        One line for people.
    errors : iterable of FieldError
    headers : mapping, optional
        Further headers of the answer (`Allow`, `Retry-After`).
    """

    def __init__(
        self,
        status: int,
        title: str,
        errors: Iterable[FieldError] = (),
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # Each said once, and not without end: an answer must not outgrow what was asked.
        self.errors = tuple(dict.fromkeys(errors))[:_MOST_ERRORS]
        self.status, self.title = status, title
        self.headers = dict(headers or {})
        super().__init__(title)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (JSON)."""
        return {
            "status": self.status,
            "title": self.title,
            "errors": [asdict(error) for error in self.errors],
        }


def from_error(error: HscriskError) -> Problem:
    """Return an error of ours as a problem (422), leaving out the value that it carries."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request cannot be answered",
        [FieldError(error.field, error.rule, error.mend or "")],
    )


def shown_name(name: str) -> str:
    """Return a key that somebody sent, fit to be repeated to them: printable and short."""
    plain = "".join(c if c.isprintable() and not "\ud800" <= c <= "\udfff" else "?" for c in name)
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - 1] + "…"


def json_response(
    content: Any,
    status: int = HTTPStatus.OK,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return plain values as strict JSON; NaN or an infinity here is a fault of ours."""
    body = json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    return Response(body, status, dict(headers or {}), media_type)


def problem_response(problem: Problem) -> Response:
    """Return a problem as JSON."""
    return json_response(
        problem.to_dict(), problem.status, media_type=PROBLEM, headers=problem.headers
    )
