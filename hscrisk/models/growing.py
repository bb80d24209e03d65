"""Growing one booster over all anchors, time being one more input that can only raise risk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import logit

from hscrisk.models.anchors import States

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class TreeSettings:
    """How trees are grown: shallow, slow, strongly regularised.

    Attributes
    ----------
    eta : float
        Step of a round.
    max_rounds, patience : int
        Most rounds, and rounds without a better out-of-fold loss before growing stops.
    depths : tuple of int
        Candidates; the deeper need more events (`allowed_depths`).
    column_share, row_share : float
        Columns drawn a node, rows drawn a round.
    min_child_weight, l2 : float
    max_bins : int
        Values between which a number is split; whole years of age fit.
    inner_folds : int
    """

    eta: float = 0.03
    max_rounds: int = 600
    patience: int = 60
    depths: tuple[int, ...] = (1, 2, 3)
    column_share: float = 0.3
    row_share: float = 0.6
    min_child_weight: float = 8.0
    l2: float = 5.0
    max_bins: int = 64
    inner_folds: int = 5

    def allowed_depths(self, scarcity: float) -> tuple[int, ...]:
        """Return the depths that a cohort with so few events (or non-events) may have."""
        deepest = 1 if scarcity < 50 else 2 if scarcity < 200 else 3
        allowed = tuple(d for d in self.depths if d <= deepest)
        return allowed or (min(self.depths),)

    def params(
        self, depth: int, n_columns: int, hessian: float, seed: int, n_jobs: int
    ) -> dict[str, object]:
        """Return XGBoost's parameters.

        Parameters
        ----------
        hessian : float
            Sum of w p (1 - p) over the rows: what the least weight of a leaf is measured by,
            so that small cohorts can still be split.
        """
        return {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "base_score": 0.5,
            "max_depth": depth,
            "max_bin": self.max_bins,
            "eta": self.eta,
            "subsample": self.row_share,
            # At least four columns compete for a split, however few there are.
            "colsample_bynode": min(1.0, max(self.column_share, 4 / n_columns)),
            "min_child_weight": min(self.min_child_weight, max(1.0, 0.1 * hessian)),
            "reg_lambda": self.l2,
            "monotone_constraints": (0,) * (n_columns - 1) + (1,),
            "nthread": n_jobs,
            "seed": seed,
            # Boosters grown in turns must not share one stream of random numbers.
            "seed_per_iteration": True,
        }


@dataclass(frozen=True)
class LongRows:
    """One row a patient and anchor whose state is known; time is the last column.

    Attributes
    ----------
    matrix : ndarray of float32, shape (n_rows, n_columns + 1)
    target, weight : ndarray, shape (n_rows,)
        A patient's weight is shared evenly by the anchors.
    patient, anchor : ndarray of int, shape (n_rows,)
    """

    matrix: Matrix
    target: FloatArray
    weight: FloatArray
    patient: IntArray
    anchor: IntArray

    @classmethod
    def of(cls, matrix: Matrix, states: States) -> LongRows:
        """Stack the anchors."""
        patient, anchor = np.nonzero(states.known())
        time = np.log(states.anchors).astype(np.float32)[anchor]
        return cls(
            np.column_stack([matrix[patient], time]),
            states.target[patient, anchor],
            states.weight[patient, anchor] / len(states.anchors),
            patient,
            anchor,
        )

    def take(self, rows: NDArray[np.bool_]) -> LongRows:
        """Return some of the rows."""
        return LongRows(
            self.matrix[rows],
            self.target[rows],
            self.weight[rows],
            self.patient[rows],
            self.anchor[rows],
        )

    def intercepts(self, n_anchors: int, weight: FloatArray | None = None) -> FloatArray:
        """Return the weighted log-odds at each anchor, kept finite and monotone."""
        w = self.weight if weight is None else weight
        total = np.bincount(self.anchor, weights=w, minlength=n_anchors)
        events = np.bincount(self.anchor, weights=w * self.target, minlength=n_anchors)
        half = 0.5 / np.maximum(np.bincount(self.anchor, minlength=n_anchors), 1)
        incidence = np.divide(events, total, out=np.full(n_anchors, 0.5), where=total > 0)
        clipped = np.clip(incidence, half, 1 - half)
        return np.asarray(logit(np.maximum.accumulate(clipped)), dtype=np.float64)

    def to_dmatrix(self, intercepts: FloatArray, n_jobs: int) -> xgb.DMatrix:
        """Return the rows for XGBoost; trees start from the cohort's own log-odds."""
        data = xgb.DMatrix(self.matrix, label=self.target, weight=self.weight, nthread=n_jobs)
        data.set_base_margin(intercepts[self.anchor].astype(np.float32))
        return data

    def hessian(self, intercepts: FloatArray) -> float:
        """Return the sum of w p (1 - p) at the intercepts."""
        p = 1 / (1 + np.exp(-intercepts[self.anchor]))
        return float((self.weight * p * (1 - p)).sum())


def varying(matrix: Matrix) -> IntArray:
    """Return the columns that vary in training; missing counts as a value.

    Trees draw their columns from these alone, so that a level which the contract gains and nobody
    here has changes no model.
    """
    first = matrix[0]
    same = (matrix == first) | (np.isnan(matrix) & np.isnan(first))
    return np.flatnonzero(~same.all(axis=0))


def log_loss(log_odds: FloatArray, target: FloatArray) -> FloatArray:
    """Return the log-loss of each row."""
    return np.logaddexp(0.0, np.where(target > 0.5, -log_odds, log_odds))


@dataclass(frozen=True)
class Grown:
    """What the inner folds chose.

    Attributes
    ----------
    depth, rounds : int
        Rounds may be 0: no tree, only the cohort's log-odds.
    log_odds : ndarray, shape (n_rows,)
        Out of fold, at the chosen depth and rounds.
    """

    depth: int
    rounds: int
    log_odds: FloatArray


def choose_depth_and_rounds(
    rows: LongRows,
    fold: IntArray,
    n_anchors: int,
    depths: tuple[int, ...],
    settings: TreeSettings,
    *,
    seed: int,
    n_jobs: int,
) -> Grown:
    """Return the depth and rounds of least out-of-fold loss, all folds growing in step."""
    best: tuple[float, Grown] | None = None
    for depth in depths:
        loss, grown = _grow_in_step(rows, fold, n_anchors, depth, settings, seed, n_jobs)
        if best is None or loss < best[0]:
            best = (loss, grown)
    assert best is not None
    return best[1]


def _grow_in_step(
    rows: LongRows,
    fold: IntArray,
    n_anchors: int,
    depth: int,
    settings: TreeSettings,
    seed: int,
    n_jobs: int,
) -> tuple[float, Grown]:
    pairs = []
    current = np.empty(len(rows.target))
    for k in np.unique(fold):
        inside = fold[rows.patient] != k
        train = rows.take(inside)
        intercepts = train.intercepts(n_anchors)
        params = settings.params(
            depth, rows.matrix.shape[1], train.hessian(intercepts), seed, n_jobs
        )
        grow = train.to_dmatrix(intercepts, n_jobs)
        held = rows.take(~inside).to_dmatrix(intercepts, n_jobs)
        pairs.append((xgb.Booster(params, [grow, held]), grow, held, ~inside))
        current[~inside] = intercepts[rows.anchor[~inside]]
    loss = float((rows.weight * log_loss(current, rows.target)).sum())
    best, grown, stride = loss, Grown(depth, 0, current.copy()), 5
    for done in range(stride, settings.max_rounds + 1, stride):
        for booster, grow, held, out in pairs:
            for i in range(done - stride, done):
                booster.update(grow, i)
            current[out] = booster.predict(held, output_margin=True)
        loss = float((rows.weight * log_loss(current, rows.target)).sum())
        if loss < best:
            best, grown = loss, Grown(depth, done, current.copy())
        elif done - grown.rounds >= settings.patience:
            break
    return best, grown


def grow(
    rows: LongRows,
    n_anchors: int,
    chosen: Grown,
    settings: TreeSettings,
    *,
    seed: int,
    n_jobs: int,
) -> tuple[xgb.Booster, FloatArray]:
    """Return the booster grown on all rows, and the intercept of each anchor."""
    intercepts = rows.intercepts(n_anchors)
    params = settings.params(
        chosen.depth, rows.matrix.shape[1], rows.hessian(intercepts), seed, n_jobs
    )
    data = rows.to_dmatrix(intercepts, n_jobs)
    booster = xgb.Booster(params, [data])
    for i in range(chosen.rounds):
        booster.update(data, i)
    return booster, intercepts
