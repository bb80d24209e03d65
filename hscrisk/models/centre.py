"""The centre layer: a penalised intercept for each centre, on top of a model that knows none.

Practice, and how outcomes are graded, differ between centres more than patients' records explain.
The model beneath is fitted without centres and stands as it is for a centre never seen, so it is
population-average by construction; a known centre shifts its log-odds by one number an anchor,
the same for every patient and every candidate donor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

from hscrisk.errors import InvalidConfiguration, InvalidRecord
from hscrisk.models.anchors import States
from hscrisk.models.state import ModelState
from hscrisk.survival.ipcw_logistic import effective_weights

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
SMALLEST = 10
"""Centres with fewer transplants get no intercept of their own, and leave no trace in a bundle."""
SPREADS = (0.02, 2.5)
"""Standard deviations between centres that are considered, besides none."""
MAX_STEPS = 50


@dataclass(frozen=True)
class Level:
    """What the centres add to the log-odds of some patients.

    Attributes
    ----------
    shift, variance : ndarray, shape (n_samples, n_anchors)
    """

    shift: FloatArray
    variance: FloatArray


@dataclass(frozen=True)
class CentreLayer:
    """Random intercepts of the centres at each anchor.

    Attributes
    ----------
    labels : tuple of str
        The centres with an intercept of their own.
    intercept, variance : ndarray, shape (n_labels, n_anchors)
        Added to the log-odds, and its posterior variance.
    spread : ndarray, shape (n_anchors,)
        Standard deviation between centres on the log-odds; 0 where none is seen.
    """

    labels: tuple[str, ...]
    intercept: FloatArray
    variance: FloatArray
    spread: FloatArray

    @classmethod
    def fit(cls, log_odds: FloatArray, states: States, centre: NDArray[Any]) -> CentreLayer:
        """Fit the intercepts beside log-odds that are held fixed.

        At each anchor logit F = a + u_c + log-odds with u_c ~ N(0, s^2), weighted for censoring,
        s by the largest restricted Laplace likelihood, u_c by its mode.

        Parameters
        ----------
        log_odds : ndarray, shape (n_samples, n_anchors)
        states : States
        centre : ndarray of object, shape (n_samples,)
            Labels; missing where unknown.

        References
        ----------
        Breslow & Clayton, J Am Stat Assoc 1993;88:9-25.
        """
        codes, found = pd.factorize(centre)
        sizes = np.bincount(codes[codes >= 0], minlength=len(found))
        kept = np.flatnonzero(sizes >= SMALLEST)
        n_anchors = len(states.anchors)
        intercept, variance = np.zeros((2, len(kept), n_anchors))
        spread = np.zeros(n_anchors)
        for k in range(n_anchors):
            used = (states.weight[:, k] > 0) & (codes >= 0)
            effects = _Effects.of(
                log_odds[used, k],
                states.target[used, k],
                effective_weights(states.weight[used, k]),
                np.asarray(codes[used], dtype=np.intp),
                len(found),
            )
            if effects is not None:
                spread[k] = effects.spread
                intercept[:, k] = effects.shift[kept]
                variance[:, k] = effects.variance[kept]
        return cls(tuple(str(found[i]) for i in kept), intercept, variance, spread)

    def forgotten(self) -> CentreLayer:
        """Return a layer that knows no centre."""
        return CentreLayer((), self.intercept[:0], self.variance[:0], self.spread)

    def level(self, centre: Any, n_samples: int) -> Level:
        """Return what `centre` adds to each patient: nothing for a centre that is not known.

        Parameters
        ----------
        centre : array of labels, shape (n_samples,), or one label for all
        n_samples : int

        Raises
        ------
        InvalidRecord
            When there is not one label for each row.
        """
        labels = np.asarray(centre, dtype=object)
        if labels.ndim == 0:
            labels = np.full(n_samples, labels.item(), dtype=object)
        if labels.shape != (n_samples,):
            rule = f"there are {labels.size} centres for {n_samples} rows"
            raise InvalidRecord(rule, mend="Give one label for each row of X, or one for all.")
        known = {label: k for k, label in enumerate(self.labels)}
        none = len(known)
        place = np.array([known.get(label, none) for label in as_labels(labels)], dtype=np.intp)
        # One more row, of zeros, is the level of every centre that is not known.
        nothing = np.zeros((1, len(self.spread)))
        return Level(
            np.concatenate([self.intercept, nothing])[place],
            np.concatenate([self.variance, nothing])[place],
        )

    def to_state(self, prefix: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings and arrays to be kept."""
        arrays = {
            f"{prefix}.intercept": self.intercept,
            f"{prefix}.variance": self.variance,
            f"{prefix}.spread": self.spread,
        }
        return {f"{prefix}.labels": list(self.labels)}, arrays

    @classmethod
    def from_state(cls, state: ModelState, prefix: str) -> CentreLayer:
        """Rebuild from a model's state.

        Raises
        ------
        InvalidConfiguration
            When something is absent or of another size.
        """
        labels = tuple(str(label) for label in state.setting(f"{prefix}.labels"))
        spread = state.array(f"{prefix}.spread", 1)
        intercept, variance = (state.array(f"{prefix}.{n}", 2) for n in ("intercept", "variance"))
        size = (len(labels), len(spread))
        if intercept.shape != size or variance.shape != size or (variance < 0).any():
            raise InvalidConfiguration("the centres' intercepts do not fit together", field=prefix)
        return cls(labels, intercept, variance, spread)


def as_labels(centre: Any) -> NDArray[np.object_]:
    """Return labels as text, None where missing.

    Numbered centres become floats beside a missing one, so that 12.0 and 12 are one centre.
    """
    labels = np.asarray(centre, dtype=object)
    whole = (int(c) if isinstance(c, float) and c.is_integer() else c for c in labels)
    return np.array([None if pd.isna(c) else str(c) for c in whole], dtype=object)


@dataclass(frozen=True)
class _Effects:
    spread: float
    shift: FloatArray
    variance: FloatArray

    @classmethod
    def of(
        cls, offset: FloatArray, target: FloatArray, weight: FloatArray, code: IntArray, n: int
    ) -> _Effects | None:
        """Return the effects of the best spread; None where no spread beats none."""
        at = _Posterior(offset, target, weight, code, n)
        if not len(offset):
            return None
        low, high = np.log(SPREADS)
        found = minimize_scalar(
            lambda log_sd: -at.mode(float(np.exp(log_sd))).evidence,
            bounds=(low, high),
            method="bounded",
            options={"xatol": 0.01},
        )
        spread = float(np.exp(found.x))
        best = at.mode(spread)
        if best.evidence <= at.without():
            return None
        return cls(spread, best.shift, best.variance)


@dataclass(frozen=True)
class _Mode:
    evidence: float
    shift: FloatArray
    variance: FloatArray


@dataclass(frozen=True)
class _Posterior:
    offset: FloatArray
    target: FloatArray
    weight: FloatArray
    code: IntArray
    n: int

    def mode(self, spread: float) -> _Mode:
        """Return mode, variance and Laplace evidence by Newton's method with step halving."""
        precision, a, u = spread**-2.0, 0.0, np.zeros(self.n)
        value = self._value(a, u, precision)
        for _ in range(MAX_STEPS):
            gradient, curvature = self._slopes(a, u)
            inner = curvature + precision
            schur = curvature.sum() - (curvature**2 / inner).sum()
            pull = gradient - precision * u
            step_a = (gradient.sum() - (curvature * pull / inner).sum()) / schur
            step_u = (pull - curvature * step_a) / inner
            size = 1.0
            while (reached := self._value(a + size * step_a, u + size * step_u, precision)) < value:
                size /= 2
                if size < 1e-8:
                    break
            gain, value = reached - value, reached
            a, u = a + size * step_a, u + size * step_u
            if gain < 1e-9:
                break
        _, curvature = self._slopes(a, u)
        inner = curvature + precision
        schur = curvature.sum() - (curvature**2 / inner).sum()
        evidence = value - self.n * np.log(spread) - 0.5 * (np.log(inner).sum() + np.log(schur))
        variance = 1 / inner + (1 - curvature / inner) ** 2 / schur
        return _Mode(float(evidence), a + u, variance)

    def without(self) -> float:
        """Return the evidence of no spread between centres: one intercept for all."""
        whole = _Posterior(self.offset, self.target, self.weight, np.zeros_like(self.code), 1)
        a = 0.0
        for _ in range(MAX_STEPS):
            gradient, curvature = whole._slopes(a, np.zeros(1))
            step = float(np.clip(gradient[0] / curvature[0], -2, 2))
            a += step
            if abs(step) < 1e-9:
                break
        _, curvature = whole._slopes(a, np.zeros(1))
        return whole._value(a, np.zeros(1), 1.0) - 0.5 * float(np.log(curvature[0]))

    def _value(self, a: float, u: FloatArray, precision: float) -> float:
        eta = self.offset + a + u[self.code]
        fit = -(self.weight * np.logaddexp(0.0, np.where(self.target > 0.5, -eta, eta))).sum()
        return float(fit - 0.5 * precision * (u**2).sum())

    def _slopes(self, a: float, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient and curvature of the likelihood in each centre's log-odds."""
        p = expit(self.offset + a + u[self.code])
        pull, bend = self.weight * (self.target - p), self.weight * p * (1 - p)
        gradient = np.bincount(self.code, pull, minlength=self.n).astype(np.float64)
        curvature = np.bincount(self.code, bend, minlength=self.n).astype(np.float64)
        return gradient, np.maximum(curvature, 1e-12)
