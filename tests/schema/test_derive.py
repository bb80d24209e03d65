"""Derived fields: filled where absent, compared where present, never overwritten."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest

from hscrisk.schema import check_records, load_contract

CONTRACT = load_contract()


def check(frame: dict[str, list[object]]) -> pd.DataFrame:
    n = len(next(iter(frame.values())))
    ids: list[object] = list(range(n))
    result = check_records(pd.DataFrame({"transplant_id": ids, **frame}, dtype=object), CONTRACT)
    assert result.accepted.all()
    return result.frame.assign(
        soft=[set(result.violations["field"][result.violations["row"] == i + 1]) for i in range(n)]
    )


@pytest.mark.parametrize(("donor", "patient"), list(product(["male", "female"], repeat=2)))
def test_the_donor_comes_first(donor: str, patient: str) -> None:
    frame = check({"donor_sex": [donor], "patient_sex": [patient]})
    assert frame["sex_match"][0] == donor[0].upper() + patient[0].upper()
    signs = {"male": "positive", "female": "negative"}
    frame = check({"donor_cmv_igg": [signs[donor]], "patient_cmv_igg": [signs[patient]]})
    assert frame["cmv_match"][0] == f"{signs[donor][:3]}_{signs[patient][:3]}"


def test_an_unknown_part_leaves_it_missing() -> None:
    frame = check({"donor_sex": ["male", None], "patient_sex": ["male", "male"]})
    assert frame["sex_match"].isna().tolist() == [False, True]
    assert "sex_match" not in check({"donor_sex": [None], "patient_sex": ["male"]})


def test_a_given_value_stays_and_is_compared() -> None:
    frame = check(
        {
            "donor_sex": ["male", "male", "male"],
            "patient_sex": ["male", "male", "female"],
            "sex_match": ["MM", "FM", None],
        }
    )
    assert frame["sex_match"].tolist() == ["MM", "FM", "MF"]
    assert frame["soft"].tolist() == [set(), {"sex_match"}, set()]


def test_kind_of_transplant_and_body_mass_index() -> None:
    frame = check({"donor_type": ["self", "cord_single", None]})
    assert frame["transplant_type"].tolist()[:2] == ["autologous", "allogeneic"]
    assert frame["transplant_type"].isna().tolist() == [False, False, True]
    frame = check({"weight_kg": [80, 80], "height_cm": [200, 200], "bmi": [None, 30]})
    assert frame["bmi"].tolist() == [20.0, 30.0]
    assert frame["soft"].tolist() == [set(), {"bmi"}]


def test_the_order_of_columns_is_the_contracts() -> None:
    frame = check({"donor_sex": ["male"], "patient_sex": ["male"], "patient_age": [3]})
    known = [name for name in CONTRACT if name in frame.columns]
    assert [name for name in frame.columns if name != "soft"] == known
