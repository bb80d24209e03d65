"""The boosted part: one resolved booster at each anchor, and the variance that refits found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from hscrisk.errors import NotEstimable
from hscrisk.models.anchors import States
from hscrisk.models.growing import Grown, LongRows, TreeSettings, grow
from hscrisk.models.inner_folds import IntArray, bootstrap_multiplicity
from hscrisk.models.resolve import resolve_time
from hscrisk.models.state import ModelState

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Trees:
    """Boosted log-odds at each anchor.

    Attributes
    ----------
    intercept : ndarray, shape (n_anchors,)
        The cohort's log-odds, from which the trees depart.
    raw : tuple of bytes
        One booster an anchor, UBJ; none where no round helped.
    spread : ndarray, shape (n_anchors,) or (0,)
        Variance of the log-odds over refits; empty where none were made.
    boosters : tuple of Booster
        `raw`, loaded.
    """

    intercept: FloatArray
    raw: tuple[bytes, ...]
    spread: FloatArray
    boosters: tuple[xgb.Booster, ...]

    @classmethod
    def load(
        cls, intercept: FloatArray, raw: tuple[bytes, ...], spread: FloatArray, n_jobs: int
    ) -> Trees:
        """Return the part with its boosters loaded."""
        boosters = []
        for blob in raw:
            booster = xgb.Booster({"nthread": n_jobs})
            booster.load_model(bytearray(blob))
            boosters.append(booster)
        return cls(intercept, raw, spread, tuple(boosters))

    @classmethod
    def fit(
        cls,
        matrix: Matrix,
        columns: IntArray,
        states: States,
        rows: LongRows,
        chosen: Grown,
        settings: TreeSettings,
        spread: FloatArray,
        *,
        seed: int,
        n_jobs: int,
    ) -> Trees:
        """Grow on all rows with depth and rounds as chosen, and resolve time at each anchor.

        Parameters
        ----------
        matrix : ndarray, shape (n_samples, n_columns)
        columns : ndarray of int
            Those of its columns that `rows` hold.
        """
        n_anchors = len(states.anchors)
        booster, intercept = grow(rows, n_anchors, chosen, settings, seed=seed, n_jobs=n_jobs)
        raw = tuple(
            resolve_time(booster, float(np.log(t)), matrix, columns)
            for t in states.anchors
            if chosen.rounds > 0
        )
        return cls.load(intercept, raw, spread, n_jobs)

    def log_odds(self, matrix: Matrix) -> FloatArray:
        """Return the log-odds, shape (n_samples, n_anchors)."""
        out = np.tile(self.intercept, (matrix.shape[0], 1))
        if matrix.shape[0]:
            for k, booster in enumerate(self.boosters):
                out[:, k] += booster.inplace_predict(matrix, predict_type="margin")
        return out

    def variance(self, matrix: Matrix) -> FloatArray:
        """Return the variance of each anchor, the same for each row.

        Raises
        ------
        NotEstimable
            When the model was fitted without refits.
        """
        if len(self.spread) == 0:
            message = "the model was fitted without refits, so its interval is unknown"
            raise NotEstimable(message, mend="Fit with n_refits=100.")
        return np.tile(self.spread, (matrix.shape[0], 1))

    def explain(self, matrix: Matrix, k: int) -> tuple[float, FloatArray]:
        """Return the base and the TreeSHAP contributions of the encoded columns at anchor `k`."""
        if not self.boosters:
            return float(self.intercept[k]), np.zeros(matrix.shape)
        asked = matrix if len(matrix) else np.zeros((1, matrix.shape[1]), dtype=np.float32)
        found = self.boosters[k].predict(xgb.DMatrix(asked), pred_contribs=True)
        values = np.asarray(found, dtype=np.float64)
        return float(self.intercept[k] + values[0, -1]), values[: len(matrix), :-1]

    def to_state(self, prefix: str) -> tuple[dict[str, NDArray[Any]], dict[str, bytes]]:
        """Return the arrays and boosters to be kept."""
        arrays = {f"{prefix}.intercept": self.intercept, f"{prefix}.spread": self.spread}
        return arrays, {f"{prefix}.{k}": blob for k, blob in enumerate(self.raw)}

    @classmethod
    def from_state(cls, state: ModelState, prefix: str, n_jobs: int = 1) -> Trees:
        """Rebuild from a model's state."""
        intercept = state.array(f"{prefix}.intercept", 1)
        names = [f"{prefix}.{k}" for k in range(len(intercept))]
        raw = tuple(state.boosters[name] for name in names if name in state.boosters)
        return cls.load(intercept, raw, state.array(f"{prefix}.spread", 1), n_jobs)


def refit_variance(
    rows: LongRows,
    n_anchors: int,
    groups: IntArray,
    chosen: Grown,
    settings: TreeSettings,
    n_refits: int,
    *,
    seed: int,
    n_jobs: int,
) -> FloatArray:
    """Return one variance of the trees' log-odds for each anchor, by bootstrap of groups.

    Depth and rounds stay as chosen; the variance is that over refits of a patient's log-odds,
    averaged over the patients. Empty where no refits are wanted.
    """
    if n_refits < 2:
        return np.empty(0)
    rng = np.random.default_rng([seed, 1])
    data = rows.to_dmatrix(np.zeros(n_anchors), n_jobs)
    mean = np.zeros(len(rows.target))
    squares = np.zeros(len(rows.target))
    for refit in range(n_refits):
        weight = rows.weight * bootstrap_multiplicity(groups, rng)[rows.patient]
        intercepts = rows.intercepts(n_anchors, weight)
        log_odds = intercepts[rows.anchor]
        if chosen.rounds:
            hessian = rows.hessian(intercepts)
            params = settings.params(
                chosen.depth, rows.matrix.shape[1], hessian, seed + refit, n_jobs
            )
            data.set_weight(weight)
            data.set_base_margin(log_odds.astype(np.float32))
            booster = xgb.Booster(params, [data])
            for i in range(chosen.rounds):
                booster.update(data, i)
            log_odds = booster.predict(data, output_margin=True).astype(np.float64)
        away = log_odds - mean
        mean += away / (refit + 1)
        squares += away * (log_odds - mean)
    total = np.bincount(rows.anchor, weights=squares / (n_refits - 1), minlength=n_anchors)
    return total / np.bincount(rows.anchor, minlength=n_anchors)
