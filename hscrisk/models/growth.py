"""The steps that both boosted estimators share: grow, choose, refit, resolve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.models.anchors import States
from hscrisk.models.growing import (
    Grown,
    LongRows,
    TreeSettings,
    choose_depth_and_rounds,
    varying,
)
from hscrisk.models.inner_folds import IntArray, inner_folds
from hscrisk.models.training_data import TrainingData
from hscrisk.models.trees import Trees, refit_variance

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """Trees grown on a cohort, with what the inner folds saw.

    Attributes
    ----------
    part : Trees
    chosen : Grown
    rows : LongRows
    fold : ndarray of int, shape (n_samples,)
    """

    part: Trees
    chosen: Grown
    rows: LongRows
    fold: IntArray

    @classmethod
    def of(
        cls,
        data: TrainingData,
        states: States,
        settings: TreeSettings,
        *,
        n_refits: int,
        seed: int,
        n_jobs: int,
    ) -> Growth:
        """Choose depth and rounds in inner folds, then grow on everybody and resolve time."""
        columns, n_anchors = varying(data.matrix), len(states.anchors)
        rows = LongRows.of(data.matrix[:, columns], states)
        fold = inner_folds(data.y.event, data.groups, settings.inner_folds, seed)
        depths = settings.allowed_depths(float(states.scarcity().max()))
        chosen = choose_depth_and_rounds(
            rows, fold, n_anchors, depths, settings, seed=seed, n_jobs=n_jobs
        )
        spread = refit_variance(
            rows, n_anchors, data.groups, chosen, settings, n_refits, seed=seed, n_jobs=n_jobs
        )
        part = Trees.fit(
            data.matrix, columns, states, rows, chosen, settings, spread, seed=seed, n_jobs=n_jobs
        )
        return cls(part, chosen, rows, fold)


def tree_settings(kept: dict[str, Any] | None) -> TreeSettings | None:
    """Return settings from their plain form."""
    return None if kept is None else TreeSettings(**(kept | {"depths": tuple(kept["depths"])}))
