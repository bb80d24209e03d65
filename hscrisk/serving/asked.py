"""What a request asks for, checked before any model is touched."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from hscrisk.errors import nearest
from hscrisk.serving.problems import FieldError, Problem, shown_name
from hscrisk.serving.served import Served

MAX_HORIZONS = 100
_MOST_UNKNOWN = 20
_TITLE = "The request cannot be answered"


@dataclass(frozen=True)
class PredictAsked:
    """Risks of one record: all endpoints and their anchor days unless asked otherwise."""

    record: Mapping[str, Any]
    endpoint: str | None
    horizons: tuple[int, ...] | None


@dataclass(frozen=True)
class ExplainAsked:
    """The explanation of one risk."""

    record: Mapping[str, Any]
    endpoint: str
    horizon: int


def predict_asked(body: Mapping[str, Any], served: Served) -> PredictAsked:
    """Return what a body asks of `/v1/predict`.

    Raises
    ------
    Problem
        422 naming every key that is unknown, absent or of another type.
    """
    errors = _keys(body, ("record", "endpoint", "horizons"))
    record = _record(body, errors)
    endpoint = _endpoint(body, served, errors, required=False)
    horizons = _horizons(body, served, endpoint, errors)
    if errors:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _TITLE, errors)
    return PredictAsked(record, endpoint, horizons)


def explain_asked(body: Mapping[str, Any], served: Served) -> ExplainAsked:
    """Return what a body asks of `/v1/explain`.

    Raises
    ------
    Problem
        422 naming every key that is unknown, absent or of another type.
    """
    errors = _keys(body, ("record", "endpoint", "horizon"))
    record = _record(body, errors)
    endpoint = _endpoint(body, served, errors, required=True)
    horizon = 0
    if endpoint is not None:
        given = body.get("horizon")
        last = served.last_day(endpoint)
        horizon = served.primary_day(endpoint) if given is None else _day(given)
        if not 1 <= horizon <= last:
            errors.append(_beyond("horizon", endpoint, last))
    if errors or endpoint is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, _TITLE, errors)
    return ExplainAsked(record, endpoint, horizon)


def unknown_endpoint(name: str, known: Collection[str]) -> FieldError:
    """Return the error of an endpoint that nobody answers, with the nearest one."""
    return FieldError("endpoint", "no model answers this endpoint", nearest(name, known))


def _keys(body: Mapping[str, Any], known: tuple[str, ...]) -> list[FieldError]:
    unknown = [key for key in body if key not in known][:_MOST_UNKNOWN]
    return [
        FieldError(shown_name(key), "no such key", nearest(shown_name(key), known))
        for key in unknown
    ]


def _record(body: Mapping[str, Any], errors: list[FieldError]) -> Mapping[str, Any]:
    record = body.get("record")
    if isinstance(record, dict):
        return record
    mend = 'Send {"record": {"patient_age": 42}}; GET /v1/contract lists the fields.'
    errors.append(FieldError("record", "an object of contract fields is needed", mend))
    return {}


def _endpoint(
    body: Mapping[str, Any], served: Served, errors: list[FieldError], *, required: bool
) -> str | None:
    name = body.get("endpoint")
    if isinstance(name, str) and name in served.by_endpoint:
        return name
    known = f"Known: {', '.join(served.by_endpoint)}."
    if isinstance(name, str):
        errors.append(unknown_endpoint(shown_name(name), served.by_endpoint))
    elif name is not None:
        errors.append(FieldError("endpoint", "an endpoint is named by text", known))
    elif required:
        errors.append(FieldError("endpoint", "an endpoint is needed", known))
    return None


def _horizons(
    body: Mapping[str, Any], served: Served, endpoint: str | None, errors: list[FieldError]
) -> tuple[int, ...] | None:
    given = body.get("horizons")
    if given is None or given == []:
        return None
    if not isinstance(given, list) or len(given) > MAX_HORIZONS:
        rule = f"horizons are a list of at most {MAX_HORIZONS} days"
        errors.append(FieldError("horizons", rule, 'As in "horizons": [100, 365].'))
        return None
    days = [_day(item) for item in given]
    for name in served.by_endpoint if endpoint is None else [endpoint]:
        last = served.last_day(name)
        if not all(1 <= day <= last for day in days):
            errors.append(_beyond("horizons", name, last))
    return tuple(days)


def _day(value: Any) -> int:
    """Return a whole number of days, or 0 for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(value) if math.isfinite(value) and value == int(value) else 0


def _beyond(field: str, endpoint: str, last: int) -> FieldError:
    rule = f"{endpoint} is answered for whole days from 1 to {last}"
    return FieldError(field, rule, f"Ask for day {last} or earlier, as a number.")
