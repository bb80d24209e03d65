"""A cohort whose truth is known: risks are generated, so errors can be measured, not guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

FloatArray = NDArray[np.float64]
Truth = Callable[[ArrayLike], FloatArray]
FOLLOW_UP = (60.0, 900.0)
"""Days within which administrative censoring falls, uniformly."""


@dataclass(frozen=True)
class SimulatedCohort:
    """Features, outcomes and the risks that generated them.

    Attributes
    ----------
    X : DataFrame, shape (n, 8)
    y : DataFrame
        `event` (0, 1, 2) and `duration` in whole days.
    truth, truth2 : callable
        horizons -> true cumulative incidence of event 1 (2), shape (n, n_horizons).
    """

    X: pd.DataFrame
    y: pd.DataFrame
    truth: Truth
    truth2: Truth


def simulate_cohort(
    n: int, seed: int, *, interactions: bool = False, censoring: bool = True
) -> SimulatedCohort:
    r"""Simulate `n` transplants with two competing events.

    Event 1 follows :math:`F_1(t|x) = \sigma(\eta(x) + \log(1 - e^{-t/\tau(x)}))`: additive in
    log-odds at each horizon, with a plateau and a speed that differs by graft. Whoever is spared
    event 1 for good has event 2 after an exponential time. A missing value has no effect, so the
    truth is a function of what is seen.

    Parameters
    ----------
    n : int
    seed : int
        The same seed gives the same cohort.
    interactions : bool
        Whether products of features matter too, so that no additive model is right.
    censoring : bool
        Whether follow-up ends between days 60 and 900.

    References
    ----------
    Construction from a subdistribution: Fine & Gray, JASA 1999;94:496-509, section 5.

    Examples
    --------
    >>> cohort = simulate_cohort(5, seed=1)
    >>> cohort.truth([100]).shape
    (5, 1)
    """
    rng = np.random.default_rng(seed)
    X = _features(n, rng)
    eta, speed, hazard = _predictors(X, interactions=interactions)

    def truth(horizons: ArrayLike) -> FloatArray:
        days = np.atleast_1d(np.asarray(horizons, dtype=np.float64))
        reached = -np.expm1(-days / speed[:, None])
        odds = np.exp(eta)[:, None] * reached
        return np.asarray(odds / (1 + odds), dtype=np.float64)

    def truth2(horizons: ArrayLike) -> FloatArray:
        days = np.atleast_1d(np.asarray(horizons, dtype=np.float64))
        spared = 1 - expit(eta)
        return np.asarray(spared[:, None] * -np.expm1(-hazard[:, None] * days), dtype=np.float64)

    return SimulatedCohort(
        X, _outcomes(eta, speed, hazard, rng, censoring=censoring), truth, truth2
    )


def _features(n: int, rng: np.random.Generator) -> pd.DataFrame:
    X = pd.DataFrame(
        {
            "age": np.clip(rng.normal(48, 14, n), 18, 75).round(),
            "donor_age": np.clip(rng.normal(36, 11, n), 18, 65).round(),
            "comorbidity": rng.poisson(1.5, n),
            "performance": pd.Categorical(
                rng.choice(["good", "poor"], n, p=[0.7, 0.3]), categories=["good", "poor"]
            ),
            "disease": pd.Categorical(
                rng.choice(["aml", "all", "mds", "other"], n, p=[0.45, 0.25, 0.2, 0.1]),
                categories=["aml", "all", "mds", "other"],
            ),
            "graft": rng.choice(["blood", "marrow"], n, p=[0.75, 0.25]),
            "mismatch": rng.random(n) < 0.3,
            "noise": rng.normal(0, 1, n),
        }
    )
    X["donor_age"] = X["donor_age"].mask(rng.random(n) < 0.12)
    X["performance"] = X["performance"].mask(rng.random(n) < 0.08)
    X["graft"] = X["graft"].mask(rng.random(n) < 0.05)
    return X


def _predictors(
    X: pd.DataFrame, *, interactions: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    age = ((X["age"] - 48) / 14).to_numpy(dtype=np.float64)
    donor = ((X["donor_age"] - 36) / 11).fillna(0.0).to_numpy(dtype=np.float64)
    sick = np.minimum(X["comorbidity"].to_numpy(dtype=np.float64), 5) - 1.5
    poor = (X["performance"] == "poor").to_numpy(dtype=np.float64)
    mds = (X["disease"] == "mds").to_numpy(dtype=np.float64)
    marrow = (X["graft"] == "marrow").to_numpy(dtype=np.float64)
    mismatch = X["mismatch"].to_numpy(dtype=np.float64)
    eta = -0.7 + 0.35 * age + 0.3 * donor + 0.15 * sick + 0.4 * mds + 0.6 * mismatch
    if interactions:
        eta = eta + 1.1 * age * np.where(mismatch > 0, 1.0, -1.0) * 0.8
        eta = eta + 0.9 * (donor > 0.3) * np.where(marrow > 0, 1.5, -0.5)
    speed = np.where(marrow > 0, 70.0, 40.0)
    hazard = np.exp(-6.2 + 0.3 * sick + 0.5 * poor + 0.2 * age)
    return eta, speed, hazard


def _outcomes(
    eta: FloatArray,
    speed: FloatArray,
    hazard: FloatArray,
    rng: np.random.Generator,
    *,
    censoring: bool,
) -> pd.DataFrame:
    n = len(eta)
    u = rng.random(n)
    first = u < expit(eta)
    reached = np.where(first, u / (1 - np.minimum(u, 0.999999)) / np.exp(eta), 0.5)
    when_first = -speed * np.log1p(-np.minimum(reached, 1 - 1e-12))
    when_second = rng.exponential(1.0, n) / hazard
    # Whole days: an event on day t happened in (t - 1, t], which leaves F at whole days exact.
    time = np.maximum(np.ceil(np.where(first, when_first, when_second)), 1.0)
    event = np.where(first, 1, 2)
    followed = np.ceil(rng.uniform(*FOLLOW_UP, n))
    if censoring:
        event = np.where(time <= followed, event, 0)
        time = np.minimum(time, followed)
    return pd.DataFrame({"event": event.astype(np.int64), "duration": time})
