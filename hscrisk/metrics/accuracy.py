"""Brier score and the index of prediction accuracy, with competing events and censoring."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.metrics import kernels
from hscrisk.metrics.states import check_predicted, states_of_each
from hscrisk.survival import CensoringDistribution

FloatArray = NDArray[np.float64]


def brier_score(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> FloatArray:
    r"""Return the IPCW Brier score at each horizon, shape (n_horizons,); 0 is perfect.

    :math:`\frac{1}{n} \sum_i w_i(t) (1\{T_i \le t, \epsilon_i = 1\} - \hat F(t | x_i))^2`.

    Parameters
    ----------
    y : frame, mapping or structured array
        `event`, `duration` (days).
    predicted : array, shape (n_samples, n_horizons)
        Risks of the event of interest.
    horizons : array of days, shape (n_horizons,)
    censoring : CensoringDistribution, optional
        G; by default that of `y`.
    event_of_interest : int

    Raises
    ------
    InvalidConfiguration
        When shapes do not fit or a risk is not a probability.
    NotEstimable
        With fewer than 10 events, 10 known without one, or 10 to rest the weights on.

    References
    ----------
    Graf et al., Stat Med 1999;18:2529-2545; with competing risks Schoop et al.,
    Biom J 2011;53:88-112. Weights: `hscrisk.survival.CensoringDistribution.weights_at`.
    """
    each = states_of_each(y, predicted, horizons, censoring, event_of_interest)
    return np.array([float(kernels.brier(states, risk)[0]) for states, risk in each])


def index_of_prediction_accuracy(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    *,
    null: ArrayLike,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> FloatArray:
    """Return IPA = 1 - Brier / Brier of the null, shape (n_horizons,).

    0 is no better than the null, below 0 worse, 1 perfect.

    Parameters
    ----------
    null : array, shape (n_horizons,) or (n_samples, n_horizons)
        Risks of the null model: the Aalen-Johansen incidence of the *training* part.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `brier_score`.

    References
    ----------
    Kattan & Gerds, Diagn Progn Res 2018;2:7.
    """
    outcome, risks, days = check_predicted(y, predicted, horizons)
    base = np.asarray(null, dtype=np.float64)
    base = np.tile(base, (len(risks), 1)) if base.shape == days.shape else base
    how: dict[str, Any] = {"censoring": censoring, "event_of_interest": event_of_interest}
    return 1 - brier_score(outcome, risks, days, **how) / brier_score(outcome, base, days, **how)
