"""A real bundle that is made in a second: the bundled cohort, linear models, three endpoints."""

from __future__ import annotations

from pathlib import Path

from hscrisk.applicability import CohortProfile
from hscrisk.bundle import save_bundle
from hscrisk.cohort import build_cohort
from hscrisk.datasets import load_copelan1991
from hscrisk.endpoints import load_endpoint
from hscrisk.models import LogisticIncidence
from hscrisk.schema import load_contract

ENDPOINTS = ("platelet_engraftment", "acute_gvhd", "chronic_gvhd")


def write_small_bundle(folder: Path, endpoints: tuple[str, ...] = ENDPOINTS) -> Path:
    """Train and write the bundle; return its folder."""
    contract = load_contract()
    asked = {name: load_endpoint(name) for name in endpoints}
    cohorts = {name: build_cohort(load_copelan1991(), e) for name, e in asked.items()}
    save_bundle(
        folder,
        name="small",
        models={
            name: LogisticIncidence(endpoint=asked[name]).fit(cohort.X, cohort.y)
            for name, cohort in cohorts.items()
        },
        endpoints=asked,
        contract=contract,
        profile={
            name: CohortProfile.from_cohort(cohort.X, contract, cohort.source)
            for name, cohort in cohorts.items()
        },
        metrics={name: [] for name in asked},
        reference={},
        cards={name: f"# Model card: {name}\n" for name in asked},
        info={"seed": 0},
    )
    return folder
