"""Contributions on the scale of probability that still add up exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

FloatArray = NDArray[np.float64]
NEAR = 1e-6
"""Below this distance in log-odds the slope of the line is that at its middle (error < 1e-18)."""


def closed(bases: FloatArray, values: FloatArray, log_odds: FloatArray) -> FloatArray:
    """Return contributions whose sum is `log_odds - bases` to the last bit or two.

    TreeSHAP works in single precision, so a sum may miss by up to 1e-4; what is missing is
    shared out in proportion to the contributions.

    Parameters
    ----------
    bases, log_odds : ndarray, shape (n_samples,)
    values : ndarray, shape (n_samples, n_features)
    """
    missing = log_odds - bases - values.sum(axis=1)
    size = np.abs(values)
    total = size.sum(axis=1, keepdims=True)
    even = np.full_like(values, 1 / max(1, values.shape[1]))
    share = np.divide(size, total, out=even, where=total > 0)
    return np.asarray(values + missing[:, None] * share, dtype=np.float64)


def to_risk(bases: FloatArray, values: FloatArray, log_odds: FloatArray) -> FloatArray:
    r"""Return the contributions to the probability, shape (n_samples, n_features).

    Aumann-Shapley along the straight line from the base :math:`b` to the log-odds :math:`f`:
    :math:`\phi_i (\sigma(f) - \sigma(b)) / (f - b)`, with the limit :math:`\sigma'(b) \phi_i`.
    Their sum is the risk minus that of the base.

    Parameters
    ----------
    bases, log_odds : ndarray, shape (n_samples,)
    values : ndarray, shape (n_samples, n_features)
        In log-odds, adding up to `log_odds - bases`.

    References
    ----------
    Aumann & Shapley, Values of Non-Atomic Games, Princeton 1974; as integrated gradients:
    Sundararajan, Taly & Yan, ICML 2017:3319-3328.

    Examples
    --------
    >>> import numpy as np
    >>> b, f = np.array([0.0]), np.array([1.0])
    >>> to_risk(b, np.array([[1.5, -0.5]]), f).round(4).tolist()
    [[0.3466, -0.1155]]
    """
    span = log_odds - bases
    middle = expit(bases + span / 2)
    slope = middle * (1 - middle)
    far = np.abs(span) > NEAR
    slope[far] = (expit(log_odds) - expit(bases))[far] / span[far]
    return np.asarray(values * slope[:, None], dtype=np.float64)
