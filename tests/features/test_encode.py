"""The encoding: our own codes, stable under order, dtype and unseen levels."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.errors import InvalidConfiguration, InvalidRecord, MissingColumn
from hscrisk.features import FeaturePipeline


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sex": ["f", None, "m"],
            "age": [30, 41, 52],
            "hla": pd.Categorical(["8/8", "7/8", None], categories=["8/8", "7/8", "6/8"]),
            "flag": [True, False, True],
        }
    )


def test_layout_by_sorted_name_and_dtype_levels() -> None:
    pipeline = FeaturePipeline().fit(frame())
    names = ["age", "age__missing", "flag", "flag__missing", "hla=8/8", "hla=7/8", "hla=6/8"]
    names += ["hla__missing", "sex=f", "sex=m", "sex__missing"]
    assert pipeline.get_feature_names_out().tolist() == names
    # groups_ points into feature_names_in_, which keeps the order of the frame.
    assert pipeline.feature_names_in_.tolist() == ["sex", "age", "hla", "flag"]
    assert pipeline.groups_.tolist() == [1, 1, 3, 3, 2, 2, 2, 2, 0, 0, 0]


def test_values() -> None:
    matrix = FeaturePipeline().fit_transform(frame())
    assert matrix.dtype == np.float32
    assert matrix.flags["C_CONTIGUOUS"]
    assert matrix[0].tolist() == [30, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0]
    assert matrix[1].tolist() == [41, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]
    assert matrix[2].tolist() == [52, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0]


def test_unseen_level_is_unknown_not_missing() -> None:
    pipeline = FeaturePipeline().fit(frame())
    row = frame().iloc[[0]].assign(sex=["other"], hla=["5/8"])
    encoded = dict(zip(pipeline.get_feature_names_out(), pipeline.transform(row)[0], strict=True))
    assert all(encoded[n] == 0 for n in encoded if n.startswith(("sex", "hla")))


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, 2, 1]).astype(str),
        pd.Series([1.0, 2.0, 1.0], dtype=object),
        pd.Categorical([1, 2, 1]),
        pd.Series(["1", "2", "1"], dtype="string"),
    ],
    ids=["str", "float objects", "categorical of ints", "string dtype"],
)
def test_codes_do_not_depend_on_how_a_level_is_stored(column: object) -> None:
    trained = FeaturePipeline().fit(pd.DataFrame({"code": ["1", "2", "3"]}))
    assert trained.transform(pd.DataFrame({"code": column}))[:, :3].tolist() == [
        [1, 0, 0],
        [0, 1, 0],
        [1, 0, 0],
    ]


def test_a_column_of_empty_cells_is_a_missing_number() -> None:
    pipeline = FeaturePipeline().fit(frame())
    matrix = pipeline.transform(pd.DataFrame({name: [None] for name in frame().columns}))
    encoded = dict(zip(pipeline.get_feature_names_out(), matrix[0], strict=True))
    assert np.isnan(encoded["age"])
    assert all(encoded[n] == 1 for n in encoded if n.endswith("__missing"))


@given(st.permutations(["sex", "age", "hla", "flag"]))
def test_order_of_columns_is_irrelevant(order: list[str]) -> None:
    there = FeaturePipeline().fit_transform(frame())
    assert np.array_equal(FeaturePipeline().fit_transform(frame()[order]), there, equal_nan=True)


def test_round_trip_through_json() -> None:
    pipeline = FeaturePipeline().fit(frame())
    again = FeaturePipeline.from_dict(json.loads(json.dumps(pipeline.to_dict(), allow_nan=False)))
    assert again.columns_ == pipeline.columns_
    assert again.groups_.tolist() == pipeline.groups_.tolist()


@pytest.mark.parametrize("layout", [{}, {"feature_names_in": ["a"], "columns": []}, {"columns": 3}])
def test_a_malformed_layout_is_refused(layout: dict[str, object]) -> None:
    with pytest.raises(InvalidConfiguration):
        FeaturePipeline.from_dict(layout)


def test_absent_column_is_named() -> None:
    with pytest.raises(MissingColumn, match="'age'"):
        FeaturePipeline().fit(frame()).transform(frame().drop(columns="age"))


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (pd.DataFrame({"when": pd.to_datetime(["2020-01-01"])}), "datetime"),
        (pd.DataFrame({"z": [1 + 2j]}), "complex"),
        (pd.DataFrame({"cell": [[1, 2]]}), "numbers or words"),
        (pd.DataFrame({"a": []}), "at least one row"),
        (pd.DataFrame(index=[0]), "at least one row"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "twice"),
        (pd.DataFrame([[1]], columns=[0]), "name"),
        (np.zeros((2, 2)), "data frame"),
        (pd.DataFrame({"a": [np.inf]}), "finite"),
    ],
)
def test_nonsense_is_refused(bad: pd.DataFrame, words: str) -> None:
    with pytest.raises(InvalidRecord, match=words):
        FeaturePipeline().fit_transform(bad)


def test_a_word_among_numbers_is_named() -> None:
    pipeline = FeaturePipeline().fit(pd.DataFrame({"age": [1.0, 2.0]}))
    with pytest.raises(InvalidRecord, match="numbers in training") as caught:
        pipeline.transform(pd.DataFrame({"age": [3, "old"]}))
    assert (caught.value.row, caught.value.field, caught.value.value) == (1, "age", "old")


def test_numbers_beyond_float32_stay_finite() -> None:
    pipeline = FeaturePipeline().fit(pd.DataFrame({"age": [1.0, 2.0]}))
    assert np.isfinite(pipeline.transform(pd.DataFrame({"age": [1e300, -1e300]}))).all()
