"""Starting the service: only on this machine, only with bundles that are whole, ready when warm."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import small_bundle

from hscrisk import cli
from hscrisk.bundle import Bundle, load_bundle
from hscrisk.errors import InvalidConfiguration
from hscrisk.serving import create_app
from hscrisk.serving.served import Served
from hscrisk.serving.warm_up import Readiness, example_record, unsound


def _command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["hscrisk", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "hospital.example", ""])
def test_other_addresses_are_refused_in_a_sentence(
    bundle_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    host: str,
) -> None:
    assert _command(monkeypatch, "serve", bundle_folder, "--host", host) == 2
    said = capsys.readouterr().err
    assert "answers on this machine only" in said
    assert "127.0.0.1" in said


def test_an_altered_bundle_is_refused(
    bundle_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle_folder, copy)
    file = copy / "contract.json"
    file.write_bytes(file.read_bytes().replace(b"patient", b"patiemt", 1))
    assert _command(monkeypatch, "serve", bundle_folder, copy) == 4
    assert "contract.json" in capsys.readouterr().err
    assert _command(monkeypatch, "serve", tmp_path / "nowhere") == 3


def test_a_port_that_is_taken_is_told(
    bundle_folder: Path,
    client: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    port = client.base_url.port
    assert _command(monkeypatch, "serve", bundle_folder, "--port", port) == 3
    assert "--port" in capsys.readouterr().err
    assert _command(monkeypatch, "serve", bundle_folder, "--port", 99999) == 2


def test_bundles_side_by_side(tmp_path: Path, bundle: Bundle, running: Any) -> None:
    with pytest.raises(InvalidConfiguration, match="two bundles answer platelet_engraftment"):
        create_app([bundle, bundle])
    with pytest.raises(InvalidConfiguration, match="at least one bundle"):
        create_app([])
    other = load_bundle(small_bundle.write_small_bundle(tmp_path / "other", ("relapse",)))
    served = Served.of([bundle, other])
    assert list(served.by_endpoint) == [*bundle.endpoints, "relapse"]
    app = create_app([bundle, other])
    with running(app) as client:
        _wait_until_ready(client)
        found = client.post("/v1/predict", json={"record": {"patient_age": 30}}).json()
        assert {r["endpoint"]: r["model_version"] for r in found} == {
            **dict.fromkeys(bundle.endpoints, bundle.model_version),
            "relapse": other.model_version,
        }
        assert other.model_version in client.get("/").text


def _wait_until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while client.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_not_ready_until_the_warm_up_record_is_reproduced(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, running: Any, record: dict[str, Any]
) -> None:
    served = Served.of([bundle])
    assert unsound(served) == ""
    readiness = Readiness(served)
    assert not readiness.is_ready
    monkeypatch.setattr("hscrisk.serving.warm_up.score_table", _another_table)
    with running(create_app([bundle])) as client:
        time.sleep(1)
        for answer in (
            client.get("/health/ready"),
            client.post("/v1/predict", json={"record": record}),
            client.post("/", data={"patient_age": "30"}),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "2"
        assert client.get("/health/live").status_code == 200
    readiness.warm_up()
    assert not readiness.is_ready
    assert "otherwise alone than in a table" in readiness.reason


def _another_table(*arguments: Any) -> Any:
    from hscrisk.scoring import score_table

    table = score_table(*arguments)
    return table.assign(risk=table["risk"] + 1e-15)


def test_a_warm_up_that_breaks_says_only_how(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> Any:
        message = "secret"
        raise ZeroDivisionError(message)

    readiness = Readiness(Served.of([bundle]))
    monkeypatch.setattr("hscrisk.serving.warm_up.predict_one", broken)
    readiness.warm_up()
    assert readiness.reason == "unexpected error: ZeroDivisionError"


def test_the_invented_record_is_nobody(bundle: Bundle) -> None:
    record = example_record(Served.of([bundle]))
    low, high = 14, 48
    assert low <= record["patient_age"] <= high
    assert set(record) == {str(n) for m in bundle.models.values() for n in m.feature_names_in_}


def test_the_command_serves_and_stops(bundle_folder: Path, record: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "hscrisk.cli", "serve", str(bundle_folder), "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(2)]
        assert "every byte verified" in lines[0]
        where = re.search(r"http://127\.0\.0\.1:\d+", lines[1])
        assert where is not None, lines
        with httpx.Client(base_url=where[0], timeout=30) as client:
            _wait_until_ready(client)
            assert client.post("/v1/predict", json={"record": record}).status_code == 200
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGTERM)
    assert "POST /v1/predict 200" in logged
    assert "Traceback" not in logged


@pytest.mark.parametrize("absent", ["fastapi", "uvicorn", "jinja2"])
def test_without_the_extra_the_message_says_what_to_install(absent: str) -> None:
    code = f"import sys; sys.modules['{absent}'] = None; from hscrisk.cli import main; "
    code += "sys.argv = ['hscrisk', 'serve', 'x']; main()"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert 'pip install "hscrisk[serve]"' in found.stderr
    assert "Traceback" not in found.stderr
