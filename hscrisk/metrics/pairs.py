"""Shares of pairs ranked right, for a sample and for all draws from it at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hscrisk.metrics.states import KnownStates

FloatArray = NDArray[np.float64]
BLOCK = 1_000_000
"""Pairs compared at once (8 MB)."""


def concordance(states: KnownStates, risk: FloatArray, fold: NDArray[np.intp]) -> FloatArray:
    """Return the share of (case, control) pairs of one fold ranked right, shape (n_draws,).

    Pairs are weighted by both subjects' weights, ties count one half. Only pairs of the same fold
    are compared: risks of different folds come from different models, whose levels differ by
    chance. (A null pooled over folds would rank *against* the outcome, since a fold with more
    events leaves fewer to be trained on.)
    """
    right = np.zeros(len(states.weight))
    pairs = np.zeros(len(states.weight))
    for k in np.unique(fold):
        inside = np.flatnonzero(fold == k)
        order = inside[np.argsort(risk[inside], kind="stable")]
        starts = np.flatnonzero(np.diff(risk[order], prepend=-1.0))
        weight, target = states.weight[:, order], states.target[order]
        cases = np.add.reduceat(weight * target, starts, axis=1)
        controls = np.add.reduceat(weight * (1 - target), starts, axis=1)
        below = np.cumsum(controls, axis=1) - controls
        right += (cases * (below + controls / 2)).sum(axis=1)
        pairs += cases.sum(axis=1) * controls.sum(axis=1)
    return _share(right, pairs)


def concordance_in_time(
    states: KnownStates, risk: FloatArray, fold: NDArray[np.intp]
) -> FloatArray:
    """Return Wolbers' share of pairs of one fold ranked right, shape (n_draws,).

    A case, at its event, is compared with everybody then known to be free of any event, with
    weight 1/G(T_i-)^2, and with everybody who had a competing event before or on that day, with
    weight 1/(G(T_i-) G(T_j-)). Subjects censored on the case's day were free of it through that
    day. Cases of one day are not compared with each other. Ties of risk count one half.
    """
    right = np.zeros(len(states.weight))
    pairs = np.zeros(len(states.weight))
    for k in np.unique(fold):
        in_fold = _right_and_all(states.take(np.flatnonzero(fold == k)), risk[fold == k])
        right += in_fold[0]
        pairs += in_fold[1]
    return _share(right, pairs)


def _right_and_all(states: KnownStates, risk: FloatArray) -> tuple[FloatArray, FloatArray]:
    event, duration = states.outcome
    order = np.lexsort((event == 0, duration))
    states, risk, lost = states.take(order), risk[order], (event == 0)[order]
    # Events of a day share a rank, and its censorings have the next.
    new = (np.diff(duration[order], prepend=-1.0) != 0) | np.diff(lost, prepend=False)
    rank = np.cumsum(new)
    cases = np.flatnonzero(states.target == 1)
    others = np.flatnonzero(~lost & (states.target == 0))
    m, w = states.multiplicity, states.weight
    once = np.divide(w, m, out=np.zeros_like(w), where=m > 0)
    following = m.sum(axis=1, keepdims=True) - np.cumsum(m, axis=1)
    before = np.column_stack([np.zeros(len(w)), np.cumsum(w[:, others], axis=1)])
    behind = np.searchsorted(rank, rank[cases], side="right")
    ahead = np.searchsorted(rank[others], rank[cases], side="right")
    late = w[:, cases] * once[:, cases]
    pairs = (late * following[:, behind - 1] + w[:, cases] * before[:, ahead]).sum(axis=1)
    right = np.zeros(len(w))
    for here in np.array_split(np.arange(len(cases)), 1 + len(cases) * len(risk) // BLOCK):
        if not len(here):
            continue
        i, first, last = cases[here], behind[here[0]], ahead[here[-1]]
        beaten = _beats(risk[i], risk[first:]) * (rank[first:] > rank[i, None])
        right += (late[:, here] * (m[:, first:] @ beaten.T)).sum(axis=1)
        j = others[:last]
        beaten = _beats(risk[i], risk[j]) * (rank[j] <= rank[i, None])
        right += (w[:, i] * (w[:, j] @ beaten.T)).sum(axis=1)
    return right, pairs


def _beats(case: FloatArray, other: FloatArray) -> FloatArray:
    """Return 1 where the case has the larger risk, one half at a tie; (n_cases, n_others)."""
    won: FloatArray = (np.sign(case[:, None] - other) + 1) / 2
    return won


def _share(right: FloatArray, pairs: FloatArray) -> FloatArray:
    share: FloatArray = np.divide(right, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return share
