"""Bringing a fitted model to another centre, or to later years, as far as the data there prove."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Self, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from hscrisk.errors import InvalidConfiguration, NotEstimable, nearest
from hscrisk.models.anchored import AnchoredModel
from hscrisk.models.anchors import States, usable_anchors
from hscrisk.models.backbone import Backbone
from hscrisk.models.closed_test import AtAnchor, Change, How, chosen, unchanged
from hscrisk.models.recalibration import Recalibration
from hscrisk.models.risk import AnchoredRisk, Term
from hscrisk.survival import check_outcome

FloatArray = NDArray[np.float64]


def recalibrate(
    model: Any,
    X: pd.DataFrame,
    y: Any,
    *,
    how: How = "closed-test",
    min_events: int = 10,
    centre: Any = None,
) -> Any:
    """Return `model` updated by patients of another centre or of later years.

    At each anchor one of four: the model as it came, another intercept, another intercept and
    slope, or a backbone refitted with its recalibrated coefficients as the prior mean. The
    closed test takes the least change that the largest is not shown to improve on, so that a
    small cohort changes little. An anchor with too few events is left as it came.

    Parameters
    ----------
    model : LogisticIncidence, BoostedIncidence or LinearBoostedIncidence
        Fitted; it is not changed.
    X : DataFrame, shape (n_samples, n_features)
    y : outcomes
    how : {'closed-test', 'none', 'intercept', 'slope', 'refit'}
    min_events : int
        Events, and non-events, that an anchor needs.
    centre : array, shape (n_samples,), or one label, optional
        For a model with a centre layer: what a known centre adds then stays beside the change.
        Without it the change takes in the level of these patients' centres, and the layer is
        forgotten, so that no centre counts twice.

    Returns
    -------
    estimator
        `recalibration_` says what was chosen at each anchor, with the p-values. Intervals take
        the uncertainty of the change in.

    Raises
    ------
    InvalidConfiguration
        For an unknown way, a model without anchors, or a model recalibrated before.
    NotEstimable
        When no anchor has enough events.

    References
    ----------
    Vergouwe et al., Stat Med 2017;36:4529-4539 (closed test); Steyerberg et al., Stat Med
    2004;23:2567-2586. A penalised refit gains 2 s - s^2 of a chi-square in a direction of which
    it takes the share s: their sum's distribution by Satterthwaite, Biometrics Bull 1946;2:110-114.
    """
    if how not in get_args(How):
        rule = "unknown way to recalibrate"
        raise InvalidConfiguration(rule, field="how", value=how, mend=nearest(how, get_args(How)))
    engine = getattr(model, "engine_", None)
    if not isinstance(model, AnchoredModel) or not isinstance(engine, AnchoredRisk):
        raise InvalidConfiguration("only a fitted model with anchors is recalibrated")
    if engine.recalibration is not None:
        raise InvalidConfiguration(
            "the model has been recalibrated before", mend="Start from the model as it came."
        )
    outcome = check_outcome(y)
    matrix = model.pipeline_.transform(model._dated(X))
    used, left_out = usable_anchors(outcome, model.horizons_, min_events)
    if not len(used):
        raise NotEstimable(f"no anchor can be recalibrated: {'; '.join(left_out.values())}")
    states = States.of(outcome, model.horizons_)
    level = model._level(centre, len(matrix))
    at_anchor = AtAnchor.each(engine, matrix, states, model.prior_sd, level)
    changes = [
        chosen(at_anchor(k), how) if day in used else unchanged(left_out[float(day)])
        for k, day in enumerate(model.horizons_)
    ]
    found = {
        "n": len(outcome.event),
        "n_events": int((outcome.event == 1).sum()),
        "anchors": {f"{day:g}": c.words for day, c in zip(model.horizons_, changes, strict=True)},
    }
    line = Recalibration(
        np.array([c.line.intercept for c in changes]),
        np.array([c.line.slope for c in changes]),
        np.array([c.line.covariance for c in changes]),
        found,
    )
    again = copy.copy(model)
    terms = tuple(_refitted(term, changes) for term in engine.terms)
    known = (
        engine.centre if centre is not None or engine.centre is None else engine.centre.forgotten()
    )
    again.engine_ = replace(engine, terms=terms, recalibration=line, centre=known)
    return again


class Recalibrated(BaseEstimator):  # type: ignore[misc]
    """A fitted model whose `fit` recalibrates it: to be judged, before and after, in folds.

    Parameters
    ----------
    model : estimator
        Fitted elsewhere; cloning keeps it as it is.
    how : str
        See `recalibrate`; 'none' is the model as it came.
    """

    def __init__(self, model: Any, how: How = "closed-test") -> None:
        self.model = model
        self.how = how

    def fit(self, X: pd.DataFrame, y: Any, groups: Any = None) -> Self:
        """Recalibrate on these patients; 'none' looks at nothing."""
        del groups  # each patient counts once in a likelihood
        self.feature_names_in_ = self.model.feature_names_in_
        # A column that is not recorded here is missing throughout.
        known = X.reindex(columns=[str(name) for name in self.feature_names_in_])
        self.model_ = (
            self.model if self.how == "none" else recalibrate(self.model, known, y, how=self.how)
        )
        return self

    def predict_cumulative_incidence(
        self, X: pd.DataFrame, horizons: ArrayLike | None = None
    ) -> FloatArray:
        """Return the risks of the updated model, shape (n_samples, n_horizons)."""
        return np.asarray(self.model_.predict_cumulative_incidence(X, horizons))

    def __sklearn_clone__(self) -> Recalibrated:
        return Recalibrated(self.model, self.how)


def _refitted(term: Term, changes: list[Change]) -> Term:
    if not isinstance(term.part, Backbone):
        return term
    coef, spread = term.part.coef.copy(), list(term.part.spread)
    for k, change in enumerate(changes):
        if change.refit is not None:
            coef[:, k] = change.refit[0]
            if spread:
                spread[k] = change.refit[1]
    return replace(term, part=replace(term.part, coef=coef, spread=tuple(spread)))
