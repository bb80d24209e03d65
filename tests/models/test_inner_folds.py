from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.models.inner_folds import bootstrap_multiplicity, inner_folds

labels = st.lists(st.integers(0, 12), min_size=6, max_size=80).map(np.array)


@given(labels, st.integers(0, 100))
def test_groups_stay_together(groups: np.ndarray, seed: int) -> None:
    event = np.random.default_rng(seed).integers(0, 3, len(groups))
    fold = inner_folds(event, groups, 5, seed)
    if len(np.unique(groups)) < 2:
        assert len(np.unique(fold)) == min(5, len(groups))
        return
    for label in np.unique(groups):
        assert len(np.unique(fold[groups == label])) == 1
    assert len(np.unique(fold)) == min(5, len(np.unique(groups)))


def test_events_are_spread_evenly() -> None:
    event = np.zeros(200, dtype=int)
    event[np.random.default_rng(0).choice(200, 23, replace=False)] = 1
    fold = inner_folds(event, np.arange(200), 5, 1)
    assert np.ptp(np.bincount(fold, weights=event == 1)) <= 1
    assert np.ptp(np.bincount(fold)) <= 1
    assert not np.array_equal(fold, inner_folds(event, np.arange(200), 5, 2))


@given(labels)
def test_the_bootstrap_draws_whole_groups(groups: np.ndarray) -> None:
    drawn = bootstrap_multiplicity(groups, np.random.default_rng(0))
    n = len(np.unique(groups))
    if n >= 10:
        per_group = [np.unique(drawn[groups == g]) for g in np.unique(groups)]
        assert all(len(values) == 1 for values in per_group)
        assert sum(values[0] for values in per_group) == n
    else:
        assert drawn.sum() == len(groups)
