"""The linear comparator: the backbone alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.models.anchored_state import engine_state, load_engine
from hscrisk.models.anchors import States, candidate_horizons, require_anchors
from hscrisk.models.backbone import Backbone
from hscrisk.models.base import IncidenceModel
from hscrisk.models.coherence import CompetingRisk
from hscrisk.models.curve import MarginalCurve
from hscrisk.models.risk import AnchoredRisk, Term
from hscrisk.models.state import ModelState
from hscrisk.models.training_data import TrainingData

FloatArray = NDArray[np.float64]


class LogisticIncidence(IncidenceModel):
    """Penalised log-odds regression of the state at each anchor, weighted for censoring.

    Parameters
    ----------
    endpoint : Endpoint, optional
        Its horizons are the candidate anchors, its `min_events` the least number of events.
    horizons : array of days, optional
        Candidate anchors of a study of one's own; wins over `endpoint`. With neither, quartiles
        of the event days.
    prior_sd : float
        Standard deviation of the prior N(0, prior_sd^2) of an effect on the log-odds a standard
        deviation of a column.
    min_events : int
        An anchor needs as many events, non-events and patients at risk.

    Attributes
    ----------
    horizons_ : ndarray
        The anchors used.
    left_out_ : dict
        Anchors left out, with the reason.
    null_ : AalenJohansen

    References
    ----------
    Scheike, Zhang & Gerds, Biometrika 2008;95:205-220 (direct binomial regression).
    """

    engine_: AnchoredRisk

    def __init__(
        self,
        endpoint: Any = None,
        horizons: ArrayLike | None = None,
        *,
        prior_sd: float = 0.22,
        min_events: int = 10,
    ) -> None:
        self.endpoint = endpoint
        self.horizons = horizons
        self.prior_sd = prior_sd
        self.min_events = min_events

    def _fit(self, data: TrainingData) -> None:
        asked = candidate_horizons(self.endpoint, self.horizons, data.y)
        self.horizons_, self.left_out_ = require_anchors(data.y, asked, self.min_events)
        states = States.of(data.y, self.horizons_)
        backbone = Backbone.fit(data.matrix, states, self.prior_sd)
        self.engine_ = AnchoredRisk(
            self.horizons_,
            MarginalCurve(self.null_.times_, self.null_.cumulative_incidence_[0]),
            (Term("backbone", backbone, np.ones(len(self.horizons_))),),
            CompetingRisk.fit(
                data.matrix,
                data.y,
                self.null_,
                self.horizons_,
                minimum=self.min_events,
                prior_sd=self.prior_sd,
            ),
        )

    def _engine_state(self) -> tuple[dict[str, Any], dict[str, FloatArray], dict[str, bytes]]:
        return engine_state(self.engine_)

    def _load_engine(self, state: ModelState) -> None:
        self.engine_ = load_engine(state, self.null_)
