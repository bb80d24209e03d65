"""All causes together: each monotone, their sum never above 1, the event of interest untouched.

The event of interest is never rescaled, because its contributions must sum to what is shown.
The competing events are modelled as one, capped at 1 - F1(last anchor), and split between their
codes in the cohort's proportions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from hscrisk.models.anchors import States, usable_anchors
from hscrisk.models.backbone import Backbone
from hscrisk.models.curve import MarginalCurve, running_maximum
from hscrisk.models.state import ModelState
from hscrisk.survival import AalenJohansen, Outcome

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class CompetingRisk:
    """Pooled competing incidence and its split.

    Attributes
    ----------
    curve : MarginalCurve
        Of all competing events as one.
    anchors : ndarray, shape (n_anchors,)
        Empty where the cohort has too few competing events: the marginal curve then stands.
    backbone : Backbone or None
    edges : ndarray, shape (n_edges,)
        Ends of the periods within which the split between codes is constant.
    split : ndarray, shape (n_edges, n_codes)
        Share of each competing code in each period; rows sum to 1.
    """

    curve: MarginalCurve
    anchors: FloatArray
    backbone: Backbone | None
    edges: FloatArray
    split: FloatArray

    @classmethod
    def fit(
        cls,
        matrix: Matrix,
        y: Outcome,
        null: AalenJohansen,
        edges: FloatArray,
        *,
        minimum: int,
        prior_sd: float,
    ) -> CompetingRisk | None:
        """Fit the competing events as one; None where none happened."""
        if len(null.causes_) < 2:
            return None
        pooled = null.cumulative_incidence_[1:].sum(axis=0)
        swapped = Outcome(np.array([0, 2, 1])[np.minimum(y.event, 2)], y.duration)
        anchors, _ = usable_anchors(swapped, edges, minimum)
        backbone = (
            Backbone.fit(matrix, States.of(swapped, anchors), prior_sd, spread=False)
            if len(anchors)
            else None
        )
        curve = MarginalCurve(null.times_, pooled)
        return cls(curve, anchors, backbone, edges, _split(null, edges))

    def incidence(self, matrix: Matrix, horizons: FloatArray) -> FloatArray:
        """Return the pooled incidence before it is capped, shape (n_samples, n_horizons)."""
        if self.backbone is None:
            marginal = expit(self.curve.log_odds(horizons))
            return np.broadcast_to(marginal, (matrix.shape[0], len(horizons)))
        highest, _ = running_maximum(self.backbone.log_odds(matrix))
        mixed = self.curve.mixing(self.anchors, horizons).apply(highest)
        return np.asarray(expit(mixed), dtype=np.float64)

    def by_code(self, matrix: Matrix, horizons: FloatArray, cap: FloatArray) -> FloatArray:
        """Return the incidence of each competing code, shape (n_samples, n_codes, n_horizons).

        Parameters
        ----------
        cap : ndarray, shape (n_samples,)
            What the event of interest leaves: 1 - F1(last anchor).
        """
        ends = np.minimum(horizons[:, None], self.edges[None, :])
        grid = np.unique(np.concatenate([[0.0], self.edges, horizons]))
        pooled = np.minimum(self.incidence(matrix, grid), cap[:, None])
        upper = pooled[:, np.searchsorted(grid, ends)]
        starts = np.concatenate([[0.0], self.edges[:-1]])
        lower = pooled[:, np.searchsorted(grid, np.minimum(horizons[:, None], starts[None, :]))]
        gained = upper - lower
        out = np.zeros((matrix.shape[0], self.split.shape[1], len(horizons)))
        for period in range(len(self.edges)):
            out += gained[:, None, :, period] * self.split[period][None, :, None]
        return out

    def to_state(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays to be kept (the curve follows from the null model)."""
        arrays = {
            f"{prefix}.anchors": self.anchors,
            f"{prefix}.edges": self.edges,
            f"{prefix}.split": self.split,
        }
        if self.backbone is not None:
            arrays |= self.backbone.to_state(f"{prefix}.backbone")[0]
        return arrays

    @classmethod
    def from_state(
        cls, state: ModelState, prefix: str, null: AalenJohansen
    ) -> CompetingRisk | None:
        """Rebuild from a model's state."""
        if len(null.causes_) < 2:
            return None
        anchors = state.array(f"{prefix}.anchors", 1)
        backbone = Backbone.from_state(state, f"{prefix}.backbone") if len(anchors) else None
        curve = MarginalCurve(null.times_, null.cumulative_incidence_[1:].sum(axis=0))
        return cls(
            curve,
            anchors,
            backbone,
            state.array(f"{prefix}.edges", 1),
            state.array(f"{prefix}.split", 2),
        )


def _split(null: AalenJohansen, edges: FloatArray) -> FloatArray:
    codes = null.causes_[1:]
    curves = np.column_stack([null.predict(edges, event_of_interest=int(k)) for k in codes])
    gained = np.diff(np.vstack([np.zeros(len(codes)), curves]), axis=0)
    total = gained.sum(axis=1, keepdims=True)
    overall = null.cumulative_incidence_[1:, -1]
    fallback = np.broadcast_to(overall / overall.sum(), gained.shape)
    return np.where(total > 0, gained / np.where(total > 0, total, 1.0), fallback)
