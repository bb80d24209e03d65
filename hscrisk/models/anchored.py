"""Anchored models: fitted at anchor horizons, followed between them along the null."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration, MissingColumn
from hscrisk.models.anchors import States, candidate_horizons, require_anchors
from hscrisk.models.backbone import Backbone
from hscrisk.models.base import IncidenceModel
from hscrisk.models.centre import CentreLayer
from hscrisk.models.coherence import CompetingRisk
from hscrisk.models.curve import MarginalCurve
from hscrisk.models.era import YEAR, Era, decide
from hscrisk.models.informed import InformedBackbone
from hscrisk.models.linear_part import Linear, linear_part
from hscrisk.models.recalibration import Recalibration
from hscrisk.models.risk import AnchoredRisk, Part, Term
from hscrisk.models.state import ModelState
from hscrisk.models.training_data import TrainingData, require_aligned
from hscrisk.priors import TermsDesign
from hscrisk.survival import check_outcome

FloatArray = NDArray[np.float64]


class AnchoredModel(IncidenceModel):
    """What the linear and the boosted estimators share; each brings its terms."""

    engine_: AnchoredRisk
    prior_sd: float
    min_events: int
    centre_intercepts: bool
    calendar_year: bool
    era_: Era
    prior: Any
    prior_: dict[str, Any] | None = None

    @property
    def recalibration_(self) -> dict[str, Any] | None:
        """What `hscrisk.models.recalibrate` chose at each anchor; None for a model as fitted."""
        line = self.engine_.recalibration
        return None if line is None else line.found

    def _dated(self, X: pd.DataFrame, y: Any = None) -> pd.DataFrame:
        if not self.calendar_year:
            return X
        if y is not None:
            if YEAR not in getattr(X, "columns", ()):
                rule = "the model may use the calendar year, and the features do not hold it"
                raise MissingColumn(
                    rule, field=YEAR, mend="Add it to X, or set calendar_year=False."
                )
            outcome = check_outcome(y)
            require_aligned(X, y, outcome)
            anchors = candidate_horizons(self.endpoint, self.horizons, outcome)
            used, _ = require_anchors(outcome, anchors, self._minimum())
            self.era_ = decide(X, outcome, used, self.prior_sd)
        return self.era_.dated(X)

    def _minimum(self) -> int:
        return max(self.min_events, getattr(self.endpoint, "min_events", 0))

    def _anchor(self, data: TrainingData) -> States:
        """Choose the anchors and return the states there.

        Raises
        ------
        NotEstimable
            When the cohort carries no anchor.
        """
        asked = candidate_horizons(self.endpoint, self.horizons, data.y)
        self.horizons_, self.left_out_ = require_anchors(data.y, asked, self._minimum())
        return States.of(data.y, self.horizons_)

    def _linear(self, data: TrainingData, states: States) -> Linear:
        """Return how the linear part is fitted: under the prior where there is one."""
        return linear_part(self.prior, self.endpoint, self._curve(), data, states, self.prior_sd)

    def _join(self, data: TrainingData, terms: tuple[Term, ...]) -> AnchoredRisk:
        """Return the engine of some terms, with the competing events and centres beside them."""
        competing = CompetingRisk.fit(
            data.matrix,
            data.y,
            self.null_,
            self.horizons_,
            minimum=self.min_events,
            prior_sd=self.prior_sd,
        )
        risk = AnchoredRisk(self.horizons_, self._curve(), terms, competing)
        if data.centre is None:
            return risk
        states = States.of(data.y, self.horizons_)
        return replace(risk, centre=CentreLayer.fit(risk.joined(data.matrix), states, data.centre))

    def _curve(self) -> MarginalCurve:
        return MarginalCurve(self.null_.times_, self.null_.cumulative_incidence_[0])

    def _engine_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]], dict[str, bytes]]:
        arrays: dict[str, NDArray[Any]] = {}
        boosters: dict[str, bytes] = {}
        for term in self.engine_.terms:
            arrays[f"{term.name}.weight"] = term.weight
            more, grown = term.part.to_state(term.name)
            arrays |= more
            boosters |= grown
        if self.engine_.competing is not None:
            arrays |= self.engine_.competing.to_state("competing")
        settings: dict[str, Any] = {"terms": [term.name for term in self.engine_.terms]}
        if self.engine_.centre is not None:
            more_settings, more = self.engine_.centre.to_state("centre")
            settings, arrays = settings | more_settings, arrays | more
        if self.engine_.recalibration is not None:
            more_settings, more = self.engine_.recalibration.to_state("recalibration")
            settings, arrays = settings | more_settings, arrays | more
        if isinstance(informed := self.engine_.terms[0].part, InformedBackbone):
            settings["prior"] = {
                **(self.prior_ or {}),
                "terms": informed.layout.terms.terms.model_dump(mode="json"),
            }
        if self.calendar_year:
            settings["era"] = {"cap": self.era_.cap, "reason": self.era_.reason}
        return settings, arrays, boosters

    def _load_engine(self, state: ModelState) -> None:
        terms = tuple(
            Term(name, self._part(state, name), state.array(f"{name}.weight", 1))
            for name in state.setting("terms")
        )
        competing = CompetingRisk.from_state(state, "competing", self.null_)
        if self.calendar_year:
            self.era_ = Era(**state.setting("era"))
        if "prior" in state.settings:
            self.prior_ = {k: v for k, v in state.setting("prior").items() if k != "terms"}
        centre = CentreLayer.from_state(state, "centre") if self.centre_intercepts else None
        line = Recalibration.from_state(state, "recalibration")
        self.engine_ = AnchoredRisk(self.horizons_, self._curve(), terms, competing, centre, line)

    def _part(self, state: ModelState, name: str) -> Part:
        if name == "backbone":
            return Backbone.from_state(state, name)
        if name == "informed":
            return InformedBackbone.from_state(
                state, name, lambda terms: TermsDesign.of(terms, self.pipeline_)
            )
        if name == "trees":
            # Imported here, so that linear models do not load xgboost.
            from hscrisk.models.trees import Trees

            return Trees.from_state(state, name, getattr(self, "n_jobs", 1))
        raise InvalidConfiguration("the model's state names an unknown part", field=str(name))
