"""Cohorts to begin with: a real one that ships, and simulated ones whose truth is known."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "BundledCohort": "hscrisk.datasets.bundled",
    "COHORTS": "hscrisk.datasets.bundled",
    "SimulatedCohort": "hscrisk.datasets.synthetic",
    "bundled_cohort": "hscrisk.datasets.bundled",
    "data_file": "hscrisk.datasets.bundled",
    "export_cohort": "hscrisk.datasets.bundled",
    "load_copelan1991": "hscrisk.datasets.bundled",
    "simulate_cohort": "hscrisk.datasets.synthetic",
}

__all__ = [
    "COHORTS",
    "BundledCohort",
    "SimulatedCohort",
    "bundled_cohort",
    "data_file",
    "export_cohort",
    "load_copelan1991",
    "simulate_cohort",
]


def __getattr__(name: str) -> Any:
    """Import a name on first use: simulating needs more than reading does."""
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    message = f"module 'hscrisk.datasets' has no attribute '{name}'"
    raise AttributeError(message)
