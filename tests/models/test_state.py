from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hscrisk.datasets import simulate_cohort
from hscrisk.endpoints import load_endpoint
from hscrisk.errors import InvalidConfiguration
from hscrisk.models import LinearBoostedIncidence, LogisticIncidence, ModelState, from_state
from hscrisk.models.growing import TreeSettings


def test_only_plain_settings_and_finite_floats() -> None:
    with pytest.raises(InvalidConfiguration, match="strict JSON"):
        ModelState("LogisticIncidence", {"prior_sd": float("nan")})
    with pytest.raises(InvalidConfiguration, match="int64"):
        ModelState("LogisticIncidence", {}, {"a": np.arange(3)})
    with pytest.raises(InvalidConfiguration, match="finite"):
        ModelState("LogisticIncidence", {}, {"a": np.array([np.inf])})


def test_an_unknown_kind_gets_the_nearest() -> None:
    with pytest.raises(InvalidConfiguration, match="LogisticIncidence"):
        from_state(ModelState("LogisticIncidense", {}))


def test_an_incomplete_state_names_what_it_lacks() -> None:
    cohort = simulate_cohort(200, seed=1)
    state = LogisticIncidence(horizons=[60]).fit(cohort.X, cohort.y).to_state()
    for name in state.arrays:
        if name.startswith("backbone.") and name.split(".")[1] in ("floor",):
            continue
        lacking = {key: value for key, value in state.arrays.items() if key != name}
        with pytest.raises(InvalidConfiguration):
            from_state(ModelState(state.kind, state.settings, lacking))
    for name in state.settings:
        lacking = {key: value for key, value in state.settings.items() if key != name}
        with pytest.raises(InvalidConfiguration):
            from_state(ModelState(state.kind, lacking, state.arrays))


def test_constructor_arguments_come_back() -> None:
    cohort = simulate_cohort(300, seed=1)
    settings = TreeSettings(max_rounds=10, depths=(1,), inner_folds=2)
    model = LinearBoostedIncidence(
        endpoint=load_endpoint("acute_gvhd"), trees=settings, n_refits=2, prior_sd=0.3
    )
    again = from_state(model.fit(cohort.X, cohort.y).to_state())
    assert again.get_params() == model.get_params()
    assert again.horizons_.tolist() == [30, 60, 100]


def test_a_kept_model_tells_no_small_count() -> None:
    rng = np.random.default_rng(3)
    X = pd.DataFrame({"a": rng.normal(size=60)})
    y = pd.DataFrame(
        {"event": [1] * 57 + [0] * 3, "duration": [10.0] * 30 + [20.0] * 27 + [90.0] * 3}
    )
    model = LogisticIncidence(horizons=[10, 20]).fit(X, y)
    assert "only 3 known" in model.left_out_[20]
    kept = from_state(model.to_state())
    assert kept.left_out_ == {20.0: model.left_out_[20].replace("only 3", "fewer than 10")}
