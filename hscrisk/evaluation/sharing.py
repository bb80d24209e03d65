"""What of a table of groups may leave a registry: no count that could point at a few patients."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SMALL = 10
FEW, WITHHELD = f"<{SMALL}", "withheld"
DIGITS = 4
"""Decimal places of scores, of which counts cannot be reckoned back."""


def withheld(cells: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which groups of one variable may not show their count.

    A group with a part below 10 (its patients; or its events, or those without) is withheld.
    Subtraction from the total would give it away, so one more group is withheld: the smallest that
    can hide it, that is whose own parts could still be 10 or more whatever the small ones are;
    all, if there is none.

    Parameters
    ----------
    cells : ndarray of int, shape (n_groups, n_parts)

    Returns
    -------
    ndarray of bool, shape (n_groups,)

    References
    ----------
    Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4 (secondary
    suppression and the intervals an intruder can reckon).

    Examples
    --------
    >>> withheld(np.array([[3], [40], [15], [90]])).tolist()
    [True, True, False, False]
    """
    hidden = (cells < SMALL).any(axis=1)
    if not hidden.any():
        return hidden
    needed = SMALL + (SMALL - 1) * int(hidden.sum())
    fit = ~hidden & (cells >= needed).all(axis=1)
    if not fit.any():
        return np.ones(len(cells), dtype=bool)
    size = np.where(fit, cells.sum(axis=1), np.iinfo(np.int64).max)
    hidden[int(np.argmin(size))] = True
    return hidden


def shareable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of groups with small counts as "<10" and what would give them away withheld.

    Parameters
    ----------
    frame : DataFrame
        `variable, group, horizon, n, n_events, note` and scores. Groups of one variable divide the
        cohort, whose own counts are taken to be known.
    """
    shown = frame.copy()
    shown["n"], shown["n_events"] = frame["n"].astype(object), frame["n_events"].astype(object)
    cells = frame.drop_duplicates(["variable", "group", "horizon"])
    for (variable, horizon), part in cells.groupby(["variable", "horizon"], sort=False):
        n, events = part["n"].to_numpy(np.int64), part["n_events"].to_numpy(np.int64)
        here = (frame["variable"] == variable) & (frame["horizon"] == horizon)
        for column, hidden in (
            ("n", withheld(n[:, None])),
            ("n_events", withheld(np.column_stack([events, n - events]))),
        ):
            for group, value in part.loc[hidden, ["group", column]].itertuples(index=False):
                rows = here & (frame["group"] == group)
                # Where all are withheld, which of them are small could be reckoned from.
                few = value < SMALL and not hidden.all()
                shown.loc[rows, column] = FEW if few else WITHHELD
    shown["note"] = frame["note"].map(_without_counts)
    scores = ["estimate", "low", "high"]
    shown[scores] = frame[scores].round(DIGITS)
    return shown


def _without_counts(note: str) -> str:
    """Return a note without the number of patients in it.

    >>> _without_counts("only 4 events by day 100 (10 needed)")
    'too few events by day 100 (10 needed)'
    """
    return re.sub(r"\bonly \d+\b", "too few", note)
