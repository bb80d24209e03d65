"""What a table says where models fail, splits repeat, or patients have several transplants."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, NotEstimable
from hscrisk.evaluation import EvaluationTable, evaluate
from hscrisk.metrics import draws
from hscrisk.models import LogisticIncidence
from tests.evaluation.made_up import ENDPOINT, Knows, cohort
from tests.reference import brute_force


class Falters(Knows):
    """Fails on one day only, in its own way."""

    def __init__(self, how: str = "") -> None:
        super().__init__()
        self.how = how

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> np.ndarray:
        if horizons[0] == 30 and self.how == "refuses":
            raise NotEstimable("nothing is known so early")
        if horizons[0] == 30 and self.how == "too far":
            raise HorizonOutOfRange("day 30 is out of range")
        risk = super().predict_cumulative_incidence(X, horizons)
        if horizons[0] == 30:
            risk = {"is no number": risk * np.nan, "is no risk": risk + 1, "squeezes": risk[:, 0]}[
                self.how
            ]
        return risk


def estimates(table: EvaluationTable, model: str = "knows") -> pd.DataFrame:
    frame = table.to_frame().query("model == @model", local_dict={"model": model})
    return frame.set_index(["metric", "horizon"])[["estimate", "low", "high"]].sort_index()


@pytest.mark.parametrize(
    ("how", "note"),
    [
        ("refuses", "in split 1: nothing is known so early"),
        ("too far", "in split 1: day 30 is out of range"),
        ("is no number", "in split 1: risks must be 60 numbers from 0 to 1 for each horizon"),
        ("is no risk", "in split 1: risks must be 60 numbers from 0 to 1 for each horizon"),
        ("squeezes", "in split 1: risks must be 60 numbers from 0 to 1 for each horizon"),
    ],
)
def test_a_model_that_fails_on_one_day_is_judged_on_the_others(how: str, note: str) -> None:
    table = evaluate({"falters": Falters(how), "knows": Knows()}, cohort(), n_draws=20)
    frame = table.to_frame()
    early = frame.query("model == 'falters' and horizon == 30")
    assert early["estimate"].isna().all()
    assert (early["note"] == note).all()
    pd.testing.assert_frame_equal(
        estimates(table).xs(100, level="horizon").drop(["ipa_minus_falters", "auc_minus_falters"]),
        estimates(table, "falters").xs(100, level="horizon"),
    )
    assert estimates(table).loc[("ipa", 30.0), "estimate"] != 0
    assert ("ipa_minus_falters", 30.0) not in estimates(table).index


def test_a_day_that_nobody_reaches_is_a_note_for_the_null_and_all() -> None:
    table = evaluate({"knows": Knows()}, cohort(), horizons=[100, 3000], n_draws=20)
    late = table.to_frame().query("horizon == 3000")
    assert late["estimate"].isna().all()
    assert (late["note"] != "").all()
    assert table.to_frame().query("horizon == 100 and metric == 'brier'")["estimate"].gt(0).all()


def test_the_null_may_not_reach_in_one_split_only() -> None:
    """Those followed longest are all in one test part, so that its null ends before day 100."""
    data = cohort()
    longest = data.y["duration"].to_numpy() >= 100
    data.y.loc[data.y["duration"] == data.y.loc[~longest, "duration"].max(), "event"] = 0
    parts = [(~longest, longest), (longest, ~longest)]
    frame = evaluate({"knows": Knows()}, data, splits=parts, n_draws=20).to_frame()
    late = frame.query("horizon == 100")
    assert late["estimate"].isna().all()
    assert late["note"].str.contains("in split 1: ").all()


def test_repeated_folds_count_and_draw_each_patient_once() -> None:
    data = cohort()
    once = evaluate({"knows": Knows()}, data, n_draws=100)
    again = evaluate({"knows": Knows()}, data, splits="repeated-3x5-fold", n_draws=100)
    assert len(again.predictions.row) == 900
    assert set(again.to_frame()["n"]) == {300}
    assert set(again.to_frame()["n_events"]) == set(once.to_frame()["n_events"])
    # The model needs no fitting: only AUC (pairs of one fold) and IPA (the null) may move.
    same = ["brier", "oe_ratio", "calibration_intercept", "calibration_slope"]
    for metric in same:
        pd.testing.assert_frame_equal(
            estimates(once).loc[metric], estimates(again).loc[metric], atol=1e-7
        )
    spread = estimates(again)["high"] - estimates(again)["low"]
    before = estimates(once)["high"] - estimates(once)["low"]
    assert (spread / before).between(0.8, 1.1).all()
    assert again.design == "repeated-3x5-fold cross-validation by patient"


def test_transplants_twice_over_narrow_no_interval() -> None:
    """The same 300 patients with every row twice: nothing more is known."""
    once = evaluate({"knows": Knows()}, cohort(), n_draws=100)
    twice = evaluate({"knows": Knows()}, cohort(transplants=2), n_draws=100)
    pd.testing.assert_frame_equal(estimates(once), estimates(twice), atol=1e-7)


def test_auc_is_that_of_pairs_of_one_fold() -> None:
    table = evaluate({"knows": Knows()}, cohort(), n_draws=20)
    found, data = table.predictions, cohort()
    event = data.y["event"].to_numpy()[found.row].tolist()
    duration = data.y["duration"].to_numpy()[found.row].tolist()
    right = pairs = 0.0
    weight = [
        brute_force.ipcw_weight(e, d, 100.0, event, duration)
        for e, d in zip(event, duration, strict=True)
    ]
    case = [e == 1 and d <= 100 for e, d in zip(event, duration, strict=True)]
    risk, fold = found.risks["knows"][:, 1], found.fold
    for i in np.flatnonzero(case):
        for j in np.flatnonzero(~np.array(case)):
            if fold[i] == fold[j]:
                pairs += weight[i] * weight[j]
                right += weight[i] * weight[j] * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    assert estimates(table).loc[("auc", 100.0), "estimate"] == pytest.approx(
        right / pairs, abs=1e-12
    )


def test_a_paired_difference_is_that_of_the_two_and_narrower_than_either() -> None:
    models = {"knows": Knows(), "nearly": Knows(shift=0.1)}
    table = evaluate(models, cohort(), n_draws=300)
    one, two = estimates(table), estimates(table, "nearly")
    difference = two.loc[("ipa_minus_knows", 100.0)]
    ipa = ("ipa", 100.0)
    assert difference["estimate"] == pytest.approx(
        two.loc[ipa, "estimate"] - one.loc[ipa, "estimate"]
    )
    width = one.loc[ipa, "high"] - one.loc[ipa, "low"]
    assert 0 < difference["high"] - difference["low"] < width / 2


def test_draws_taken_in_blocks_are_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = evaluate({"knows": Knows()}, cohort(), n_draws=50)
    monkeypatch.setattr(draws, "BLOCK", 1000)
    blocks = evaluate({"knows": Knows()}, cohort(), n_draws=50)
    pd.testing.assert_frame_equal(estimates(whole), estimates(blocks), atol=1e-8)


def test_horizons_must_be_days() -> None:
    for wrong in ([], [0], [np.nan], [[30, 100]]):
        with pytest.raises(InvalidConfiguration, match="days above 0"):
            evaluate({}, cohort(), horizons=wrong)


def made(**ipa: tuple[float, float, float]) -> EvaluationTable:
    rows = [
        {
            "model": model,
            "horizon": 100.0,
            "metric": "ipa",
            "estimate": a,
            "low": b,
            "high": c,
            "n_events": 40,
            "note": "only 4 events by day 100 (10 needed)" if np.isnan(a) else "",
        }
        for model, (a, b, c) in ipa.items()
    ]
    return EvaluationTable(pd.DataFrame(rows), None, "5-fold")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ipa", "words"),
    [
        ((0.04, 0.001, 0.08), "m beats the marginal curve: IPA 0.040 (0.001 to 0.080)."),
        (
            (0.04, 0.0, 0.08),
            "m is not shown to beat the marginal curve: IPA 0.040 (0.000 to 0.080).",
        ),
        (
            (-0.04, -0.08, 0.0),
            "m is not shown to beat the marginal curve: IPA −0.040 (−0.080 to 0.000).",
        ),
        (
            (-0.04, -0.08, -0.01),
            "m is worse than the marginal curve: IPA −0.040 (−0.080 to −0.010).",
        ),
        (
            (0.04, np.nan, np.nan),
            "m is not shown to beat the marginal curve: IPA 0.040 (no interval).",
        ),
        ((np.nan,) * 3, "m could not be judged: only 4 events by day 100 (10 needed)."),
    ],
)
def test_a_verdict_claims_only_what_the_whole_interval_shows(
    ipa: tuple[float, float, float], words: str
) -> None:
    table = made(m=ipa)
    assert table.verdict("m") == table.verdict("m", 100) == f"At day 100 {words}"
    won = table.sentence(ENDPOINT).startswith("At day 100 the marginal curve is beaten by: m.")
    assert won == ("m beats" in words)


def test_models_are_told_in_words() -> None:
    table = made(default=(0.1, 0.05, 0.2), cause_specific_cox=(-0.0001, -0.1, 0.2))
    assert table.verdict("default").startswith("At day 100 the default model beats the marginal")
    assert table.sentence(ENDPOINT) == (
        "At day 100 the marginal curve is beaten by: the default model. IPA with 95 % interval: "
        "the default model 0.100 (0.050 to 0.200); cause-specific Cox 0.000 (−0.100 to 0.200); "
        "40 events, 5-fold."
    )


def test_a_verdict_on_what_is_not_there_is_refused() -> None:
    table = made(m=(0.1, 0.0, 0.2))
    for asked in (("other", None), ("m", 30.0)):
        with pytest.raises(InvalidConfiguration, match="no such row"):
            table.verdict(*asked)


def test_a_primary_day_that_could_not_be_judged_is_said_before_another_is_told() -> None:
    table = evaluate({"knows": Knows()}, cohort(), horizons=[30, 100, 3000], n_draws=20)
    late = SimpleNamespace(primary_horizon=3000.0)
    assert table.sentence(late).startswith("Day 3000 could not be judged. At day 100 ")


def test_records_hold_no_infinity() -> None:
    table = made(m=(np.inf, -np.inf, np.nan))
    record = table.to_records()[0]
    assert (record["estimate"], record["low"], record["high"]) == (None, None, None)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.slow
def test_where_nothing_can_be_found_the_null_is_hardly_ever_beaten() -> None:
    """40 cohorts of noise: 5 or more at a rate of 2.5 % would be 1 in 300."""
    won = 0
    for seed in range(40):
        data = cohort(150, seed)
        data.X = pd.DataFrame(np.random.default_rng(1000 + seed).normal(size=(150, 3)))
        data.X.columns = ["a", "b", "c"]
        model = LogisticIncidence(horizons=[100.0])
        table = evaluate({"m": model}, data, horizons=[100], n_draws=200)
        won += "m beats" in table.verdict("m")
    assert won <= 4
