"""What stands before every route: who may ask, what is logged, and what an answer never lacks."""

from __future__ import annotations

import ipaddress
import logging
import time
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hscrisk.serving.problems import FieldError, Problem, problem_response

logger = logging.getLogger("hscrisk.serving")

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not 'no-referrer': browsers would then send our own form with the origin 'null'.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def is_loopback(host: str) -> bool:
    """Return whether a host name or address means this machine and nobody else.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.1", "::1", "0.0.0.0", "example")]
    [True, True, True, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI layer around the whole application.

    Refuses names that are not this machine's (a page of another site could rebind its own name to
    127.0.0.1) and forms sent by pages of other sites; adds the headers; logs method, known path,
    status and time, never a query, a body or a header; turns an unexpected error into a plain 500
    of which only the type is logged, because messages of errors repeat values.

    Parameters
    ----------
    app : ASGI application
    paths : collection of str
        The paths that may stand in the log; any other may hold anything.
    """

    def __init__(self, app: ASGIApp, paths: Collection[str]) -> None:
        self.app, self.paths = app, frozenset(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 0

        async def completed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            refusal = _refusal(scope)
            answer = problem_response(refusal) if refusal else self.app
            await answer(scope, receive, completed)
        except Exception as error:  # noqa: BLE001 - the last resort: nothing may escape to a log
            logger.error("unexpected error: %s", type(error).__name__)
            if not status:
                title = "Something unexpected went wrong; the log of the service says which error"
                problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, title)
                await problem_response(problem)(scope, receive, completed)
        finally:
            path = scope["path"] if scope["path"] in self.paths else "(unknown path)"
            milliseconds = 1000 * (time.perf_counter() - started)
            logger.info("%s %s %d %.0f ms", _method(scope), path, status, milliseconds)


def _method(scope: Scope) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return str(scope["method"]) if scope["method"] in known else "(unknown method)"


def _refusal(scope: Scope) -> Problem | None:
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not is_loopback(_name(f"//{host}")):
        rule = "the service answers under the names of this machine only"
        error = FieldError("Host", rule, "Open it as http://127.0.0.1 with its port.")
        return Problem(HTTPStatus.MISDIRECTED_REQUEST, "Not the name of this machine", [error])
    origin = headers.get("origin")
    foreign = origin is not None and urlsplit(f"//{host}").netloc != _place(origin)
    if scope["method"] not in ("GET", "HEAD") and foreign:
        error = FieldError("Origin", "pages of other sites may not send records here")
        return Problem(HTTPStatus.FORBIDDEN, "Sent by a page of another site", [error])
    return None


def _name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
