"""Blocks of a fixed size, each with a random stream of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.datasets.simulated.centres import Centres
from hscrisk.datasets.simulated.derived import (
    blood_group_match,
    comorbidity_score,
    derive_fields,
)
from hscrisk.datasets.simulated.disease import draw_diseases
from hscrisk.datasets.simulated.donors import draw_donors
from hscrisk.datasets.simulated.draw import Draw
from hscrisk.datasets.simulated.events import draw_events
from hscrisk.datasets.simulated.followup import draw_follow_up, record_outcomes
from hscrisk.datasets.simulated.gaps import leave_gaps
from hscrisk.datasets.simulated.graft import draw_graft
from hscrisk.datasets.simulated.patients import draw_patients
from hscrisk.datasets.simulated.risks import Risks, risks_of
from hscrisk.datasets.simulated.treatment import draw_treatment

BLOCK = 8192
"""Transplants of a block."""
YEARS = np.arange(2008, 2024)
STEADY = 2014
"""Year that practice follows where nothing drifts."""


@dataclass(frozen=True)
class Plan:
    """What is simulated; see `simulate_registry`."""

    seed: int
    population: str
    centres: Centres
    interactions: bool
    drift: bool
    missing: bool
    censoring: bool


@dataclass(frozen=True)
class Block:
    """Columns (numbers and codes of levels) and risks of some transplants.

    Attributes
    ----------
    first : int
        Number of the first row in the registry, from 0.
    """

    first: int
    columns: dict[str, NDArray[Any]]
    risks: Risks

    def head(self, n: int) -> Block:
        """Return the first `n` rows."""
        columns = {name: values[:n] for name, values in self.columns.items()}
        return Block(self.first, columns, self.risks.take(slice(0, n)))


def draw_block(plan: Plan, number: int) -> Block:
    """Return block `number`, whole."""
    rng = np.random.default_rng([plan.seed, 1, number])
    draw = _start(plan, rng)
    draw_diseases(draw)
    draw_patients(draw)
    comorbidity_score(draw)
    draw_donors(draw)
    blood_group_match(draw)
    draw_treatment(draw)
    draw_graft(draw)
    if plan.missing:
        leave_gaps(draw)
    derive_fields(draw)
    risks = risks_of(draw, interactions=plan.interactions)
    last = draw_follow_up(draw, censoring=plan.censoring)
    record_outcomes(draw, draw_events(rng, risks), last, missing=plan.missing)
    return Block(number * BLOCK, draw.columns, risks)


def _start(plan: Plan, rng: np.random.Generator) -> Draw:
    shares = 1 + 0.05 * (YEARS - YEARS[0])
    year = rng.choice(YEARS, BLOCK, p=shares / shares.sum())
    children = {"allogeneic": 0.2, "allogeneic_adults": 0.0, "allogeneic_children": 1.0}
    centre = rng.choice(len(plan.centres.shares), BLOCK, p=plan.centres.shares)
    steady = np.full(BLOCK, float(STEADY))
    draw = Draw(
        rng=rng,
        n=BLOCK,
        centres=plan.centres,
        centre=centre,
        era=year.astype(np.float64) if plan.drift else steady,
        child=rng.random(BLOCK) < children[plan.population],
    )
    draw.number("year_of_hct", year)
    draw.columns["_outcome_year"] = draw.era
    draw.columns["_centre"] = centre
    draw.number("centre_volume", np.maximum(np.round(2500 * plan.centres.shares[centre]), 1))
    return draw
