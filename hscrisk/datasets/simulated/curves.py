"""When things happen: distributions over whole days, as tables, and sums over them.

Every table is a cumulative distribution over the days 0, 1, ..., `LAST_DAY`: it says when an event
comes, given that it comes at all. Drawing a day is a look-up, and so is its exact probability.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

Array = NDArray[np.float64]
Codes = NDArray[np.int8]

LAST_DAY = 6000
"""Days that a table covers; follow-up is shorter."""


def through(points: Mapping[int, float]) -> Array:
    """Return the distribution through `points` (day to probability), shape (LAST_DAY + 1,).

    Monotone cubic in log(1 + day); 0 at the first point's day, 1 at the last one's.

    References
    ----------
    Fritsch & Carlson, SIAM J Numer Anal 1980;17:238-246.

    >>> table = through({4: 0, 32: 0.5, 400: 1})
    >>> float(table[32].round(9)), float(table[4]), float(table[401])
    (0.5, 0.0, 1.0)
    """
    days, shares = np.array(list(points)), np.array(list(points.values()), dtype=np.float64)
    curve = PchipInterpolator(np.log1p(days), shares)
    within = np.clip(np.arange(LAST_DAY + 1), days[0], days[-1])
    return np.asarray(np.clip(curve(np.log1p(within)), 0.0, 1.0), dtype=np.float64)


def then(first: Array, wait: Array) -> Array:
    """Return the distribution of the sum of two independent waits, cut at the last day."""
    size = 2 * len(first)
    product = np.fft.irfft(np.fft.rfft(first, size) * np.fft.rfft(by_day(wait), size), size)
    whole = np.maximum.accumulate(np.clip(product[: len(first)], 0.0, 1.0))
    return np.asarray(whole, dtype=np.float64)


def geometric_delay(at_once: float, mean: float) -> Array:
    """Return a wait of 0 days with probability `at_once`, else 1, 2, ... with that mean."""
    days = np.arange(LAST_DAY + 1)
    share = 1 - (1 - at_once) * (1 - 1 / mean) ** days
    return np.asarray(share, dtype=np.float64)


def by_day(cumulative: Array) -> Array:
    """Return the probability of each day, shape as `cumulative`, along its last axis."""
    return np.asarray(np.diff(cumulative, axis=-1, prepend=0.0), dtype=np.float64)


def before_death(event: Array, death: Array) -> Array:
    """Return P(event by day t, death on an earlier day than the event), for each t.

    `event` and `death` are independent; on one day the event comes first.
    """
    earlier = np.concatenate([[0.0], death[:-1]])
    return np.asarray(np.cumsum(by_day(event) * earlier), dtype=np.float64)


def look_up(tables: Array, classes: Codes, uniform: Array) -> Array:
    """Return a day for each row: the smallest whose probability reaches `uniform`, shape (n,).

    Parameters
    ----------
    tables : ndarray, shape (n_classes, LAST_DAY + 1)
    classes : ndarray, shape (n,)
        Which table a row follows.
    uniform : ndarray, shape (n,)
        Within [0, 1).
    """
    days = np.empty(len(uniform))
    for number, table in enumerate(tables):
        rows = classes == number
        days[rows] = np.searchsorted(table, uniform[rows], side="right")
    return np.maximum(days, 1.0)
