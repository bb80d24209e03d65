"""The boosted comparator: the trees alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.models.anchored import AnchoredModel
from hscrisk.models.growing import TreeSettings
from hscrisk.models.growth import Growth, tree_settings
from hscrisk.models.risk import Term
from hscrisk.models.state import ModelState
from hscrisk.models.training_data import TrainingData

FloatArray = NDArray[np.float64]


class BoostedIncidence(AnchoredModel):
    """One XGBoost booster over all anchors, log time being a monotone input.

    Depth and rounds are those of least weighted log-loss in inner folds; on small cohorts there
    may be none, and everybody has the cohort's curve.

    Parameters
    ----------
    endpoint : Endpoint, optional
        Its horizons are the candidate anchors.
    horizons : array of days, optional
        Candidate anchors of a study of one's own; wins over `endpoint`. With neither, quartiles
        of the event days.
    trees : TreeSettings, optional
    n_refits : int
        Bootstrap refits for the interval; 0 for none (cross-validation needs none).
    prior_sd : float
        Of the linear model of the competing events.
    min_events : int
        An anchor needs as many events, non-events and patients at risk.
    centre_intercepts : bool
        Whether `fit` takes the centres and gives each an intercept (`hscrisk.models.centre`).
    calendar_year : bool
        Whether a column `year_of_hct` may be used, never beyond the last mature year
        (`hscrisk.models.era`); like any other column otherwise.
    random_state : int
    n_jobs : int
        Threads; the fitted model does not depend on it.

    Attributes
    ----------
    horizons_, left_out_, null_ :
        As in `LogisticIncidence`.
    depth_, rounds_ : int

    References
    ----------
    Chen & Guestrin, KDD 2016:785-794.
    """

    depth_: int
    rounds_: int

    def __init__(
        self,
        endpoint: Any = None,
        horizons: ArrayLike | None = None,
        *,
        trees: TreeSettings | None = None,
        n_refits: int = 100,
        prior_sd: float = 0.22,
        min_events: int = 10,
        centre_intercepts: bool = False,
        calendar_year: bool = False,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.endpoint = endpoint
        self.horizons = horizons
        self.trees = trees
        self.n_refits = n_refits
        self.prior_sd = prior_sd
        self.min_events = min_events
        self.centre_intercepts = centre_intercepts
        self.calendar_year = calendar_year
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit(self, data: TrainingData) -> None:
        states = self._anchor(data)
        growth = Growth.of(
            data,
            states,
            self.trees or TreeSettings(),
            n_refits=self.n_refits or 0,
            seed=self.random_state,
            n_jobs=self.n_jobs,
        )
        self.depth_, self.rounds_ = growth.chosen.depth, growth.chosen.rounds
        term = Term("trees", growth.part, np.ones(len(self.horizons_)))
        self.engine_ = self._join(data, (term,))

    def _engine_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]], dict[str, bytes]]:
        settings, arrays, boosters = super()._engine_state()
        return settings | {"depth": self.depth_, "rounds": self.rounds_}, arrays, boosters

    def _load_engine(self, state: ModelState) -> None:
        super()._load_engine(state)
        self.depth_, self.rounds_ = int(state.setting("depth")), int(state.setting("rounds"))

    @classmethod
    def _params(cls, kept: dict[str, Any]) -> dict[str, Any]:
        params = super()._params(kept)
        return params | {"trees": tree_settings(params["trees"])}
