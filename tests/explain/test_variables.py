"""Values in words, and which columns are told as one variable."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pandas as pd
import pytest

from hscrisk.explain.level_words import LEVEL_WORDS, level_words, number_words
from hscrisk.explain.variables import MISSING, TOGETHER, UNKNOWN, fold, groups, label_of, values_of
from hscrisk.features import FeaturePipeline
from hscrisk.schema import load_contract
from hscrisk.schema.derive import RULES


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (1.0, "years", "1 year"),
        (0.0, "years", "0 years"),
        (34.0, "years", "34 years"),
        (7.256, "years", "7.26 years"),
        (1720.0, "days", "1,720 days"),
        (4.2, "10^6/kg", "4.2 × 10⁶/kg"),
        (0.034, "10^8/kg", "0.034 × 10⁸/kg"),
        (21.5, "kg/m2", "21.5 kg/m²"),
        (90.0, "%", "90 %"),
        (-0.0, None, "0"),
        (-3.5, None, "−3.5"),
        (1234567.0, None, "1,234,567"),
    ],
)
def test_numbers_have_their_unit(value: float, unit: str | None, words: str) -> None:
    assert number_words(value, unit) == words


def test_no_level_or_unit_of_the_contract_is_shown_as_a_code() -> None:
    for field in load_contract().values():
        for level in field.levels:
            assert "_" not in level_words(field.name, level)
        if field.is_numeric and field.unit:
            assert "^" not in number_words(2.0, field.unit)


def test_words_are_of_levels_that_exist() -> None:
    contract = load_contract()
    for name, words in LEVEL_WORDS.items():
        assert set(words) <= set(contract[name].levels), name
    for name in ("sex_match", "cmv_match"):
        assert set(LEVEL_WORDS[name]) == set(contract[name].levels)


def test_pairs_are_those_that_the_contract_derives() -> None:
    derived = {rule.name: set(rule.parts) for rule in RULES}
    for whole, parts in TOGETHER.items():
        assert set(parts) == derived[whole]


def test_a_pair_takes_its_parts_in_only_when_all_are_there() -> None:
    names = ["patient_sex", "patient_age", "sex_match"]
    assert groups(names) == {"patient_sex": (0,), "patient_age": (1,), "sex_match": (2,)}
    assert groups([*names, "donor_sex"]) == {"sex_match": (2, 3, 0), "patient_age": (1,)}


def test_folding_loses_nothing() -> None:
    names = ["donor_sex", "a", "sex_match", "patient_sex", "cmv_match"]
    members = groups(names)
    assert sorted(chain.from_iterable(members.values())) == list(range(5))
    values = np.arange(10.0).reshape(2, 5)
    folded = fold(values, members)
    assert folded.shape == (2, 3)
    np.testing.assert_array_equal(folded.sum(axis=1), values.sum(axis=1))
    assert folded[0, list(members).index("sex_match")] == 0 + 2 + 3


@pytest.fixture(scope="module")
def pipeline() -> FeaturePipeline:
    contract = load_contract()
    return FeaturePipeline().fit(
        pd.DataFrame(
            {
                "patient_age": [30.0, np.nan],
                "cmv_match": pd.Categorical(["neg_pos", None], contract["cmv_match"].levels),
                "own_column": ["left", "right"],
                "a_flag": [True, False],
                "a_code": pd.Categorical([1.0, 2.0]),
            }
        )
    )


def words(pipeline: FeaturePipeline, **row: object) -> dict[str, tuple[str, str]]:
    given = {"patient_age": 30.0, "cmv_match": "neg_pos", "own_column": "left", "a_flag": True}
    frame = pd.DataFrame([{**given, "a_code": 1, **row}])
    found = values_of(frame, pipeline, load_contract())
    return {name: (value.words, value.state) for name, value in found.items()}


def test_values_are_told_as_the_model_saw_them(pipeline: FeaturePipeline) -> None:
    assert words(pipeline) == {
        "patient_age": ("30 years", "given"),
        "cmv_match": ("donor negative, patient positive", "given"),
        "own_column": ("left", "given"),
        "a_flag": ("yes", "given"),
        "a_code": ("1", "given"),
    }


def test_gaps_and_strange_words_have_no_value(pipeline: FeaturePipeline) -> None:
    found = words(pipeline, patient_age=None, cmv_match="neg_maybe", own_column=None, a_code=7)
    assert found["patient_age"] == (MISSING, "missing")
    assert found["cmv_match"] == (UNKNOWN, "unknown")
    assert found["own_column"] == (MISSING, "missing")
    assert found["a_code"] == (UNKNOWN, "unknown")


def test_columns_of_a_study_of_ones_own_keep_their_names() -> None:
    contract = load_contract()
    assert label_of("patient_age", contract) == "patient age"
    assert label_of("my_marker", contract) == "my marker"
