"""A sample and the bootstrap draws from it, horizon by horizon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration
from hscrisk.metrics.intervals import bootstrap_multiplicity, effective_groups
from hscrisk.metrics.states import KnownStates
from hscrisk.survival import CensoringDistribution, DrawnCensoring, check_outcome

BLOCK = 500_000
"""Draws times subjects held at once (4 MB an array): quicker than all at once, and bounded."""


class Draws:
    """States of a sample, then of the draws from it, with a G for each.

    Parameters
    ----------
    y : outcomes
    groups : array, shape (n_samples,), optional
        Rows of one group are drawn together; by default each row is a group of its own.
    n_draws, seed : int
    censoring : CensoringDistribution, optional
        A G to hold fixed; by default that of `y`, estimated again in each draw.

    Attributes
    ----------
    n_draws : int
    n_groups : float
        Effective number of groups (`hscrisk.metrics.intervals.effective_groups`).

    Raises
    ------
    InvalidConfiguration
        When `groups` does not name one group a row.
    """

    def __init__(
        self,
        y: Any,
        groups: Any = None,
        *,
        n_draws: int,
        seed: int,
        censoring: CensoringDistribution | None = None,
    ) -> None:
        self.y = check_outcome(y)
        labels = np.arange(len(self.y.event)) if groups is None else np.asarray(groups)
        if labels.shape != self.y.event.shape:
            message = f"groups must name one group for each of {len(self.y.event)} rows"
            raise InvalidConfiguration(message, field="groups", value=labels.shape)
        self.n_draws, self.n_groups = n_draws, effective_groups(labels)
        self.censoring = censoring or CensoringDistribution().fit(self.y)
        drawn = bootstrap_multiplicity(labels, n_draws, seed)
        n_blocks = min(n_draws, max(1, drawn.size // BLOCK))
        self._blocks: list[tuple[NDArray[np.float64], CensoringDistribution | DrawnCensoring]] = [
            (m, censoring or DrawnCensoring(self.y, m)) for m in np.array_split(drawn, n_blocks)
        ]

    def at(self, horizon: float, *, event_of_interest: int = 1) -> Iterator[KnownStates]:
        """Return the states of the sample first, then of the draws, block by block."""
        cause = event_of_interest
        yield KnownStates.at(self.y, horizon, censoring=self.censoring, event_of_interest=cause)
        for multiplicity, censoring in self._blocks:
            yield KnownStates.drawn(
                self.y, horizon, multiplicity, censoring=censoring, event_of_interest=cause
            )
