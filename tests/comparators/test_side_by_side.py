"""The arithmetic of `benchmarks/against_peers.py`, and its peers' common door."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import comparators
from benchmarks.against_peers import clusters, difference, holm
from benchmarks.comparators import _losses
from benchmarks.peers import Peer, _independent
from hscrisk.datasets import simulate_cohort
from hscrisk.endpoints import load_endpoint
from hscrisk.metrics import brier_score


class Rows:
    """What the benchmarks need of a cohort."""

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)

    def __len__(self) -> int:
        return len(vars(self)["X"])


def test_holm_is_the_stepped_correction() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.7, 0.9])).tolist() == [1.0, 1.0]


def test_whole_centres_are_drawn_and_nobody_without_one_is_lost() -> None:
    cohort: Any = Rows(
        centre=pd.Series(["a", "a", "b", None, None, "b"]), patient=pd.Series(list("123456"))
    )
    index = clusters(cohort)
    assert index[0] == index[1]
    assert index[2] == index[5]
    assert len(set(index)) == 4
    cohort.centre = None
    assert len(set(clusters(cohort))) == 6


def test_a_difference_is_that_of_the_accuracies() -> None:
    rng = np.random.default_rng(0)
    null, ours, theirs = np.add(rng.random((3, 400)), [[0.5], [0.1], [0.0]])
    found = difference(theirs, ours, null, np.arange(400))
    assert found["difference"] == pytest.approx(found["theirs"] - found["ours"])
    assert 0 < found["low"] < found["difference"] < found["high"]
    assert found["p"] < 0.01
    spread = np.std((ours - theirs) / null.mean()) / 20
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * spread, rel=0.1)
    # Sixteen copies of 25 patients are 25 clusters, not 400.
    index = np.tile(np.arange(25), 16)
    copied = difference(theirs[index], ours[index], null[index], index)
    assert copied["high"] - copied["low"] > 2 * (found["high"] - found["low"])
    assert np.isnan(difference(np.full(400, np.nan), ours, null, index)["low"])


def test_losses_average_to_the_brier_score() -> None:
    cohort: Any = simulate_cohort(300, seed=2)
    days = np.array([30.0, 100.0])
    risk = cohort.truth(days)
    losses = _losses(cohort, risk, days)
    np.testing.assert_allclose(losses.mean(axis=0), brier_score(cohort.y, risk, days))


def test_columns_of_full_rank_are_kept() -> None:
    x = np.random.default_rng(0).normal(size=(50, 3))
    matrix = np.column_stack([x, x[:, 0] + 2 * x[:, 1], np.ones(50), 1 - x[:, 2]])
    kept = _independent(matrix)
    assert len(kept) == 3
    assert np.linalg.matrix_rank(matrix[:, kept] - matrix[:, kept].mean(axis=0)) == 3


@pytest.mark.parametrize("keeps", [True, False])
def test_peers_get_numbers_and_gaps_as_they_take_them(*, keeps: bool) -> None:
    class Mean(Peer):
        keeps_missing = keeps

        def _fit(self, matrix: Any, outcome: Any) -> None:
            self.seen = matrix

        def _predict(self, matrix: Any, days: Any) -> Any:
            return np.full((len(matrix), len(days)), 2.0)

    cohort = simulate_cohort(200, seed=2)
    peer = Mean().fit(cohort.X.assign(nothing=1.0), cohort.y)
    assert np.isnan(peer.seen).any() == keeps
    assert (np.nanstd(peer.seen, axis=0) > 0).all()
    assert (peer.predict_cumulative_incidence(cohort.X.assign(nothing=1.0), [30, 1e6]) == 1).all()


def test_a_cell_is_kept_with_why_it_is_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(comparators, "KEPT", tmp_path)
    simulated = simulate_cohort(150, seed=2)
    cohort: Any = Rows(
        X=simulated.X,
        y=simulated.y,
        endpoint=load_endpoint("acute_gvhd"),
        patient=pd.Series(np.arange(150).astype(str)),
        centre=None,
        source="made-up",
    )
    assert comparators.cell(cohort, "Fine-Gray", 1, fill=False) is None
    made = comparators.cell(cohort, "Fine-Gray", 1, fill=True)
    kept = comparators.cell(cohort, "Fine-Gray", 1, fill=False)
    assert made is not None
    assert kept is not None
    np.testing.assert_array_equal(made.losses, kept.losses)
    assert np.isfinite(kept.losses).all()
    empty = comparators.cell(cohort, "HCT-CI alone", 1, fill=True)
    assert empty is not None
    assert np.isnan(empty.losses).all()
    assert "does not hold this score" in empty.note
