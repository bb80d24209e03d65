"""The page for people: one form, its answers, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jinja2
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from hscrisk.explain.palette import page_css
from hscrisk.explain.words import sentence_case
from hscrisk.scoring import DISCLAIMER
from hscrisk.serving.answers import check
from hscrisk.serving.api import require_ready
from hscrisk.serving.body import FORM, parse_form, read_body
from hscrisk.serving.form import Form
from hscrisk.serving.problems import FieldError, Problem
from hscrisk.serving.results import PatientView, answer
from hscrisk.serving.served import Served
from hscrisk.serving.warm_up import Readiness, example_record

_PAGES = Path(__file__).with_name("pages")


@dataclass(frozen=True)
class Filled:
    """The form as somebody filled it in, and what came of it.

    Attributes
    ----------
    values : mapping of str to str
        As entered, so that nothing has to be typed again.
    errors, doubts : sequence of FieldError
    patient : PatientView, optional
        The answer, where there is one.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Sequence[FieldError] = ()
    doubts: Sequence[FieldError] = ()
    patient: PatientView | None = None


def routes(served: Served, readiness: Readiness) -> APIRouter:
    """Return the page and its style."""
    router = APIRouter(include_in_schema=False)
    form = Form.of(served)
    # The look of the explained pages, and beside it what a form needs.
    style = f"{page_css()}\n{(_PAGES / 'form.css').read_text(encoding='utf-8')}"

    @router.get("/")
    async def form_route(request: Request) -> Response:
        """Return the empty form, or one filled in with an invented example."""
        invented = example_record(served) if "example" in request.query_params else {}
        values = {k: str(v) for k, v in invented.items() if k in form.fields()}
        return _rendered(served, form, Filled(values))

    @router.post("/")
    async def result_route(request: Request) -> Response:
        """Return the form again, with risks above it or with what must be mended."""
        require_ready(readiness)
        entered = parse_form(await read_body(request, FORM))
        filled = await run_in_threadpool(_fill, served, form, entered)
        return _rendered(served, form, filled)

    @router.get("/page.css")
    async def style_route() -> Response:
        """Return the style of the page."""
        return Response(style, media_type="text/css")

    return router


def wants_page(request: Request) -> bool:
    """Return whether somebody looks at the answer with a browser, away from the API."""
    accepts = "text/html" in request.headers.get("accept", "")
    return accepts and not request.url.path.startswith(("/v1/", "/health/"))


def problem_page(problem: Problem) -> Response:
    """Return a problem as a page."""
    html = _templates().get_template("problem.html").render(problem=problem, disclaimer=DISCLAIMER)
    return HTMLResponse(html, problem.status, problem.headers)


def _fill(served: Served, form: Form, entered: Mapping[str, str]) -> Filled:
    record, unread = form.record(entered)
    if unread:
        judged = check(record, served.contract)
        return Filled(entered, errors=_in_order(form, (*unread, *judged.errors)))
    judged = check(record, served.contract)
    if judged.errors:
        return Filled(entered, errors=_in_order(form, judged.errors))
    try:
        patient = answer(served, record)
    except Problem as problem:
        return Filled(entered, errors=problem.errors)
    return Filled(entered, doubts=judged.doubts, patient=patient)


def _in_order(form: Form, errors: Sequence[FieldError]) -> list[FieldError]:
    """Return errors in the order in which the page asks."""
    places = {name: place for place, name in enumerate(form.fields())}
    return sorted(errors, key=lambda error: places.get(error.field or "", len(places)))


def _rendered(served: Served, form: Form, filled: Filled) -> Response:
    html = (
        _templates()
        .get_template("page.html")
        .render(
            form=form,
            fields=form.fields(),
            values=filled.values,
            errors=filled.errors,
            by_field=_by_field(filled.errors),
            doubts=_by_field(filled.doubts),
            patient=filled.patient,
            bundles=served.bundles,
            contract_version=served.contract.version,
            disclaimer=DISCLAIMER,
        )
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if filled.errors else HTTPStatus.OK
    return HTMLResponse(html, status)


def _by_field(errors: Sequence[FieldError]) -> dict[str, list[FieldError]]:
    found: dict[str, list[FieldError]] = {}
    for error in errors:
        found.setdefault(error.field or "", []).append(error)
    return found


@lru_cache(maxsize=1)
def _templates() -> Any:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = sentence_case
    return environment
