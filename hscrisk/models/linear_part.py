"""The linear part of a model: on the cohort alone, or starting from a pooled prior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration
from hscrisk.models.anchors import States
from hscrisk.models.backbone import Backbone
from hscrisk.models.curve import MarginalCurve
from hscrisk.models.informed import InformedBackbone, Layout
from hscrisk.models.training_data import TrainingData
from hscrisk.priors import AnchorPrior, Prior, load_prior

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Linear:
    """How the linear part is fitted, on the whole cohort or on a fold of it.

    Attributes
    ----------
    prior_sd : float
    layout : Layout or None
        Of an informed part.
    anchors : tuple
        The prior at each anchor, None where it knows nothing.
    found : dict or None
        Name, hash and studies of the prior.
    """

    prior_sd: float
    layout: Layout | None = None
    anchors: tuple[AnchorPrior | None, ...] = ()
    found: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """What the part is called in the model's state."""
        return "backbone" if self.layout is None else "informed"

    def fit(
        self, matrix: Matrix, states: States, *, spread: bool = True
    ) -> Backbone | InformedBackbone:
        """Return the part fitted on some patients."""
        if self.layout is None:
            return Backbone.fit(matrix, states, self.prior_sd, spread=spread)
        return InformedBackbone.fit(
            matrix, states, self.layout, self.anchors, self.prior_sd, spread=spread
        )

    def told(self, part: Backbone | InformedBackbone) -> dict[str, Any] | None:
        """Return the prior and what became of it, as strict JSON takes it."""
        if not isinstance(part, InformedBackbone):
            return None
        return {**(self.found or {}), "anchors": part.told()}


def linear_part(
    prior: Prior | str | None,
    endpoint: Any,
    curve: MarginalCurve,
    data: TrainingData,
    states: States,
    prior_sd: float,
) -> Linear:
    """Return how to fit the linear part of `endpoint` under a prior, or without one.

    Raises
    ------
    InvalidConfiguration
        When a prior is given without an endpoint, or knows nothing of it at any anchor.
    """
    if prior is None or (isinstance(prior, str) and prior == "none"):
        return Linear(prior_sd)
    known = load_prior(prior) if isinstance(prior, str) else prior
    if endpoint is None:
        rule = "a prior is one of endpoints, and the model has none"
        raise InvalidConfiguration(rule, field="prior", mend="Give the model an endpoint.")
    anchors = tuple(known.at(endpoint.name, float(t), curve.log_odds) for t in states.anchors)
    if not any(anchors):
        rule = f"the prior '{known.name}' knows nothing of {endpoint.name} at the model's anchors"
        raise InvalidConfiguration(rule, field="prior", value=known.name, mend="Set prior: none.")
    layout = Layout.fit(data.matrix, data.pipeline, known.terms)
    found = {"name": known.name, "hash": known.hash, "studies": list(known.studies)}
    return Linear(prior_sd, layout, anchors, found)
