"""The linear comparator: the backbone alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hscrisk.models.anchored import AnchoredModel
from hscrisk.models.risk import Term
from hscrisk.models.training_data import TrainingData


class LogisticIncidence(AnchoredModel):
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
    prior : Prior or str, optional
        What other registries know (`hscrisk.priors`), by value or shipped name; needs `endpoint`.
    centre_intercepts : bool
        Whether `fit` takes the centres and gives each an intercept (`hscrisk.models.centre`).
    calendar_year : bool
        Whether a column `year_of_hct` may be used, never beyond the last mature year
        (`hscrisk.models.era`); like any other column otherwise.

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

    def __init__(
        self,
        endpoint: Any = None,
        horizons: ArrayLike | None = None,
        *,
        prior_sd: float = 0.22,
        min_events: int = 10,
        prior: Any = None,
        centre_intercepts: bool = False,
        calendar_year: bool = False,
    ) -> None:
        self.endpoint = endpoint
        self.horizons = horizons
        self.prior_sd = prior_sd
        self.min_events = min_events
        self.prior = prior
        self.centre_intercepts = centre_intercepts
        self.calendar_year = calendar_year

    def _fit(self, data: TrainingData) -> None:
        states = self._anchor(data)
        linear = self._linear(data, states)
        part = linear.fit(data.matrix, states)
        self.prior_ = linear.told(part)
        term = Term(linear.name, part, np.ones(len(self.horizons_)))
        self.engine_ = self._join(data, (term,))
