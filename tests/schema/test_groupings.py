"""Groupings: every value in one level, filled from finer fields, never instead of them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from hscrisk.cohort.features import feature_names
from hscrisk.endpoints import load_endpoint
from hscrisk.errors import InvalidConfiguration
from hscrisk.schema import Contract, check_records, load_contract
from hscrisk.schema.groupings import level_codes, nesting

CONTRACT = load_contract()
GROUPINGS = [field for field in CONTRACT.values() if field.coarsens]


@pytest.mark.parametrize("field", GROUPINGS, ids=lambda field: field.name)
def test_every_possible_value_falls_into_one_level(field) -> None:  # type: ignore[no-untyped-def]
    whole = CONTRACT[field.coarsens]
    if field.merges:
        homes = [level for levels in field.merges.values() for level in levels]
        assert sorted(homes) == sorted(whole.levels)
        return
    low, high = whole.hard
    values = np.unique(np.concatenate([np.arange(low, high + 1), np.linspace(low, high, 97)]))
    if whole.kind == "integer":
        values = values[values == np.round(values)]
    told = [[level for level, (a, b) in field.bounds.items() if a <= value < b] for value in values]
    assert all(len(levels) == 1 for levels in told)
    codes = level_codes(field, whole, pd.Series(values))
    assert [field.levels[code] for code in codes] == [levels[0] for levels in told]


def check(**columns: list[object]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    frame = pd.DataFrame({"transplant_id": [str(i) for i in range(n)], **columns})
    return check_records(frame, CONTRACT).frame


def test_a_grouping_is_filled_from_the_number_and_from_a_finer_grouping() -> None:
    frame = check(hctci_score=[0, 2, 9, None], patient_age=[17.99, 18, 60, None])
    assert frame["hctci_group"].astype(object).tolist()[:3] == ["0", "2", "3_plus"]
    assert frame["hctci_group_4"].astype(object).tolist()[:3] == ["0", "1_2", "5_plus"]
    assert frame["patient_age_band"].astype(object).tolist()[:3] == ["0_17", "18_39", "60_plus"]
    assert frame["hctci_group"].isna().tolist() == [False, False, False, True]
    frame = check(hctci_group=["1", "3_plus", None])
    assert frame["hctci_group_3"].astype(object).tolist()[:2] == ["1_2", "3_plus"]
    assert "hctci_group_4" not in frame.columns  # 3 and more is not 3 or 4
    assert "hctci_score" not in frame.columns  # a group is no number


def test_a_merged_category_is_filled_and_a_contradiction_is_told() -> None:
    columns = {"sex_match": ["FM", "MM"], "female_donor_to_male": ["no", "no"]}
    frame = pd.DataFrame({"transplant_id": ["a", "b"], **columns})
    result = check_records(frame, CONTRACT)
    assert result.frame["female_donor_to_male"].tolist() == ["no", "no"]
    assert result.violations[["row", "field", "severity"]].values.tolist() == [
        [1, "female_donor_to_male", "soft"]
    ]
    assert check(serotherapy=["atg", "none"])["serotherapy_given"].tolist() == ["yes", "no"]


def test_a_grouping_is_no_feature_beside_what_it_groups_unless_it_says_more() -> None:
    endpoint = load_endpoint("death")
    both = check(hctci_score=[0, 2], patient_age=[3, 4])
    assert feature_names(both, CONTRACT, endpoint, None) == ["patient_age", "hctci_score"]
    groups = check(hctci_group=["0", "3_plus"])
    assert feature_names(groups, CONTRACT, endpoint, None) == ["hctci_group"]
    mixed = check(hctci_score=[0, None], hctci_group=[None, "3_plus"])
    assert feature_names(mixed, CONTRACT, endpoint, None) == ["hctci_score", "hctci_group"]
    assert feature_names(both, CONTRACT, endpoint, ["hctci_group"]) == ["hctci_group"]


def test_ancestry_is_a_feature_only_where_asked_for_and_text_never() -> None:
    frame = check(patient_ancestry_group=["asian"], patient_hla_a_1=["A*01:01"], patient_age=[3])
    endpoint = load_endpoint("death")
    assert feature_names(frame, CONTRACT, endpoint, None) == ["patient_age"]
    asked = ["patient_ancestry_group"]
    assert feature_names(frame, CONTRACT, endpoint, asked) == asked
    with pytest.raises(InvalidConfiguration, match="never a feature"):
        feature_names(frame, CONTRACT, endpoint, ["patient_hla_a_1"])


def test_blood_groups_match_by_who_meets_foreign_antigens() -> None:
    # Donor antigens that the patient lacks: major; patient antigens that the donor lacks: minor.
    antigens = {"O": "", "A": "A", "B": "B", "AB": "AB"}
    for donor, patient in product(antigens, repeat=2):
        major = any(a not in antigens[patient] for a in antigens[donor])
        minor = any(a not in antigens[donor] for a in antigens[patient])
        word = "bidirectional" if major and minor else "major" if major else "minor"
        expected = word if major or minor else "matched"
        frame = check(donor_abo=[donor], patient_abo=[patient])
        assert frame["abo_match"].tolist() == [expected], (donor, patient)


def test_easix_follows_from_its_parts() -> None:
    frame = check(ldh_u_l=[200, 200], creatinine_mg_dl=[1.5, 1.5], platelets_pre=[100, 0])
    assert frame["easix_pre"].iloc[0] == pytest.approx(3.0)
    assert np.isnan(frame["easix_pre"].iloc[1])


def test_nesting_needs_the_same_whole() -> None:
    assert nesting(CONTRACT["hctci_group"], CONTRACT["performance_group"]) is None
    assert nesting(CONTRACT["hctci_group"], CONTRACT["hctci_group"]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"bounds": {"a": [0, 1]}},
        {"bounds": {"a": [0, 1], "b": [1, 2]}, "merges": {"a": ["x"], "b": ["y"]}},
        {"coarsens": "nothing", "bounds": {"a": [0, 1], "b": [1, 2]}},
        {"coarsens": "sex", "bounds": {"a": [0, 1], "b": [1, 2]}},
        {"coarsens": "sex", "merges": {"a": ["female"], "b": ["female"]}},
        {"coarsens": None, "bounds": {"a": [0, 1], "b": [1, 2]}},
    ],
)
def test_a_grouping_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    sex = {"name": "sex", "label": "sex", "group": "patient", "kind": "category"}
    sex |= {"levels": ["female", "male"], "when": "at_infusion"}
    field = {**sex, "name": "g", "label": "g", "levels": ["a", "b"], "coarsens": "sex"}
    good = {**field, "merges": {"a": ["female"], "b": ["male"]}}
    Contract.from_dict({"version": "1", "fields": [sex, good]})
    with pytest.raises(InvalidConfiguration):
        Contract.from_dict({"version": "1", "fields": [sex, {**field, **change}]})
