"""What matters over a cohort: a mean of absolute contributions, nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.explain import importance_table
from hscrisk.models import Contributions, MarginalIncidence
from hscrisk.schema import load_contract


class Told:
    """A model whose contributions are given."""

    def __init__(self, values: list[list[float]], names: tuple[str, ...]) -> None:
        self.values, self.names = np.array(values), names

    def contributions(self, X: pd.DataFrame, horizon: float) -> Contributions:
        n = len(self.values)
        return Contributions(0.0, np.zeros(n), self.values, self.names, self.values.sum(axis=1))


def test_pairs_are_summed_before_their_size_is_taken() -> None:
    names = ("donor_sex", "patient_age", "patient_sex", "sex_match", "own_column")
    model: Any = Told([[1.0, 0.5, -1.0, 0.0, 0.0], [0.5, -0.5, 0.0, 0.5, 0.0]], names)
    table = importance_table(model, pd.DataFrame(index=range(2)), 100)
    assert table.to_dict("list") == {
        "field": ["patient_age", "sex_match", "own_column"],
        "label": ["patient age", load_contract()["sex_match"].label, "own column"],
        "mean_abs_log_odds": [0.5, 0.5, 0.0],
        "share": [0.5, 0.5, 0.0],
    }


def test_the_order_of_rows_changes_nothing_and_shares_add_up(trained: Any) -> None:
    model = trained.models["acute_gvhd"]
    table = importance_table(model, trained.X, 100)
    again = importance_table(model, trained.X.iloc[::-1], 100)
    pd.testing.assert_frame_equal(table, again, rtol=1e-9)
    assert table["share"].sum() == pytest.approx(1)
    assert table["mean_abs_log_odds"].is_monotonic_decreasing
    assert set(table["field"]) == set(model.feature_names_in_)
    assert table.set_index("field").loc["transplant_type", "mean_abs_log_odds"] == 0


def test_where_nothing_matters_shares_are_nought(trained: Any) -> None:
    y = {"event": np.arange(200) % 2, "duration": np.arange(200) + 1}
    model = MarginalIncidence(horizons=[100]).fit(trained.X, y)
    table = importance_table(model, trained.X, 100)
    assert (table[["mean_abs_log_odds", "share"]] == 0).all(axis=None)
    assert (importance_table(model, trained.X.iloc[:0], 100)["share"] == 0).all()
