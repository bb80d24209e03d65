"""The application: guard, routes and handlers put together around some bundles."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hscrisk._version import __version__
from hscrisk.bundle import Bundle
from hscrisk.scoring import DISCLAIMER
from hscrisk.serving import api, openapi, page
from hscrisk.serving.guard import Guard
from hscrisk.serving.problems import Problem, problem_response
from hscrisk.serving.served import Served
from hscrisk.serving.warm_up import Readiness


def create_app(bundles: Sequence[Bundle]) -> FastAPI:
    """Return the service of some verified bundles as an ASGI application.

    Parameters
    ----------
    bundles : sequence of Bundle
        As `load_bundle` returns them: their hashes are compared there.

    Raises
    ------
    InvalidConfiguration
        If two bundles answer the same endpoint or have different data contracts.
    """
    served = Served.of(bundles)
    readiness = Readiness(served)
    app = FastAPI(
        title="hscrisk",
        version=__version__,
        description=f"{DISCLAIMER}. Risks of events after haematopoietic stem cell "
        "transplantation, each with interval, null risk, cohort and reasons not to trust it.",
        # The usual pages for reading the document load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        lifespan=readiness.lifespan,
    )
    app.include_router(api.routes(served, readiness))
    app.include_router(page.routes(served, readiness))
    openapi.install(app, served)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_error)
    paths = ("/", "/page.css", "/openapi.json", *app.openapi()["paths"])
    app.add_middleware(Guard, paths=paths)
    return app


async def _on_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return page.problem_page(error) if page.wants_page(request) else problem_response(error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    """Answer an unknown path or method in the shape of every other problem."""
    if not isinstance(error, HTTPException):
        raise error
    title = HTTPStatus(error.status_code).phrase
    return await _on_problem(request, Problem(error.status_code, title, headers=error.headers))
