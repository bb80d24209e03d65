"""The smoothed calibration curve and its errors, for a sample and for all draws from it at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from hscrisk.metrics.kernels import SAME, log_odds
from hscrisk.metrics.logistic import weighted_logistic
from hscrisk.metrics.states import KnownStates

FloatArray = NDArray[np.float64]
KNOTS = (0.1, 0.5, 0.9)
"""Quantiles of logit(risk); Harrell, Regression Modeling Strategies, 2nd ed. 2015, table 2.3."""


@dataclass(frozen=True)
class Basis:
    """Terms of a restricted cubic spline of logit(risk), whitened on the sample it was made for.

    Attributes
    ----------
    knots : ndarray, shape (3,), or (0,) for a straight line
    level : bool
        Whether there is no term but the level: risks that do not vary have a single point.
    whitening : ndarray, shape (n_terms, n_terms)
    """

    knots: FloatArray
    level: bool
    whitening: FloatArray

    @classmethod
    def of(cls, risk: FloatArray, *, level: bool = False) -> Basis:
        """Return the basis for a sample's risks; knots that coincide leave a straight line."""
        x = log_odds(risk)
        knots = np.quantile(x, KNOTS)
        if (np.diff(knots) <= SAME).any():
            knots = np.zeros(0)
        level = level or float(x.std()) <= SAME
        raw = cls(knots, level, np.eye(1 if level else 2 + bool(len(knots))))
        q, r = np.linalg.qr(raw.terms(risk))
        return cls(knots, level, np.linalg.inv(r) * np.sqrt(len(q)))

    def terms(self, risk: FloatArray) -> FloatArray:
        """Return the terms at `risk`, shape (len(risk), n_terms)."""
        x = log_odds(risk)
        columns: list[FloatArray] = [np.ones(len(x))]
        if not self.level:
            columns.append(x)
            if len(self.knots):
                columns.append(_restricted_cubic(x, self.knots))
        terms: FloatArray = np.column_stack(columns) @ self.whitening
        return terms


def _restricted_cubic(x: FloatArray, knots: FloatArray) -> FloatArray:
    first, middle, last = knots
    cube = [np.maximum(x - knot, 0) ** 3 for knot in knots]
    bend = cube[0] - cube[1] * (last - first) / (last - middle)
    bend += cube[2] * (middle - first) / (last - middle)
    scaled: FloatArray = bend / (last - first) ** 2
    return scaled


def curve(states: KnownStates, risk: FloatArray, basis: Basis) -> FloatArray:
    """Return coefficients of the smoothed log-odds of the event, shape (n_draws, n_terms).

    NaN where the spline separates the outcomes.
    """
    return weighted_logistic(states.weight, states.target, basis.terms(risk))


def at(coefficients: FloatArray, risk: FloatArray, basis: Basis) -> FloatArray:
    """Return the curve at `risk`, shape (n_draws, len(risk))."""
    smoothed: FloatArray = expit(coefficients @ basis.terms(risk).T)
    return smoothed


def errors(multiplicity: FloatArray, smoothed: FloatArray, risk: FloatArray) -> FloatArray:
    """Return mean, median and 90th percentile of |curve - risk|, shape (3, n_draws).

    Parameters
    ----------
    multiplicity, smoothed : ndarray, shape (n_draws, n_samples)
    risk : ndarray, shape (n_samples,)
    """
    order = np.argsort(risk, kind="stable")  # runs that a stable sort merges quickly
    taken, off = multiplicity[:, order], np.abs(smoothed - risk)[:, order]
    mean = (taken * off).sum(axis=1) / taken.sum(axis=1)
    return np.vstack([mean, quantiles(off, taken, (0.5, 0.9))])


def quantiles(values: FloatArray, taken: FloatArray, shares: tuple[float, ...]) -> FloatArray:
    """Return quantiles of each row's values, each taken so many times, (n_shares, n_rows).

    Those of `numpy.quantile` of the values written out as often as they are taken.
    """
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    upto = np.cumsum(np.take_along_axis(taken, order, axis=1), axis=1)
    found = []
    for share in shares:
        place = (upto[:, -1:] - 1) * share
        low = (upto <= np.floor(place)).sum(axis=1, keepdims=True)
        high = (upto <= np.ceil(place)).sum(axis=1, keepdims=True)
        ends = [np.take_along_axis(ordered, k, axis=1)[:, 0] for k in (low, high)]
        found.append(ends[0] + (place % 1)[:, 0] * (ends[1] - ends[0]))
    return np.array(found)
