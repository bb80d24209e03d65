"""What matters to a model over a whole cohort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from hscrisk.explain.variables import fold, groups, label_of
from hscrisk.schema import Field, load_contract

if TYPE_CHECKING:
    from hscrisk.models.base import IncidenceModel


def importance_table(
    model: IncidenceModel,
    X: pd.DataFrame,
    horizon: float,
    *,
    contract: Mapping[str, Field] | None = None,
) -> pd.DataFrame:
    """Return how far each clinical variable moves the log-odds, on average over the rows.

    It says what the model uses, not what causes the outcome.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : DataFrame, shape (n_samples, n_features)
    horizon : float
        Days.
    contract : mapping of str to Field, optional
        Gives the labels; the shipped one by default.

    Returns
    -------
    DataFrame
        `field`, `label`, `mean_abs_log_odds` (mean of the absolute contributions) and `share` of
        their sum (0 where nothing matters); the largest first, then by name.

    Examples
    --------
    >>> from hscrisk.datasets import simulate_cohort
    >>> from hscrisk.models import LogisticIncidence
    >>> cohort = simulate_cohort(300, seed=1)
    >>> model = LogisticIncidence(horizons=[100]).fit(cohort.X, cohort.y)
    >>> importance_table(model, cohort.X, 100)["share"].sum().round(6)
    np.float64(1.0)
    """
    found = model.contributions(X, horizon)
    members = groups(found.feature_names)
    size = np.abs(fold(found.values, members)).mean(axis=0) if len(X) else np.zeros(len(members))
    total = size.sum()
    known = load_contract() if contract is None else contract
    table = pd.DataFrame(
        {
            "field": list(members),
            "label": [label_of(name, known) for name in members],
            "mean_abs_log_odds": size,
            "share": size / total if total > 0 else np.zeros(len(size)),
        }
    )
    order = ["mean_abs_log_odds", "field"]
    return table.sort_values(order, ascending=[False, True], ignore_index=True)
