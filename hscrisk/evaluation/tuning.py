"""Nested tuning: settings are chosen in folds of the training part, never by who is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.evaluation.fitting import fitted_clone, wants_centres
from hscrisk.evaluation.out_of_fold import OutOfFold, predict_out_of_fold
from hscrisk.evaluation.splits import make_splits
from hscrisk.models.anchors import States, candidate_horizons, require_anchors
from hscrisk.models.era import YEAR
from hscrisk.survival import AalenJohansen, check_outcome

FloatArray = NDArray[np.float64]
TINY = 1e-6
"""Risks are held that far from 0 and 1, so that one surprise does not decide alone."""


class TunedIncidence(BaseEstimator):  # type: ignore[misc]
    """An estimator whose settings are chosen by inner cross-validation, then fitted on all rows.

    Whoever judges it in folds has nested cross-validation: it only ever sees the training part.
    Candidates are compared by the out-of-fold log-loss, weighted for censoring and summed over
    the anchor horizons that all of them answer; of equals, the first in the grid is taken.

    Parameters
    ----------
    estimator : estimator of the cumulative incidence
    grid : mapping of str to sequence
        Values to be tried of each parameter, all combinations.
    n_folds : int
        Inner folds; patients (`groups`) stay together.
    random_state : int
        Of the inner folds.

    Attributes
    ----------
    best_params_ : dict
    best_estimator_ : estimator
    inner_losses_ : DataFrame
        A row for each candidate: its parameters, its mean `loss` (NaN if it could not be fitted),
        and `note`, why.
    null_ : AalenJohansen
        The marginal curve of the training rows.

    References
    ----------
    Varma & Simon, BMC Bioinformatics 2006;7:91 (why tuning must be nested).
    """

    best_params_: dict[str, Any]
    best_estimator_: Any
    inner_losses_: pd.DataFrame
    null_: AalenJohansen

    def __init__(
        self,
        estimator: Any,
        grid: Mapping[str, Sequence[Any]],
        *,
        n_folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.grid = grid
        self.n_folds = n_folds
        self.random_state = random_state

    @property
    def centre_intercepts(self) -> bool:
        """Whether any candidate has a layer for centres."""
        return any(wants_centres(candidate) for candidate in self._candidates()[1])

    @property
    def calendar_year(self) -> bool:
        """Whether any candidate may use the year of transplant."""
        return any(getattr(c, "calendar_year", False) for c in self._candidates()[1])

    def fit(self, X: pd.DataFrame, y: Any, groups: Any = None, centre: Any = None) -> Self:
        """Choose settings inside these rows, and fit them on these rows.

        Parameters
        ----------
        X : DataFrame, shape (n_samples, n_features)
        y : outcomes
        groups : array, shape (n_samples,), optional
            Whose rows stay together.
        centre : array, shape (n_samples,), optional
            For candidates with a layer for centres.

        Raises
        ------
        InvalidConfiguration
            When the grid is empty or names a parameter that the estimator does not have.
        NotEstimable
            When no candidate can be fitted in the inner folds; the rule says why.
        """
        params, candidates = self._candidates()
        # Where no year is recorded, candidates without one are left.
        dated = self.calendar_year and YEAR in X.columns
        inside = _inside(X, y, groups, centre, dated=dated)
        outcome = check_outcome(inside.y)
        asked = candidate_horizons(
            getattr(self.estimator, "endpoint", None),
            getattr(self.estimator, "horizons", None),
            outcome,
        )
        anchors, _ = require_anchors(outcome, asked, getattr(self.estimator, "min_events", 10))
        splits = make_splits(
            f"{self.n_folds}-fold", inside.y, inside.patient, random_state=self.random_state
        )
        named = {str(k): candidate for k, candidate in enumerate(candidates)}
        found = predict_out_of_fold(named, inside, splits, anchors)
        losses = _losses(found, States.of(outcome, anchors), list(named))
        notes = [_why(found, name) if np.isnan(losses[k]) else "" for k, name in enumerate(named)]
        self.inner_losses_ = pd.DataFrame(params).assign(loss=losses, note=notes)
        if np.isnan(losses).all():
            raise NotEstimable(f"no setting can be tried in the inner folds: {notes[0]}")
        best = int(np.nanargmin(losses))
        self.best_params_ = params[best]
        self.best_estimator_ = fitted_clone(candidates[best], inside, np.arange(len(X)))
        self.null_ = AalenJohansen().fit(outcome)
        return self

    def predict_cumulative_incidence(
        self, X: pd.DataFrame, horizons: ArrayLike | None = None, *, centre: Any = None
    ) -> FloatArray:
        """Return the risks of the chosen candidate, shape (n_samples, n_horizons)."""
        check_is_fitted(self, "best_estimator_")
        best = self.best_estimator_
        more = {"centre": centre} if wants_centres(best) else {}
        if self.calendar_year and not getattr(best, "calendar_year", False):
            X = X.drop(columns=YEAR, errors="ignore")
        risk = best.predict_cumulative_incidence(X, horizons, **more)
        return np.asarray(risk, dtype=np.float64)

    def _candidates(self) -> tuple[list[dict[str, Any]], list[Any]]:
        if not self.grid or not all(len(values) for values in self.grid.values()):
            raise InvalidConfiguration("the grid holds nothing to be tried", field="grid")
        unknown = sorted(set(self.grid) - set(self.estimator.get_params()))
        if unknown:
            rule = "the estimator has no such parameter"
            raise InvalidConfiguration(rule, field="grid", value=unknown[0])
        params = [
            dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())
        ]
        return params, [clone(self.estimator).set_params(**p) for p in params]


def _inside(X: pd.DataFrame, y: Any, groups: Any, centre: Any, *, dated: bool) -> Any:
    """Return the training rows as a cohort of their own; the year is for who wants it."""
    outcome = check_outcome(y)
    return SimpleNamespace(
        X=X.drop(columns=YEAR) if dated else X,
        year=X[YEAR] if dated else None,
        y=pd.DataFrame({"event": outcome.event, "duration": outcome.duration}, index=X.index),
        endpoint=None,
        patient=np.arange(len(X)) if groups is None else np.asarray(groups),
        centre=None if centre is None else np.asarray(centre),
    )


def _losses(found: OutOfFold, states: States, names: list[str]) -> FloatArray:
    """Return the mean log-loss of each candidate over the anchors that all of them answer."""
    risks = np.array([found.risks[name] for name in names])
    answered = np.isfinite(risks).all(axis=1)
    able = answered.any(axis=1)
    common = answered[able].all(axis=0)
    losses = np.full(len(names), np.nan)
    if not common.any():
        return losses
    target, weight = states.target[found.row][:, common], states.weight[found.row][:, common]
    p = np.clip(risks[able][:, :, common], TINY, 1 - TINY)
    each = weight * -(target * np.log(p) + (1 - target) * np.log1p(-p))
    losses[able] = each.sum(axis=(1, 2)) / len(target)
    return losses


def _why(found: OutOfFold, name: str) -> str:
    return next((why for (model, _), why in found.notes.items() if model == name), "")
