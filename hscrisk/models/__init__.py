"""Cumulative-incidence models: the null, the linear, the boosted, and their mean (the default)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.models.contributions import Contributions
from hscrisk.models.logistic import LogisticIncidence
from hscrisk.models.marginal import MarginalIncidence
from hscrisk.models.state import ModelState
from hscrisk.models.updating import Recalibrated, recalibrate

if TYPE_CHECKING:
    from hscrisk.models.base import IncidenceModel
    from hscrisk.models.boosted import BoostedIncidence
    from hscrisk.models.linear_boosted import LinearBoostedIncidence

_WHERE = {
    "BoostedIncidence": "hscrisk.models.boosted",
    "LinearBoostedIncidence": "hscrisk.models.linear_boosted",
}

__all__ = [
    "BoostedIncidence",
    "Contributions",
    "LinearBoostedIncidence",
    "LogisticIncidence",
    "MarginalIncidence",
    "ModelState",
    "Recalibrated",
    "from_state",
    "recalibrate",
]


def __getattr__(name: str) -> Any:
    """Import the boosted models on first use, so that the others do not load xgboost."""
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    message = f"module 'hscrisk.models' has no attribute '{name}'"
    raise AttributeError(message)


def from_state(state: ModelState) -> IncidenceModel:
    """Rebuild a fitted model; it predicts the same bits as the one that was kept.

    Raises
    ------
    InvalidConfiguration
        When the kind is unknown or the state is incomplete.
    """
    kinds = [name for name in __all__ if name.endswith("Incidence")]
    if state.kind not in kinds:
        raise InvalidConfiguration(
            "unknown kind of model", value=state.kind, mend=nearest(state.kind, kinds)
        )
    model = (globals().get(state.kind) or __getattr__(state.kind))._from_state(state)
    return model  # type: ignore[no-any-return]
