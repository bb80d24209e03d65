"""Who is trained on and who is judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.evaluation import make_splits

N = 200
PATIENT = np.arange(N) % 80
EVENT = (np.random.default_rng(0).uniform(size=N) < 0.15).astype(int)
Y = pd.DataFrame({"event": EVENT, "duration": np.full(N, 10.0)})


def test_every_row_is_judged_once_a_repeat_and_repeats_differ() -> None:
    once = make_splits("5-fold", Y, PATIENT)
    assert [s.name for s in once] == ["1", "2", "3", "4", "5"]
    three = make_splits("repeated-3x5-fold", Y, PATIENT)
    assert [s.name for s in three][4:6] == ["1.5", "2.1"]
    for repeat in range(3):
        judged = np.concatenate([s.test for s in three[5 * repeat : 5 * repeat + 5]])
        assert sorted(judged) == list(range(N))
    assert not np.array_equal(three[0].test, three[5].test)
    for a, b in zip(once, three[:5], strict=True):
        np.testing.assert_array_equal(a.test, b.test)
    for split in three:
        assert not set(PATIENT[split.train]) & set(PATIENT[split.test])
        assert len(split.train) + len(split.test) == N


def test_events_are_spread_over_the_folds() -> None:
    each = [int(EVENT[s.test].sum()) for s in make_splits("5-fold", Y, np.arange(N))]
    assert max(each) - min(each) <= 1


def test_the_division_follows_patients_and_seed_not_the_order_of_rows() -> None:
    patient = np.array([f"p{k}" for k in PATIENT])
    order = np.random.default_rng(1).permutation(N)
    there = make_splits("5-fold", Y, patient, random_state=3)
    again = make_splits("5-fold", Y.iloc[order], patient[order], random_state=3)
    for a, b in zip(there, again, strict=True):
        assert set(patient[a.test]) == set(patient[order][b.test])
    other = make_splits("5-fold", Y, patient, random_state=4)
    assert any(set(a.test) != set(b.test) for a, b in zip(there, other, strict=True))


def test_more_folds_than_patients_cannot_be() -> None:
    with pytest.raises(NotEstimable, match="3 patients cannot be dealt to 5 folds"):
        make_splits("5-fold", Y, np.arange(N) % 3)


def test_a_patient_of_two_centres_is_not_trained_on_when_one_is_left_out() -> None:
    patient, centre = np.arange(N), np.where(np.arange(N) < 100, "a", "b")
    patient[150] = 7
    splits = make_splits("leave-centres-out", Y, patient, centre=centre)
    assert [s.name for s in splits] == ["a", "b"]
    assert 150 not in splits[0].train
    assert 150 in splits[1].test
    assert 7 not in splits[1].train
    assert sorted(np.concatenate([s.test for s in splits])) == list(range(N))


def test_small_centres_are_left_out_together_and_no_name_is_a_centre_too() -> None:
    centre = np.array(["a"] * 120 + ["b"] * 9 + ["c"] * 8 + [None] * 63, dtype=object)
    splits = make_splits("leave-centres-out", Y, np.arange(N), centre=centre)
    sizes = {s.name: len(s.test) for s in splits}
    assert sizes == {"a": 120, "unknown centre": 63, "small centres": 17}
    with pytest.raises(NotEstimable, match="single centre"):
        make_splits("leave-centres-out", Y, np.arange(N), centre=np.full(N, "a"))


def test_truth_values_name_rows_as_numbers_do() -> None:
    first = np.arange(N) < 100
    own = make_splits([(first, ~first)], Y, np.arange(N))
    np.testing.assert_array_equal(own[0].test, np.arange(100, N))


@pytest.mark.parametrize(
    "own",
    [
        [],
        [(np.arange(100), np.arange(0))],
        [(np.arange(100), np.array([N]))],
        [(np.arange(100), np.array([-1]))],
        [(np.arange(100), np.array([0.5]))],
        [(np.arange(100), np.arange(50, N))],
    ],
)
def test_splits_that_are_none_are_refused(own: list[tuple[np.ndarray, np.ndarray]]) -> None:
    with pytest.raises(InvalidConfiguration):
        make_splits(own, Y, np.arange(N))


@pytest.mark.parametrize(
    "wrong", ["1-fold", "5 folds", "temporally", "temporal", "repeated-0x5-fold"]
)
def test_an_unknown_design_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidConfiguration):
        make_splits(wrong, Y, PATIENT)


@pytest.mark.parametrize("year", [np.full(4, np.nan), pd.array([pd.NA] * 4, dtype="Int64")])
def test_a_year_that_is_recorded_for_nobody_is_no_year(year: Any) -> None:
    y = {"event": [1, 0, 1, 0], "duration": [1, 2, 3, 4]}
    with pytest.raises(NotEstimable, match="records no year"):
        make_splits("temporal-2015", y, np.arange(4), year=year)
    known = pd.array([2014, pd.NA, 2015, 2016], dtype="Int64")
    (split,) = make_splits("temporal-2015", y, np.arange(4), year=known)
    assert split.train.tolist() == [0]
    assert split.test.tolist() == [2, 3]
