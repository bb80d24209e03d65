"""The service on loopback and its page: the answers of Python for other programs and people."""

from __future__ import annotations

from hscrisk.errors import MissingExtra

try:
    import fastapi  # noqa: F401
    import jinja2  # noqa: F401
    import uvicorn  # noqa: F401
except ModuleNotFoundError as error:
    part = "the service"
    raise MissingExtra(part, "serve", error.name) from error

from hscrisk.serving.app import create_app
from hscrisk.serving.run import serve

__all__ = ["create_app", "serve"]
