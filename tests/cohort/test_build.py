"""Cohorts: who is in, what is known of them, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.cohort import build_cohort
from hscrisk.datasets import load_copelan1991
from hscrisk.endpoints import load_endpoint
from hscrisk.errors import InvalidConfiguration, LeakedOutcome, MissingColumn, NotEstimable
from hscrisk.ingest import read_records
from hscrisk.schema import Records, load_contract
from hscrisk.survival import check_outcome

N = 40


def table(**columns: Any) -> pd.DataFrame:
    base: dict[str, Any] = {
        "transplant_id": [f"t{i}" for i in range(N)],
        "patient_id": [f"p{i // 2}" for i in range(N)],
        "centre_id": ["a", "b"] * (N // 2),
        "year_of_hct": 2010,
        "patient_age": np.arange(N) + 1,
        "weight_kg": None,
        "cd34_dose_infused": 5.0,
        "transplant_type": "allogeneic",
        "acute_gvhd_status": [0, 1] * (N // 2),
        "acute_gvhd_day": 50,
        "death_status": 0,
        "followup_day": 400,
    }
    return pd.DataFrame({**base, **columns}, index=range(N))


def accepted(**columns: Any) -> Records:
    result = read_records(table(**columns))
    assert len(result.quarantined) == 0, result.violations
    return result.accepted


def test_what_a_cohort_holds() -> None:
    cohort = build_cohort(accepted(), "acute_gvhd")
    assert list(cohort.X.columns) == ["patient_age", "transplant_type", "cd34_dose_infused"]
    assert len(cohort) == len(cohort.y) == N
    assert cohort.y.dtypes.astype(str).to_dict() == {"event": "int64", "duration": "float64"}
    check_outcome(cohort.y)
    assert cohort.patient.tolist()[:3] == ["p0", "p0", "p1"]
    assert cohort.centre is not None
    assert cohort.centre.tolist()[:2] == ["a", "b"]
    assert cohort.year is not None
    assert cohort.transplant_id.tolist()[0] == "t0"
    assert cohort.X.index.equals(pd.RangeIndex(N))
    assert cohort.source == "records"


def test_rows_that_leave_leave_everywhere() -> None:
    status: list[Any] = [0, 1] * (N // 2)
    status[0] = None
    cohort = build_cohort(accepted(acute_gvhd_status=status), "acute_gvhd")
    assert cohort.transplant_id.tolist()[0] == "t1"
    assert cohort.patient.tolist()[0] == "p0"
    assert cohort.X["patient_age"].tolist()[0] == 2.0
    assert cohort.attrition["transplants"].tolist() == [N, N - 1]
    assert "status unknown" in cohort.attrition["step"].tolist()[1]


def test_a_registry_without_centres_or_years() -> None:
    records = read_records(table().drop(columns=["centre_id", "year_of_hct"])).accepted
    cohort = build_cohort(records, "acute_gvhd")
    assert cohort.centre is None
    assert cohort.year is None


def test_the_population_is_the_endpoints() -> None:
    kinds: list[Any] = ["allogeneic"] * N
    kinds[0], kinds[1] = "autologous", None
    cohort = build_cohort(accepted(transplant_type=kinds), "acute_gvhd")
    assert cohort.attrition["step"].tolist()[1:] == [
        "transplant type is unknown",
        "transplant type is not allogeneic",
    ]
    assert cohort.attrition["transplants"].tolist() == [N, N - 1, N - 2]
    assert len(build_cohort(accepted(transplant_type=kinds, death_status=1), "death")) == N


def test_relapse_is_not_defined_for_every_disease() -> None:
    diseases: list[Any] = ["AML"] * N
    diseases[0], diseases[1] = "AA", None
    columns = {"relapse_status": [0, 1] * (N // 2), "relapse_day": 50}
    cohort = build_cohort(accepted(primary_disease=diseases, **columns), "relapse")
    assert cohort.transplant_id.tolist()[0] == "t1"
    assert len(cohort) == N - 1
    assert len(build_cohort(accepted(**columns), "relapse")) == N


def test_what_the_cohort_cannot_carry_is_refused_with_the_reason() -> None:
    everything = table()
    for column, told in (
        ("acute_gvhd_status", "no acute GVHD of any grade"),
        ("acute_gvhd_day", "no day of acute GVHD"),
        ("death_status", "does not record death"),
        ("followup_day", "day of death or last contact"),
        ("transplant_type", "who belongs to the population"),
    ):
        records = read_records(everything.drop(columns=column)).accepted
        with pytest.raises(NotEstimable, match=told):
            build_cohort(records, "acute_gvhd")
    with pytest.raises(NotEstimable, match="no acute GVHD of any grade"):
        build_cohort(accepted(acute_gvhd_status=None), "acute_gvhd")
    with pytest.raises(NotEstimable, match="no record was accepted"):
        build_cohort(read_records(everything.head(0)).accepted, "acute_gvhd")


# -- features ------------------------------------------------------------------------------------


def test_every_outcome_of_the_contract_is_refused_as_a_feature() -> None:
    contract, records = load_contract(), accepted()
    for name, field in contract.items():
        if field.when == "after":
            with pytest.raises(LeakedOutcome, match="outcome") as caught:
                build_cohort(records, "acute_gvhd", features=["patient_age", name])
            assert caught.value.field == name


def test_no_outcome_is_ever_a_feature_by_default() -> None:
    contract = load_contract()
    for name in ("acute_gvhd", "chronic_gvhd", "platelet_engraftment", "relapse", "death"):
        columns = build_cohort(load_copelan1991(), name).X.columns
        assert all(contract[c].role == "predictor" and contract[c].when != "after" for c in columns)


def test_what_is_known_later_is_refused_before() -> None:
    early = load_endpoint("acute_gvhd").model_copy(
        update={"prediction_time": "before_conditioning"}
    )
    assert "cd34_dose_infused" not in build_cohort(accepted(), early).X
    assert "cd34_dose_infused" in build_cohort(accepted(), "acute_gvhd").X
    with pytest.raises(LeakedOutcome, match="known at infusion"):
        build_cohort(accepted(), early, features=["cd34_dose_infused"])


@pytest.mark.parametrize("name", ["transplant_id", "patient_id", "donor_id", "centre_id"])
def test_who_and_where_is_never_a_feature(name: str) -> None:
    with pytest.raises(InvalidConfiguration, match="never a feature"):
        build_cohort(accepted(), "acute_gvhd", features=[name])


def test_the_year_is_a_feature_only_when_asked_for() -> None:
    assert "year_of_hct" not in build_cohort(accepted(), "acute_gvhd").X
    chosen = build_cohort(accepted(), "acute_gvhd", features=["year_of_hct", "patient_age"])
    assert list(chosen.X.columns) == ["year_of_hct", "patient_age"]


def test_features_that_are_not_there() -> None:
    with pytest.raises(InvalidConfiguration, match="'patient_age'"):
        build_cohort(accepted(), "acute_gvhd", features=["patient_agee"])
    with pytest.raises(MissingColumn):
        build_cohort(accepted(), "acute_gvhd", features=["donor_age"])
    asked = build_cohort(accepted(), "acute_gvhd", features=["weight_kg"])
    assert asked.X["weight_kg"].isna().all()


# -- definitions ---------------------------------------------------------------------------------


def test_definitions_that_differ_are_told() -> None:
    records = load_copelan1991()
    told = build_cohort(records, "platelet_engraftment").mismatches()
    assert len(told) == 2
    assert "platelet threshold: the registry declares none; the endpoint means 20" in told
    assert "returned to normal" in told[1]
    assert build_cohort(records, "acute_gvhd").mismatches() == []
    definitions = {**records.definitions, "platelet_threshold": 20.0, "platelet_rule": "other"}
    same = Records(records.frame, records.source, definitions)
    assert build_cohort(same, "platelet_engraftment").mismatches() == [
        "platelet rule: other; the endpoint means first day at or above the threshold, 7 days "
        "without transfusion"
    ]
