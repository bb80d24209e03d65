"""Every group is judged by its own patients, small ones say so, and none can be reckoned back."""

from __future__ import annotations

import json
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.errors import InvalidConfiguration
from hscrisk.evaluation import (
    SubgroupTable,
    evaluate,
    evaluate_subgroups,
    standard_subgroups,
)
from hscrisk.evaluation.groupings import labels_of
from hscrisk.evaluation.scores import METRICS
from hscrisk.evaluation.sharing import FEW, UNTOLD, WITHHELD, suppressed
from hscrisk.metrics import brier_score, index_of_prediction_accuracy, observed_expected_ratio
from tests.evaluation.made_up import HORIZONS, Knows, cohort


@pytest.fixture(scope="module")
def data() -> Any:
    made = cohort(600)
    rng = np.random.default_rng(8)
    made.centre = pd.Series(rng.choice(["a", "b", "c"], 600, p=[0.7, 0.28, 0.02]))
    return made


@pytest.fixture(scope="module")
def table(data: Any) -> Any:
    return evaluate({"knows": Knows(), "low": Knows(shift=-1.0)}, data, n_draws=50)


def group(data: Any) -> pd.Series:
    """Three groups: two large ones, and one of 12."""
    return pd.Series(np.where(np.arange(600) < 12, "tiny", np.where(data.X["a"] > 0, "hi", "lo")))


@pytest.fixture(scope="module")
def found(data: Any, table: Any) -> SubgroupTable:
    return evaluate_subgroups(table, data, {"part": group(data), "centre": data.centre}, n_draws=50)


def test_scores_of_a_group_are_those_of_its_own_patients(
    data: Any, table: Any, found: SubgroupTable
) -> None:
    frame = found.to_frame().set_index(["variable", "group", "model", "metric", "horizon"])
    out = table.predictions
    kept = (group(data) == "hi").to_numpy()[out.row]
    y = data.y.iloc[out.row[kept]]
    risk, null = out.risks["low"][kept], out.risks["null"][kept]
    for metric, values in (
        ("brier", brier_score(y, risk, HORIZONS)),
        ("ipa", index_of_prediction_accuracy(y, risk, HORIZONS, null=null)),
        ("oe_ratio", observed_expected_ratio(y, risk, HORIZONS)),
    ):
        for day, value in zip(HORIZONS, values, strict=True):
            row = frame.loc[("part", "hi", "low", metric, day)]
            assert row["estimate"] == pytest.approx(value, abs=1e-12)
            assert row["low"] < value < row["high"]
            assert row["n"] == kept.sum()
            assert row["n_events"] == ((y["event"] == 1) & (y["duration"] <= day)).sum()


def test_a_group_of_everybody_has_the_scores_of_the_table(data: Any, table: Any) -> None:
    everybody = evaluate_subgroups(table, data, {"all": ["all"] * 600}, n_draws=50)
    columns = list(table.to_frame().columns)
    pd.testing.assert_frame_equal(everybody.to_frame()[columns], table.to_frame())
    assert everybody.design == table.design


def test_nothing_is_fitted_again(data: Any, table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("fitted")

    monkeypatch.setattr(Knows, "fit", refuse)
    one = evaluate_subgroups(table.predictions, data, {"part": group(data)}, n_draws=50)
    assert one.design == ""
    assert set(one.to_frame()["horizon"]) == set(HORIZONS)


def test_days_that_were_only_integrated_over_have_no_rows(data: Any) -> None:
    table = evaluate({"knows": Knows()}, data, n_draws=20, integrate=10)
    frame = evaluate_subgroups(table, data, {"part": group(data)}, n_draws=20).to_frame()
    assert set(frame["horizon"]) == set(HORIZONS)


def test_a_group_too_small_to_judge_has_a_sentence_and_the_others_are_judged(
    found: SubgroupTable,
) -> None:
    small = found.to_frame().query("group == 'tiny'")
    assert small["estimate"].isna().all()
    assert len(small) == 2 * 3 * len(METRICS)
    assert set(small["n"]) == {12}
    (told, _) = found.too_small(100.0)
    assert told.startswith("part tiny (12 patients) cannot be judged: only ")
    assert told.endswith("(10 needed).")
    large = found.to_frame().query("group == 'hi' and metric != 'calibration_slope'")
    assert large["estimate"].notna().all()


def test_a_higher_minimum_judges_fewer(data: Any, table: Any) -> None:
    frame = evaluate_subgroups(
        table, data, {"part": group(data)}, n_draws=20, minimum=50
    ).to_frame()
    assert frame["note"].str.contains("50 needed").any()
    judged = frame[frame["note"] == ""]
    assert (judged["n_events"] >= 50).all()
    assert len(judged)
    with pytest.raises(InvalidConfiguration, match="fewer than 10"):
        evaluate_subgroups(table, data, {"part": group(data)}, minimum=9)


def test_the_largest_gap_is_named_among_the_judged_with_whether_it_may_be_chance(
    found: SubgroupTable,
) -> None:
    for model, words in (("low", "one in twenty"), ("knows", None)):
        frame = found.to_frame().query("metric == 'oe_ratio' and horizon == 100")
        rows = frame[(frame["model"] == model) & frame["estimate"].notna()]
        gap = np.abs(np.log(rows["estimate"]))
        row = rows.loc[gap.idxmax()]
        told = found.sentence(model, 100.0)
        assert f"furthest from calibrated in {row['variable']} {row['group']} " in told
        assert f"({row['n']} patients, {row['n_events']} events): {row['estimate']:.2f} " in told
        assert f"of {len(rows)} groups" in told
        covers = row["low"] <= 1 <= row["high"]
        assert ("chance may be all of it" in told) == covers
        assert words is None or words in told


def test_a_sentence_on_what_is_not_there_is_refused_or_says_so(data: Any, table: Any) -> None:
    found = evaluate_subgroups(table, data, {"part": group(data)}, n_draws=20, minimum=500)
    assert found.sentence("knows", 100) == (
        "At day 100 no group is large enough to judge knows in it."
    )
    assert found.largest_gap("knows", 100) is None
    for model, day in (("other", 100), ("knows", 30.5)):
        with pytest.raises(InvalidConfiguration, match="no such row"):
            found.sentence(model, day)


def test_labels_must_be_those_of_the_cohort(data: Any, table: Any) -> None:
    with pytest.raises(InvalidConfiguration, match="labels are needed for each of 600"):
        evaluate_subgroups(table, data, {"part": ["x"] * 5})
    with pytest.raises(InvalidConfiguration, match="numbers are no groups"):
        evaluate_subgroups(table, data, ["a"])
    with pytest.raises(InvalidConfiguration, match=r"Did you mean 'centre'\?"):
        evaluate_subgroups(table, data, ["center"])


def test_centres_drawn_within_one_centre_are_its_patients(data: Any, table: Any) -> None:
    by = {"centre": data.centre}
    found = evaluate_subgroups(table, data, by, n_draws=50, cluster="centre").to_frame()
    patients = evaluate_subgroups(table, data, by, n_draws=50, cluster="patient").to_frame()
    pd.testing.assert_frame_equal(found, patients)


def test_records_are_json(found: SubgroupTable) -> None:
    records = found.to_records()
    assert json.loads(json.dumps(records, allow_nan=False)) == records
    assert len(records) == len(found.to_frame())


def registry(n: int = 300) -> Any:
    rng = np.random.default_rng(2)
    made = cohort(n)
    age = np.concatenate(
        [[17.99, 18.0, 39.99, 40.0, 59.99, 60.0, np.nan], rng.uniform(1, 79, n - 7)]
    )
    made.X["patient_age"] = age
    made.X["patient_sex"] = pd.Categorical(["male"] * n, ["female", "male"])
    made.X["donor_type"] = pd.Categorical(
        rng.choice(["cord_single", "matched_sibling"], n), ["matched_sibling", "cord_single"]
    )
    made.year = pd.Series(np.where(np.arange(n) % 50 == 0, np.nan, 2003.0 + np.arange(n) % 10))
    made.centre = pd.Series(["x"] * 50 + ["y"] * 49 + [None] * (n - 99), dtype=object)
    made.transplant_id = pd.Series([f"t{k}" for k in range(n)])
    return made


def test_standard_groups_have_their_bounds_and_their_order() -> None:
    made = registry()
    records = pd.DataFrame(
        {
            "transplant_id": made.transplant_id[::-1],
            "patient_ancestry_group": (["white"] * 200 + ["black"] * 90 + [None] * 10)[::-1],
        }
    )
    found = standard_subgroups(made, records)
    # Everybody is male: nothing to compare.
    assert list(found) == ["age", "donor type", "ancestry", "year of transplant", "centre"]
    ages = ["under 18", "18 to 39", "18 to 39", "40 to 59", "40 to 59", "60 and over"]
    assert found["age"][:7].tolist() == [*ages, "not recorded"]
    orders = {name: list(labels.cat.categories) for name, labels in found.items()}
    assert orders == {
        "age": ["under 18", "18 to 39", "40 to 59", "60 and over", "not recorded"],
        "donor type": ["matched sibling", "cord single"],
        "ancestry": ["black", "white", "not recorded"],
        "year of transplant": ["2000 to 2004", "2005 to 2009", "2010 to 2014", "not recorded"],
        "centre": ["x", "smaller centres", "not recorded"],
    }
    assert found["ancestry"][:200].eq("white").all()
    assert found["centre"].value_counts()["smaller centres"] == 49
    year = made.year.to_numpy()
    assert (found["year of transplant"] == "2005 to 2009").to_numpy().tolist() == (
        (year >= 2005) & (year <= 2009)
    ).tolist()
    assert "ancestry" not in standard_subgroups(made)
    bare = SimpleNamespace(X=made.X[["a"]], y=made.y, centre=None, patient=made.patient)
    assert standard_subgroups(bare) == {}


def test_recorded_age_bands_are_the_same_groups() -> None:
    made = registry()
    bands = pd.cut(made.X.pop("patient_age"), [0, 18, 40, 60, 99], right=False)
    levels = ["0_17", "18_39", "40_59", "60_plus"]
    made.X["patient_age_band"] = bands.cat.rename_categories(levels)
    pd.testing.assert_series_equal(
        labels_of(made, "age"), labels_of(registry(), "age"), check_names=False
    )


def shared(counts: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Return what is shared of a variable whose groups have so many patients and events."""
    rows = [
        {"variable": "v", "group": g, "model": m, "metric": "auc", "horizon": 100.0}
        | {"n": n, "n_events": e, "estimate": 0.61234567, "low": 0.5, "high": 0.7}
        | {"note": f"only {e} events by day 100 (10 needed)" if e < 10 else ""}
        for g, (n, e) in counts.items()
        for m in ("null", "m")
    ]
    found = SubgroupTable(pd.DataFrame(rows), "").shareable()
    assert found["estimate"].dropna().eq(0.6123).all()
    return found[found["model"] == "m"].set_index("group")


def test_a_small_group_and_one_more_are_not_told() -> None:
    found = shared({"a": (300, 100), "b": (60, 25), "c": (7, 3), "d": (80, 35)})
    assert found["n"].tolist() == [300, WITHHELD, FEW, 80]
    assert found["n_events"].tolist() == [100, WITHHELD, FEW, 35]
    assert found.loc["c", "note"] == "too few events by day 100 (10 needed)"


def test_few_without_the_event_are_as_telling_as_few_with_it() -> None:
    found = shared({"a": (300, 100), "b": (60, 55), "c": (80, 35)})
    assert found["n"].tolist() == [300, 60, 80]
    assert found["n_events"].tolist() == [100, WITHHELD, WITHHELD]


def test_where_no_group_can_hide_a_small_one_none_is_told() -> None:
    found = shared({"a": (14, 10), "c": (3, 0)})
    assert found["n"].tolist() == found["n_events"].tolist() == [WITHHELD, WITHHELD]


def test_a_withheld_count_cannot_be_reckoned_from_scores() -> None:
    found = shared({"a": (300, 100), "b": (60, 25), "c": (7, 3), "d": (80, 35)})
    # O/E = mean / p and Brier = mean (1 - 2 p) + p^2 of a marginal curve would give p and mean.
    assert found.loc[["b", "c"], ["estimate", "low", "high"]].isna().all(axis=None)
    assert found.loc["b", "note"] == UNTOLD
    assert found.loc[["a", "d"], "estimate"].eq(0.6123).all()


def test_without_small_groups_all_is_told(data: Any, table: Any) -> None:
    halves = {"half": np.where(np.arange(600) < 300, "one", "two")}
    found = evaluate_subgroups(table, data, halves, n_draws=20)
    shown = found.shareable()
    assert shown["n"].tolist() == found.to_frame()["n"].tolist()
    assert shown["n_events"].tolist() == found.to_frame()["n_events"].tolist()


@given(st.lists(st.integers(0, 60), min_size=2, max_size=4))
def test_subtraction_gives_no_small_count_away(counts: list[int]) -> None:
    """By trying all: whatever is shown, a small count could be any from 0 to 9."""
    cells = np.array(counts, dtype=np.int64)
    words = suppressed(cells[:, None])
    hidden, small = words != "", cells < 10
    assert hidden[small].all()
    assert hidden.any() == small.any()
    if not small.any():
        return
    if (words == WITHHELD).all():
        # Then no group that is large enough could have hidden the small ones.
        assert not (cells >= 10 + 9 * small.sum()).any()
        return
    assert (words[small] == FEW).all()
    (cover,) = cells[words == WITHHELD]
    total = cells[hidden].sum()
    for guess in product(range(10), repeat=int(small.sum())):
        # Whatever the small ones are guessed to be, the cover is left with 10 or more.
        assert total - sum(guess) >= 10
    assert cover == cells[cells >= 10 + 9 * small.sum()].min()


def test_shared_rows_are_all_there(found: SubgroupTable) -> None:
    shown = found.shareable()
    assert len(shown) == len(found.to_frame())
    assert not shown["note"].str.contains(r"only \d").any()
    tiny = shown[shown["group"] == "tiny"]
    assert set(tiny["n_events"]) <= {FEW, WITHHELD}
