"""Folds inside the training data: groups stay together, events are spread evenly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.intp]


def inner_folds(event: NDArray[np.int64], groups: IntArray, n_folds: int, seed: int) -> IntArray:
    """Return the fold of each row, shape (n_samples,).

    Groups with an event of interest are dealt first, in random order, then the others, so that
    small cohorts have events in every fold. A single group cannot be split and is treated row
    by row.
    """
    labels, codes = np.unique(groups, return_inverse=True)
    if len(labels) < 2:
        labels, codes = np.arange(len(event)), np.arange(len(event))
    events = np.bincount(codes, weights=(event == 1).astype(np.float64), minlength=len(labels))
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    # Most events first: folds of centres then hold similar numbers of events.
    order = shuffled[np.argsort(-events[shuffled], kind="stable")]
    fold_of_group = np.empty(len(labels), dtype=np.intp)
    fold_of_group[order] = np.arange(len(labels)) % min(n_folds, len(labels))
    return fold_of_group[codes]


def bootstrap_multiplicity(groups: IntArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how often each row is drawn when groups are drawn with replacement.

    Fewer than ten groups say nothing about their spread; rows are then drawn.
    """
    labels, codes = np.unique(groups, return_inverse=True)
    if len(labels) < 10:
        labels, codes = np.arange(len(groups)), np.arange(len(groups))
    drawn = np.bincount(rng.integers(0, len(labels), len(labels)), minlength=len(labels))
    return drawn[codes].astype(np.float64)
