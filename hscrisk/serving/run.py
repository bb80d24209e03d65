"""Start the service: verify, bind, say where, answer until told to stop."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from threadpoolctl import threadpool_limits

from hscrisk.bundle import load_bundle
from hscrisk.errors import InputOutputFailed, InvalidConfiguration
from hscrisk.serving.app import create_app
from hscrisk.serving.guard import is_loopback

DRAIN_SECONDS = 10


def serve(
    paths: Sequence[str | Path],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    say: Callable[[str], None] = print,
) -> None:
    """Verify bundles and answer for them until interrupted.

    Parameters
    ----------
    paths : sequence of str or Path
        Folders of bundles.
    host : str
        A loopback address; others wait for credentials.
    port : int
        0 for any free one.
    say : callable
        Receives the lines meant for the person who started it.

    Raises
    ------
    InvalidConfiguration
        If the host is not this machine itself, or the bundles do not go together.
    UntrustedBundle
        If a bundle is altered or incomplete.
    InputOutputFailed
        If a bundle is not there or the port is taken.
    """
    if not is_loopback(host):
        rule = "the service answers on this machine only, because it has no credentials yet"
        raise InvalidConfiguration(
            rule,
            field="host",
            value=host,
            mend="Use 127.0.0.1; to reach it from elsewhere, forward its port over SSH.",
        )
    bundles = [load_bundle(path) for path in paths]
    app = create_app(bundles)
    listener = _listen(host, port)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    address, taken = listener.getsockname()[:2]
    where = f"http://{f'[{address}]' if ':' in address else address}:{taken}"
    for bundle in bundles:
        say(f"{bundle.model_version}: every byte verified; answers {', '.join(bundle.endpoints)}")
    say(f"Page: {where}/   API: {where}/openapi.json   Stop: Ctrl+C")
    # One thread a prediction: requests run beside each other, and bits must not depend on load.
    with threadpool_limits(limits=1), listener:
        uvicorn.Server(settings(app)).run(sockets=[listener])


def settings(app: FastAPI) -> uvicorn.Config:
    """Return how the application is run: no log but our own, which leaves queries out."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    address = "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "ports go up to 65535"
        rule = f"the service cannot listen there ({reason})"
        raise InputOutputFailed(
            rule,
            field="port",
            value=port,
            mend="Name another with --port; 0 takes any free one.",
        ) from error
