"""The null model: everybody has the cohort's own curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.models.anchors import candidate_horizons
from hscrisk.models.base import IncidenceModel
from hscrisk.models.risk import MarginalRisk
from hscrisk.models.state import ModelState
from hscrisk.models.training_data import TrainingData

FloatArray = NDArray[np.float64]


class MarginalIncidence(IncidenceModel):
    """Aalen-Johansen's curve for each patient; what any model must beat.

    Parameters
    ----------
    endpoint : Endpoint, optional
        Its horizons are the anchors.
    horizons : array of days, optional
        Anchors of a study of one's own; wins over `endpoint`.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [40, 50, 60, 70]})
    >>> y = {"event": [1, 2, 0, 1], "duration": [10, 20, 30, 40]}
    >>> MarginalIncidence(horizons=[15]).fit(X, y).predict_cumulative_incidence(X[:1])
    array([[0.25]])
    """

    engine_: MarginalRisk

    def __init__(self, endpoint: Any = None, horizons: ArrayLike | None = None) -> None:
        self.endpoint = endpoint
        self.horizons = horizons

    def _fit(self, data: TrainingData) -> None:
        longest = float(data.y.duration.max())
        # Once nobody is left at risk and nobody was censored last, the curve is known for good.
        known = self.null_.predict_event_free([longest])[0] <= 0
        asked = candidate_horizons(self.endpoint, self.horizons, data.y)
        last = max(longest, float(asked[-1])) if known else longest
        self.engine_ = MarginalRisk(self.null_, last)
        self.horizons_ = asked[asked <= last]
        self.left_out_ = {float(t): f"nobody was followed to day {t:g}" for t in asked if t > last}

    def _engine_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]], dict[str, bytes]]:
        return {}, {"last": np.array([self.engine_.last])}, {}

    def _load_engine(self, state: ModelState) -> None:
        self.engine_ = MarginalRisk(self.null_, float(state.array("last", 1)[0]))
