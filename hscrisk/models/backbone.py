"""The linear part: one penalised log-odds regression at each anchor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.features import LinearDesign
from hscrisk.models.anchors import States
from hscrisk.models.state import ModelState
from hscrisk.survival.ipcw_logistic import GaussianPrior, fit_ipcw_logistic

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]
RANK_STEP = 8
CLOSE = 0.02
"""Relative error of the standard deviation that the short form of a covariance may have."""


@dataclass(frozen=True)
class ShortCovariance:
    """A covariance as floor * I plus a few directions: x'Vx by few sums.

    Attributes
    ----------
    directions : ndarray of float32, shape (1 + n_columns, rank)
        Scaled by the square root of |eigenvalue - floor|; intercept first.
    signs : ndarray, shape (rank,)
    floor : float
    """

    directions: Matrix
    signs: FloatArray
    floor: float

    @classmethod
    def of(cls, covariance: FloatArray, design: FloatArray) -> ShortCovariance:
        """Shorten `covariance` as far as the deviations of the cohort's rows stay close.

        Parameters
        ----------
        design : ndarray, shape (n_samples, n_columns)
            Training rows, on which closeness is judged.
        """
        values, vectors = np.linalg.eigh(covariance)
        rows = np.column_stack([np.ones(len(design)), design])
        squares = (rows @ vectors) ** 2
        exact = squares @ values
        for rank in range(RANK_STEP, len(values) + RANK_STEP, RANK_STEP):
            kept, floor = _kept(values, min(rank, len(values)))
            rest = np.setdiff1d(np.arange(len(values)), kept)
            short = squares[:, kept] @ values[kept] + floor * squares[:, rest].sum(axis=1)
            if (np.abs(np.sqrt(short) - np.sqrt(exact)) <= CLOSE * np.sqrt(exact)).all():
                break
        beyond = values[kept] - floor
        directions = (vectors[:, kept] * np.sqrt(np.abs(beyond))).astype(np.float32)
        return cls(directions, np.sign(beyond), float(floor))


def _kept(values: FloatArray, rank: int) -> tuple[NDArray[np.intp], float]:
    """Return which eigenvalues to keep and the common value of the rest (ascending values)."""
    best: tuple[float, int] = (np.inf, 0)
    rest = len(values) - rank
    for low in range(rank + 1):
        spread = float(values[low + rest - 1] / max(values[low], 1e-300)) if rest else 1.0
        best = min(best, (spread, low))
    low = best[1]
    floor = float(np.sqrt(values[low] * values[low + rest - 1])) if rest else 0.0
    return np.concatenate([np.arange(low), np.arange(low + rest, len(values))]), floor


@dataclass(frozen=True)
class Backbone:
    """Linear log-odds at each anchor, with the posterior's spread.

    Attributes
    ----------
    design : LinearDesign
    coef : ndarray, shape (1 + n_columns, n_anchors)
        Intercept first. Columns are centred at the training mean, so the intercept is the mean
        log-odds of the cohort.
    spread : tuple of ShortCovariance
        One an anchor, or none where intervals are not wanted.
    """

    design: LinearDesign
    coef: FloatArray
    spread: tuple[ShortCovariance, ...] = ()

    @classmethod
    def fit(
        cls, matrix: Matrix, states: States, prior_sd: float, *, spread: bool = True
    ) -> Backbone:
        """Fit each anchor under N(0, prior_sd^2) a standard deviation of a column."""
        design = LinearDesign.fit(matrix)
        active = np.flatnonzero(design.scale)
        columns = design.standardise(matrix)[:, active]
        prior = GaussianPrior.independent(len(active), prior_sd)
        index = np.concatenate([[0], 1 + active])
        coef = np.zeros((1 + matrix.shape[1], len(states.anchors)))
        shapes = []
        for k in range(len(states.anchors)):
            fit = fit_ipcw_logistic(columns, states.target[:, k], states.weight[:, k], prior)
            coef[index, k] = fit.coef
            if spread:
                short = ShortCovariance.of(fit.covariance, columns)
                directions = np.zeros(
                    (1 + matrix.shape[1], short.directions.shape[1]), dtype=np.float32
                )
                directions[index] = short.directions
                shapes.append(ShortCovariance(directions, short.signs, short.floor))
        return cls(design, coef, tuple(shapes))

    def log_odds(self, matrix: Matrix) -> FloatArray:
        """Return the log-odds, shape (n_samples, n_anchors)."""
        return np.asarray(self.design.sums(matrix, self.coef[1:]) + self.coef[0])

    def variance(self, matrix: Matrix) -> FloatArray:
        """Return x'Vx, shape (n_samples, n_anchors)."""
        stacked = np.concatenate([short.directions for short in self.spread], axis=1)
        squares = (self.design.sums(matrix, stacked[1:]).T + stacked[0][:, None]) ** 2
        norms = self._squared_norms(matrix)
        out = np.empty((matrix.shape[0], len(self.spread)))
        start = 0
        for k, short in enumerate(self.spread):
            total = short.floor * norms
            for i, sign in enumerate(short.signs):
                total += sign * squares[start + i]
            out[:, k] = np.maximum(total, 0.0)
            start += len(short.signs)
        return out

    def _squared_norms(self, matrix: Matrix) -> FloatArray:
        total = np.ones(matrix.shape[0])
        for column in self.design.standardise(matrix).T:
            total += column**2
        return total

    def explain(self, matrix: Matrix, k: int) -> tuple[float, FloatArray]:
        """Return the base and the contributions of the encoded columns at anchor `k`."""
        values = self.design.standardise(matrix) * self.coef[1:, k]
        return float(self.coef[0, k]), values

    def to_state(self, prefix: str) -> tuple[dict[str, NDArray[Any]], dict[str, bytes]]:
        """Return the arrays (and no boosters) to be kept."""
        arrays: dict[str, NDArray[Any]] = {
            f"{prefix}.fill": self.design.fill,
            f"{prefix}.mean": self.design.mean,
            f"{prefix}.scale": self.design.scale,
            f"{prefix}.coef": self.coef,
        }
        for k, short in enumerate(self.spread):
            arrays[f"{prefix}.directions.{k}"] = short.directions
            arrays[f"{prefix}.signs.{k}"] = short.signs
            arrays[f"{prefix}.floor.{k}"] = np.array([short.floor])
        return arrays, {}

    @classmethod
    def from_state(cls, state: ModelState, prefix: str) -> Backbone:
        """Rebuild from a model's state."""
        design = LinearDesign(*(state.array(f"{prefix}.{n}", 1) for n in ("fill", "mean", "scale")))
        coef = state.array(f"{prefix}.coef", 2)
        spread = tuple(
            ShortCovariance(
                state.array(f"{prefix}.directions.{k}", 2).astype(np.float32),
                state.array(f"{prefix}.signs.{k}", 1),
                float(state.array(f"{prefix}.floor.{k}", 1)[0]),
            )
            for k in range(coef.shape[1])
            if f"{prefix}.floor.{k}" in state.arrays
        )
        return cls(design, coef, spread)
