"""The centre layer against numerical integration, a known truth, and the laws of every model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import expit, logit

from hscrisk.datasets import simulate_cohort
from hscrisk.errors import InvalidConfiguration, InvalidRecord
from hscrisk.models import (
    BoostedIncidence,
    LinearBoostedIncidence,
    LogisticIncidence,
    MarginalIncidence,
    ModelState,
    from_state,
)
from hscrisk.models.anchors import States
from hscrisk.models.base import IncidenceModel
from hscrisk.models.centre import CentreLayer, _Posterior, as_labels
from hscrisk.models.growing import TreeSettings
from hscrisk.survival import check_outcome

SMALL = TreeSettings(eta=0.15, max_rounds=40, patience=20, depths=(2,), inner_folds=3)
HORIZONS = [20, 60, 100]


def drawn(n: int, n_centres: int, spread: float, seed: int) -> tuple[np.ndarray, ...]:
    """Return offset, target, codes and the true intercepts of a logistic model."""
    rng = np.random.default_rng(seed)
    u = rng.normal(0, spread, n_centres)
    code = rng.integers(0, n_centres, n)
    offset = rng.normal(-0.5, 0.8, n)
    target = (rng.random(n) < expit(offset + u[code])).astype(float)
    return offset, target, code, u


def layer_of(offset: np.ndarray, target: np.ndarray, code: np.ndarray) -> CentreLayer:
    states = States(np.array([100.0]), target[:, None], np.ones((len(target), 1)))
    return CentreLayer.fit(offset[:, None], states, np.array([f"c{k}" for k in code], dtype=object))


@pytest.mark.parametrize("spread", [0.15, 0.6, 1.5])
def test_mode_variance_and_evidence_equal_numerical_ones(spread: float) -> None:
    rng = np.random.default_rng(3)
    offset, target, code, _ = drawn(120, 4, 0.8, 1)
    weight = rng.uniform(0.5, 2, len(offset))

    def loss(v: np.ndarray) -> float:
        p = expit(offset + v[0] + v[1:][code])
        likelihood = weight * (target * np.log(p) + (1 - target) * np.log(1 - p))
        return float(-likelihood.sum() + (v[1:] ** 2).sum() / (2 * spread**2))

    found = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    step, eye = 1e-3, np.eye(5)
    hessian = np.array(
        [
            [
                (
                    loss(found.x + step * (eye[i] + eye[j]))
                    - loss(found.x + step * (eye[i] - eye[j]))
                    - loss(found.x - step * (eye[i] - eye[j]))
                    + loss(found.x - step * (eye[i] + eye[j]))
                )
                / (4 * step**2)
                for j in range(5)
            ]
            for i in range(5)
        ]
    )
    mode = _Posterior(offset, target, weight, code, 4).mode(spread)
    assert mode.shift == pytest.approx(found.x[0] + found.x[1:], abs=1e-4)
    covariance = np.linalg.inv(hessian)
    together = np.column_stack([np.ones(4), np.eye(4)])
    assert mode.variance == pytest.approx(np.diag(together @ covariance @ together.T), rel=1e-3)
    evidence = -found.fun - 4 * np.log(spread) - 0.5 * np.linalg.slogdet(hessian)[1]
    assert mode.evidence == pytest.approx(evidence, abs=1e-4)


def test_laplace_is_close_to_the_exact_integral() -> None:
    # One centre of 60, the common intercept known: what is left is one integral.
    offset, target, code, _ = drawn(60, 1, 0.8, 5)

    def density(u: float) -> float:
        p = expit(offset + u)
        fit = (target * np.log(p) + (1 - target) * np.log(1 - p)).sum()
        return float(np.exp(fit + 30 - u**2 / (2 * 0.7**2)))

    exact = quad(lambda u: u * density(u), -5, 5)[0] / quad(density, -5, 5)[0]
    twice = np.concatenate([offset, np.full(4000, -0.5)])
    # A second, huge centre at its expected incidence pins the common intercept at zero.
    hits = np.concatenate([target, (np.arange(4000) < 4000 * expit(-0.5)).astype(float)])
    codes = np.concatenate([code, np.arange(4000) % 40 + 1])
    mode = _Posterior(twice, hits, np.ones(4060), codes, 41).mode(0.7)
    assert mode.shift[0] == pytest.approx(exact, abs=0.03)


def test_a_known_truth_is_found_and_covered() -> None:
    covered, spreads = [], []
    for seed in range(12):
        offset, target, code, u = drawn(6000, 60, 0.5, 100 + seed)
        layer = layer_of(offset, target, code)
        place = np.array([int(label[1:]) for label in layer.labels])
        error = layer.intercept[:, 0] - u[place]
        covered.append(np.abs(error) <= 1.645 * np.sqrt(layer.variance[:, 0]))
        spreads.append(layer.spread[0])
    assert np.mean(spreads) == pytest.approx(0.5, abs=0.05)
    assert 0.86 <= np.concatenate(covered).mean() <= 0.94


def test_where_centres_do_not_differ_little_is_made_of_them() -> None:
    layers = [layer_of(*drawn(3000, 40, 0.0, seed)[:3]) for seed in range(20)]
    spreads = np.array([layer.spread[0] for layer in layers])
    assert (spreads == 0).any()
    assert np.median(spreads) < 0.1
    # Taken apart by themselves, 75 patients a centre would give intercepts of variance .06.
    assert np.mean([np.square(layer.intercept).mean() for layer in layers]) < 0.01


def test_small_centres_leave_no_trace() -> None:
    offset, target, code, _ = drawn(400, 4, 1.0, 2)
    code = np.where(np.arange(400) < 9, 7, code)
    assert set(layer_of(offset, target, code).labels) == {"c0", "c1", "c2", "c3"}


@pytest.fixture(scope="module")
def cohort() -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return a cohort whose centres differ in how often the event is seen."""
    simulated = simulate_cohort(900, seed=8)
    rng = np.random.default_rng(8)
    centre = rng.integers(0, 12, 900)
    missed = rng.random(900) < expit(np.linspace(-3, 2, 12))[centre]
    y = simulated.y.copy()
    y.loc[missed & (y["event"] == 1), "event"] = 2
    labels = np.array([f"centre {k}" for k in centre], dtype=object)
    labels[:20] = None
    return simulated.X, y, labels


def make(kind: str, *, centre_intercepts: bool) -> IncidenceModel:
    if kind == "logistic":
        return LogisticIncidence(horizons=HORIZONS, centre_intercepts=centre_intercepts)
    estimator = BoostedIncidence if kind == "boosted" else LinearBoostedIncidence
    return estimator(
        horizons=HORIZONS, trees=SMALL, n_refits=3, centre_intercepts=centre_intercepts
    )


@pytest.fixture(scope="module", params=["logistic", "boosted", "linear_boosted"])
def pair(request: pytest.FixtureRequest, cohort: tuple) -> tuple[IncidenceModel, IncidenceModel]:
    X, y, centre = cohort
    plain = make(request.param, centre_intercepts=False).fit(X, y)
    return plain, make(request.param, centre_intercepts=True).fit(X, y, centre=centre)


def test_a_centre_that_is_not_known_has_the_model_without_the_layer(
    pair: tuple[IncidenceModel, IncidenceModel], cohort: tuple
) -> None:
    plain, layered = pair
    X = cohort[0]
    days = [10, 20, 60, 80, 100]
    expected = plain.predict_cumulative_incidence(X, days)
    for centre in (None, "never seen", [None] * len(X)):
        assert np.array_equal(
            layered.predict_cumulative_incidence(X, days, centre=centre), expected
        )
        ours = layered.predict_interval(X, days, centre=centre)
        assert np.array_equal(ours, plain.predict_interval(X, days))


def test_known_centres_are_told_apart_and_laws_hold(
    pair: tuple[IncidenceModel, IncidenceModel], cohort: tuple
) -> None:
    plain, layered = pair
    X, y, centre = cohort
    days = np.array([5.0, 20, 45, 60, 99, 100])
    assert (layered.engine_.centre.spread > 0.3).all()
    causes = layered.predict_all_causes(X, days, centre=centre)
    assert causes.min() >= 0
    assert np.diff(causes, axis=2).min() >= -1e-9
    free = layered.predict_event_free(X, days, centre=centre)
    assert np.abs(causes.sum(axis=1) + free - 1).max() <= 1e-9
    risk = layered.predict_cumulative_incidence(X, days, centre=centre)
    low, high = layered.predict_interval(X, days, centre=centre)
    assert (low <= risk).all()
    assert (risk <= high).all()
    # One row equals its batch, bit for bit.
    one = layered.predict_cumulative_incidence(X[30:31], days, centre=centre[30:31])
    assert np.array_equal(one[0], risk[30])
    # The layer explains what patients' records cannot.
    known = States.of(check_outcome(y), np.array([100.0]))
    losses = [
        (known.weight[:, 0] * (known.target[:, 0] - r[:, -1]) ** 2).sum()
        for r in (plain.predict_cumulative_incidence(X, days), risk)
    ]
    assert losses[1] < 0.97 * losses[0]


def test_contributions_add_up_and_the_centre_is_in_the_base(
    pair: tuple[IncidenceModel, IncidenceModel], cohort: tuple
) -> None:
    _, layered = pair
    X, _, centre = cohort
    for day in (15, 60, 75, 100):
        found = layered.contributions(X, day, centre=centre)
        total = found.bases + found.values.sum(axis=1)
        assert np.abs(total - found.log_odds).max() <= 1e-4
        risk = layered.predict_cumulative_incidence(X, [day], centre=centre)[:, 0]
        assert np.abs(expit(found.log_odds) - risk).max() <= 1e-12


def test_candidate_donors_at_one_centre_differ_as_they_do_anywhere(
    pair: tuple[IncidenceModel, IncidenceModel], cohort: tuple
) -> None:
    _, layered = pair
    donors = cohort[0][:5]
    here, away = (
        logit(layered.predict_cumulative_incidence(donors, [20], centre=centre))
        for centre in ("centre 11", "centre 0")
    )
    gap = (here - away)[:, 0]
    assert np.ptp(gap) < 1e-9
    assert abs(gap[0]) > 0.3


def test_what_is_kept_predicts_the_same_bits(
    pair: tuple[IncidenceModel, IncidenceModel], cohort: tuple
) -> None:
    _, layered = pair
    X, _, centre = cohort
    again = from_state(layered.to_state())
    for how in (None, centre, "centre 3"):
        ours = layered.predict_cumulative_incidence(X, [45, 100], centre=how)
        assert np.array_equal(again.predict_cumulative_incidence(X, [45, 100], centre=how), ours)
    assert again.get_params()["centre_intercepts"]


def test_a_state_that_does_not_fit_together_is_refused(
    pair: tuple[IncidenceModel, IncidenceModel],
) -> None:
    state = pair[1].to_state()
    cut = {**state.arrays, "centre.intercept": state.arrays["centre.intercept"][:-1]}
    with pytest.raises(InvalidConfiguration, match="fit together"):
        from_state(ModelState(state.kind, state.settings, cut))


def test_what_was_not_asked_for_is_refused(cohort: tuple) -> None:
    X, y, centre = cohort
    with pytest.raises(InvalidConfiguration, match="no centre is given"):
        LogisticIncidence(horizons=[60], centre_intercepts=True).fit(X, y)
    with pytest.raises(InvalidConfiguration, match="no centre intercepts"):
        LogisticIncidence(horizons=[60]).fit(X, y, centre=centre)
    plain = MarginalIncidence(horizons=[60]).fit(X, y)
    with pytest.raises(InvalidConfiguration, match="no centre intercepts"):
        plain.predict_cumulative_incidence(X, centre="centre 1")
    layered = LogisticIncidence(horizons=[60], centre_intercepts=True).fit(X, y, centre=centre)
    with pytest.raises(InvalidRecord, match="3 centres for 5 rows"):
        layered.predict_cumulative_incidence(X[:5], centre=["a", "b", "c"])
    with pytest.raises(InvalidRecord, match="3 centres for 900 rows"):
        LogisticIncidence(horizons=[60], centre_intercepts=True).fit(X, y, centre=centre[:3])


def test_a_numbered_centre_is_one_whether_or_not_another_is_missing() -> None:
    with_missing = pd.Series([12, 7, None])
    assert with_missing.dtype == float
    assert as_labels(with_missing).tolist() == ["12", "7", None]
    assert as_labels(np.array([12, 7])).tolist() == as_labels(["12", "7"]).tolist() == ["12", "7"]
    assert as_labels([1.5, "007", float("nan"), pd.NA]).tolist() == ["1.5", "007", None, None]
