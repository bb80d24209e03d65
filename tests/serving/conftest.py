"""One service for all tests of this room: a real bundle, every byte verified, warmed up."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from hscrisk.bundle import Bundle, load_bundle
from hscrisk.serving import create_app
from hscrisk.serving.run import settings

_spec = importlib.util.spec_from_file_location(
    "small_bundle", Path(__file__).with_name("small_bundle.py")
)
assert _spec is not None
assert _spec.loader is not None
small_bundle = importlib.util.module_from_spec(_spec)
sys.modules["small_bundle"] = small_bundle
_spec.loader.exec_module(small_bundle)

Running = Callable[[Any], AbstractContextManager[httpx.Client]]


@contextlib.contextmanager
def _running(app: Any) -> Iterator[httpx.Client]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(settings(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    port = listener.getsockname()[1]
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        listener.close()
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def running() -> Running:
    """Return what runs an application on a port of this machine, and stops it again."""
    return _running


@pytest.fixture(scope="session")
def bundle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bundle.write_small_bundle(tmp_path_factory.mktemp("serving") / "bundle")


@pytest.fixture(scope="session")
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


@pytest.fixture(scope="session")
def client(bundle: Bundle) -> Iterator[httpx.Client]:
    with _running(create_app([bundle])) as client:
        deadline = time.monotonic() + 30
        while client.get("/health/ready").status_code != 200:
            assert time.monotonic() < deadline, "the service does not become ready"
            time.sleep(0.05)
        yield client


@pytest.fixture
def record() -> dict[str, Any]:
    """Return an invented transplant."""
    return {
        "patient_age": 31,
        "patient_sex": "female",
        "patient_cmv_igg": "positive",
        "primary_disease": "AML",
        "disease_risk_group": "low",
        "donor_age": 34.5,
        "donor_sex": "male",
        "donor_cmv_igg": "negative",
        "transplant_type": "allogeneic",
        "methotrexate_prophylaxis": "no",
    }
