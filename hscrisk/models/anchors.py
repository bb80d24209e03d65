"""Anchor horizons: where the cohort can carry a model, and the weighted states there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.survival import CensoringDistribution, Outcome

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class States:
    """State of each patient at each anchor.

    Attributes
    ----------
    anchors : ndarray, shape (n_anchors,)
        Days, ascending.
    target : ndarray, shape (n_samples, n_anchors)
        1 where the event of interest came first, by that day.
    weight : ndarray, shape (n_samples, n_anchors)
        Inverse probability of censoring weights; 0 where the state is unknown.
    """

    anchors: FloatArray
    target: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, y: Outcome, anchors: FloatArray) -> States:
        """Return the states of outcomes `y` at `anchors`."""
        censoring = CensoringDistribution().fit(y)
        target = (y.event[:, None] == 1) & (y.duration[:, None] <= anchors)
        weight = np.column_stack([censoring.weights_at(y, t) for t in anchors])
        return cls(anchors, target.astype(np.float64), weight)

    def known(self) -> NDArray[np.bool_]:
        """Return who counts at each anchor, shape (n_samples, n_anchors)."""
        return self.weight > 0

    def incidence(self, multiplicity: FloatArray | None = None) -> FloatArray:
        """Return the weighted incidence at each anchor, shape (n_anchors,)."""
        w = self.weight if multiplicity is None else self.weight * multiplicity[:, None]
        return np.asarray((w * self.target).sum(axis=0) / w.sum(axis=0), dtype=np.float64)

    def scarcity(self) -> FloatArray:
        """Return m, the smaller of the weighted events and non-events at each anchor."""
        events = (self.weight * self.target).sum(axis=0)
        others = (self.weight * (1 - self.target)).sum(axis=0)
        return np.asarray(np.minimum(events, others), dtype=np.float64)


def candidate_horizons(endpoint: Any, horizons: ArrayLike | None, y: Outcome) -> FloatArray:
    """Return the horizons asked for: given ones, the endpoint's, or quartiles of the event days.

    Raises
    ------
    InvalidConfiguration
        When they are not finite days above 0.
    NotEstimable
        When nothing is asked for and no event happened.
    """
    if horizons is None and endpoint is not None:
        horizons = endpoint.horizons
    if horizons is None:
        days = y.duration[y.event == 1]
        if len(days) == 0:
            raise NotEstimable("no event happened, so no horizon can be chosen")
        horizons = np.round(np.quantile(days, [0.25, 0.5, 0.75]))
    asked = np.unique(np.atleast_1d(np.asarray(horizons, dtype=np.float64)))
    if asked.size == 0 or not np.isfinite(asked).all() or (asked <= 0).any():
        raise InvalidConfiguration(
            "horizons must be days above 0", field="horizons", value=asked.tolist()
        )
    return asked


def usable_anchors(
    y: Outcome, candidates: FloatArray, minimum: int
) -> tuple[FloatArray, dict[float, str]]:
    """Return the anchors that these outcomes carry, and for the others the reason.

    An anchor needs `minimum` events by then, `minimum` patients known without one, and censoring
    weights that rest on at least `minimum` patients still followed.
    """
    censoring = CensoringDistribution().fit(y)
    used, left_out = [], {}
    for t in candidates:
        events = int(((y.event == 1) & (y.duration <= t)).sum())
        unsupported = censoring.why_unsupported(float(t), minimum)
        without = int(
            (
                ((y.event != 1) & (y.duration >= t))
                | ((y.event > 1) & (y.duration <= t))
                | ((y.event == 1) & (y.duration > t))
            ).sum()
        )
        if events < minimum:
            left_out[float(t)] = f"only {events} events by day {t:g} (at least {minimum} needed)"
        elif without < minimum:
            left_out[float(t)] = (
                f"only {without} known without the event on day {t:g} (at least {minimum} needed)"
            )
        elif unsupported:
            left_out[float(t)] = unsupported
        else:
            used.append(float(t))
    return np.array(used, dtype=np.float64), left_out


def require_anchors(
    y: Outcome, candidates: FloatArray, minimum: int
) -> tuple[FloatArray, dict[float, str]]:
    """Return `usable_anchors`, or say why there can be no model.

    Raises
    ------
    NotEstimable
        With fewer than `minimum` events, or when no anchor is carried.
    """
    total = int((y.event == 1).sum())
    mend = "Use MarginalIncidence: the cohort's curve with its interval."
    if total < minimum:
        raise NotEstimable(f"{total} events are too few for a model ({minimum} needed)", mend=mend)
    used, left_out = usable_anchors(y, candidates, minimum)
    if len(used) == 0:
        reasons = "; ".join(left_out.values())
        raise NotEstimable(f"no anchor horizon can carry a model: {reasons}", mend=mend)
    return used, left_out
