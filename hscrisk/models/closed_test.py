"""The closed test at one anchor: how much of a model other patients prove wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from hscrisk.errors import NotEstimable
from hscrisk.models.anchors import States
from hscrisk.models.backbone import Backbone, ShortCovariance
from hscrisk.models.centre import Level
from hscrisk.models.risk import AnchoredRisk
from hscrisk.survival.ipcw_logistic import (
    GaussianPrior,
    LogisticFit,
    effective_weights,
    fit_ipcw_logistic,
)

FloatArray = NDArray[np.float64]
How = Literal["closed-test", "none", "intercept", "slope", "refit"]
SIGNIFICANT = 0.05


FLATTEST = 0.01
"""Least slope: a model never ranks the other way round."""


@dataclass(frozen=True)
class Line:
    """Intercept, slope, their variances and covariance, and the likelihood reached."""

    intercept: float
    slope: float
    covariance: FloatArray
    log_likelihood: float


@dataclass(frozen=True)
class Change:
    """What becomes of one anchor: a line through its log-odds, and perhaps another backbone.

    Attributes
    ----------
    line : Line
    words : str
        What was chosen, and why.
    refit : tuple or None
        Coefficients of the backbone, intercept first, and their spread.
    """

    line: Line
    words: str
    refit: tuple[FloatArray, ShortCovariance] | None = None


@dataclass(frozen=True)
class AtAnchor:
    """One anchor's patients: log-odds as they came, what centres add, and the parts of a refit."""

    log_odds: FloatArray
    level: FloatArray
    target: FloatArray
    weight: FloatArray
    columns: FloatArray | None
    old: FloatArray
    others: FloatArray
    share: float
    prior_sd: float

    @classmethod
    def each(
        cls,
        engine: AnchoredRisk,
        matrix: NDArray[np.float32],
        states: States,
        prior_sd: float,
        level: Level | None,
    ) -> Callable[[int], AtAnchor]:
        """Return how to come by each anchor."""
        backbone = next((t for t in engine.terms if isinstance(t.part, Backbone)), None)
        part = backbone.part if backbone is not None else None
        joined = engine.joined(matrix)
        shift = np.zeros_like(joined) if level is None else level.shift
        columns = part.design.standardise(matrix) if isinstance(part, Backbone) else None
        linear = part.log_odds(matrix) if isinstance(part, Backbone) else np.zeros_like(joined)

        def at(k: int) -> AtAnchor:
            share = float(backbone.weight[k]) if backbone is not None else 0.0
            old = share * part.coef[:, k] if isinstance(part, Backbone) else np.zeros(0)
            return cls(
                joined[:, k],
                shift[:, k],
                states.target[:, k],
                states.weight[:, k],
                columns if share > 0 else None,
                old,
                joined[:, k] - share * linear[:, k],
                share,
                prior_sd,
            )

        return at

    def likelihood(self) -> float:
        """Return the log-likelihood of the model as it came."""
        used = self.weight > 0
        eta = (self.log_odds + self.level) * np.where(self.target > 0.5, -1.0, 1.0)
        return -float((effective_weights(self.weight[used]) * np.logaddexp(0.0, eta[used])).sum())

    def intercept(self, slope: float = 1.0) -> Line:
        """Return the line with another intercept, its slope held."""
        nothing = np.zeros((len(self.target), 0))
        free = GaussianPrior(np.zeros(1), np.zeros(1))
        offset = slope * self.log_odds + self.level
        fit = fit_ipcw_logistic(nothing, self.target, self.weight, free, offset=offset)
        covariance = np.array([fit.covariance[0, 0], 0.0, 0.0])
        return Line(float(fit.coef[0]), slope, covariance, fit.log_likelihood)

    def slope(self) -> Line:
        """Return the line with another intercept and slope.

        Of a ranking that these patients contradict nothing is kept but its order.
        """
        free = GaussianPrior(np.array([0.0, 1.0]), np.zeros(2))
        x, offset = self.log_odds[:, None], self.level
        fit = fit_ipcw_logistic(x, self.target, self.weight, free, offset=offset)
        a, b = (float(c) for c in fit.coef)
        if b < FLATTEST:
            return self.intercept(FLATTEST)
        v = fit.covariance
        return Line(a, b, np.array([v[0, 0], v[1, 1], v[0, 1]]), fit.log_likelihood)

    def refit(self, line: Line) -> LogisticFit | None:
        """Return the backbone fitted anew around its recalibrated coefficients."""
        if self.columns is None:
            return None
        mean = line.slope * self.old
        mean[0] += line.intercept
        precision = np.full(len(mean), self.prior_sd**-2.0)
        precision[0] = 0.0
        prior = GaussianPrior(mean, precision)
        offset = line.slope * self.others + self.level
        return fit_ipcw_logistic(self.columns, self.target, self.weight, prior, offset=offset)

    def gained(self, fit: LogisticFit) -> FloatArray:
        """Return 2 s - s^2 for each direction of which a penalised refit takes the share s."""
        h = fit.information
        free = h[1:, 1:] - np.outer(h[1:, 0], h[0, 1:]) / h[0, 0]
        d = np.maximum(np.linalg.eigvalsh(free), 0.0) * self.prior_sd**2
        s = d / (1 + d)
        return np.asarray(2 * s - s**2)


def unchanged(words: str) -> Change:
    """Return the anchor as it came."""
    return Change(Line(0.0, 1.0, np.zeros(3), float("nan")), words)


def chosen(at: AtAnchor, how: How) -> Change:
    """Return the change asked for, or the least that the largest is not shown to improve on.

    Raises
    ------
    NotEstimable
        When there is no backbone to refit.
    """
    if how == "none":
        return unchanged("as it came")
    if how == "intercept":
        return Change(at.intercept(), how)
    line = at.slope()
    if how == "slope":
        return Change(line, "intercept and slope")
    refit = at.refit(line)
    if how == "closed-test":
        return _tested(at, line, refit)
    if refit is None:
        raise NotEstimable("the model has no backbone to refit", mend="Use how='slope'.")
    return _anew(at, refit, line, "backbone refitted")


def _tested(at: AtAnchor, line: Line, refit: LogisticFit | None) -> Change:
    shift = at.intercept()
    reached = line.log_likelihood if refit is None else refit.log_likelihood
    penalised = np.zeros(0) if refit is None else at.gained(refit)
    smaller = (
        ("as it came", at.likelihood(), 2, unchanged("").line),
        ("intercept", shift.log_likelihood, 1, shift),
        ("intercept and slope", line.log_likelihood, 0, line),
    )
    told = []
    for name, value, df, kept in smaller:
        p = _tail(2 * (reached - value), np.append(penalised, np.ones(df)))
        told.append(f"p = {p:.3f} against {name}")
        if p > SIGNIFICANT or (refit is None and df == 0):
            return Change(kept, f"{name} ({'; '.join(told)})")
    assert refit is not None
    return _anew(at, refit, line, f"backbone refitted ({'; '.join(told)})")


def _tail(statistic: float, shares: FloatArray) -> float:
    """Return P(sum of shares times chi-squares of one degree of freedom > statistic)."""
    if not len(shares) or shares.sum() <= 0:
        return 1.0
    scale = float((shares**2).sum() / shares.sum())
    return float(chi2.sf(max(statistic, 0.0) / scale, shares.sum() / scale))


def _anew(at: AtAnchor, fit: LogisticFit, line: Line, words: str) -> Change:
    assert at.columns is not None
    short = ShortCovariance.of(fit.covariance, at.columns)
    # What the line multiplies by, the coefficients are divided by before.
    scale = line.slope * at.share
    spread = ShortCovariance(
        (short.directions / scale).astype(np.float32), short.signs, short.floor / scale**2
    )
    turned = Line(0.0, line.slope, np.zeros(3), fit.log_likelihood)
    return Change(turned, words, (fit.coef / scale, spread))
