"""Rank in time, calibration curve and usefulness against loops written from the definitions."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from hscrisk.errors import NotEstimable
from hscrisk.metrics import (
    brier_score,
    calibration_curve,
    calibration_errors,
    cumulative_dynamic_auc,
    decision_curve,
    integrated_auc,
    integrated_brier_score,
    integrated_prediction_accuracy,
    kernels,
    net_benefit,
    pairs,
    roc_curve,
    smoothing,
    wolbers_c_index,
)
from hscrisk.metrics.intervals import bootstrap_multiplicity
from hscrisk.metrics.logistic import weighted_logistic
from hscrisk.metrics.states import KnownStates
from hscrisk.survival import DrawnCensoring, Outcome
from tests.metrics.made_up import cohort
from tests.metrics.test_oracles import DAYS, RISKS, known_states
from tests.reference import brute_force
from tests.survival.test_curves import COHORTS


@pytest.mark.parametrize("t", DAYS)
def test_wolbers_c_equals_a_double_loop_over_pairs(t: float) -> None:
    compared = 0
    for y, risk in zip(COHORTS, RISKS, strict=True):
        ours = pairs.concordance_in_time(
            KnownStates.at(y, t), risk, np.zeros(len(risk), dtype=np.intp)
        )[0]
        try:
            theirs = brute_force.wolbers_c(y.event.tolist(), y.duration.tolist(), risk.tolist(), t)
        except ZeroDivisionError:
            assert np.isnan(ours)
            continue
        assert ours == pytest.approx(theirs, abs=1e-12)
        compared += 1
    assert 60 < compared < len(COHORTS)


def test_pairs_compared_in_blocks_are_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    y, risk = cohort(300)
    whole = wolbers_c_index(y, risk, [100])[0]
    monkeypatch.setattr(pairs, "BLOCK", 900)
    assert wolbers_c_index(y, risk, [100])[0] == pytest.approx(whole, abs=1e-12)
    assert whole == pytest.approx(
        brute_force.wolbers_c(y.event.tolist(), y.duration.tolist(), risk.tolist(), 100), abs=1e-12
    )


def test_wolbers_c_compares_within_folds_only() -> None:
    y, risk = cohort(200, mean_follow_up=150)
    fold = (np.arange(200) * 7 % 3).astype(np.intp)
    states, right, both = KnownStates.at(y, 100), 0.0, 0.0
    g = [
        brute_force.kaplan_meier_censoring_before(y.event.tolist(), y.duration.tolist(), t)
        for t in y.duration.tolist()
    ]
    for i in np.flatnonzero((y.event == 1) & (y.duration <= 100)):
        for j in np.flatnonzero(fold == fold[i]):
            free = y.duration[j] > y.duration[i] or (
                y.duration[j] == y.duration[i] and y.event[j] == 0
            )
            if free or (y.event[j] > 1 and y.duration[j] <= y.duration[i]):
                weight = 1 / g[i] / (g[i] if free else g[j])
                both += weight
                right += weight * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
    ours = pairs.concordance_in_time(states, risk, fold)[0]
    assert ours == pytest.approx(right / both, abs=1e-12)


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.15, 0.3, 0.8])
def test_net_benefit_equals_counting(threshold: float) -> None:
    for y, risk in zip(COHORTS, RISKS, strict=True):
        ours = kernels.net_benefit(KnownStates.at(y, 5.0), risk, np.array([threshold]))[0, 0]
        theirs = brute_force.net_benefit(
            y.event.tolist(), y.duration.tolist(), risk.tolist(), 5.0, threshold
        )
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_treating_all_is_worth_the_incidence_less_what_the_others_cost() -> None:
    y, risk = cohort(mean_follow_up=150)
    found = decision_curve(y, {"m": risk}, 100, [0.1, 0.4], n_draws=20)
    p = brute_force.aalen_johansen(y.event.tolist(), y.duration.tolist(), 100, 1)
    worth = [p - (1 - p) * at / (1 - at) for at in (0.1, 0.4)]
    np.testing.assert_allclose(found.net_benefit["treat all"], worth, atol=1e-12)
    assert (found.net_benefit["treat none"] == 0).all()
    for name in ("m", "treat all"):
        assert (found.low[name] < found.net_benefit[name]).all()
        assert (found.net_benefit[name] < found.high[name]).all()


def test_roc_points_equal_counting_and_their_area_is_the_auc() -> None:
    y, risk = cohort(150, mean_follow_up=150)
    risk = risk.round(1)
    false, true = roc_curve(y, risk, 100)
    theirs = brute_force.roc_points(y.event.tolist(), y.duration.tolist(), risk.tolist(), 100)
    np.testing.assert_allclose(np.column_stack([false, true]), theirs, atol=1e-12)
    area = float(np.diff(false) @ (true[1:] + true[:-1])) / 2
    assert area == pytest.approx(cumulative_dynamic_auc(y, risk, [100])[0], abs=1e-12)


def test_integrated_scores_are_areas_below_straight_lines() -> None:
    y, risk = cohort(300)
    days = [20.0, 30.0, 60.0, 100.0]
    risks = risk[:, None] * np.array([0.3, 0.5, 0.7, 1.0])
    null = np.array([0.1, 0.15, 0.25, 0.4])
    brier = brier_score(y, risks, days)
    over = brute_force.mean_over_days([0.0, *days], [0.0, *brier])
    assert integrated_brier_score(y, risks, days) == pytest.approx(over, abs=1e-12)
    base = brier_score(y, np.tile(null, (300, 1)), days)
    of_null = brute_force.mean_over_days([0.0, *days], [0.0, *base])
    for given in (null, np.tile(null, (300, 1))):
        ipa = integrated_prediction_accuracy(y, risks, days, null=given)
        assert ipa == pytest.approx(1 - over / of_null, abs=1e-12)
    auc = brute_force.mean_over_days(days, cumulative_dynamic_auc(y, risks, days).tolist())
    assert integrated_auc(y, risks, days) == pytest.approx(auc, abs=1e-12)
    one = cumulative_dynamic_auc(y, risk, [100])[0]
    assert integrated_auc(y, risk, [100]) == pytest.approx(one, abs=1e-12)


def test_the_spline_is_that_of_the_definition() -> None:
    _, risk = cohort(80)
    x = np.log(risk / (1 - risk))
    knots = [brute_force.quantile(x.tolist(), share) for share in smoothing.KNOTS]
    raw = [[1.0, at, *brute_force.restricted_cubic(at, knots)] for at in x.tolist()]
    basis = smoothing.Basis.of(risk)
    back = basis.terms(risk) @ np.linalg.inv(basis.whitening)
    np.testing.assert_allclose(back, raw, atol=1e-10)
    np.testing.assert_allclose(basis.terms(risk).T @ basis.terms(risk) / 80, np.eye(3), atol=1e-10)


def test_the_curve_solves_its_score_equations_and_errors_are_distances() -> None:
    """At a maximum, weighted residuals are orthogonal to each term of the spline."""
    solved = 0
    for seed in range(10):
        y, risk = cohort(150, seed=seed, mean_follow_up=150)
        states, basis = KnownStates.at(y, 100), smoothing.Basis.of(risk)
        smoothed = smoothing.at(smoothing.curve(states, risk, basis), risk, basis)[0]
        x = np.log(risk / (1 - risk))
        knots = [brute_force.quantile(x.tolist(), share) for share in smoothing.KNOTS]
        for power in range(3):
            total = 0.0
            for i, at in enumerate(x.tolist()):
                term = [1.0, at, *brute_force.restricted_cubic(at, knots)][power]
                total += states.weight[0, i] * (states.target[i] - smoothed[i]) * term
            assert total == pytest.approx(0, abs=1e-7)
        off = np.abs(smoothed - risk).tolist()
        ici, e50, e90 = calibration_errors(y, risk, [100])[:, 0]
        assert ici == pytest.approx(sum(off) / len(off), abs=1e-12)
        assert e50 == pytest.approx(brute_force.quantile(off, 0.5), abs=1e-12)
        assert e90 == pytest.approx(brute_force.quantile(off, 0.9), abs=1e-12)
        solved += 1
    assert solved == 10


def test_quantiles_of_draws_are_those_of_the_drawn_values_written_out() -> None:
    rng = np.random.default_rng(0)
    values = rng.choice([0.1, 0.2, 0.35, 0.5], size=(40, 23)) + rng.choice([0, 1e-3], (40, 23))
    taken = rng.integers(0, 4, size=(40, 23)).astype(float)
    found = smoothing.quantiles(values, taken, (0.0, 0.5, 0.9, 1.0))
    for k in range(40):
        written = np.repeat(values[k], taken[k].astype(int)).tolist()
        for share, ours in zip((0.0, 0.5, 0.9, 1.0), found[:, k], strict=True):
            assert ours == pytest.approx(brute_force.quantile(written, share), abs=1e-12)


def test_draws_of_every_new_score_are_scores_of_the_drawn_subjects() -> None:
    """Knots stay where the sample has them; all else is estimated again."""
    y, risk = cohort(120, mean_follow_up=100)
    fold, at = np.arange(120, dtype=np.intp) % 3, np.array([0.2, 0.5])
    drawn = bootstrap_multiplicity(np.arange(120), 6, 1)
    states = KnownStates.drawn(y, 100, drawn, censoring=DrawnCensoring(y, drawn))
    basis = smoothing.Basis.of(risk)

    def scores(of: KnownStates, r: np.ndarray, f: np.ndarray) -> np.ndarray:
        smoothed = smoothing.at(smoothing.curve(of, r, basis), r, basis)
        return np.vstack(
            [
                pairs.concordance_in_time(of, r, f),
                kernels.net_benefit(of, r, at).T,
                smoothing.errors(of.multiplicity, smoothed, r),
            ]
        )

    ours = scores(states, risk, fold)
    for k, counts in enumerate(drawn.astype(int)):
        who = np.repeat(np.arange(120), counts)
        again = KnownStates.at(Outcome(y.event[who], y.duration[who]), 100)
        np.testing.assert_allclose(ours[:, k], scores(again, risk[who], fold[who])[:, 0], atol=1e-8)


def test_regressions_without_a_maximum_are_nan_and_the_others_go_on() -> None:
    target = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    terms = np.column_stack([np.ones(6), np.arange(6.0) - 2.5])
    weight = np.array(
        [[1, 1, 1, 1, 1, 1], [1, 1, 0, 1, 1, 1], [1, 1, 0, 1, 0, 0], [0, 0, 1, 1, 0, 0]]
    )
    found = weighted_logistic(weight.astype(float), target, terms)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1:]).all()
    p = 1 / (1 + np.exp(-terms @ found[0]))
    np.testing.assert_allclose((target - p) @ terms, 0, atol=1e-9)


def test_risks_that_do_not_vary_have_a_curve_of_one_point() -> None:
    y, _ = cohort()
    found = calibration_curve(y, np.full(400, 0.3), 100, n_draws=50)
    p = brute_force.aalen_johansen(y.event.tolist(), y.duration.tolist(), 100, 1)
    assert found.risk.tolist() == [0.3]
    assert found.observed[0] == pytest.approx(p, abs=1e-9)
    assert [found.ici, found.e50, found.e90] == pytest.approx([abs(p - 0.3)] * 3, abs=1e-9)
    assert found.low[0] < p < found.high[0]


def test_few_levels_of_risk_leave_a_straight_line_or_their_shares() -> None:
    y, risk = cohort()
    levels = np.where(risk < 0.4, 0.2, 0.6)
    found = calibration_curve(y, levels, 100, n_draws=20)
    states = KnownStates.at(y, 100)
    for level, observed in ((0.2, found.observed[0]), (0.6, found.observed[-1])):
        w = states.weight[0] * (levels == level)
        assert observed == pytest.approx(float(w @ states.target / w.sum()), abs=1e-7)


def test_a_curve_that_separates_is_not_estimable() -> None:
    y, risk = cohort()
    happened = (y.event == 1) & (y.duration <= 100)
    with pytest.raises(NotEstimable, match="separates"):
        calibration_errors(y, np.where(happened, 0.6, 0.3) + risk / 10, [100])


def test_a_perfect_model_of_many_has_a_curve_on_the_diagonal() -> None:
    y, risk = cohort(20_000, seed=4)
    found = calibration_curve(y, risk, 100, n_draws=50)
    assert found.ici < 0.01
    assert (np.abs(found.observed - found.risk) < 0.04).all()
    assert (found.low <= found.observed).all()
    assert (found.observed <= found.high).all()
    moved = calibration_curve(y, 1 / (1 + (1 - risk) / risk * math.e), 100, n_draws=2)
    assert moved.ici > 0.15


def test_known_states_of_the_oracle_are_those_of_the_kernel() -> None:
    """The plain list that other oracles rest on holds the same weights."""
    for y, risk in zip(COHORTS[:50], RISKS[:50], strict=True):
        states = KnownStates.at(y, 5.0)
        kept = states.weight[0] > 0
        theirs = known_states(y, risk, 5.0)
        np.testing.assert_allclose([w for w, _, _ in theirs], states.weight[0][kept], atol=1e-12)


def test_rank_curve_and_usefulness_equal_those_of_r(root: Path) -> None:
    made = json.loads((root / "tests/reference/rank_and_curve_r.json").read_text())
    assert len(made["cases"]) == 6
    for case in made["cases"]:
        y = {"event": case["event"], "duration": case["day"]}
        days, risk = case["horizons"], np.array(case["risk"])
        risks = np.tile(risk[:, None], (1, len(days)))
        ici, e50, e90 = calibration_errors(y, risks, days)
        benefit = net_benefit(y, risks, days, case["thresholds"])
        ours = {"wolbers_c": wolbers_c_index(y, risks, days), "ici": ici, "e50": e50, "e90": e90}
        ours |= {f"benefit_{k + 1}": benefit[:, k] for k in range(3)}
        for name, found in ours.items():
            np.testing.assert_allclose(found, case[name], rtol=0, atol=1e-10, err_msg=name)
        basis = smoothing.Basis.of(risk)
        for k, t in enumerate(days):
            fitted = smoothing.curve(KnownStates.at(y, t), risk, basis)
            at = np.array([case[f"at_{j}"][k] for j in (1, 2, 3)])
            theirs = [case[f"curve_{j}"][k] for j in (1, 2, 3)]
            np.testing.assert_allclose(smoothing.at(fitted, at, basis)[0], theirs, atol=1e-9)
