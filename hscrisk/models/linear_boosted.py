"""The default: a linear backbone and boosted trees, joined as a weighted mean of log-odds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.models.anchored import AnchoredModel
from hscrisk.models.anchors import States
from hscrisk.models.growing import TreeSettings
from hscrisk.models.growth import Growth, tree_settings
from hscrisk.models.inner_folds import IntArray
from hscrisk.models.joining import fading_weight, learned_weight
from hscrisk.models.linear_part import Linear
from hscrisk.models.risk import Term
from hscrisk.models.state import ModelState
from hscrisk.models.training_data import TrainingData

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]


class LinearBoostedIncidence(AnchoredModel):
    """Penalised log-odds regression at each anchor plus one booster over all anchors.

    The trees' weight grows with the events, .45 m / (m + 300), m the smaller of the weighted
    events and non-events; where out-of-fold loss prefers another weight by over one standard
    error it moves towards that. Most of the signal in transplant registries is additive:
    the trees must never cost anything.

    Parameters
    ----------
    endpoint : Endpoint, optional
        Its horizons are the candidate anchors.
    horizons : array of days, optional
        Candidate anchors of a study of one's own; wins over `endpoint`. With neither, quartiles
        of the event days.
    prior_sd : float
        Standard deviation of the backbone's prior, on the log-odds a standard deviation.
    trees : TreeSettings, optional
    n_refits : int
        Bootstrap refits for the trees' share of the interval; 0 for none.
    min_events : int
        An anchor needs as many events, non-events and patients at risk.
    prior : Prior or str, optional
        What other registries know (`hscrisk.priors`), by value or shipped name; needs `endpoint`.
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
    tree_weight_ : ndarray, shape (n_anchors,)

    Examples
    --------
    >>> from hscrisk.datasets import simulate_cohort
    >>> cohort = simulate_cohort(300, seed=1)
    >>> model = LinearBoostedIncidence(horizons=[30, 100], n_refits=0).fit(cohort.X, cohort.y)
    >>> model.predict_cumulative_incidence(cohort.X[:2]).shape
    (2, 2)
    """

    depth_: int
    rounds_: int
    tree_weight_: FloatArray

    def __init__(
        self,
        endpoint: Any = None,
        horizons: ArrayLike | None = None,
        *,
        prior_sd: float = 0.22,
        trees: TreeSettings | None = None,
        n_refits: int = 100,
        min_events: int = 10,
        prior: Any = None,
        centre_intercepts: bool = False,
        calendar_year: bool = False,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.endpoint = endpoint
        self.horizons = horizons
        self.prior_sd = prior_sd
        self.trees = trees
        self.n_refits = n_refits
        self.min_events = min_events
        self.prior = prior
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
        linear = self._linear(data, states)
        self.tree_weight_ = self._weights(data, states, growth, linear)
        part = linear.fit(data.matrix, states)
        self.prior_ = linear.told(part)
        terms = (
            Term(linear.name, part, 1 - self.tree_weight_),
            Term("trees", growth.part, self.tree_weight_),
        )
        self.engine_ = self._join(data, terms)

    def _weights(
        self, data: TrainingData, states: States, growth: Growth, part: Linear
    ) -> FloatArray:
        scarcity, rows = states.scarcity(), growth.rows
        linear = _out_of_fold(data.matrix, states, growth.fold, part)
        if linear is None or growth.chosen.rounds == 0:
            return fading_weight(scarcity)
        weights = np.empty(len(scarcity))
        for k in range(len(scarcity)):
            at = rows.anchor == k
            who = rows.patient[at]
            weights[k] = learned_weight(
                linear[who, k],
                growth.chosen.log_odds[at],
                rows.target[at],
                states.weight[who, k],
                data.groups[who],
                float(scarcity[k]),
            )
        return weights

    def _engine_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]], dict[str, bytes]]:
        settings, arrays, boosters = super()._engine_state()
        return settings | {"depth": self.depth_, "rounds": self.rounds_}, arrays, boosters

    def _load_engine(self, state: ModelState) -> None:
        super()._load_engine(state)
        self.depth_, self.rounds_ = int(state.setting("depth")), int(state.setting("rounds"))
        self.tree_weight_ = self.engine_.terms[1].weight

    @classmethod
    def _params(cls, kept: dict[str, Any]) -> dict[str, Any]:
        params = super()._params(kept)
        return params | {"trees": tree_settings(params["trees"])}


def _out_of_fold(matrix: Matrix, states: States, fold: IntArray, part: Linear) -> FloatArray | None:
    """Return the backbone's out-of-fold log-odds; None where a fold leaves an anchor no events."""
    out = np.empty(states.target.shape)
    for k in np.unique(fold):
        inside = fold != k
        train = States(states.anchors, states.target[inside], states.weight[inside])
        if (train.scarcity() <= 0).any():
            return None
        fitted = part.fit(matrix[inside], train, spread=False)
        out[~inside] = fitted.log_odds(matrix[~inside])
    return out
