"""Keeping and rebuilding the engine of anchored models."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration
from hscrisk.models.backbone import Backbone
from hscrisk.models.coherence import CompetingRisk
from hscrisk.models.curve import MarginalCurve
from hscrisk.models.risk import AnchoredRisk, Part, Term
from hscrisk.models.state import ModelState
from hscrisk.survival import AalenJohansen

FloatArray = NDArray[np.float64]


def engine_state(
    engine: AnchoredRisk,
) -> tuple[dict[str, Any], dict[str, FloatArray], dict[str, bytes]]:
    """Return settings, arrays and boosters of an engine."""
    arrays: dict[str, FloatArray] = {}
    boosters: dict[str, bytes] = {}
    for term in engine.terms:
        arrays[f"{term.name}.weight"] = term.weight
        more, grown = term.part.to_state(term.name)
        arrays |= more
        boosters |= grown
    if engine.competing is not None:
        arrays |= engine.competing.to_state("competing")
    return {"terms": [term.name for term in engine.terms]}, arrays, boosters


def load_engine(state: ModelState, null: AalenJohansen) -> AnchoredRisk:
    """Rebuild an engine.

    Raises
    ------
    InvalidConfiguration
        When the state names a part that does not exist or lacks one of its arrays.
    """
    terms = tuple(
        Term(name, _part(state, name), state.array(f"{name}.weight", 1))
        for name in state.setting("terms")
    )
    return AnchoredRisk(
        state.array("horizons", 1),
        MarginalCurve(null.times_, null.cumulative_incidence_[0]),
        terms,
        CompetingRisk.from_state(state, "competing", null),
    )


def _part(state: ModelState, name: str) -> Part:
    if name == "backbone":
        return Backbone.from_state(state, name)
    if name == "trees":
        from hscrisk.models.trees import Trees

        return Trees.from_state(state, name)
    raise InvalidConfiguration("the model's state names an unknown part", field=str(name))
