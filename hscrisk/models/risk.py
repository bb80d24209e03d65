"""The engines behind the estimators: from an encoded matrix to risks, intervals, explanations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from hscrisk.errors import NotEstimable
from hscrisk.models.centre import CentreLayer, Level
from hscrisk.models.coherence import CompetingRisk
from hscrisk.models.curve import MarginalCurve, running_maximum
from hscrisk.models.recalibration import Recalibration
from hscrisk.survival import AalenJohansen

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]


class Part(Protocol):
    """One additive part of the joined log-odds (the backbone, or the trees)."""

    def log_odds(self, matrix: Matrix) -> FloatArray:
        """Return the log-odds at the anchors, shape (n_samples, n_anchors)."""

    def variance(self, matrix: Matrix) -> FloatArray:
        """Return their variances, shape (n_samples, n_anchors)."""

    def explain(self, matrix: Matrix, k: int) -> tuple[float, FloatArray]:
        """Return base and contributions of the encoded columns at anchor `k`."""

    def to_state(self, prefix: str) -> tuple[dict[str, NDArray[Any]], dict[str, bytes]]:
        """Return the arrays and boosters to be kept."""


@dataclass(frozen=True)
class Term:
    """A part and its weight at each anchor, shape (n_anchors,)."""

    name: str
    part: Part
    weight: FloatArray


@dataclass(frozen=True)
class Explained:
    """Contributions of encoded columns, before they are folded to input columns."""

    base: float
    bases: FloatArray
    values: FloatArray
    log_odds: FloatArray


class RiskEngine(Protocol):
    """What an estimator delegates to."""

    @property
    def last(self) -> float:
        """The furthest horizon that can be answered."""

    @property
    def centre(self) -> CentreLayer | None:
        """What each centre adds to the log-odds, where that was asked for."""

    def risk(self, matrix: Matrix, horizons: FloatArray, level: Level | None = None) -> FloatArray:
        """Return F1, shape (n_samples, n_horizons)."""

    def all_causes(
        self, matrix: Matrix, horizons: FloatArray, level: Level | None = None
    ) -> FloatArray:
        """Return every cause, shape (n_samples, n_causes, n_horizons)."""

    def interval(
        self, matrix: Matrix, horizons: FloatArray, coverage: float, level: Level | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return the interval of F1, two arrays of shape (n_samples, n_horizons)."""

    def explain(self, matrix: Matrix, horizon: float, level: Level | None = None) -> Explained:
        """Return contributions of the encoded columns."""


@dataclass(frozen=True)
class MarginalRisk:
    """The same curve for everybody."""

    null: AalenJohansen
    last: float
    centre: None = None

    def risk(self, matrix: Matrix, horizons: FloatArray, level: Level | None = None) -> FloatArray:
        """Return the marginal F1 for each row."""
        return np.tile(self.null.predict(horizons), (matrix.shape[0], 1))

    def all_causes(
        self, matrix: Matrix, horizons: FloatArray, level: Level | None = None
    ) -> FloatArray:
        """Return the marginal F of each cause for each row."""
        curves = [self.null.predict(horizons, event_of_interest=int(k)) for k in self.null.causes_]
        return np.tile(np.stack(curves), (matrix.shape[0], 1, 1))

    def interval(
        self, matrix: Matrix, horizons: FloatArray, coverage: float, level: Level | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return the interval of the marginal curve for each row."""
        low, high = self.null.interval(horizons, level=coverage)
        return np.tile(low, (matrix.shape[0], 1)), np.tile(high, (matrix.shape[0], 1))

    def explain(self, matrix: Matrix, horizon: float, level: Level | None = None) -> Explained:
        """Return zero contributions around the cohort's log-odds."""
        f = float(self.null.predict([horizon])[0])
        if not 0 < f < 1:
            raise NotEstimable(f"the cohort's incidence on day {horizon:g} is {f:g}: no log-odds")
        base = float(logit(f))
        bases = np.full(matrix.shape[0], base)
        return Explained(base, bases, np.zeros(matrix.shape), bases.copy())


@dataclass(frozen=True)
class AnchoredRisk:
    """Parts joined in log-odds at the anchors, monotone there, following the null between.

    Attributes
    ----------
    anchors : ndarray, shape (n_anchors,)
    curve : MarginalCurve
    terms : tuple of Term
        Weights of all terms sum to 1 at each anchor.
    competing : CompetingRisk or None
    centre : CentreLayer or None
    recalibration : Recalibration or None
        A line through the joined log-odds at each anchor, found elsewhere or later.
    """

    anchors: FloatArray
    curve: MarginalCurve
    terms: tuple[Term, ...]
    competing: CompetingRisk | None
    centre: CentreLayer | None = None
    recalibration: Recalibration | None = None

    @property
    def last(self) -> float:
        """The last anchor."""
        return float(self.anchors[-1])

    def joined(self, matrix: Matrix, level: Level | None = None) -> FloatArray:
        """Return the joined log-odds at the anchors, before the running maximum."""
        total = np.zeros((matrix.shape[0], len(self.anchors)))
        for term in self.terms:
            total = total + term.weight * term.part.log_odds(matrix)
        if self.recalibration is not None:
            total = self.recalibration.intercept + self.recalibration.slope * total
        return total if level is None else total + level.shift

    def risk(self, matrix: Matrix, horizons: FloatArray, level: Level | None = None) -> FloatArray:
        """Return F1."""
        highest, _ = running_maximum(self.joined(matrix, level))
        mixed = self.curve.mixing(self.anchors, horizons).apply(highest)
        return np.asarray(expit(mixed), dtype=np.float64)

    def all_causes(
        self, matrix: Matrix, horizons: FloatArray, level: Level | None = None
    ) -> FloatArray:
        """Return F1 and the competing causes."""
        with_last = np.append(horizons, self.last)
        first = self.risk(matrix, with_last, level)
        if self.competing is None:
            return first[:, None, :-1]
        others = self.competing.by_code(matrix, horizons, 1 - first[:, -1])
        return np.concatenate([first[:, None, :-1], others], axis=1)

    def interval(
        self, matrix: Matrix, horizons: FloatArray, coverage: float, level: Level | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return sigma(log-odds -+ z s), s the weighted sum of the parts' deviations.

        Parts fitted on the same patients err together, so deviations are added, not variances;
        a centre's own intercept errs by its own patients, so its variance is added.
        Where an earlier anchor binds, its deviation does too. What the risk has reached it cannot
        lose, so either limit is a running maximum as the risk is, and follows the marginal
        log-odds between anchors.
        """
        highest, binding = running_maximum(self.joined(matrix, level))
        deviation = np.zeros_like(highest)
        for term in self.terms:
            if (term.weight > 0).any():
                deviation = deviation + term.weight * np.sqrt(term.part.variance(matrix))
        if self.recalibration is not None:
            joined = self.joined(matrix)
            deviation = np.sqrt(
                (self.recalibration.slope * deviation) ** 2 + self.recalibration.variance(joined)
            )
        if level is not None:
            deviation = np.sqrt(deviation**2 + level.variance)
        reach = norm.ppf(0.5 + coverage / 2) * deviation
        reach = np.take_along_axis(reach, binding, axis=1)
        mixing = self.curve.mixing(self.anchors, horizons)
        limits = (np.maximum.accumulate(highest + side * reach, axis=1) for side in (-1, 1))
        low, high = (np.asarray(expit(mixing.apply(limit))) for limit in limits)
        return low, high

    def explain(self, matrix: Matrix, horizon: float, level: Level | None = None) -> Explained:
        """Return contributions at a horizon, those of the binding anchor where one binds.

        What the centre adds is part of the base, from which that centre's patients start.

        Raises
        ------
        NotEstimable
            Before the first event of the training cohort, where the risk shown is 0.
        """
        mixing = self.curve.mixing(self.anchors, np.array([horizon]))
        shift = float(mixing.shift[0])
        if not np.isfinite(shift):
            raise NotEstimable(
                f"no event had happened by day {horizon:g} in the training cohort, so there is "
                f"nothing to explain",
                field="horizon",
            )
        highest, binding = running_maximum(self.joined(matrix, level))
        parts = [(int(mixing.left[0]), 1 - float(mixing.share[0]))]
        if mixing.share[0] > 0:
            parts.append((int(mixing.right[0]), float(mixing.share[0])))
        base, bases = shift, np.full(matrix.shape[0], shift)
        values = np.zeros(matrix.shape)
        for k, share in parts:
            base += share * self._at_anchor(matrix[:0], k)[0]
            for bound in np.unique(binding[:, k]):
                rows = np.flatnonzero(binding[:, k] == bound)
                there, contributions = self._at_anchor(matrix[rows], int(bound))
                added = 0.0 if level is None else level.shift[rows, int(bound)]
                bases[rows] += share * (there + added)
                values[rows] += share * contributions
        if len(np.unique(bases)) == 1:
            base = float(bases[0])
        return Explained(base, bases, values, mixing.apply(highest)[:, 0])

    def _at_anchor(self, matrix: Matrix, k: int) -> tuple[float, FloatArray]:
        base, values = 0.0, np.zeros(matrix.shape)
        for term in self.terms:
            share = float(term.weight[k])
            if share > 0:
                there, contributions = term.part.explain(matrix, k)
                base += share * there
                values += share * contributions
        if self.recalibration is not None:
            a, b = float(self.recalibration.intercept[k]), float(self.recalibration.slope[k])
            return a + b * base, b * values
        return base, values
