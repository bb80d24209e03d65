"""Cohorts to begin with: one that ships, others' by their file, simulated ones of known truth."""

from __future__ import annotations

import importlib
from typing import Any

_WHERE = {
    "BundledCohort": "hscrisk.datasets.bundled",
    "COHORTS": "hscrisk.datasets.bundled",
    "Fetched": "hscrisk.datasets.fetch",
    "SimulatedCohort": "hscrisk.datasets.synthetic",
    "SimulatedRegistry": "hscrisk.datasets.simulated",
    "bundled_cohort": "hscrisk.datasets.bundled",
    "data_file": "hscrisk.datasets.bundled",
    "export_cohort": "hscrisk.datasets.bundled",
    "fetch_cohort": "hscrisk.datasets.fetch",
    "load_copelan1991": "hscrisk.datasets.bundled",
    "mapping_of": "hscrisk.datasets.bundled",
    "owned_cohorts": "hscrisk.datasets.fetch",
    "simulate_cohort": "hscrisk.datasets.synthetic",
    "simulate_registry": "hscrisk.datasets.simulated",
}

__all__ = [
    "COHORTS",
    "BundledCohort",
    "Fetched",
    "SimulatedCohort",
    "SimulatedRegistry",
    "bundled_cohort",
    "data_file",
    "export_cohort",
    "fetch_cohort",
    "load_copelan1991",
    "mapping_of",
    "owned_cohorts",
    "simulate_cohort",
    "simulate_registry",
]


def __getattr__(name: str) -> Any:
    """Import a name on first use: simulating needs more than reading does."""
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    message = f"module 'hscrisk.datasets' has no attribute '{name}'"
    raise AttributeError(message)
