"""What happened first, and when: statuses and days become (event, duration)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.cohort.risk_set import Attrition, numbers
from hscrisk.endpoints import Endpoint

Days = NDArray[np.float64]

DEATH = "death"
SLACK = 1.0
"""Days between the end of an endpoint's own follow-up and a death that still ends it."""


@dataclass(frozen=True)
class _Cause:
    """A cause of leaving: its event code, its day (infinite where it did not happen), its rank.

    On one day the event of interest comes before a competing event, and death comes last.
    """

    code: int
    day: Days
    rank: int


def first_events(
    frame: pd.DataFrame, endpoint: Endpoint, follow_up: str, attrition: Attrition
) -> tuple[NDArray[np.int64], Days]:
    """Return `event` (0 censored, 1 endpoint, 2, 3, ... competing) and `duration` (days >= 1).

    Rows without a usable day leave through `attrition`; theirs are not to be used.

    Parameters
    ----------
    follow_up : {'overall', 'per_endpoint'}
        Whether a patient without the event was followed for it to the last contact, or to the
        endpoint's own day. In the second case a death is competing when it lies within `SLACK` of
        that day, and the patient is censored there otherwise.
    """
    end = _end_of_follow_up(frame, endpoint, follow_up)
    causes = _causes(frame, endpoint, end, follow_up)
    if endpoint.kind == "state_at_horizon":
        causes.append(_state(float(endpoint.primary_horizon), end, causes))
    days = np.stack([cause.day for cause in causes])
    # Rank below a day: it decides between causes of one day only.
    order = days + np.array([[cause.rank * 0.1] for cause in causes])
    first = order.argmin(axis=0)
    soonest = days[first, np.arange(len(end))]
    happened = np.isfinite(soonest)
    event = np.where(happened, np.array([cause.code for cause in causes])[first], 0)
    duration = np.where(happened, soonest, end)
    attrition.leave_out(np.isnan(duration), "day of the event or of the last follow-up unknown")
    attrition.leave_out(duration < 0, "day of the event or of the last follow-up before infusion")
    return event.astype(np.int64), np.maximum(duration, 1.0)


def competing_names(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the names of event codes 2, 3, ..."""
    return tuple(competing.name for competing in endpoint.competing)


def _end_of_follow_up(frame: pd.DataFrame, endpoint: Endpoint, follow_up: str) -> Days:
    last = numbers(frame, "followup_day")
    if follow_up == "overall":
        return last
    own = numbers(frame, endpoint.followed.time)
    free = numbers(frame, endpoint.followed.status) == 0
    return np.where(free, own, last)


def _causes(frame: pd.DataFrame, endpoint: Endpoint, end: Days, follow_up: str) -> list[_Cause]:
    causes = []
    if endpoint.event is not None:
        dies = endpoint.event.status == "death_status"
        day = _day(frame, endpoint.event.status, endpoint.event.time)
        day = _within(frame, day, end, follow_up) if dies else day
        causes.append(_Cause(1, day, 2 if dies else 0))
    for code, competing in enumerate(endpoint.competing, start=2):
        dies = competing.status == "death_status"
        day = _day(frame, competing.status, competing.time)
        if dies:
            day = np.fmin(_within(frame, day, end, follow_up), _told(frame, endpoint, 2))
        causes.append(_Cause(code, day, 3 if dies else 1))
    other = _told(frame, endpoint, 3)
    if endpoint.event is not None and endpoint.competing and np.isfinite(other).any():
        code = next(
            (
                code
                for code, competing in enumerate(endpoint.competing, start=2)
                if competing.status != "death_status"
            ),
            len(endpoint.competing) + 2,
        )
        causes.append(_Cause(code, other, 1))
    return causes


def _day(frame: pd.DataFrame, status: str | None, time: str) -> Days:
    """Return the day on which something happened: infinite where not, missing where unknown."""
    day = numbers(frame, time)
    if status is None:
        return np.where(np.isnan(day), np.inf, day)
    return np.where(numbers(frame, status) == 1, day, np.inf)


def _told(frame: pd.DataFrame, endpoint: Endpoint, state: int) -> Days:
    """Return the day of a competing event that the endpoint's own status tells."""
    followed = endpoint.followed
    told = numbers(frame, followed.status) == state
    return np.where(told, numbers(frame, followed.time), np.inf)


def _within(frame: pd.DataFrame, death: Days, end: Days, follow_up: str) -> Days:
    """Return the day of death where the endpoint was still followed then, else infinite."""
    if follow_up == "overall":
        return death
    return np.where(death <= end + SLACK, np.fmin(death, end), np.inf)


def _state(horizon: float, end: Days, causes: list[_Cause]) -> _Cause:
    """Return the state on the horizon: nothing happened by then, and the patient was followed."""
    free = np.all(np.stack([~(cause.day <= horizon) for cause in causes]), axis=0)
    return _Cause(1, np.where(free & (end >= horizon), horizon, np.inf), 4)
