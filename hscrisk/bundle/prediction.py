"""Risks of every endpoint of a bundle, with nested endpoints kept nested."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hscrisk.bundle.contents import Contents
from hscrisk.errors import InvalidConfiguration, MissingColumn, nearest
from hscrisk.schema import Records

LEVEL = 0.9
"""Level of the intervals that are shown."""


@dataclass(frozen=True)
class EndpointPrediction:
    """Cumulative incidences of one endpoint.

    Attributes
    ----------
    endpoint : str
    horizons : ndarray, shape (n_horizons,)
        Days from infusion.
    risk, low, high : ndarray, shape (n_samples, n_horizons)
        Cumulative incidence and its 90 % interval, as they are shown.
    null_risk : ndarray, shape (n_horizons,)
        The training cohort's marginal cumulative incidence, the same for everybody.
    shown_from : ndarray of str, shape (n_samples, n_horizons)
        The endpoint whose model is shown: this one, or a wider one that it lies inside, where its
        own model said more than the wider one's. Its explanation is the one that holds.
    """

    endpoint: str
    horizons: NDArray[np.float64]
    risk: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    null_risk: NDArray[np.float64]
    shown_from: NDArray[np.object_]

    @property
    def capped(self) -> NDArray[np.bool_]:
        """Return where a wider endpoint's values are shown, shape (n_samples, n_horizons)."""
        return np.asarray(self.shown_from != self.endpoint, dtype=bool)


def predict(
    bundle: Contents,
    data: pd.DataFrame | Records,
    *,
    endpoints: Sequence[str] | None = None,
    horizons: ArrayLike | None = None,
) -> dict[str, EndpointPrediction]:
    """Return the predictions of some endpoints; see `Bundle.predict`."""
    frame = data.frame if isinstance(data, Records) else data
    asked = None if horizons is None else np.atleast_1d(np.asarray(horizons, dtype=np.float64))
    at_work = _Prediction(bundle, frame)
    chosen = list(bundle.endpoints) if endpoints is None else endpoints
    require_endpoints(bundle, chosen)
    return {name: at_work.endpoint(name, asked) for name in chosen}


def require_endpoints(bundle: Contents, names: Sequence[str]) -> None:
    """Refuse a name that is no endpoint of the bundle.

    Raises
    ------
    InvalidConfiguration
        With the nearest known one.
    """
    for name in names:
        if name not in bundle.endpoints:
            raise InvalidConfiguration(
                "the bundle has no such endpoint", value=name, mend=nearest(name, bundle.endpoints)
            )


def columns_for(model: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a model was trained on; one that is absent is missing throughout.

    Raises
    ------
    MissingColumn
        If none of them is there: a file of something else.
    """
    names = [str(name) for name in model.feature_names_in_]
    if not any(name in frame.columns for name in names):
        msg = "none of the columns that the model was trained on is there"
        raise MissingColumn(
            msg,
            mend=f"Give at least some of: {', '.join(names)}.",
        )
    return frame.reindex(columns=names)


def centre_of(model: Any, frame: pd.DataFrame) -> Any:
    """Return the centres of the rows where the model tells centres apart, otherwise None."""
    told_apart = getattr(model, "centre_intercepts", False) and "centre_id" in frame.columns
    return frame["centre_id"] if told_apart else None


def nesting_note(origin: str) -> str:
    """Return what is said where a wider endpoint's values are shown."""
    return f"shown at the risk of {origin}, which includes it"


class _Prediction:
    """One call of `predict`; keeps what a wider and a narrower endpoint both need."""

    def __init__(self, bundle: Contents, frame: pd.DataFrame) -> None:
        self._bundle, self._frame = bundle, frame
        self._known: dict[tuple[str, bytes], EndpointPrediction] = {}

    def endpoint(self, name: str, horizons: NDArray[np.float64] | None) -> EndpointPrediction:
        anchors = np.asarray(self._bundle.models[name].horizons_, dtype=np.float64)
        at = anchors if horizons is None else horizons
        key = (name, at.tobytes())
        if key not in self._known:
            self._known[key] = self._nested(self._own(name, at))
        return self._known[key]

    def _own(self, name: str, horizons: NDArray[np.float64]) -> EndpointPrediction:
        model = self._bundle.models[name]
        X = columns_for(model, self._frame)
        centre = centre_of(model, self._frame)
        low, high = model.predict_interval(X, horizons, level=LEVEL, centre=centre)
        risk = model.predict_cumulative_incidence(X, horizons, centre=centre)
        shown_from = np.full(risk.shape, name, dtype=object)
        null_risk = model.null_.predict(horizons)
        return EndpointPrediction(name, horizons, risk, low, high, null_risk, shown_from)

    def _nested(self, own: EndpointPrediction) -> EndpointPrediction:
        wider = self._bundle.endpoints[own.endpoint].nested_in
        if wider is None or wider not in self._bundle.models:
            return own
        # Where the wider endpoint's model cannot be asked nothing can be compared.
        first = self._bundle.endpoints[wider].earliest
        last = max(self._bundle.models[wider].horizons_)
        reach = (own.horizons >= first) & (own.horizons <= last)
        if not reach.any():
            return own
        outer = self.endpoint(wider, own.horizons[reach])
        more = own.risk[:, reach] > outer.risk
        shown = {}
        for what in ("risk", "low", "high", "shown_from"):
            values = getattr(own, what).copy()
            values[:, reach] = np.where(more, getattr(outer, what), values[:, reach])
            shown[what] = values
        return replace(own, **shown)
