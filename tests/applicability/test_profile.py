"""What a profile keeps of a cohort, and above all what it does not."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.applicability import CohortProfile, LevelsSeen, NumbersSeen
from hscrisk.schema import load_contract

CONTRACT = load_contract()


def _category(name: str, values: list[str | None]) -> pd.Series:
    return pd.Series(pd.Categorical(values, categories=list(CONTRACT[name].levels)))


@pytest.fixture(scope="module")
def profile() -> CohortProfile:
    X = pd.DataFrame(
        {
            "patient_age": [*np.arange(20.0, 58.0), np.nan, np.nan],
            "graft_source": _category(
                "graft_source", ["bone_marrow"] * 33 + ["peripheral_blood"] * 4 + [None] * 3
            ),
            "transplant_type": _category("transplant_type", ["allogeneic"] * 40),
            "my_own": ["a"] * 20 + ["b"] * 19 + ["a secret word"],
            "hctci_score": [1.0] * 9 + [np.nan] * 31,
        }
    )
    return CohortProfile.from_cohort(
        X, CONTRACT, "registry", years=(1984, 1989), definitions={"grading": "MAGIC"}
    )


def test_a_range_is_that_of_the_fifth_from_either_end(profile: CohortProfile) -> None:
    assert profile.predictors["patient_age"] == NumbersSeen("patient age", "years", 24, 53, 0.0)
    assert profile.n == 40
    assert profile.population == {"patient_age": [24, 53], "transplant_type": ["allogeneic"]}


def test_too_few_values_give_no_range(profile: CohortProfile) -> None:
    seen = profile.predictors["hctci_score"]
    assert isinstance(seen, NumbersSeen)
    assert (seen.low, seen.high) == (None, None)
    assert seen.words() == "recorded too seldom to give a range"


def test_rare_levels_are_not_counted_and_counts_cannot_be_subtracted(
    profile: CohortProfile,
) -> None:
    source = profile.predictors["graft_source"]
    assert isinstance(source, LevelsSeen)
    assert source.levels == {
        "bone_marrow": 35, "peripheral_blood": "<5", "cord_blood": "<5", "gene_product": "<5"
    }  # fmt: skip
    assert source.missing == 5 / 40
    assert source.common() == ["bone_marrow"]


def test_a_free_word_of_one_patient_is_not_kept(profile: CohortProfile) -> None:
    own = profile.predictors["my_own"]
    assert isinstance(own, LevelsSeen)
    assert own.levels == {"a": 20, "b": 20}
    assert "secret" not in json.dumps(profile.to_dict())


def test_round_trip_through_json(profile: CohortProfile) -> None:
    back = CohortProfile.from_dict(json.loads(json.dumps(profile.to_dict())))
    assert back.to_dict() == profile.to_dict()
    assert back.predictors == profile.predictors
    assert back.years == (1984, 1989)
    assert CohortProfile.from_dict({**profile.to_dict(), "years": None}).years is None


def test_what_training_saw_in_words(profile: CohortProfile) -> None:
    age = profile.predictors["patient_age"]
    assert isinstance(age, NumbersSeen)
    assert age.words() == "24 to 53 years"


def test_object_columns_of_numbers_are_numbers() -> None:
    X = pd.DataFrame({"age": pd.Series([float(i) for i in range(12)] + [None], dtype=object)})
    seen = CohortProfile.from_cohort(X, CONTRACT, "r").predictors["age"]
    assert seen == NumbersSeen("age", "", 4, 7, 0.0)


VALUES = st.lists(st.none() | st.sampled_from("abcdefgh"), min_size=1, max_size=60)


@given(VALUES, st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_every_figure_stands_for_five_patients(
    words: list[str | None], numbers: list[float | None]
) -> None:
    profiles = [
        CohortProfile.from_cohort(
            pd.DataFrame({"x": pd.Series(words, dtype=object)}), CONTRACT, "r"
        ),
        CohortProfile.from_cohort(
            pd.DataFrame({"x": pd.Series(numbers, dtype=float)}), CONTRACT, "r"
        ),
    ]
    levels = profiles[0].predictors["x"]
    if isinstance(levels, LevelsSeen):
        assert all(words.count(level) >= 5 for level in levels.levels)
        assert all(isinstance(n, int) and n % 5 == 0 for n in levels.levels.values())
    seen = profiles[1].predictors["x"]
    assert isinstance(seen, NumbersSeen)
    present = [value for value in numbers if value is not None]
    if seen.low is not None and seen.high is not None:
        assert sum(value <= seen.low for value in present) >= 5
        assert sum(value >= seen.high for value in present) >= 5
        assert seen.low <= seen.high
