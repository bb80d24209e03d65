"""The routes for other programs: JSON in, JSON out, nothing kept."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from hscrisk.explain import with_text
from hscrisk.schema import Field
from hscrisk.scoring import RiskPrediction
from hscrisk.serving.answers import explain, predict
from hscrisk.serving.asked import explain_asked, predict_asked, unknown_endpoint
from hscrisk.serving.body import parse_json, read_body
from hscrisk.serving.openapi import asks_for, problems
from hscrisk.serving.problems import FieldError, Problem, json_response, shown_name
from hscrisk.serving.served import Served
from hscrisk.serving.warm_up import Readiness

_JSON = "application/json"
_BODY = (400, 408, 413, 415, 422, 503)


def routes(served: Served, readiness: Readiness) -> APIRouter:
    """Return the routes of the service that answer in JSON or plain text."""
    router = APIRouter()

    @router.post(
        "/v1/predict",
        summary="Risks of one transplant",
        response_model=list[RiskPrediction],
        responses=problems(*_BODY),
        openapi_extra=asks_for("PredictRequest"),
    )
    async def predict_route(request: Request) -> Response:
        """Return each risk with its horizon, 90 % interval, null risk, cohort and reasons."""
        require_ready(readiness)
        asked = predict_asked(parse_json(await read_body(request, _JSON)), served)
        found = await run_in_threadpool(
            predict, served, asked.record, asked.endpoint, asked.horizons
        )
        return json_response([risk.to_dict() for risk in found])

    @router.post(
        "/v1/explain",
        summary="What moved one risk",
        response_model=dict[str, Any],
        responses=problems(*_BODY),
        openapi_extra=asks_for("ExplainRequest"),
    )
    async def explain_route(request: Request) -> Response:
        """Return exact contributions of the clinical variables to one risk."""
        require_ready(readiness)
        asked = explain_asked(parse_json(await read_body(request, _JSON)), served)
        found = await run_in_threadpool(
            explain, served, asked.record, asked.endpoint, asked.horizon
        )
        return json_response(with_text(found))

    @router.get("/v1/contract", summary="The fields of a record", response_model=dict[str, Any])
    async def contract_route() -> Response:
        """Return every field that may be sent: label, unit, limits, levels, when it is known."""
        return json_response(contract(served))

    @router.get(
        "/v1/card",
        summary="Model cards",
        response_class=PlainTextResponse,
        responses=problems(404, 422),
        openapi_extra={
            "parameters": [
                {
                    "name": "endpoint",
                    "in": "query",
                    "required": False,
                    "description": "One endpoint; all by default.",
                    "schema": {"type": "string", "enum": list(served.by_endpoint)},
                }
            ]
        },
    )
    async def card_route(request: Request) -> Response:
        """Return the model cards as Markdown."""
        return Response(cards(request, served), media_type="text/markdown")

    @router.get(
        "/health/live", summary="Whether the process answers", response_model=dict[str, str]
    )
    async def live_route() -> Response:
        """Return that the process answers."""
        return json_response({"status": "live"})

    @router.get(
        "/health/ready",
        summary="Whether it may be asked",
        response_model=dict[str, Any],
        responses=problems(503),
    )
    async def ready_route() -> Response:
        """Return ready once bundles are verified and the warm-up record is reproduced."""
        require_ready(readiness)
        versions = [bundle.model_version for bundle in served.bundles]
        return json_response({"status": "ready", "model_versions": versions})

    return router


def require_ready(readiness: Readiness) -> None:
    """Refuse to predict before the warm-up record was reproduced."""
    if not readiness.is_ready:
        error = FieldError(None, readiness.reason, "Ask again in a moment.")
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The service is not ready",
            [error],
            headers={"Retry-After": "2"},
        )


def contract(served: Served) -> dict[str, Any]:
    """Return the fields that may be sent, each with the endpoints that use it."""
    used = served.used_by()

    def described(field: Field) -> dict[str, Any]:
        kept = ("name", "label", "group", "kind", "unit", "plausible", "hard", "levels", "when")
        whole = field.model_dump(mode="json")
        rest = {"population": field.population, "description": field.description}
        return {key: whole[key] for key in kept} | rest | {"used_by": used.get(field.name, [])}

    fields = [described(field) for field in served.contract.values() if field.role == "predictor"]
    return {"version": served.contract.version, "fields": fields}


def cards(request: Request, served: Served) -> str:
    """Return the card of the endpoint that the query names, or all."""
    query = request.query_params.multi_items()
    for key, _ in query:
        if key != "endpoint" or len(query) > 1:
            error = FieldError(shown_name(key), "only one endpoint can be asked for")
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "The query is not understood", [error])
    names = [name for _, name in query] or list(served.by_endpoint)
    for name in names:
        if name not in served.by_endpoint:
            error = unknown_endpoint(shown_name(name), served.by_endpoint)
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such card", [error])
    texts = [served.by_endpoint[name].cards.get(name, f"# {name}\n\nNo card.") for name in names]
    return "\n\n".join(text.strip() for text in texts) + "\n"
