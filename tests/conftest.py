"""Settings shared by all tests: deterministic properties, the shared cohorts, and honest skips."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")

settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("fixed")

ROOT = Path(__file__).resolve().parents[1]
TOGETHER = ("serving", "training", "journeys", "scoring", "bundle", "laws", "explain")
"""Folders whose tests share what is costly to make (a run, a service, a browser, models): each
stays on one worker, and these go first, so that none is left alone at the end."""
SHARED = ROOT.parent / "shared" / "data"
NO_SHARED = "the public cohorts (../shared/data) are not on this machine"


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@dataclass(frozen=True)
class Trained:
    """A small made-up training: contract columns `X`, fitted models, and what a bundle takes."""

    X: pd.DataFrame
    models: dict[str, Any]
    arguments: dict[str, Any]


@pytest.fixture(scope="session")
def trained() -> Trained:
    """Return models of three nested endpoints, fitted on 200 made-up transplants."""
    from hscrisk.applicability import CohortProfile
    from hscrisk.endpoints import load_endpoint
    from hscrisk.models import LinearBoostedIncidence, LogisticIncidence
    from hscrisk.schema import load_contract

    contract, n, rng = load_contract(), 200, np.random.default_rng(4)
    levels = {name: list(contract[name].levels) for name in ("graft_source", "transplant_type")}
    age = rng.uniform(5, 60, n).round(1)
    source = rng.integers(0, 2, n)
    X = pd.DataFrame(
        {
            "patient_age": np.where(rng.random(n) < 0.1, np.nan, age),
            "hctci_score": rng.integers(0, 6, n).astype(float),
            "transplant_type": pd.Categorical(["allogeneic"] * n, levels["transplant_type"]),
            "graft_source": pd.Categorical.from_codes(source, levels["graft_source"]),
        }
    )
    # Grade II-IV falls with age, III-IV rises with it, so that the two models must disagree.
    slopes = {"acute_gvhd": 0.0, "acute_gvhd_2_4": -0.06, "acute_gvhd_3_4": 0.06}
    endpoints = {name: load_endpoint(name) for name in slopes}
    models: dict[str, Any] = {}
    for name, slope in slopes.items():
        onset = rng.exponential(90 / np.exp(slope * (age - 30) + 0.5 * source))
        death, end = rng.exponential(300, n), rng.uniform(120, 400, n)
        duration = np.ceil(np.minimum(np.minimum(onset, death), end))
        event = np.select([onset <= np.minimum(death, end), death <= end], [1, 2], 0)
        model = (
            LinearBoostedIncidence(endpoint=endpoints[name], n_refits=3)
            if name == "acute_gvhd"
            else LogisticIncidence(endpoint=endpoints[name])
        )
        models[name] = model.fit(X, {"event": event, "duration": duration})
    profile = CohortProfile.from_cohort(X, contract, "made-up", years=(2001, 2009))
    arguments = {
        "name": "made-up",
        "models": models,
        "endpoints": endpoints,
        "contract": contract,
        "profile": profile,
        "metrics": {name: [{"metric": "ipa", "estimate": float("nan")}] for name in slopes},
        "reference": {name: {"n": n} for name in slopes},
        "cards": dict.fromkeys(slopes, "# Card\n"),
        "info": {"seed": 4},
    }
    return Trained(X, models, arguments)


@pytest.fixture(scope="session")
def bundle_folder(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small bundle of those models; copy it before changing it."""
    from hscrisk.bundle import save_bundle

    folder = tmp_path_factory.mktemp("bundle") / "made-up"
    save_bundle(folder, **trained.arguments)
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of the public cohorts, or skip where a user has none."""
    if not SHARED.is_dir():
        pytest.skip(NO_SHARED)
    return SHARED


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT / "tests").parts[0] if ROOT in item.path.parents else ""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keep the tests of a folder that shares something costly on one worker."""
    if (folder := _folder(item)) in TOGETHER:
        item.add_marker(pytest.mark.xdist_group(folder))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the large groups first; within and after them, the shuffled order stays."""
    places = {folder: place for place, folder in enumerate(TOGETHER)}
    items.sort(key=lambda item: places.get(_folder(item), len(places)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In CI, a skip is a failure unless the shared cohorts are really absent."""
    if os.environ.get("CI") != "true":
        return
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr)
        if NO_SHARED in reason and not SHARED.is_dir():
            continue
        terminalreporter.write_line(f"skip not allowed in CI: {report.nodeid}: {reason}", red=True)
        terminalreporter._session.exitstatus = pytest.ExitCode.TESTS_FAILED
