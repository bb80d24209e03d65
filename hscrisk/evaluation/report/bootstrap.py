"""Whom the draws behind intervals draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.evaluation.clusters import whom_to_draw
from hscrisk.evaluation.out_of_fold import CohortLike


@dataclass(frozen=True)
class Bootstrap:
    """How the intervals of the table were made, and those of the figures are.

    Attributes
    ----------
    cluster : {"auto", "patient", "centre"}
        As `hscrisk.evaluation.evaluate`.
    n_draws, seed : int
    """

    cluster: str = "auto"
    n_draws: int = 500
    seed: int = 0

    def labels(self, cohort: CohortLike, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return by whom each of `rows` is drawn, shape (n_rows,)."""
        centre = None if cohort.centre is None else np.asarray(cohort.centre)[rows]
        return whom_to_draw(np.asarray(cohort.patient)[rows], centre, self.cluster)

    def words(self, cohort: CohortLike, rows: NDArray[np.intp]) -> str:
        """Return what the intervals of these rows rest on."""
        label = self.labels(cohort, rows)
        alone = whom_to_draw(np.asarray(cohort.patient)[rows], None, "patient")
        what = "patients" if np.array_equal(label, alone) else "centres"
        return f"bootstrap of {len(np.unique(label)):,} {what}, {self.n_draws:,} draws"
