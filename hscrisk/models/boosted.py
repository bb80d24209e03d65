"""The boosted comparator: the trees alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.models.anchored_state import engine_state, load_engine
from hscrisk.models.anchors import States, candidate_horizons, require_anchors
from hscrisk.models.base import IncidenceModel
from hscrisk.models.coherence import CompetingRisk
from hscrisk.models.curve import MarginalCurve
from hscrisk.models.growing import LongRows, TreeSettings, choose_depth_and_rounds
from hscrisk.models.inner_folds import inner_folds
from hscrisk.models.risk import AnchoredRisk, Term
from hscrisk.models.state import ModelState
from hscrisk.models.training_data import TrainingData
from hscrisk.models.trees import Trees, refit_variance

FloatArray = NDArray[np.float64]


class BoostedIncidence(IncidenceModel):
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

    engine_: AnchoredRisk
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
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.endpoint = endpoint
        self.horizons = horizons
        self.trees = trees
        self.n_refits = n_refits
        self.prior_sd = prior_sd
        self.min_events = min_events
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit(self, data: TrainingData) -> None:
        asked = candidate_horizons(self.endpoint, self.horizons, data.y)
        self.horizons_, self.left_out_ = require_anchors(data.y, asked, self.min_events)
        states = States.of(data.y, self.horizons_)
        settings = self.trees or TreeSettings()
        rows, n_anchors = LongRows.of(data.matrix, states), len(self.horizons_)
        how = {"seed": self.random_state, "n_jobs": self.n_jobs}
        fold = inner_folds(data.y.event, data.groups, settings.inner_folds, self.random_state)
        depths = settings.allowed_depths(float(states.scarcity().max()))
        chosen = choose_depth_and_rounds(rows, fold, n_anchors, depths, settings, **how)
        self.depth_, self.rounds_ = chosen.depth, chosen.rounds
        spread = refit_variance(
            rows, n_anchors, data.groups, chosen, settings, self.n_refits or 0, **how
        )
        part = Trees.fit(data.matrix, states, rows, chosen, settings, spread, **how)
        self.engine_ = AnchoredRisk(
            self.horizons_,
            MarginalCurve(self.null_.times_, self.null_.cumulative_incidence_[0]),
            (Term("trees", part, np.ones(n_anchors)),),
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
        settings, arrays, boosters = engine_state(self.engine_)
        return settings | {"depth": self.depth_, "rounds": self.rounds_}, arrays, boosters

    def _load_engine(self, state: ModelState) -> None:
        self.engine_ = load_engine(state, self.null_)
        self.depth_, self.rounds_ = int(state.setting("depth")), int(state.setting("rounds"))

    @classmethod
    def _params(cls, kept: dict[str, Any]) -> dict[str, Any]:
        params = super()._params(kept)
        if params.get("trees") is not None:
            given = params["trees"]
            params["trees"] = TreeSettings(**(given | {"depths": tuple(given["depths"])}))
        return params
