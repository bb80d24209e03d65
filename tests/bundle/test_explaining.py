"""A bundle explains what it shows: the same risk, the model that is shown, and its limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hscrisk.bundle import Bundle, load_bundle
from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, InvalidRecord

ANY, WIDE, NARROW = "acute_gvhd", "acute_gvhd_2_4", "acute_gvhd_3_4"
RECORD = {"patient_age": 30, "graft_source": "bone_marrow", "transplant_type": "allogeneic"}


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


@pytest.mark.parametrize("horizon", [None, 30, 45.5])
def test_the_risk_explained_is_the_risk_shown(bundle: Bundle, horizon: float | None) -> None:
    found = bundle.explain(RECORD, ANY, horizon=horizon)
    assert found.horizon_days == (horizon or 100)
    from hscrisk.bundle.record import read_record

    frame = read_record(bundle.contract, RECORD)
    shown = bundle.predict(frame, horizons=[found.horizon_days])[ANY]
    assert (found.risk, found.low, found.high, found.null_risk) == (
        shown.risk[0, 0], shown.low[0, 0], shown.high[0, 0], shown.null_risk[0]
    )  # fmt: skip
    total = found.base_log_odds + sum(item.contribution_log_odds for item in found.items)
    assert total == pytest.approx(found.log_odds, abs=1e-4)
    assert found.cohort.name == "made-up"
    assert found.supported
    assert bundle.explain(frame, ANY, horizon) == found


def test_a_nested_risk_is_explained_by_the_model_shown(bundle: Bundle, trained: Any) -> None:
    capped = bundle.predict(trained.X)[NARROW].capped[:, -1]
    row = trained.X[capped].iloc[[0]]
    narrow, origin = bundle.explain(row, NARROW), bundle.predict(row)[NARROW].shown_from[0, -1]
    wide = bundle.explain(row, origin)
    assert (narrow.risk, narrow.items) == (wide.risk, wide.items)
    assert narrow.endpoint == NARROW
    assert narrow.notes == (f"shown at the risk of {origin}, which includes it",)
    assert narrow.supported == (narrow.reasons == ())


def test_limits_are_told(bundle: Bundle) -> None:
    found = bundle.explain({**RECORD, "patient_age": 99}, WIDE)
    assert not found.supported
    assert found.reasons[0].startswith("patient age is above the training range")
    with pytest.raises(InvalidRecord):
        bundle.explain({"patient_age": 400}, ANY)
    with pytest.raises(InvalidConfiguration, match="no such endpoint"):
        bundle.explain(RECORD, "acute_gvdh")
    with pytest.raises(HorizonOutOfRange):
        bundle.explain(RECORD, ANY, horizon=365)
