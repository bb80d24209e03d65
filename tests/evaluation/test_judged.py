"""What Judged tells: scores as the public functions give them, whom it draws, and its notes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import InvalidConfiguration
from hscrisk.evaluation.clusters import whom_to_draw
from hscrisk.evaluation.judged import INTEGRATED, METRICS, Judged
from hscrisk.evaluation.out_of_fold import OutOfFold
from hscrisk.metrics import (
    calibration_errors,
    cumulative_dynamic_auc,
    integrated_auc,
    integrated_brier_score,
    integrated_prediction_accuracy,
    wolbers_c_index,
)
from hscrisk.survival import Outcome
from tests.metrics.made_up import cohort

DAYS = np.array([25.0, 50.0, 75.0, 100.0])


def found(n: int, risks: dict[str, np.ndarray], **how: Any) -> OutOfFold:
    null = np.tile([0.1, 0.2, 0.3, 0.4], (n, 1))
    fold = how.get("fold", np.zeros(n, dtype=np.intp))
    return OutOfFold(DAYS, np.arange(n), fold, {"null": null, **risks}, how.get("notes", {}))


def as_cohort(y: Outcome, centre: Any = None) -> Any:
    n = len(y.event)
    return SimpleNamespace(
        endpoint=SimpleNamespace(name="e"),
        y={"event": y.event, "duration": y.duration},
        patient=np.arange(n),
        centre=centre,
    )


def spread(risk: np.ndarray) -> np.ndarray:
    return risk[:, None] * np.array([0.3, 0.55, 0.8, 1.0])


@pytest.fixture(scope="module")
def two() -> Any:
    y, risk = cohort(300)
    noisy = np.clip(risk + np.random.default_rng(0).normal(0, 0.2, 300), 0.01, 0.99)
    return y, {"good": spread(risk), "noisy": spread(noisy)}


def test_new_rows_are_those_of_the_public_functions(two: Any) -> None:
    y, risks = two
    judge = Judged(as_cohort(y), found(300, risks), 100, 0)
    frame = pd.DataFrame(judge.rows(3)).set_index(["model", "metric"])
    for name, risk in risks.items():
        errors = calibration_errors(y, risk[:, 3], [100])[:, 0]
        public = dict(zip(("ici", "e50", "e90"), errors, strict=True))
        public["wolbers_c"] = wolbers_c_index(y, risk[:, 3], [100])[0]
        for metric, value in public.items():
            row = frame.loc[(name, metric)]
            assert row["estimate"] == pytest.approx(value, abs=1e-12)
            assert row["low"] <= row["estimate"] <= row["high"]
    aucs = [cumulative_dynamic_auc(y, risks[name][:, 3], [100])[0] for name in ("good", "noisy")]
    difference = frame.loc[("noisy", "auc_minus_good")]
    assert difference["estimate"] == pytest.approx(aucs[1] - aucs[0], abs=1e-12)
    assert difference["high"] < 0
    assert set(frame.loc["null"].index) == set(METRICS)
    null = frame.loc["null"]["estimate"]
    assert null["wolbers_c"] == pytest.approx(0.5, abs=1e-12)
    assert null["ici"] == pytest.approx(0.4 * abs(null["oe_ratio"] - 1), abs=1e-9)


def test_integrated_rows_are_those_of_the_public_functions(two: Any) -> None:
    y, risks = two
    judge = Judged(as_cohort(y), found(300, risks), 100, 0)
    frame = pd.DataFrame(judge.integrated_rows(DAYS))
    assert set(frame["horizon"]) == {100.0}
    rows = frame.set_index(["model", "metric"])
    null = [0.1, 0.2, 0.3, 0.4]
    for name, risk in risks.items():
        public = {
            "integrated_brier": integrated_brier_score(y, risk, DAYS),
            "integrated_ipa": integrated_prediction_accuracy(y, risk, DAYS, null=null),
            "integrated_auc": integrated_auc(y, risk, DAYS),
        }
        for metric in INTEGRATED:
            row = rows.loc[(name, metric)]
            assert row["estimate"] == pytest.approx(public[metric], abs=1e-12)
            assert row["low"] < row["estimate"] < row["high"]
    paired = rows.loc[("noisy", "integrated_ipa_minus_good")]
    assert paired["estimate"] == pytest.approx(
        rows.loc[("noisy", "integrated_ipa"), "estimate"]
        - rows.loc[("good", "integrated_ipa"), "estimate"]
    )
    with pytest.raises(InvalidConfiguration, match="no predictions on some"):
        judge.integrated_rows([10, 100])
    with pytest.raises(InvalidConfiguration, match="rise"):
        judge.integrated_rows([100, 50])


def test_days_without_events_enough_leave_the_auc_and_not_the_brier_score(two: Any) -> None:
    y, risks = two
    late = Outcome(y.event, np.where(y.duration <= 25, 30, y.duration))
    judge = Judged(as_cohort(late), found(300, risks), 20, 0)
    rows = pd.DataFrame(judge.integrated_rows(DAYS)).set_index(["model", "metric"])["estimate"]
    auc = integrated_auc(late, risks["good"][:, 1:], DAYS[1:])
    assert rows[("good", "integrated_auc")] == pytest.approx(auc, abs=1e-12)
    brier = (risks["good"][:, 0] ** 2).mean()
    later = integrated_brier_score(late, risks["good"][:, 1:], DAYS[1:])
    # On day 25 nobody had an event: the Brier score is the mean squared risk.
    first = (25 * brier + 25 * brier) / 200
    moved = first - 25 * 0.5 * _brier_at(late, risks["good"][:, 1], 50) / 100
    assert rows[("good", "integrated_brier")] == pytest.approx(later + moved, abs=1e-12)


def _brier_at(y: Outcome, risk: np.ndarray, day: float) -> float:
    return integrated_brier_score(y, risk, [day]) * 2


def test_models_that_miss_a_day_are_a_note(two: Any) -> None:
    y, risks = two
    broken = risks["noisy"].copy()
    broken[5, 1] = np.nan
    made = found(
        300, {"good": risks["good"], "broken": broken}, notes={("broken", 50.0): "no luck"}
    )
    rows = pd.DataFrame(Judged(as_cohort(y), made, 20, 0).integrated_rows(DAYS))
    assert set(rows.query("model == 'broken'")["note"]) == {"no luck"}
    assert rows.query("model == 'good'")["estimate"].notna().all()
    assert not rows["metric"].str.contains("_minus_").any()


def hard_cases() -> dict[str, tuple[Outcome, np.ndarray]]:
    y, risk = cohort(200)
    nobody = Outcome(np.where(y.event == 1, 2, y.event), y.duration)
    lost = Outcome(np.zeros(200, dtype=np.int64), y.duration)
    happened = (y.event == 1) & (y.duration <= 100)
    return {
        "no events": (nobody, risk),
        "all censored": (lost, risk),
        "all risks equal": (y, np.full(200, 0.3)),
        "all risks 0": (y, np.zeros(200)),
        "all risks 1": (y, np.ones(200)),
        "two levels": (y, np.where(risk < 0.4, 0.2, 0.6)),
        "separated": (y, np.where(happened, 0.9, 0.1)),
        "everybody on one day": (Outcome(y.event, np.full(200, 100.0)), risk),
    }


@pytest.mark.parametrize("name", list(hard_cases()))
def test_what_cannot_be_estimated_has_a_note_and_nothing_crashes(name: str) -> None:
    y, risk = hard_cases()[name]
    judge = Judged(as_cohort(y), found(200, {"m": np.tile(risk[:, None], 4)}), 40, 0)
    rows = pd.DataFrame([*judge.rows(3), *judge.integrated_rows(DAYS)])
    assert len(rows) == 2 * (len(METRICS) + len(INTEGRATED))
    assert (rows["estimate"].notna() | (rows["note"] != "")).all()
    assert (rows["low"].notna() | (rows["note"] != "")).all()
    told = rows.set_index(["model", "metric"])
    if name in {"no events", "all censored"}:
        assert rows["estimate"].isna().all()
        assert rows["note"].str.contains("events by day 100").all()
    if name == "all risks equal":
        assert told.loc[("m", "wolbers_c"), "estimate"] == pytest.approx(0.5)
        assert np.isfinite(told.loc[("m", "ici"), "estimate"])
    if name == "separated":
        assert "separates" in told.loc[("m", "ici"), "note"]
        assert told.loc[("m", "auc"), "estimate"] == 1


def test_centres_are_drawn_where_at_least_twenty_are_named() -> None:
    patient = np.array([0, 0, 1, *range(2, 60)])
    centre = np.array([str(k % 20) for k in range(61)], dtype=object)
    assert (whom_to_draw(patient, centre, "auto") == whom_to_draw(patient, centre, "centre")).all()
    assert len(np.unique(whom_to_draw(patient, centre, "auto"))) == 20
    few = np.array([str(k % 19) for k in range(61)], dtype=object)
    for drawn in (
        whom_to_draw(patient, few, "auto"),
        whom_to_draw(patient, None, "auto"),
        whom_to_draw(patient, centre, "patient"),
    ):
        assert len(np.unique(drawn)) == 60
        assert drawn[0] == drawn[1]
    assert len(np.unique(whom_to_draw(patient, few, "centre"))) == 19


def test_an_unknown_centre_is_a_cluster_a_patient() -> None:
    patient = np.array([7, 7, 8, 9, 9])
    centre = np.array(["a", None, "a", np.nan, None], dtype=object)
    drawn = whom_to_draw(patient, centre, "centre")
    assert drawn[0] == drawn[2]
    assert len(np.unique(drawn)) == 3
    assert drawn[3] == drawn[4] != drawn[1]
    for wrong, place in (("centre", None), ("centre", np.full(5, None)), ("hospital", centre)):
        with pytest.raises(InvalidConfiguration, match="draw"):
            whom_to_draw(patient, place, wrong)


def test_centres_that_differ_widen_the_intervals_of_those_who_draw_them() -> None:
    rng = np.random.default_rng(1)
    centre = np.repeat(np.arange(25), 16)
    risk = np.full(400, 0.4)
    happened = rng.random(400) < np.where(centre % 2 == 0, 0.1, 0.7)
    y = Outcome(happened.astype(np.int64) * 1 + ~happened * 2, rng.integers(1, 90, 400) * 1.0)
    made = found(400, {"m": np.tile(risk[:, None], 4)})
    width = {}
    for cluster in ("patient", "centre", "auto"):
        rows = pd.DataFrame(Judged(as_cohort(y, centre), made, 200, 0, cluster).rows(3))
        row = rows.query("model == 'm' and metric == 'oe_ratio'").iloc[0]
        width[cluster] = row["high"] - row["low"]
    assert width["auto"] == width["centre"] > 2 * width["patient"]
