"""What happened first, and when: statuses and days become (event, duration)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.cohort.risk_set import Attrition, numbers
from hscrisk.endpoints import Endpoint

Days = NDArray[np.float64]

_DEATH = 2
"""Status of a death without the event."""
LAST = 3
"""Rank of death as a competing event."""
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
    follow_up : {'overall', 'per_endpoint', 'recorded'}
        Whether a patient without the event was followed for it to the last contact, or to the
        endpoint's own day. In the second case a death is competing when it lies within `SLACK` of
        that day, and the patient is censored there otherwise; in the third, when the endpoint's own
        status says so. A state on a day asks who is alive then, so there the vital status holds.
    """
    if endpoint.kind == "state_at_horizon" and follow_up == "recorded":
        follow_up = "vital"
    end = _end_of_follow_up(frame, endpoint, follow_up)
    causes = _causes(frame, endpoint, end, follow_up)
    if endpoint.kind == "state_at_horizon":
        causes.append(_state(float(endpoint.primary_horizon), end, causes))
    days = np.stack([cause.day for cause in causes])
    unknown = _unknown(causes, endpoint)
    days = np.where(np.isnan(days), np.inf, days)
    # Rank below a day: it decides between causes of one day only.
    order = days + np.array([[cause.rank * 0.1] for cause in causes])
    first = order.argmin(axis=0)
    soonest = days[first, np.arange(len(end))]
    happened = np.isfinite(soonest)
    event = np.where(happened, np.array([cause.code for cause in causes])[first], 0)
    duration = np.where(unknown, np.nan, np.where(happened, soonest, end))
    attrition.leave_out(np.isnan(duration), "day of the event or of the last follow-up unknown")
    attrition.leave_out(duration < 0, "day of the event or of the last follow-up before infusion")
    return event.astype(np.int64), np.maximum(duration, 1.0)


def _unknown(causes: list[_Cause], endpoint: Endpoint) -> NDArray[np.bool_]:
    """Return whose first event cannot be told: something happened on a day that nobody wrote down.

    Death is last in any case, so its day does not matter to one who had the endpoint.
    """
    unknown = np.zeros(len(causes[0].day), dtype=bool)
    for cause in causes:
        lost = np.isnan(cause.day)
        if cause.rank == LAST and endpoint.event is not None:
            lost &= ~np.isfinite(causes[0].day)
        unknown |= lost
    return unknown


def competing_names(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the names of event codes 2, 3, ..."""
    return tuple(competing.name for competing in endpoint.competing)


def _end_of_follow_up(frame: pd.DataFrame, endpoint: Endpoint, follow_up: str) -> Days:
    last = numbers(frame, "followup_day")
    if follow_up in ("overall", "vital"):
        return last
    own = numbers(frame, endpoint.followed.time)
    free = numbers(frame, endpoint.followed.status) == 0
    return np.where(free, own, last)


def _causes(frame: pd.DataFrame, endpoint: Endpoint, end: Days, follow_up: str) -> list[_Cause]:
    causes = []
    if endpoint.event is not None:
        dies = endpoint.event.status == "death_status"
        day = _day(frame, endpoint.event.status, endpoint.event.time)
        if dies and follow_up == "recorded" and endpoint.followed.status != "death_status":
            day = _told(frame, endpoint, 2)
        elif dies:
            day = _within(day, end, follow_up)
        causes.append(_Cause(1, day, 2 if dies else 0))
    for code, competing in enumerate(endpoint.competing, start=2):
        dies = competing.status == "death_status"
        day = _day(frame, competing.status, competing.time)
        if dies:
            day = _within(day, end, follow_up)
            if follow_up != "vital":
                told = _told(frame, endpoint, 2)
                day = told if follow_up == "recorded" else _sooner(day, told)
        causes.append(_Cause(code, day, LAST if dies else 1))
    other = _told(frame, endpoint, 3)
    if np.isnan(other).any() or np.isfinite(other).any():
        causes.append(_Cause(_other_code(endpoint), other, 1))
    return causes


def _other_code(endpoint: Endpoint) -> int:
    """Return the code of status 3: the first competing event that has no status of its own here."""
    codes = [
        code
        for code, competing in enumerate(endpoint.competing, start=2)
        if competing.status not in ("death_status", endpoint.followed.status)
    ]
    return codes[0] if codes else len(endpoint.competing) + 2


def _day(frame: pd.DataFrame, status: str | None, time: str) -> Days:
    """Return the day on which something happened: infinite where not, missing where unknown."""
    day = numbers(frame, time)
    if status is None:
        return np.where(np.isnan(day), np.inf, day)
    return np.where(numbers(frame, status) == 1, day, np.inf)


def _told(frame: pd.DataFrame, endpoint: Endpoint, state: int) -> Days:
    """Return the day of a competing event that the endpoint's own status tells.

    What is dated after death did not happen: there the status tells of the death.
    """
    followed = endpoint.followed
    status, day = numbers(frame, followed.status), numbers(frame, followed.time)
    told = np.where(status == state, day, np.inf)
    if state != _DEATH:
        return told
    death = _day(frame, "death_status", "followup_day")
    return np.where(np.isin(status, (1, 3)) & (day > death), death, told)


def _sooner(first: Days, second: Days) -> Days:
    """Return the sooner of two days; a missing one gives way to a day, and to nothing else."""
    sooner = np.fmin(first, second)
    return np.where(np.isinf(sooner) & (np.isnan(first) | np.isnan(second)), np.nan, sooner)


def _within(death: Days, end: Days, follow_up: str) -> Days:
    """Return the day of death where the endpoint was still followed then, else infinite."""
    if follow_up in ("overall", "vital"):
        return death
    followed = np.where(death <= end + SLACK, np.fmin(death, end), np.inf)
    return np.where(np.isnan(death), np.nan, followed)


def _state(horizon: float, end: Days, causes: list[_Cause]) -> _Cause:
    """Return the state on the horizon: nothing happened by then, and the patient was followed."""
    free = np.all(np.stack([~(cause.day <= horizon) for cause in causes]), axis=0)
    return _Cause(1, np.where(free & (end >= horizon), horizon, np.inf), 4)
