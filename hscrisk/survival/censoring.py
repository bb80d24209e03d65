"""Inverse probability of censoring weights, by one rule for models and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.survival.outcome import check_outcome

CLIP = 0.05
"""Smallest G that is divided by: a weight never exceeds 20."""


class CensoringDistribution:
    """Kaplan-Meier estimate of G(t) = P(censoring time > t), events first at ties.

    A subject with an event on day s is not at risk of being censored on day s.

    Attributes
    ----------
    times_ : ndarray, shape (n_times,)
        Distinct days on which somebody was censored.
    survival_ : ndarray, shape (n_times,)
        G just after each of those days.
    at_risk_ : ndarray of int, shape (n_times,)
        How many could have been censored on each of those days.

    References
    ----------
    Graf et al., Stat Med 1999;18:2529-2545; Gerds & Schumacher, Biom J 2006;48:1029-1040.

    Examples
    --------
    >>> y = {"event": [1, 0, 1, 1], "duration": [10, 20, 30, 40]}
    >>> CensoringDistribution().fit(y).weights_at(y, 30).round(3)
    array([1. , 0. , 1.5, 1.5])
    """

    times_: NDArray[np.float64]
    survival_: NDArray[np.float64]
    at_risk_: NDArray[np.int64]

    def fit(self, y: Any) -> CensoringDistribution:
        """Estimate G from outcomes `y`."""
        event, duration = check_outcome(y)
        self.times_, censored = np.unique(duration[event == 0], return_counts=True)
        order = np.sort(duration)
        at_risk = len(duration) - np.searchsorted(order, self.times_, side="left")
        events = np.sort(duration[event > 0])
        tied = np.searchsorted(events, self.times_, side="right") - np.searchsorted(
            events, self.times_, side="left"
        )
        self.at_risk_ = at_risk - tied
        left = 1.0 - censored / self.at_risk_
        self.survival_ = np.cumprod(left, dtype=np.float64)
        return self

    def why_unsupported(self, horizon: float, minimum: int) -> str:
        """Return why weights at `horizon` cannot be trusted, or nothing.

        They need at least `minimum` subjects still followed whenever somebody was lost before,
        and G(horizon-) of at least `CLIP`. Nobody lost before is support enough.
        """
        followed = self.at_risk_[self.times_ < horizon]
        if len(followed) and followed.min() < minimum:
            return (
                f"only {followed.min()} still followed before day {horizon:g} "
                f"(at least {minimum} needed)"
            )
        if self.survival_before([horizon])[0] < CLIP:
            return f"nearly everybody is lost to follow-up before day {horizon:g}"
        return ""

    def survival_before(self, times: Any) -> NDArray[np.float64]:
        """Return G(t-), the probability of being uncensored up to but not on each day."""
        padded = np.concatenate([[1.0], self.survival_])
        return padded[np.searchsorted(self.times_, np.asarray(times, float), side="left")]

    def weights_at(self, y: Any, horizon: float, *, clip: float = CLIP) -> NDArray[np.float64]:
        """Return the weight of each subject's state at `horizon`, shape (n_samples,).

        1/G(T-) if an event of any cause happened by the horizon; 1/G(horizon-) if the subject
        was followed without an event through the horizon (being censored on that very day
        counts as followed); 0 if censored before it. G is clipped below at `clip`.
        """
        known, day = known_state(y, horizon)
        g = self.survival_before(day)
        return np.where(known, 1.0 / np.maximum(g, clip), 0.0)


def known_state(y: Any, horizon: float) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return whose state at `horizon` is known, and the day at which G weighs it.

    The rule that models and metrics share: known are those with an event of any cause by the
    horizon, weighed at their event, and those followed through it (censored on that very day
    included), weighed at the horizon.
    """
    event, duration = check_outcome(y)
    happened = (event > 0) & (duration <= horizon)
    return happened | (duration >= horizon), np.where(happened, duration, horizon)


class DrawnCensoring:
    """G in each of many samples drawn with replacement from the same subjects.

    Equal to fitting `CensoringDistribution` to each sample, in one pass over all of them.

    Parameters
    ----------
    y : outcomes
    multiplicity : ndarray, shape (n_draws, n_samples)
        How often each draw takes each subject.
    """

    def __init__(self, y: Any, multiplicity: NDArray[np.float64]) -> None:
        event, duration = check_outcome(y)
        # Events of a day leave before its censorings: in this order, whoever stands at or behind
        # the day's first censoring could have been censored that day.
        order = np.lexsort((event == 0, duration))
        following = np.zeros((len(multiplicity), len(order) + 1))
        following[:, :-1] = np.cumsum(multiplicity[:, order[::-1]], axis=1)[:, ::-1]
        lost = np.flatnonzero(event[order] == 0)
        self.times_, first, count = np.unique(
            duration[order][lost], return_index=True, return_counts=True
        )
        before, after = following[:, lost[first]], following[:, lost[first] + count]
        left = np.divide(after, before, out=np.ones_like(after), where=before > 0)
        self._padded = np.column_stack([np.ones(len(left)), np.cumprod(left, axis=1)])

    def survival_before(self, times: Any) -> NDArray[np.float64]:
        """Return G(t-) in each draw, shape (n_draws, n_times)."""
        index = np.searchsorted(self.times_, np.asarray(times, float), side="left")
        found: NDArray[np.float64] = self._padded[:, index]
        return found

    def weights_at(self, y: Any, horizon: float, *, clip: float = CLIP) -> NDArray[np.float64]:
        """Return `CensoringDistribution.weights_at` in each draw, shape (n_draws, n_samples)."""
        known, day = known_state(y, horizon)
        return np.where(known, 1.0 / np.maximum(self.survival_before(day), clip), 0.0)
