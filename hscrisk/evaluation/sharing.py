"""What of a table of groups may leave a registry: no count that could point at a few patients."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SMALL = 10
FEW, WITHHELD = f"<{SMALL}", "withheld"
PLENTY = 10**6
"""Stands for the counts of a group that is not there at a horizon."""
DIGITS = 4
"""Decimal places of scores. Counts can be reckoned back from them, so that a withheld count takes
the scores of its group with it."""
UNTOLD = "its scores would give away a count that is withheld"


def suppressed(cells: NDArray[np.int64]) -> NDArray[np.str_]:
    """Return what is shown in place of the counts of the groups of one variable.

    A group with a part below 10 (its patients; or its events, or those without) is not told.
    Subtraction from the total would give it away, so neither is one more: the smallest that can
    hide it, that is whose own parts could still be 10 or more whatever the small ones are. Where
    there is none, no group is told, nor which of them are small.

    Parameters
    ----------
    cells : ndarray of int, shape (n_groups, n_parts)

    Returns
    -------
    ndarray of str, shape (n_groups,)
        "<10" where the first part is, "withheld", or nothing where the count may be told.

    References
    ----------
    Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4 (secondary
    suppression and the intervals an intruder can reckon).

    Examples
    --------
    >>> suppressed(np.array([[3], [40], [15], [90]])).tolist()
    ['<10', 'withheld', '', '']
    """
    small = (cells < SMALL).any(axis=1)
    shown = np.where(small, np.where(cells[:, 0] < SMALL, FEW, WITHHELD), "")
    if not small.any():
        return shown
    needed = SMALL + (SMALL - 1) * int(small.sum())
    fit = np.flatnonzero(~small & (cells >= needed).all(axis=1))
    if not len(fit):
        return np.full(len(cells), WITHHELD)
    shown[fit[np.argmin(cells[fit].sum(axis=1))]] = WITHHELD
    return shown


def shareable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of groups with small counts as "<10" and what would give them away withheld.

    That takes in the scores of a group with a count that is not told: two of them, O/E and Brier
    score, give the number of events exactly where nobody is censored.

    Parameters
    ----------
    frame : DataFrame
        `variable, group, horizon, n, n_events, note` and scores. Groups of one variable divide the
        cohort, whose own counts are taken to be known.
    """
    shown = frame.copy()
    shown["n"], shown["n_events"] = frame["n"].astype(object), frame["n_events"].astype(object)
    cells = frame.drop_duplicates(["variable", "group", "horizon"])
    for variable, part in cells.groupby("variable", sort=False):
        n = part.pivot(index="group", columns="horizon", values="n").fillna(PLENTY)
        events = part.pivot(index="group", columns="horizon", values="n_events").fillna(PLENTY)
        others = np.where(events == PLENTY, PLENTY, n - events)
        both = np.column_stack([events, others]).astype(np.int64)
        # Whoever is hidden at one horizon is hidden at all: counts grow from one to the next, and
        # a later one would bound an earlier.
        for column, words in (
            ("n", suppressed(n.to_numpy(np.int64))),
            ("n_events", suppressed(both)),
        ):
            for group, word in zip(n.index, words, strict=True):
                if not word:
                    continue
                rows = (frame["variable"] == variable) & (frame["group"] == group)
                few = rows & (word == FEW) & (frame[column] < SMALL)
                shown.loc[rows, column] = WITHHELD
                shown.loc[few, column] = FEW
    shown["note"] = frame["note"].map(without_counts)
    scores = ["estimate", "low", "high"]
    shown[scores] = frame[scores].round(DIGITS)
    untold = shown[["n", "n_events"]].map(lambda value: isinstance(value, str)).any(axis=1)
    shown.loc[untold & (shown["note"] == ""), "note"] = UNTOLD
    shown.loc[untold, scores] = np.nan
    return shown


def without_counts(note: str) -> str:
    """Return a note without the number of patients in it.

    >>> without_counts("only 4 events by day 100 (10 needed)")
    'too few events by day 100 (10 needed)'
    """
    return re.sub(r"\bonly \d+\b", "too few", note)
