"""The one door for outcomes: anything with `event` and `duration` becomes two arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidOutcome

MOST_CAUSES = 50
"""Registries write 'unknown' as 99 or 999; as a cause of its own it would be believed."""


class Outcome(NamedTuple):
    """What happened, and when.

    Attributes
    ----------
    event : ndarray of int64, shape (n_samples,)
        0 = censored, 1 = the endpoint, 2, 3, ... = competing events.
    duration : ndarray of float64, shape (n_samples,)
        Days from infusion to the event or to the last day followed.
    """

    event: NDArray[np.int64]
    duration: NDArray[np.float64]


def check_outcome(y: Any) -> Outcome:
    """Return `y` as an `Outcome`, or say which row is wrong.

    Parameters
    ----------
    y : Outcome, data frame, mapping or structured array
        Must hold `event` (whole numbers, 0 = censored) and `duration` (days, finite, > 0).

    Raises
    ------
    InvalidOutcome
        When a name is absent, lengths differ, or a row holds something else.

    Examples
    --------
    >>> check_outcome({"event": [1, 0], "duration": [12, 100]}).duration
    array([ 12., 100.])
    """
    if isinstance(y, Outcome):
        return y
    event, duration = _column(y, "event"), _column(y, "duration")
    if event.shape != duration.shape or event.ndim != 1:
        raise InvalidOutcome(
            f"event and duration must be one-dimensional and equally long "
            f"(shapes {event.shape} and {duration.shape})",
            mend="Give one event and one duration for each transplant.",
        )
    if len(event) == 0:
        raise InvalidOutcome("outcomes must hold at least one row", mend="Check the cohort.")
    _refuse(
        ~np.isfinite(duration) | (duration <= 0),
        duration,
        "duration",
        "duration must be a finite number of days above 0",
        "Events on the day of infusion are given day 1; unknown durations leave the cohort.",
    )
    whole = np.isfinite(event) & (event >= 0) & (event == np.floor(event))
    _refuse(
        ~whole,
        event,
        "event",
        "event must be 0 (censored), 1 (endpoint) or 2, 3, ... (competing)",
        "Recode the event column.",
    )
    _refuse(
        event > MOST_CAUSES,
        event,
        "event",
        f"event codes above {MOST_CAUSES} are taken for a code of 'unknown'",
        "Leave rows with an unknown event out of the cohort; number causes 1, 2, 3, ...",
    )
    return Outcome(event.astype(np.int64), duration)


def _column(y: Any, name: str) -> NDArray[np.float64]:
    names: Any = None
    if isinstance(y, Mapping):
        names = list(y)
    elif hasattr(y, "columns"):
        names = list(y.columns)
    elif getattr(getattr(y, "dtype", None), "names", None):
        names = list(y.dtype.names)
    if names is None or name not in names:
        raise InvalidOutcome(
            f"outcomes must hold 'event' and 'duration'; '{name}' is absent",
            mend="Pass a data frame (or mapping, or structured array) with those two names.",
        )
    try:
        return np.asarray(y[name], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidOutcome(
            "outcomes must be numbers", field=name, mend="Convert the column to numbers."
        ) from error


def _refuse(
    bad: NDArray[np.bool_], values: NDArray[np.float64], field: str, rule: str, mend: str
) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidOutcome(rule, row=row, field=field, value=float(values[row]), mend=mend)
