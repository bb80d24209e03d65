"""Unpenalised fits equal R's, ties included (tests/reference/cox.R, finegray.R)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hscrisk.comparators import CauseSpecificCox, FineGray
from hscrisk.comparators.fine_gray import subdistribution_sets
from hscrisk.comparators.partial_likelihood import fit_hazard
from hscrisk.comparators.risk_sets import RiskSets
from hscrisk.survival import CensoringDistribution, Outcome, check_outcome

FOLDER = Path(__file__).resolve().parents[1] / "reference"
COX = json.loads((FOLDER / "cox_r.json").read_text())["cases"]
FINE_GRAY = json.loads((FOLDER / "finegray_r.json").read_text())["cases"]
CLOSE: dict[str, Any] = {"rtol": 0, "atol": 1e-6}


def outcome_of(case: dict[str, Any]) -> Outcome:
    return check_outcome({"event": case["event"], "duration": case["day"]})


def frame_of(case: dict[str, Any], prefix: str = "") -> pd.DataFrame:
    return pd.DataFrame({name: case[prefix + name] for name in "abc"})


def by_patient(case: dict[str, Any], name: str) -> np.ndarray:
    return np.reshape(case[name], (len(case["at"]), 3)).T


@pytest.mark.parametrize("case", COX)
def test_cases_have_ties(case: dict[str, Any]) -> None:
    event, day = outcome_of(case)
    assert len(np.unique(day[event == 1])) < (event == 1).sum()


@pytest.mark.parametrize("cause", [1, 2])
@pytest.mark.parametrize("case", COX)
def test_cox_is_coxph(case: dict[str, Any], cause: int) -> None:
    event, day = outcome_of(case)
    fit = fit_hazard(frame_of(case).to_numpy(float), RiskSets.of(day, event == cause), 0.0)
    np.testing.assert_allclose(fit.coef, case[f"coef_{cause}"], **CLOSE)
    np.testing.assert_allclose(fit.log_likelihood, case[f"log_likelihood_{cause}"][0], **CLOSE)
    hazard = np.concatenate([[0.0], np.cumsum(fit.jumps)])
    hazard = hazard[np.searchsorted(fit.times, case["at"], side="right")]
    np.testing.assert_allclose(hazard, case[f"hazard_{cause}"], **CLOSE)


@pytest.mark.parametrize("case", COX)
def test_incidences_are_those_of_csc(case: dict[str, Any]) -> None:
    y = {"event": case["event"], "duration": case["day"]}
    model = CauseSpecificCox(penalty=0, product_limit=True).fit(frame_of(case), y)
    found = model.predict_all_causes(frame_of(case, "new_"), case["at"])
    np.testing.assert_allclose(found[:, 0], by_patient(case, "risk_1"), **CLOSE)
    np.testing.assert_allclose(found[:, 1], by_patient(case, "risk_2"), **CLOSE)


@pytest.mark.parametrize("case", FINE_GRAY)
def test_fine_gray_is_finegray_and_coxph(case: dict[str, Any]) -> None:
    model = FineGray(penalty=0).fit(
        frame_of(case), {"event": case["event"], "duration": case["day"]}
    )
    found = model.predict_cumulative_incidence(frame_of(case, "new_"), case["at"])
    np.testing.assert_allclose(found, by_patient(case, "risk_efron"), **CLOSE)
    y = outcome_of(case)
    g = CensoringDistribution().fit(y).survival_before
    for ties in ("efron", "breslow"):
        sets = subdistribution_sets(y, g, efron=ties == "efron")
        fit = fit_hazard(frame_of(case).to_numpy(float), sets, 0.0)
        np.testing.assert_allclose(fit.coef, case[f"coef_{ties}"], **CLOSE)


@pytest.mark.parametrize("case", FINE_GRAY)
def test_fine_gray_with_the_weights_of_crr_is_crr(case: dict[str, Any]) -> None:
    y = outcome_of(case)
    design = frame_of(case).to_numpy(float)
    fit = fit_hazard(design, subdistribution_sets(y, _g_of_crr(y), efron=False), 0.0)
    np.testing.assert_allclose(fit.coef, case["coef_crr"], **CLOSE)
    hazard = np.concatenate([[0.0], np.cumsum(fit.jumps)])
    hazard = hazard[np.searchsorted(fit.times, case["at"], side="right")]
    risk = 1 - np.exp(-fit.relative(frame_of(case, "new_").to_numpy(float))[:, None] * hazard)
    np.testing.assert_allclose(risk, np.reshape(case["risk_crr"], risk.shape), **CLOSE)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_without_a_day_of_events_and_censorings_our_weights_are_those_of_crr(number: int) -> None:
    case = FINE_GRAY[number]
    y = outcome_of(case)
    g = CensoringDistribution().fit(y).survival_before
    fit = fit_hazard(frame_of(case).to_numpy(float), subdistribution_sets(y, g, efron=False), 0.0)
    np.testing.assert_allclose(fit.coef, case["coef_crr"], **CLOSE)


def _g_of_crr(y: Outcome) -> Any:
    """Return G(t-) as crr has it: events of a day are still at risk of being lost on it."""
    lost = np.unique(y.duration[y.event == 0])
    at_risk = np.array([(y.duration >= t).sum() for t in lost])
    gone = np.array([((y.duration == t) & (y.event == 0)).sum() for t in lost])
    steps = np.concatenate([[1.0], np.cumprod(1 - gone / np.maximum(at_risk, 1))])
    return lambda days: steps[np.searchsorted(lost, days, side="left")]
