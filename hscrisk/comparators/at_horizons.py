"""Base of regressions of the state at a horizon: each horizon has one of its own."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from hscrisk.comparators.base import MIN_EVENTS
from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, NotEstimable
from hscrisk.survival import CensoringDistribution, check_outcome

FloatArray = NDArray[np.float64]


class AtHorizons(BaseEstimator):  # type: ignore[misc]
    """Answer fitted horizons only.

    Parameters
    ----------
    endpoint : Endpoint, optional
        Gives its horizons.
    horizons : array of days, optional
        Wins over `endpoint`.

    Attributes
    ----------
    horizons_ : ndarray
    left_out_ : dict of float to str
        Horizons that could not be fitted, and why.

    References
    ----------
    Scheike, Zhang & Gerds, Biometrika 2008;95:205-220 (direct binomial regression).
    """

    endpoint: Any
    horizons: ArrayLike | None
    horizons_: FloatArray
    left_out_: dict[float, str]

    def fit(self, X: pd.DataFrame, y: Any, groups: Any = None) -> Self:
        """Fit on features `X` and outcomes `y` (`event`, `duration`); `groups` changes nothing.

        Raises
        ------
        NotEstimable
            When no horizon has 10 events and 10 others whose state is known.
        """
        outcome = check_outcome(y)
        self.feature_names_in_ = np.array(list(X.columns), dtype=object)
        self.n_features_in_ = X.shape[1]
        self._prepare(X)
        censoring = CensoringDistribution().fit(outcome)
        fitted: dict[float, Any] = {}
        self.left_out_ = {}
        with threadpool_limits(limits=1, user_api="blas"):
            for day in self._asked():
                weight = censoring.weights_at(outcome, day)
                target = ((outcome.event == 1) & (outcome.duration <= day)).astype(int)
                known = np.flatnonzero(weight > 0)
                fewest = int(np.bincount(target[known], minlength=2).min())
                if fewest < MIN_EVENTS:
                    reason = f"only {fewest} events or non-events known by day {day:g}"
                    self.left_out_[day] = f"{reason}; a regression needs {MIN_EVENTS} of each"
                    continue
                fitted[day] = self._fit_one(X.iloc[known], target[known], weight[known])
        if not fitted:
            raise NotEstimable("; ".join(self.left_out_.values()))
        self.regressions_ = fitted
        self.horizons_ = np.array(list(fitted))
        return self

    def predict_cumulative_incidence(
        self, X: pd.DataFrame, horizons: ArrayLike | None = None
    ) -> FloatArray:
        """Return P(event 1 by each horizon, before any other), shape (n_samples, n_horizons).

        Raises
        ------
        HorizonOutOfRange
            At a horizon not fitted.
        """
        check_is_fitted(self, "regressions_")
        days = self.horizons_ if horizons is None else horizons
        days = np.atleast_1d(np.asarray(days, dtype=np.float64))
        for day in days:
            if day not in self.regressions_:
                known = ", ".join(f"{t:g}" for t in self.horizons_)
                raise HorizonOutOfRange(
                    self.left_out_.get(float(day), "no regression was fitted at this day"),
                    field="horizon",
                    value=float(day),
                    mend=f"Fitted: {known}.",
                )
        found: FloatArray = self._risks(X)[:, np.searchsorted(self.horizons_, days)]
        return found

    def _risks(self, X: pd.DataFrame) -> FloatArray:
        """Return the risk at each fitted horizon, shape (n_samples, n_fitted)."""
        risks = [self._predict_one(fit, X) for fit in self.regressions_.values()]
        return np.clip(np.column_stack(risks), 0.0, 1.0)

    def _asked(self) -> list[float]:
        days = self.horizons
        if days is None:
            if self.endpoint is None:
                raise InvalidConfiguration(
                    "horizons or an endpoint must be given", field="horizons"
                )
            days = self.endpoint.horizons
        found = np.unique(np.atleast_1d(np.asarray(days, dtype=np.float64)))
        if len(found) == 0 or not np.isfinite(found).all() or found[0] <= 0:
            raise InvalidConfiguration("horizons must be days above 0", field="horizons")
        return [float(day) for day in found]

    def _prepare(self, X: pd.DataFrame) -> None:
        """Learn what all horizons share."""

    def _fit_one(self, X: pd.DataFrame, target: NDArray[np.intp], weight: FloatArray) -> Any:
        """Return the regression of one horizon, from the rows whose state is known."""
        raise NotImplementedError

    def _predict_one(self, regression: Any, X: pd.DataFrame) -> FloatArray:
        raise NotImplementedError
