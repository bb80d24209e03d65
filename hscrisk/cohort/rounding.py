"""Whether days were made from months, years or weeks: then they fall on a grid of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 30
"""Events below it fit a grid too easily by chance."""
_ON_GRID = 0.98


@dataclass(frozen=True)
class Grain:
    """The steps in which times were written down.

    Attributes
    ----------
    step : float
        Days between two times that can be told apart.
    words : str
    """

    step: float
    words: str


_UNITS = {"years": (365.25,), "months": (30.4, 30.4375, 30.0), "weeks": (7.0,)}
_WRITTEN = {"in whole numbers": 1, "to one decimal": 10}
GRAINS = tuple(
    sorted(
        (
            Grain(days / parts, f"{unit} {how}")
            for unit, sizes in _UNITS.items()
            for days in sizes
            for how, parts in _WRITTEN.items()
            if days / parts > 2.0
        ),
        key=lambda one: -one.step,
    )
)
"""Coarsest first: what is in whole months is in tenths of months as well."""


def grain(days: NDArray[np.float64]) -> Grain | None:
    """Return the grid on which days fall, or None: whole days, or too few to tell.

    A grid is believed where 98 % of at least 30 days are on it, and they are on at least five
    different steps of it. Days at random would be on a grid of steps of 3 days one time in three.

    Parameters
    ----------
    days : ndarray of float, shape (n_events,)
        Whole days from infusion.
    """
    later = np.round(days[days > 1])
    if len(later) < FEWEST:
        return None
    for one in GRAINS:
        index = np.round(later / one.step)
        # Cut off or rounded to a day: a step's day may be either neighbour's whole number.
        on = np.abs(index * one.step - later) <= 0.51
        if on.mean() >= _ON_GRID and len(np.unique(index)) >= 5:
            return one
    return None
