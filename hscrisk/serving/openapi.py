"""The OpenAPI document: requests from the data contract, answers from the classes that are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from hscrisk.schema import Field
from hscrisk.serving.problems import PROBLEM
from hscrisk.serving.served import Served
from hscrisk.serving.warm_up import example_record

_REFERENCE = "#/components/schemas/"


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the refusals of a route, as FastAPI's `responses` wants them."""
    said = {
        400: "The body is empty, not JSON or not UTF-8",
        404: "There is no such thing",
        408: "The body did not arrive in time",
        413: "The body is too large",
        415: "The body is of another type",
        422: "Something in the request is wrong: field, rule and mend",
        503: "The service is not ready",
    }
    schema = {"$ref": f"{_REFERENCE}Problem"}
    return {s: {"description": said[s], "content": {PROBLEM: {"schema": schema}}} for s in statuses}


def asks_for(schema: str) -> dict[str, Any]:
    """Return the `openapi_extra` of a route whose body is read by ourselves."""
    content = {"application/json": {"schema": {"$ref": f"{_REFERENCE}{schema}"}}}
    return {"requestBody": {"required": True, "content": content}}


def install(app: FastAPI, served: Served) -> None:
    """Make the application describe itself with the schemas of `served`."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            made = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            components = made.setdefault("components", {}).setdefault("schemas", {})
            components.update(schemas(served))
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def schemas(served: Served) -> dict[str, Any]:
    """Return the JSON schemas of what is read by ourselves, by name."""
    endpoint = {"type": "string", "enum": list(served.by_endpoint)}
    record = {"$ref": f"{_REFERENCE}Record"}
    first = next(iter(served.by_endpoint))
    example, day = example_record(served), served.primary_day(first)
    longest = max(served.last_day(name) for name in served.by_endpoint)
    days = {"type": "integer", "minimum": 1, "maximum": longest}
    return {
        "Record": _record(served),
        "PredictRequest": _object(
            {
                "record": record,
                "endpoint": {**endpoint, "description": "One endpoint; all by default."},
                "horizons": {
                    "type": "array",
                    "items": days,
                    "maxItems": 100,
                    "description": "Days from infusion, at most the last day of each endpoint "
                    "asked for; the anchor days of each model by default.",
                },
            },
            ("record",),
            {"record": example, "endpoint": first, "horizons": [day]},
        ),
        "ExplainRequest": _object(
            {
                "record": record,
                "endpoint": endpoint,
                "horizon": {
                    **days,
                    "description": "Day from infusion; the endpoint's primary day by default.",
                },
            },
            ("record", "endpoint"),
            {"record": example, "endpoint": first, "horizon": day},
        ),
        "Problem": _object(
            {
                "status": {"type": "integer"},
                "title": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": _object(
                        {
                            "field": {"type": ["string", "null"]},
                            "rule": {"type": "string"},
                            "mend": {"type": "string"},
                        },
                        ("field", "rule", "mend"),
                    ),
                },
            },
            ("status", "title", "errors"),
        ),
    }


def _record(served: Served) -> dict[str, Any]:
    used = served.used_by()
    fields = {name: f for name, f in served.contract.items() if f.role == "predictor"}
    described = {name: _field(f, used.get(name, [])) for name, f in fields.items()}
    made = _object(described, (), example_record(served))
    made["description"] = "One transplant. A field that is absent or null counts as missing."
    return made


def _field(field: Field, used_by: list[str]) -> dict[str, Any]:
    use = f" Used by {', '.join(used_by)}." if used_by else " No model here uses it."
    unit = f", {field.unit}" if field.unit else ""
    words = f"{field.label}{unit}. {field.description}{use}"
    if field.is_categorical:
        truth = [True, False] if field.kind == "flag" else []
        return {"enum": [*field.levels, *truth, None], "description": words}
    whole = field.kind in ("integer", "day")
    made: dict[str, Any] = {"type": ["integer" if whole else "number", "null"]}
    if field.hard:
        made |= {"minimum": field.hard[0], "maximum": field.hard[1]}
    return {**made, "description": words}


def _object(
    properties: Mapping[str, Any],
    required: tuple[str, ...],
    example: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    if required:
        made["required"] = list(required)
    if example is not None:
        made["examples"] = [dict(example)]
    return made
