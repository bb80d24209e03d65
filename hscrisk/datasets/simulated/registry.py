"""A registry whose truth is known: drawn block by block, the same rows whatever the portion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hscrisk.datasets.simulated.blocks import BLOCK, Block, Plan, draw_block
from hscrisk.datasets.simulated.centres import draw_centres
from hscrisk.datasets.simulated.curves import Array
from hscrisk.datasets.simulated.followup import EXTRACTION
from hscrisk.datasets.simulated.frame import frame_of
from hscrisk.datasets.simulated.risks import Risks, true_incidence
from hscrisk.endpoints import Endpoint
from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.schema import Records

POPULATIONS = ("allogeneic_adults", "allogeneic_children", "allogeneic")
DEFINITIONS = {
    "simulated": "yes: no row is a person",
    "platelet_threshold": 20,
    "neutrophil_threshold": 0.5,
    "follow_up": "overall",
}
"""What a simulated registry declares about its outcomes."""


@dataclass(frozen=True)
class SimulatedRegistry:
    """Records that belong to nobody, and the risks that made them.

    Attributes
    ----------
    records : Records
        Contract columns, one row a transplant; `source` says that they are simulated.
    risks : Risks
        What decides the outcomes, aligned with the records.
    """

    records: Records
    risks: Risks

    def __len__(self) -> int:
        return len(self.records)

    def truth(
        self,
        endpoint: Endpoint | str,
        horizons: ArrayLike,
        transplant_id: Any = None,
    ) -> Array:
        """Return the true cumulative incidence F(t | what is recorded), shape (n, n_horizons).

        Parameters
        ----------
        endpoint : Endpoint or str
            One of the shipped ones; its competing events compete.
        horizons : array-like of int, shape (n_horizons,)
            Whole days.
        transplant_id : Series of str, optional
            For these rows, in their order (as a cohort has them); all by default.

        Raises
        ------
        InvalidConfiguration
            When no truth is known for the endpoint or a horizon, or a transplant is not one of
            these.

        Examples
        --------
        >>> from hscrisk.datasets import simulate_registry
        >>> registry = simulate_registry(50, seed=1)
        >>> registry.truth("acute_gvhd_2_4", [30, 60, 100]).shape
        (50, 3)
        """
        name = endpoint.name if isinstance(endpoint, Endpoint) else endpoint
        risks = self.risks
        if transplant_id is not None:
            index = pd.Index(self.records.frame["transplant_id"])
            rows = index.get_indexer(pd.Index(transplant_id))
            if (rows < 0).any():
                raise InvalidConfiguration("a transplant is not in this registry")
            risks = risks.take(rows)
        return true_incidence(risks, name, np.asarray(horizons, dtype=np.float64))


def simulate_registry(
    n: int,
    seed: int,
    population: str = "allogeneic_adults",
    *,
    interactions: bool = False,
    drift: bool = True,
    missing: bool = True,
    centre_effects: bool = True,
    censoring: bool = True,
) -> SimulatedRegistry:
    """Simulate a registry of allogeneic transplants with known risks.

    Every field of the contract that applies is filled, with the correlations that practice brings;
    outcomes are coherent within a patient. Row k is the same whatever `n` is.

    Parameters
    ----------
    n : int
    seed : int
    population : {'allogeneic_adults', 'allogeneic_children', 'allogeneic'}
        The last has one child in five.
    interactions : bool
        Whether products of features matter as well.
    drift : bool
        Whether practice and outcomes change with the calendar year.
    missing : bool
        Whether values and outcomes are left blank. A blank value has no effect on the outcome.
    centre_effects : bool
        Whether centres differ in outcomes beyond what is recorded; they differ in practice anyway.
    censoring : bool
        Whether follow-up ends on the day of extraction or is lost before.

    Raises
    ------
    InvalidConfiguration
        When `n` is negative, or there is no such population.

    Examples
    --------
    >>> registry = simulate_registry(100, seed=1)
    >>> registry.records.source
    'simulated allogeneic_adults (seed 1)'
    >>> len(registry)
    100
    """
    plan = _plan(seed, population, interactions, drift, missing, centre_effects, censoring)
    blocks = list(_blocks(n, plan))
    return _registry(blocks, plan)


def simulate_in_portions(
    n: int,
    seed: int,
    population: str = "allogeneic_adults",
    *,
    rows: int = 8 * BLOCK,
    interactions: bool = False,
    drift: bool = True,
    missing: bool = True,
    centre_effects: bool = True,
    censoring: bool = True,
) -> Iterator[SimulatedRegistry]:
    """Yield the registry of `simulate_registry` in portions of about `rows`, in order.

    Memory holds one portion at a time.
    """
    plan = _plan(seed, population, interactions, drift, missing, centre_effects, censoring)
    held: list[Block] = []
    for block in _blocks(n, plan):
        held.append(block)
        if sum(len(kept.risks) for kept in held) >= rows:
            yield _registry(held, plan)
            held = []
    if held:
        yield _registry(held, plan)


def _plan(
    seed: int,
    population: str,
    interactions: bool,  # noqa: FBT001
    drift: bool,  # noqa: FBT001
    missing: bool,  # noqa: FBT001
    centre_effects: bool,  # noqa: FBT001
    censoring: bool,  # noqa: FBT001
) -> Plan:
    if population not in POPULATIONS:
        rule = "no such population to simulate"
        raise InvalidConfiguration(rule, value=population, mend=nearest(population, POPULATIONS))
    if seed < 0:
        raise InvalidConfiguration("a seed is a whole number from 0 on", value=seed)
    centres = draw_centres(seed, effects=centre_effects)
    return Plan(seed, population, centres, interactions, drift, missing, censoring)


def _blocks(n: int, plan: Plan) -> Iterator[Block]:
    if n < 0:
        raise InvalidConfiguration("the number of transplants is a whole number from 0 on", value=n)
    for number in range(-(-n // BLOCK) or 1):
        yield draw_block(plan, number).head(min(BLOCK, n - number * BLOCK))


def _registry(blocks: list[Block], plan: Plan) -> SimulatedRegistry:
    risks = Risks(
        **{
            name: np.concatenate([getattr(block.risks, name) for block in blocks])
            for name in Risks.__dataclass_fields__
        }
    )
    names = list(blocks[0].columns)
    columns: dict[str, NDArray[Any]] = {}
    for name in names:
        columns[name] = np.concatenate([block.columns.pop(name) for block in blocks])
    frame = frame_of(columns, first=blocks[0].first)
    records = Records(
        frame=frame,
        source=f"simulated {plan.population} (seed {plan.seed})",
        definitions=dict(DEFINITIONS),
        extraction_date=EXTRACTION.isoformat(),
    )
    return SimulatedRegistry(records, risks)
