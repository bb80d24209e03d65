"""Reasons not to trust a prediction: each one, in words, and none where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hscrisk.applicability import CohortProfile, LevelsSeen, NumbersSeen, assess, assess_all

PROFILE = CohortProfile(
    "registry",
    100,
    {
        "patient_age": NumbersSeen("patient age", "years", 20.0, 50.0, 0.0),
        "hctci_score": NumbersSeen("comorbidity index (HCT-CI)", "points", None, None, 0.95),
        "graft_source": LevelsSeen("graft source", {"bone_marrow": 95, "cord_blood": "<5"}, 0.0),
        "transplant_type": LevelsSeen(
            "transplant type", {"allogeneic": 100, "autologous": "<5"}, 0.0
        ),
    },
)
GOOD = {"patient_age": 30.0, "hctci_score": np.nan, "graft_source": "bone_marrow",
        "transplant_type": "allogeneic"}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({}, []),
        ({"patient_age": 20.0}, []),
        ({"patient_age": 50.0}, []),
        ({"patient_age": np.nan}, []),
        ({"graft_source": None}, []),
        ({"patient_age": 19.9}, ["patient age is below the training range (20 to 50 years)"]),
        ({"patient_age": 50.1}, ["patient age is above the training range (20 to 50 years)"]),
        (
            {"hctci_score": 2.0},
            ["comorbidity index (HCT-CI): recorded in too few training patients"],
        ),
        (
            {"graft_source": "cord_blood"},
            ["graft source: 'cord_blood' which fewer than 5 training patients had"],
        ),
        (
            {"graft_source": "Mrs Miller"},
            ["graft source: a value which fewer than 5 training patients had"],
        ),
        (
            {"transplant_type": "autologous"},
            ["another population: transplant type is not allogeneic"],
        ),
        (dict.fromkeys(GOOD), ["nothing that the model uses is recorded"]),
        (
            {"transplant_type": "autologous", "patient_age": 80.0},
            [
                "patient age is above the training range (20 to 50 years)",
                "another population: transplant type is not allogeneic",
            ],
        ),
    ],
)
def test_reasons(change: dict[str, object], reasons: list[str]) -> None:
    assert assess(PROFILE, pd.DataFrame([{**GOOD, **change}])) == [reasons]


def test_an_absent_column_counts_as_missing() -> None:
    assert assess(PROFILE, pd.DataFrame({"patient_age": [30.0, 60.0]})) == [
        [],
        ["patient age is above the training range (20 to 50 years)"],
    ]
    assert assess(PROFILE, pd.DataFrame({"other": [1.0]})) == [
        ["nothing that the model uses is recorded"]
    ]
    assert assess(PROFILE, pd.DataFrame({"patient_age": []})) == []


def test_the_population_of_the_endpoint_counts_even_where_training_has_no_such_column() -> None:
    rows = pd.DataFrame({"patient_age": [30.0] * 3, "donor_type": ["self", "matched", None]})
    assert assess(PROFILE, rows, {"donor_type": ["matched"]}) == [
        ["another population: donor type is not matched"],
        [],
        [],
    ]
    bare = CohortProfile("registry", 100, {"patient_age": PROFILE.predictors["patient_age"]})
    assert [len(found) for found in assess(bare, rows, {"donor_type": ["matched"]})] == [1, 0, 0]
    both = {"transplant_type": ["allogeneic", "gene_modified"]}
    frame = pd.DataFrame([GOOD, {**GOOD, "transplant_type": "gene_modified"}])
    assert [len(found) for found in assess(PROFILE, frame, both)] == [0, 1]


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "patient_age": st.sampled_from([np.nan, 10.0, 30.0, 70.0]),
            "graft_source": st.sampled_from([None, "bone_marrow", "cord_blood", "?"]),
            "transplant_type": st.sampled_from([None, "allogeneic", "autologous"]),
        }
    ),
    min_size=1,
    max_size=8,
)


@given(ROWS)
def test_a_row_alone_has_the_reasons_it_has_in_a_batch(rows: list[dict[str, object]]) -> None:
    frame = pd.DataFrame(rows)
    together = assess(PROFILE, frame)
    assert [assess(PROFILE, frame.iloc[[i]])[0] for i in range(len(frame))] == together
    assert assess(PROFILE, frame[frame.columns[::-1]]) == together
    categories = {"graft_source": ["cord_blood", "bone_marrow", "?"]}
    as_categories = frame.astype({k: pd.CategoricalDtype(v) for k, v in categories.items()})
    assert assess(PROFILE, as_categories) == together
    at_once = assess_all(PROFILE, as_categories)
    assert at_once.joined().tolist() == ["; ".join(found) for found in together]
    assert at_once.supported.tolist() == [not found for found in together]
