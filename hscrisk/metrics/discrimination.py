"""Discrimination with competing events and censoring."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.metrics import kernels
from hscrisk.metrics.states import KnownStates, check_predicted, require_estimable
from hscrisk.survival import CensoringDistribution


def cumulative_dynamic_auc(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> NDArray[np.float64]:
    """Return the IPCW AUC at each horizon, shape (n_horizons,); .5 is chance, ties count half.

    Cases had the event of interest by the horizon; controls are all others whose state then is
    known, those with a competing event included.

    Parameters
    ----------
    y, predicted, horizons, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `hscrisk.metrics.brier_score`.

    References
    ----------
    Blanche, Dartigues & Jacqmin-Gadda, Stat Med 2013;32:5381-5397 (definition of controls 2).
    """
    outcome, risks, days = check_predicted(y, predicted, horizons)
    how: dict[str, Any] = {"censoring": censoring, "event_of_interest": event_of_interest}
    together = np.zeros(len(risks), dtype=np.intp)
    found = []
    for k, t in enumerate(days):
        require_estimable(outcome, t, **how)
        states = KnownStates.at(outcome, t, **how)
        found.append(float(kernels.concordance(states, risks[:, k], together)[0]))
    return np.array(found)
