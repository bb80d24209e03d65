"""The linear part that starts from what other registries know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.features import FeaturePipeline, LinearDesign
from hscrisk.models.anchors import States
from hscrisk.models.backbone import ShortCovariance
from hscrisk.models.state import ModelState
from hscrisk.priors import AnchorPrior, Terms, TermsDesign, fit_with_trust
from hscrisk.survival.ipcw_logistic import GaussianPrior, fit_ipcw_logistic

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class AtDay:
    """What became of the prior at one anchor.

    Attributes
    ----------
    trust : float
        Share of the prior's effects that the cohort took over; NaN where there is no prior.
    conflict : float
        P-value of the cohort against the prior.
    widened : float
    studies : tuple of str
    """

    trust: float
    conflict: float
    widened: float
    studies: tuple[str, ...]

    @classmethod
    def of(cls, kept: dict[str, Any]) -> AtDay:
        """Rebuild from `told`."""
        trust, conflict, widened = (
            float("nan") if kept[name] is None else float(kept[name])
            for name in ("trust", "conflict", "widened")
        )
        return cls(trust, conflict, widened, tuple(str(study) for study in kept["studies"]))


@dataclass(frozen=True)
class Layout:
    """The columns of an informed backbone: the shared terms, and all of the cohort's own.

    Attributes
    ----------
    terms : TermsDesign
    design : LinearDesign
        Of the encoded matrix.
    mean : ndarray, shape (n_terms,)
        Of the terms in training, around which they are explained.
    further : ndarray of bool, shape (n_columns,)
        Columns of fields that no term reads.
    """

    terms: TermsDesign
    design: LinearDesign
    mean: FloatArray
    further: NDArray[np.bool_]

    @classmethod
    def fit(cls, matrix: Matrix, pipeline: FeaturePipeline, terms: Terms) -> Layout:
        """Learn means and deviations from the training matrix."""
        design = TermsDesign.of(terms, pipeline)
        names = [str(name) for name in pipeline.feature_names_in_]
        read = terms.fields()
        further = np.array([names[group] not in read for group in pipeline.groups_], dtype=bool)
        mean = design.columns(matrix).mean(axis=0)
        return cls(design, LinearDesign.fit(matrix), mean, further)

    def columns(self, matrix: Matrix) -> tuple[FloatArray, FloatArray]:
        """Return the terms and the standardised columns."""
        return self.terms.columns(matrix), self.design.standardise(matrix)


@dataclass(frozen=True)
class InformedBackbone:
    """Linear log-odds at each anchor under a pooled prior, with the posterior's spread.

    An anchor of which the prior knows nothing has the plain regression on the cohort's columns.

    Attributes
    ----------
    layout : Layout
    intercept : ndarray, shape (n_anchors,)
    of_terms : ndarray, shape (n_terms, n_anchors)
    of_own : ndarray, shape (n_columns, n_anchors)
    spread : tuple of ShortCovariance
        Over intercept, terms and columns.
    found : tuple of AtDay
    """

    layout: Layout
    intercept: FloatArray
    of_terms: FloatArray
    of_own: FloatArray
    spread: tuple[ShortCovariance, ...]
    found: tuple[AtDay, ...]

    @classmethod
    def fit(
        cls,
        matrix: Matrix,
        states: States,
        layout: Layout,
        priors: Sequence[AnchorPrior | None],
        prior_sd: float,
        *,
        spread: bool = True,
    ) -> InformedBackbone:
        """Fit each anchor: under its prior with earned trust, or under N(0, prior_sd^2) alone."""
        terms, own = layout.columns(matrix)
        n_terms, n_own = terms.shape[1], own.shape[1]
        intercept = np.zeros(len(priors))
        of_terms, of_own = np.zeros((n_terms, len(priors))), np.zeros((n_own, len(priors)))
        shapes, found = [], []
        varies = layout.design.scale != 0
        for k, prior in enumerate(priors):
            target, weight = states.target[:, k], states.weight[:, k]
            if prior is None:
                used = np.flatnonzero(varies)
                plain = GaussianPrior.independent(len(used), prior_sd)
                fit = fit_ipcw_logistic(own[:, used], target, weight, plain)
                coef, covariance = fit.coef, fit.covariance
                place = np.concatenate([[0], 1 + n_terms + used])
                columns = own[:, used]
                told = AtDay(float("nan"), float("nan"), float("nan"), ())
            else:
                used = np.flatnonzero(varies & layout.further)
                trusted = fit_with_trust(
                    terms,
                    own[:, used],
                    target,
                    weight,
                    prior.pooled.mean,
                    prior.pooled.covariance,
                )
                coef, covariance = trusted.coef, trusted.covariance
                place = np.concatenate([np.arange(1 + n_terms), 1 + n_terms + used])
                columns = np.column_stack([terms, own[:, used]])
                told = AtDay(trusted.trust, trusted.conflict, trusted.widened, prior.studies)
            whole = np.zeros(1 + n_terms + n_own)
            whole[place] = coef
            intercept[k], of_terms[:, k] = whole[0], whole[1 : 1 + n_terms]
            of_own[:, k] = whole[1 + n_terms :]
            found.append(told)
            if spread:
                short = ShortCovariance.of(covariance, columns)
                directions = np.zeros((len(whole), short.directions.shape[1]), dtype=np.float32)
                directions[place] = short.directions
                shapes.append(ShortCovariance(directions, short.signs, short.floor))
        return cls(layout, intercept, of_terms, of_own, tuple(shapes), tuple(found))

    def log_odds(self, matrix: Matrix) -> FloatArray:
        """Return the log-odds, shape (n_samples, n_anchors), summed column by column."""
        own = self.layout.design.sums(matrix, self.of_own)
        terms = _sums(self.layout.terms.columns(matrix), self.of_terms)
        return np.asarray(own + terms + self.intercept)

    def variance(self, matrix: Matrix) -> FloatArray:
        """Return x'Vx, shape (n_samples, n_anchors)."""
        terms, own = self.layout.columns(matrix)
        n_terms = terms.shape[1]
        norms = 1.0 + _sums(terms**2, np.ones((n_terms, 1)))[:, 0]
        for column in own.T:
            norms = norms + column**2
        out = np.empty((matrix.shape[0], len(self.spread)))
        for k, short in enumerate(self.spread):
            directions = short.directions.astype(np.float64)
            along = _sums(terms, directions[1 : 1 + n_terms]) + directions[0]
            along = along + self.layout.design.sums(matrix, directions[1 + n_terms :])
            total = short.floor * norms
            for i, sign in enumerate(short.signs):
                total = total + sign * along[:, i] ** 2
            out[:, k] = np.maximum(total, 0.0)
        return out

    def explain(self, matrix: Matrix, k: int) -> tuple[float, FloatArray]:
        """Return the base and the contributions of the encoded columns at anchor `k`."""
        terms, own = self.layout.columns(matrix)
        base = float(self.intercept[k] + self.layout.mean @ self.of_terms[:, k])
        centred = (terms - self.layout.mean) * self.of_terms[:, k]
        values = own * self.of_own[:, k] + self.layout.terms.to_columns(centred)
        # A term whose fields are all absent is the same for everybody, and belongs to the base.
        return base, values

    def to_state(self, prefix: str) -> tuple[dict[str, NDArray[Any]], dict[str, bytes]]:
        """Return the arrays (and no boosters) to be kept."""
        design = self.layout.design
        arrays: dict[str, NDArray[Any]] = {
            f"{prefix}.fill": design.fill,
            f"{prefix}.mean": design.mean,
            f"{prefix}.scale": design.scale,
            f"{prefix}.terms_mean": self.layout.mean,
            f"{prefix}.further": self.layout.further.astype(np.float64),
            f"{prefix}.intercept": self.intercept,
            f"{prefix}.of_terms": self.of_terms,
            f"{prefix}.of_own": self.of_own,
        }
        for k, short in enumerate(self.spread):
            arrays[f"{prefix}.directions.{k}"] = short.directions
            arrays[f"{prefix}.signs.{k}"] = short.signs
            arrays[f"{prefix}.floor.{k}"] = np.array([short.floor])
        return arrays, {}

    def told(self) -> list[dict[str, Any]]:
        """Return what became of the prior at each anchor, as strict JSON takes it."""
        return [
            {
                "trust": _known(at.trust),
                "conflict": _known(at.conflict),
                "widened": _known(at.widened),
                "studies": list(at.studies),
            }
            for at in self.found
        ]

    @classmethod
    def from_state(
        cls, state: ModelState, prefix: str, design: Callable[[Terms], TermsDesign]
    ) -> InformedBackbone:
        """Rebuild from a model's state, with the terms as they were when it was fitted."""
        kept = state.setting("prior")
        linear = LinearDesign(*(state.array(f"{prefix}.{n}", 1) for n in ("fill", "mean", "scale")))
        layout = Layout(
            design(Terms.model_validate(kept["terms"])),
            linear,
            state.array(f"{prefix}.terms_mean", 1),
            state.array(f"{prefix}.further", 1) > 0,
        )
        of_terms = state.array(f"{prefix}.of_terms", 2)
        spread = tuple(
            ShortCovariance(
                state.array(f"{prefix}.directions.{k}", 2).astype(np.float32),
                state.array(f"{prefix}.signs.{k}", 1),
                float(state.array(f"{prefix}.floor.{k}", 1)[0]),
            )
            for k in range(of_terms.shape[1])
            if f"{prefix}.floor.{k}" in state.arrays
        )
        found = tuple(AtDay.of(at) for at in kept["anchors"])
        return cls(
            layout,
            state.array(f"{prefix}.intercept", 1),
            of_terms,
            state.array(f"{prefix}.of_own", 2),
            spread,
            found,
        )


def _sums(columns: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Return columns @ coefficients, column by column, so that a row's bits are its own."""
    total = np.zeros((columns.shape[0], coefficients.shape[1]))
    for j in np.flatnonzero((coefficients != 0).any(axis=1)):
        total = total + columns[:, j, None] * coefficients[j]
    return total


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
