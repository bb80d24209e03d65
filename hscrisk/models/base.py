"""What all incidence models share: the doors in and out. How they predict is in their engine."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration
from hscrisk.features import FeaturePipeline
from hscrisk.models.centre import Level
from hscrisk.models.contributions import Contributions, fold
from hscrisk.models.risk import RiskEngine
from hscrisk.models.state import ModelState
from hscrisk.models.training_data import TrainingData
from hscrisk.survival import AalenJohansen

FloatArray = NDArray[np.float64]
CHUNK = 16384
"""Rows encoded and predicted at a time; predictions do not depend on it."""


class IncidenceModel(BaseEstimator):  # type: ignore[misc]
    """Estimator of the cumulative incidence of event 1 with the others competing.

    Subclasses set `engine_`, `horizons_` and `left_out_` in `_fit` and keep them by
    `_engine_state` and `_load_engine`.
    """

    endpoint: Any
    horizons: ArrayLike | None
    engine_: RiskEngine
    horizons_: FloatArray
    left_out_: dict[float, str]
    null_: AalenJohansen
    pipeline_: FeaturePipeline
    n_train_: int
    n_events_: int

    def fit(self, X: pd.DataFrame, y: Any, groups: Any = None, centre: Any = None) -> Self:
        """Fit on features `X`, outcomes `y` (`event`, `duration`).

        Parameters
        ----------
        X : DataFrame, shape (n_samples, n_features)
        y : frame, mapping or structured array
            `event` (0 = censored, 1 = the endpoint, 2... = competing) and `duration` in days.
        groups : array, shape (n_samples,), optional
            Labels (patients, or centres) kept together in inner folds and interval refits.
        centre : array, shape (n_samples,), optional
            Where each transplant was done; only, and always, with `centre_intercepts`.

        Raises
        ------
        InvalidRecord, InvalidOutcome
            When data are malformed.
        NotEstimable
            When the cohort cannot carry the model; the rule says why.
        """
        self._require_centre(centre)
        data = TrainingData.of(self._dated(X, y), y, groups, centre)
        self.pipeline_ = data.pipeline
        self.feature_names_in_ = data.pipeline.feature_names_in_
        self.n_features_in_ = data.pipeline.n_features_in_
        self.null_ = AalenJohansen().fit(data.y)
        self.n_train_ = len(data.y.event)
        self.n_events_ = int((data.y.event == 1).sum())
        # The bits of a product of matrices may depend on the number of threads; those of a
        # booster do not, so `n_jobs` keeps its own.
        with threadpool_limits(limits=1, user_api="blas"):
            self._fit(data)
        return self

    def _fit(self, data: TrainingData) -> None:
        raise NotImplementedError

    def _dated(self, X: pd.DataFrame, y: Any = None) -> pd.DataFrame:
        """Return features as the model takes them; with outcomes, decide about the year first."""
        return X

    def _require_centre(self, centre: Any) -> None:
        wanted = bool(getattr(self, "centre_intercepts", False))
        if wanted and centre is None:
            rule = "the model has centre intercepts, and no centre is given"
            raise InvalidConfiguration(rule, field="centre", mend="Give fit(..., centre=labels).")
        if centre is not None and not wanted:
            rule = "the model has no centre intercepts"
            raise InvalidConfiguration(rule, field="centre", mend="Set centre_intercepts=True.")

    def predict_cumulative_incidence(
        self, X: pd.DataFrame, horizons: ArrayLike | None = None, *, centre: Any = None
    ) -> FloatArray:
        """Return P(event 1 by each horizon, before any other), shape (n_samples, n_horizons).

        Parameters
        ----------
        horizons : array of days, optional
            By default the anchors, `horizons_`.
        centre : array, shape (n_samples,), or one label, optional
            Where the patients are transplanted. Without one, or at a centre that is not known,
            the risk is that of the average centre.

        Raises
        ------
        HorizonOutOfRange
            Beyond the last anchor, or before the first day that the registry can tell.
        """
        days = self._days(horizons)
        parts = [self.engine_.risk(m, days, level) for m, level in self._chunks(X, centre)]
        return np.concatenate(parts)

    def predict_all_causes(
        self, X: pd.DataFrame, horizons: ArrayLike | None = None, *, centre: Any = None
    ) -> FloatArray:
        """Return every cause's incidence, shape (n_samples, n_causes, n_horizons)."""
        days = self._days(horizons)
        parts = [self.engine_.all_causes(m, days, level) for m, level in self._chunks(X, centre)]
        return np.concatenate(parts)

    def predict_event_free(
        self, X: pd.DataFrame, horizons: ArrayLike | None = None, *, centre: Any = None
    ) -> FloatArray:
        """Return the probability of no event of any cause, shape (n_samples, n_horizons)."""
        total = self.predict_all_causes(X, horizons, centre=centre).sum(axis=1)
        return np.asarray(np.maximum(1.0 - total, 0.0), dtype=np.float64)

    def predict_interval(
        self,
        X: pd.DataFrame,
        horizons: ArrayLike | None = None,
        *,
        level: float = 0.9,
        centre: Any = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper limits of the risk, each of shape (n_samples, n_horizons).

        They express how far the risk itself is uncertain (a larger cohort would narrow them),
        not whether the event will happen.

        Raises
        ------
        NotEstimable
            When the model was fitted without refits (`n_refits=0`).
        """
        if not 0 < level < 1:
            raise InvalidConfiguration("a level lies between 0 and 1", field="level", value=level)
        days = self._days(horizons)
        limits = [
            self.engine_.interval(m, days, level, where) for m, where in self._chunks(X, centre)
        ]
        return np.concatenate([a for a, _ in limits]), np.concatenate([b for _, b in limits])

    def contributions(
        self, X: pd.DataFrame, horizon: float, *, centre: Any = None
    ) -> Contributions:
        """Return the exact contributions of the input columns to the log-odds at one horizon.

        What a known centre adds is in the bases: its patients start from its level.

        Raises
        ------
        NotEstimable
            Where the cohort's incidence is 0: no log-odds.
        """
        day = float(self._days([horizon])[0])
        found = [self.engine_.explain(m, day, level) for m, level in self._chunks(X, centre)]
        bases = np.concatenate([e.bases for e in found])
        groups, width = self.pipeline_.groups_, self.n_features_in_
        base = float(bases[0]) if len(np.unique(bases)) == 1 else found[0].base
        return Contributions(
            base=base,
            bases=bases,
            values=np.concatenate([fold(e.values, groups, width) for e in found]),
            feature_names=tuple(str(name) for name in self.feature_names_in_),
            log_odds=np.concatenate([e.log_odds for e in found]),
        )

    def _chunks(
        self, X: pd.DataFrame, centre: Any
    ) -> Iterator[tuple[NDArray[np.float32], Level | None]]:
        matrix = self.pipeline_.transform(self._dated(X))
        level = self._level(centre, len(matrix))
        for start in range(0, max(1, len(matrix)), CHUNK):
            here = slice(start, start + CHUNK)
            where = level and Level(level.shift[here], level.variance[here])
            yield matrix[here], where

    def _level(self, centre: Any, n_samples: int) -> Level | None:
        if centre is None:
            return None
        self._require_centre(centre)
        layer = self.engine_.centre
        return None if layer is None else layer.level(centre, n_samples)

    def _days(self, horizons: ArrayLike | None) -> FloatArray:
        check_is_fitted(self, "engine_")
        days = self.horizons_ if horizons is None else horizons
        days = np.atleast_1d(np.asarray(days, dtype=np.float64))
        if days.ndim != 1 or not np.isfinite(days).all() or (days < 0).any():
            raise InvalidConfiguration("horizons must be days, 0 or later", field="horizons")
        first, last = getattr(self.endpoint, "earliest", 0), self.engine_.last
        if (days < first).any():
            until = f" to {last:g}" if last > first else ""
            raise HorizonOutOfRange(
                f"the registry does not tell what happened before day {first:g}",
                field="horizon",
                value=float(days.min()),
                mend=f"Ask for day {first:g}{until}.",
            )
        if (days > last).any():
            raise HorizonOutOfRange(
                f"the model answers up to day {last:g}",
                field="horizon",
                value=float(days.max()),
                mend=f"Ask for day {last:g} or earlier.",
            )
        return days

    def to_state(self) -> ModelState:
        """Return everything that prediction needs, without pickle."""
        check_is_fitted(self, "engine_")
        null = self.null_
        arrays: dict[str, Any] = {
            "horizons": self.horizons_,
            "null.times": null.times_,
            "null.cumulative_incidence": null.cumulative_incidence_,
            "null.variance": null.variance_,
            "null.event_free": null.event_free_,
        }
        settings, more, boosters = self._engine_state()
        settings |= {
            "params": {
                # A prior is told by what it is, and is in the coefficients.
                name: None if name == "prior" else _plain(value)
                for name, value in self.get_params(deep=False).items()
            },
            "pipeline": self.pipeline_.to_dict(),
            "left_out": [[day, _uncounted(reason)] for day, reason in self.left_out_.items()],
            "n_train": self.n_train_,
            "n_events": self.n_events_,
        }
        return ModelState(type(self).__name__, settings, arrays | more, boosters)

    @classmethod
    def _from_state(cls, state: ModelState) -> Self:
        model = cls(**cls._params(state.setting("params")))
        model.pipeline_ = FeaturePipeline.from_dict(state.setting("pipeline"))
        model.feature_names_in_ = model.pipeline_.feature_names_in_
        model.n_features_in_ = model.pipeline_.n_features_in_
        model.n_train_ = int(state.setting("n_train"))
        model.n_events_ = int(state.setting("n_events"))
        model.left_out_ = {float(day): str(reason) for day, reason in state.setting("left_out")}
        model.horizons_ = state.array("horizons", 1)
        null = AalenJohansen()
        null.times_ = state.array("null.times", 1)
        null.cumulative_incidence_ = state.array("null.cumulative_incidence", 2)
        null.variance_ = state.array("null.variance", 2)
        null.event_free_ = state.array("null.event_free", 1)
        null.causes_ = np.arange(1, len(null.cumulative_incidence_) + 1)
        model.null_ = null
        model._load_engine(state)
        return model

    @classmethod
    def _params(cls, kept: dict[str, Any]) -> dict[str, Any]:
        """Return constructor arguments from their plain form."""
        params = dict(kept)
        if params.get("endpoint") is not None:
            from hscrisk.endpoints import Endpoint

            params["endpoint"] = Endpoint.from_dict(params["endpoint"])
        return params

    def _engine_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]], dict[str, bytes]]:
        raise NotImplementedError

    def _load_engine(self, state: ModelState) -> None:
        raise NotImplementedError


def _uncounted(reason: str) -> str:
    # A kept model travels; how many patients were too few stays with those who have the records.
    return re.sub(r"\bonly [1-9] ", "fewer than 10 ", reason)


def _plain(value: Any) -> Any:
    """Return a constructor argument as strict JSON."""
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    elif value is not None and not isinstance(value, str | int | float | bool):
        value = np.asarray(value, dtype=np.float64).tolist()
    return json.loads(json.dumps(value, allow_nan=False))
