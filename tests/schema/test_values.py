"""From cells to numbers and codes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.schema.values import canonical, each_distinct, is_missing, numbers, parse_number


@pytest.mark.parametrize("value", [None, pd.NA, pd.NaT, float("nan"), np.float64("nan"), "", "  "])
def test_nothing_is_missing(value: object) -> None:
    assert is_missing(value)


@pytest.mark.parametrize("value", [0, 0.0, False, "0", "NA", "nan", float("inf")])
def test_something_is_not(value: object) -> None:
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [("12", 12), (" 1.5 ", 1.5), ("-.5", -0.5), ("1e2", 100), ("5.", 5), (7, 7), (np.int64(3), 3)],
)
def test_numbers(value: object, number: float) -> None:
    assert parse_number(value) == number


@pytest.mark.parametrize(
    "value",
    [
        *(
            "abc",
            "nan",
            "NaN",
            "inf",
            "-Infinity",
            "1e999",
            "0x1f",
            "1_000",
            "1,5",
            "12 kg",
            "+",
            ".",
        ),
        *("١٢", "²", "1e", "--1", True, False, np.bool_(1), float("inf"), 10**400, None, [1], {}),
    ],
)
def test_what_is_no_number(value: object) -> None:
    assert parse_number(value) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_comes_back_from_its_text(value: float) -> None:
    assert parse_number(repr(value)) == value


@given(st.integers(-(10**6), 10**6))
def test_a_code_is_the_same_as_number_and_text(code: int) -> None:
    assert canonical(code) == canonical(float(code)) == canonical(f" {code}.0 ") == str(code)


def test_equal_looking_cells_stay_apart() -> None:
    column = pd.Series([1, True, "1", 1.0, None, [1]], dtype=object)
    values, present = each_distinct(column, lambda value: type(value).__name__)
    assert values.tolist() == ["int", "bool", "str", "float", None, "list"]
    assert present.tolist() == [True, True, True, True, False, True]


def test_typed_and_text_columns_give_the_same_numbers() -> None:
    typed = pd.Series([1.0, np.nan, 3.0, np.inf])
    text = pd.Series(["1", "", "3", "inf"], dtype=object)
    for column in (typed, text):
        values, wrong = numbers(column)
        assert values[:3].tolist()[0::2] == [1.0, 3.0]
        assert np.isnan(values[[1, 3]]).all()
        assert wrong.tolist() == [False, False, False, True]
    assert numbers(pd.Series([1, None], dtype="Int64"))[0].tolist()[0] == 1.0
    assert numbers(pd.Series([True, False]))[1].all()


def test_an_empty_column() -> None:
    values, present = each_distinct(pd.Series([], dtype=object), str)
    assert len(values) == len(present) == 0


CELLS = st.one_of(
    st.sampled_from(["1", "1.0", " a ", "", "yes", "\ud800", "é"]),
    st.none(), st.booleans(), st.integers(-2, 2), st.floats(), st.just([1]), st.just({"a": 1}),
)  # fmt: skip


@given(st.one_of(st.lists(CELLS), st.lists(st.sampled_from(["1", "1.0", "", "a", None]))))
def test_working_on_distinct_values_is_working_on_cells(cells: list[object]) -> None:
    column = pd.Series(cells, dtype=object)
    values, present = each_distinct(column, lambda value: (type(value).__name__, repr(value)))
    for cell, value, here in zip(cells, values, present, strict=True):
        assert here == (not is_missing(cell))
        assert value == ((type(cell).__name__, repr(cell)) if here else None) or cell == 0.0
    found, wrong = numbers(column)
    for cell, number, bad in zip(cells, found, wrong, strict=True):
        expected = parse_number(cell)
        assert bad == (not is_missing(cell) and expected is None)
        assert number == expected if expected is not None else np.isnan(number)
