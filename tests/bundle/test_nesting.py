"""Nested endpoints stay nested in what is shown, and where that binds is flagged."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hscrisk.bundle import Bundle, load_bundle

ANY, WIDE, NARROW = "acute_gvhd", "acute_gvhd_2_4", "acute_gvhd_3_4"


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


@pytest.mark.parametrize("horizons", [None, [1.0], [20.0, 45.0, 99.0], [30.0, 100.0]])
def test_a_narrower_risk_never_exceeds_a_wider_one(
    bundle: Bundle, trained: Any, horizons: list[float] | None
) -> None:
    shown = bundle.predict(trained.X, horizons=horizons)
    assert (shown[NARROW].risk <= shown[WIDE].risk).all()
    assert (shown[WIDE].risk <= shown[ANY].risk).all()
    for prediction in shown.values():
        assert (np.diff(prediction.risk, axis=1) >= 0).all()
        assert (prediction.low <= prediction.risk).all()
        assert (prediction.risk <= prediction.high).all()


def test_where_it_binds_the_wider_values_are_shown_and_flagged(
    bundle: Bundle, trained: Any
) -> None:
    shown = bundle.predict(trained.X)
    narrow, wide = shown[NARROW], shown[WIDE]
    own = bundle.models[NARROW].predict_cumulative_incidence(trained.X)
    low, high = bundle.models[NARROW].predict_interval(trained.X)
    assert 0 < narrow.capped.sum() < narrow.capped.size
    assert (narrow.capped == (own > wide.risk)).all()
    assert set(narrow.shown_from[narrow.capped]) == {WIDE, ANY}
    assert (narrow.shown_from[narrow.capped] == wide.shown_from[narrow.capped]).all()
    for what, mine in (("risk", own), ("low", low), ("high", high)):
        expected = np.where(narrow.capped, getattr(wide, what), mine)
        assert getattr(narrow, what).tobytes() == expected.tobytes()


def test_without_the_wider_endpoint_nothing_is_changed(bundle: Bundle, trained: Any) -> None:
    alone = replace(
        bundle,
        models={NARROW: bundle.models[NARROW]},
        endpoints={NARROW: bundle.endpoints[NARROW]},
    )
    shown = alone.predict(trained.X)[NARROW]
    assert not shown.capped.any()
    own = bundle.models[NARROW].predict_cumulative_incidence(trained.X)
    assert shown.risk.tobytes() == own.tobytes()


def test_asking_for_one_endpoint_or_all_shows_the_same(bundle: Bundle, trained: Any) -> None:
    together, alone = bundle.predict(trained.X), bundle.predict(trained.X, endpoints=[NARROW])
    assert list(alone) == [NARROW]
    assert alone[NARROW].risk.tobytes() == together[NARROW].risk.tobytes()


def test_beyond_the_wider_ones_reach_nothing_can_be_compared(bundle: Bundle, trained: Any) -> None:
    from hscrisk.models import MarginalIncidence

    days = np.arange(1.0, 21.0)
    short = MarginalIncidence(horizons=[10]).fit(
        trained.X[:20], {"event": [1] * 20, "duration": days}
    )
    curtailed = replace(bundle, models={**bundle.models, WIDE: short})
    shown = curtailed.predict(trained.X, endpoints=[NARROW], horizons=[5, 100])[NARROW]
    own = bundle.models[NARROW].predict_cumulative_incidence(trained.X, [5, 100])
    assert shown.risk[:, 1].tobytes() == own[:, 1].tobytes()
    assert (shown.risk[:, 0] <= 0.25).all()
    only_late = curtailed.predict(trained.X, endpoints=[NARROW], horizons=[100])[NARROW]
    assert not only_late.capped.any()


def test_where_the_wider_one_cannot_be_asked_nothing_can_be_compared(
    bundle: Bundle, trained: Any
) -> None:
    undated = bundle.endpoints[WIDE].model_copy(update={"horizons": (100,), "first_day": 100})
    wider = copy(bundle.models[WIDE])
    wider.endpoint = undated
    changed = replace(
        bundle,
        models={**bundle.models, WIDE: wider},
        endpoints={**bundle.endpoints, WIDE: undated},
    )
    own = bundle.models[NARROW].predict_cumulative_incidence(trained.X, [60.0, 100.0])
    shown = changed.predict(trained.X, endpoints=[NARROW], horizons=[60.0, 100.0])[NARROW]
    assert not shown.capped[:, 0].any()
    assert shown.risk[:, 0].tobytes() == own[:, 0].tobytes()
    assert shown.capped[:, 1].any()
