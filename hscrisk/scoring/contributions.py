"""Contributions of a batch: what each variable adds to the log-odds of each risk shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.bundle import Bundle, EndpointPrediction
from hscrisk.bundle.prediction import centre_of, columns_for
from hscrisk.scoring.score_table import Scored, whole_days

COLUMNS = (
    "transplant_id",
    "endpoint",
    "horizon_days",
    "variable",
    "contribution_log_odds",
    "from_endpoint",
)

BASE = "(base)"
"""The row that holds the cohort's log-odds; with it, contributions sum to the log-odds shown."""


@dataclass(frozen=True)
class _Block:
    """Contributions to one endpoint at one horizon, the base first."""

    endpoint: str
    day: float
    variables: list[str]
    values: NDArray[np.float64]
    origin: NDArray[np.object_]


def contributions_table(
    bundle: Bundle, frame: pd.DataFrame, scored: Scored, names: NDArray[np.object_]
) -> pd.DataFrame:
    """Return a row for each transplant, endpoint, horizon and variable.

    Where a nested endpoint is shown at a wider one's risk the contributions are the wider one's,
    and `from_endpoint` names it.
    """
    blocks = [
        _block(bundle, frame, prediction, column)
        for prediction in scored.predictions.values()
        for column in range(len(prediction.horizons))
    ]
    n, widths = len(names), [len(block.variables) for block in blocks]
    days = whole_days(np.array([block.day for block in blocks]))
    endpoints = np.array([block.endpoint for block in blocks], dtype=object)
    variables = np.array([v for block in blocks for v in block.variables], dtype=object)
    origins = np.stack([block.origin for block in blocks], axis=1)
    return pd.DataFrame(
        {
            "transplant_id": np.repeat(names, sum(widths)),
            "endpoint": np.tile(np.repeat(endpoints, widths), n),
            "horizon_days": np.tile(np.repeat(days, widths), n),
            "variable": np.tile(variables, n),
            "contribution_log_odds": np.concatenate([b.values for b in blocks], axis=1).reshape(-1),
            "from_endpoint": np.repeat(origins, widths, axis=1).reshape(-1),
        },
        columns=list(COLUMNS),
    )


def _block(
    bundle: Bundle, frame: pd.DataFrame, prediction: EndpointPrediction, column: int
) -> _Block:
    origin, day = prediction.shown_from[:, column], float(prediction.horizons[column])
    # Every model that may be shown has its variables here, whichever rows this batch holds.
    names = _with_wider(bundle, prediction.endpoint)
    variables = list(dict.fromkeys(v for n in names for v in bundle.models[n].feature_names_in_))
    values = np.zeros((len(frame), 1 + len(variables)))
    for name in names:
        rows = np.flatnonzero(origin == name)
        if len(rows) == 0:
            continue
        model = bundle.models[name]
        at = frame.iloc[rows]
        found = model.contributions(columns_for(model, at), day, centre=centre_of(model, at))
        place = np.array([1 + variables.index(name) for name in found.feature_names])
        values[rows, 0] = found.bases
        values[np.ix_(rows, place)] = found.values
    return _Block(prediction.endpoint, day, [BASE, *variables], values, origin)


def _with_wider(bundle: Bundle, endpoint: str) -> list[str]:
    chain: list[str] = []
    name: str | None = endpoint
    while name is not None and name in bundle.models and name not in chain:
        chain.append(name)
        name = bundle.endpoints[name].nested_in
    return chain
