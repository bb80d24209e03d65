"""What is known of each subject on a day, and whether that is enough to judge by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.survival import CensoringDistribution, DrawnCensoring, Outcome, check_outcome

FloatArray = NDArray[np.float64]
MINIMUM = 10
"""Fewest events, subjects known without one, and subjects that a weight may rest on."""


@dataclass(frozen=True)
class KnownStates:
    """States of the subjects at one horizon, in one sample or in many drawn from it.

    Attributes
    ----------
    target : ndarray, shape (n_samples,)
        1 where the event of interest came first, by the horizon.
    multiplicity : ndarray, shape (n_draws, n_samples)
        How often each draw takes each subject; a single row of ones is the sample itself.
    weight : ndarray, shape (n_draws, n_samples)
        Multiplicity times inverse probability of censoring weight; 0 where the state is unknown.
    outcome : Outcome
        What the states stem from.
    """

    target: FloatArray
    multiplicity: FloatArray
    weight: FloatArray
    outcome: Outcome

    @classmethod
    def at(
        cls,
        y: Any,
        horizon: float,
        *,
        censoring: CensoringDistribution | None = None,
        event_of_interest: int = 1,
    ) -> KnownStates:
        """Return the states of outcomes `y`; G is that of `y` unless given.

        Competing events are controls: their state is known, and it is 0.
        """
        y = check_outcome(y)
        weight = (censoring or CensoringDistribution().fit(y)).weights_at(y, horizon)
        target = _happened(y, horizon, event_of_interest)
        return cls(target, np.ones((1, len(weight))), weight[None, :], y)

    @classmethod
    def drawn(
        cls,
        y: Any,
        horizon: float,
        multiplicity: FloatArray,
        *,
        censoring: CensoringDistribution | DrawnCensoring,
        event_of_interest: int = 1,
    ) -> KnownStates:
        """Return the states of `y` in many draws, each weighed by a G of its own.

        G is estimated, and that makes scores *less* variable: with G held fixed, standard errors
        were 12-17 % too large where much is censored. (A `CensoringDistribution` holds it fixed.)
        """
        y = check_outcome(y)
        weight = multiplicity * censoring.weights_at(y, horizon)
        return cls(_happened(y, horizon, event_of_interest), multiplicity, weight, y)

    def take(self, rows: NDArray[np.intp]) -> KnownStates:
        """Return the states of `rows`, which may repeat."""
        y = Outcome(self.outcome.event[rows], self.outcome.duration[rows])
        return KnownStates(self.target[rows], self.multiplicity[:, rows], self.weight[:, rows], y)


def _happened(y: Outcome, horizon: float, event_of_interest: int) -> FloatArray:
    if event_of_interest < 1:
        raise InvalidConfiguration(
            "event_of_interest must be 1 or above; 0 is censoring",
            field="event_of_interest",
            value=event_of_interest,
        )
    happened = (y.event == event_of_interest) & (y.duration <= horizon)
    return np.asarray(happened, dtype=np.float64)


def require_estimable(
    y: Any,
    horizon: float,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
    minimum: int = MINIMUM,
) -> None:
    """Pass where a score at `horizon` can be estimated from outcomes `y`.

    Raises
    ------
    NotEstimable
        With fewer than `minimum` events by then, or known without one, or where the censoring
        weights rest on fewer than `minimum` subjects.
    """
    y = check_outcome(y)
    censoring = censoring or CensoringDistribution().fit(y)
    states = KnownStates.at(y, horizon, censoring=censoring, event_of_interest=event_of_interest)
    events = int(states.target.sum())
    without = int(((states.target == 0) & (states.weight[0] > 0)).sum())
    day = f"day {horizon:g}"
    if events < minimum:
        raise NotEstimable(f"only {events} events by {day} ({minimum} needed)")
    if without < minimum:
        raise NotEstimable(f"only {without} known without the event on {day} ({minimum} needed)")
    unsupported = censoring.why_unsupported(horizon, minimum)
    if unsupported:
        raise NotEstimable(unsupported)


def check_predicted(
    y: Any, predicted: ArrayLike, horizons: ArrayLike
) -> tuple[Outcome, FloatArray, FloatArray]:
    """Return outcomes, risks of shape (n_samples, n_horizons) and horizons, or say what is wrong.

    Raises
    ------
    InvalidConfiguration
        When shapes do not fit or a risk is not a probability.
    """
    y = check_outcome(y)
    days = np.atleast_1d(np.asarray(horizons, dtype=np.float64))
    if days.ndim != 1 or not len(days) or not (np.isfinite(days) & (days > 0)).all():
        message = "horizons must be days above 0"
        raise InvalidConfiguration(message, field="horizons", value=days.tolist())
    risks = np.asarray(predicted, dtype=np.float64)
    if risks.ndim == 1:
        risks = risks[:, None]
    if risks.shape != (len(y.event), len(days)):
        message = (
            f"predicted risks must have shape (n_samples, n_horizons) = "
            f"({len(y.event)}, {len(days)}), not {risks.shape}"
        )
        raise InvalidConfiguration(message)
    if not ((risks >= 0) & (risks <= 1)).all():
        message = "predicted risks must be probabilities of the event, from 0 to 1"
        raise InvalidConfiguration(message, mend="Pass risks, not survival or log-odds.")
    return y, risks, days


def states_of_each(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    censoring: CensoringDistribution | None,
    event_of_interest: int,
) -> list[tuple[KnownStates, FloatArray]]:
    """Return states and risks, shape (n_samples,), at each horizon, all of them estimable.

    Raises
    ------
    InvalidConfiguration
        As `check_predicted`.
    NotEstimable
        As `require_estimable`.
    """
    outcome, risks, days = check_predicted(y, predicted, horizons)
    how: dict[str, Any] = {"censoring": censoring, "event_of_interest": event_of_interest}
    found = []
    for k, t in enumerate(days):
        require_estimable(outcome, t, **how)
        found.append((KnownStates.at(outcome, t, **how), risks[:, k]))
    return found
