"""The long table and the single record: columns, order, and the same bits both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.bundle import Bundle, load_bundle
from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, InvalidRecord, MissingColumn
from hscrisk.schema import Records
from hscrisk.scoring import COLUMNS, predict_one, score_table

ANY, WIDE, NARROW = "acute_gvhd", "acute_gvhd_2_4", "acute_gvhd_3_4"


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


@pytest.fixture(scope="module")
def frame(trained: Any) -> pd.DataFrame:
    frame = trained.X.head(40).copy()
    frame.insert(0, "transplant_id", [f"t{i}" for i in range(len(frame))])
    return frame


def test_one_row_for_each_transplant_endpoint_and_anchor(
    bundle: Bundle, frame: pd.DataFrame
) -> None:
    table = score_table(bundle, frame)
    assert tuple(table.columns) == COLUMNS
    assert list(COLUMNS) == [
        "transplant_id", "endpoint", "horizon_days", "risk", "low", "high", "null_risk",
        "supported", "reasons", "model_version", "schema_version",
    ]  # fmt: skip
    assert len(table) == 40 * 9
    first = table.head(9)
    assert set(first["transplant_id"]) == {"t0"}
    assert first["endpoint"].tolist() == [ANY] * 3 + [WIDE] * 3 + [NARROW] * 3
    assert first["horizon_days"].tolist() == [30, 60, 100] * 3
    assert table["horizon_days"].dtype == np.int64
    assert set(table["model_version"]) == {bundle.model_version}
    assert set(table["schema_version"]) == {bundle.schema_version}
    assert set(score_table(bundle, frame, model_version="x")["model_version"]) == {"x"}


def test_numbers_are_those_of_the_models(bundle: Bundle, frame: pd.DataFrame, trained: Any) -> None:
    table = score_table(bundle, frame).set_index(["endpoint", "horizon_days"]).sort_index()
    model = trained.models[ANY]
    mine = table.loc[(ANY, 60)]
    assert mine["risk"].to_numpy().tobytes() == (
        model.predict_cumulative_incidence(frame, [60])[:, 0].tobytes()
    )
    low, high = model.predict_interval(frame, [60], level=0.9)
    assert mine["low"].to_numpy().tobytes() == low[:, 0].tobytes()
    assert mine["high"].to_numpy().tobytes() == high[:, 0].tobytes()
    assert set(mine["null_risk"]) == {model.null_.predict([60])[0]}


def test_one_record_has_the_bits_it_has_in_a_batch(bundle: Bundle, frame: pd.DataFrame) -> None:
    table = score_table(bundle, frame)
    for position in (0, 7, 39):
        record = frame.iloc[position].dropna().to_dict()
        alone = predict_one(bundle, record)
        rows = table[table["transplant_id"] == record["transplant_id"]]
        assert [(p.endpoint, p.horizon_days) for p in alone] == list(
            zip(rows["endpoint"], rows["horizon_days"], strict=True)
        )
        for what in ("risk", "low", "high", "null_risk"):
            assert [getattr(p, what).hex() for p in alone] == [v.hex() for v in rows[what]]
        assert ["; ".join(p.reasons) for p in alone] == rows["reasons"].tolist()
        assert [p.supported for p in alone] == rows["supported"].tolist()


def test_support_and_reasons(bundle: Bundle, frame: pd.DataFrame) -> None:
    odd = frame.head(2).copy()
    odd["patient_age"] = [99.0, 30.0]
    odd["transplant_type"] = ["autologous", "allogeneic"]
    table = score_table(bundle, odd)
    first = table[(table["transplant_id"] == "t0") & (table["endpoint"] == ANY)]
    assert not first["supported"].any()
    assert first["reasons"].str.startswith("patient age is above the training range").all()
    assert (
        first["reasons"]
        .str.endswith("; another population: transplant type is not allogeneic")
        .all()
    )
    second = table[(table["transplant_id"] == "t1") & (table["endpoint"] == ANY)]
    assert second["supported"].all()
    assert (second["reasons"] == "").all()


def test_a_nested_risk_is_flagged_and_stays_supported(bundle: Bundle, frame: pd.DataFrame) -> None:
    table = score_table(bundle, frame)
    noted = table["reasons"].str.contains("shown at the risk of")
    assert noted.any()
    assert set(table.loc[noted, "endpoint"]) <= {WIDE, NARROW}
    assert table.loc[noted, "supported"].any()
    capped = bundle.predict(frame)[NARROW].capped
    assert int(noted[table["endpoint"] == NARROW].sum()) == int(capped.sum())


def test_rows_are_named_by_the_column_or_the_index(bundle: Bundle, frame: pd.DataFrame) -> None:
    indexed = frame.set_index("transplant_id").head(2)
    assert score_table(bundle, indexed)["transplant_id"].unique().tolist() == ["t0", "t1"]
    records = Records(frame.head(2), "r")
    pd.testing.assert_frame_equal(score_table(bundle, records), score_table(bundle, indexed))
    twice = indexed.set_axis(["a", "a"])
    with pytest.raises(MissingColumn, match="no names of their own"):
        score_table(bundle, twice)


def test_no_rows_give_an_empty_table_of_the_same_types(bundle: Bundle, frame: pd.DataFrame) -> None:
    table, none = score_table(bundle, frame.head(1)), score_table(bundle, frame.head(0))
    assert len(none) == 0
    assert none.dtypes[["horizon_days", "risk", "supported"]].equals(
        table.dtypes[["horizon_days", "risk", "supported"]]
    )


def test_one_record_says_all_that_a_person_must_know(bundle: Bundle) -> None:
    found = predict_one(
        bundle, {"patient_age": 99, "graft_source": "bone_marrow"}, ANY, horizons=[45.5]
    )
    assert len(found) == 1
    risk = found[0].to_dict()
    assert risk["label"] == "Acute GVHD of any grade"
    assert risk["horizon_days"] == 45.5
    assert 0 < risk["low"] < risk["risk"] < risk["high"] < 1
    assert risk["level"] == 0.9
    assert risk["cohort"] == {"name": "made-up", "n": 200, "years": (2001, 2009)}
    assert risk["disclaimer"] == "Research decision support, not a medical device"
    assert not risk["supported"]
    assert len(risk["reasons"]) == 1


def test_the_outcome_in_a_record_changes_nothing(bundle: Bundle) -> None:
    record = {"patient_age": 30, "graft_source": "bone_marrow"}
    with_outcome = {**record, "acute_gvhd_status": 1, "acute_gvhd_day": -4, "death_status": "?"}
    assert predict_one(bundle, with_outcome) == predict_one(bundle, record)


@pytest.mark.parametrize(
    ("record", "field", "words"),
    [
        ({"patient_agee": 30}, "patient_agee", "Did you mean 'patient_age'"),
        ({"patient_age": 400}, "patient_age", "must lie between 0 and 100"),
        ({"patient_age": float("inf")}, "patient_age", "finite number"),
        ({"patient_age": True}, "patient_age", "finite number"),
        ({"patient_age": "old"}, "patient_age", "finite number"),
        ({"patient_age": [30]}, "patient_age", "finite number"),
        ({"graft_source": "bone"}, "graft_source", "no such level"),
        ({"patient_age": 400, "graft_source": "bone"}, "patient_age", r"\(1 more\)"),
    ],
)
def test_a_bad_record_is_refused_by_field_and_mend(
    bundle: Bundle, record: dict[str, object], field: str, words: str
) -> None:
    with pytest.raises(InvalidRecord, match=words) as refused:
        predict_one(bundle, record)
    assert refused.value.field == field


def test_a_wrong_question_is_refused(bundle: Bundle) -> None:
    with pytest.raises(InvalidConfiguration, match="no such endpoint"):
        predict_one(bundle, {"patient_age": 30}, "relapse")
    with pytest.raises(HorizonOutOfRange):
        predict_one(bundle, {"patient_age": 30}, ANY, [365])
