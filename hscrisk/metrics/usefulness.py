"""Net benefit of treating by predicted risk, with competing events and censoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import InvalidConfiguration
from hscrisk.metrics import kernels
from hscrisk.metrics.draws import Draws
from hscrisk.metrics.intervals import percentile_interval
from hscrisk.metrics.states import check_predicted, require_estimable, states_of_each
from hscrisk.survival import CensoringDistribution

FloatArray = NDArray[np.float64]
TREAT_ALL = "treat all"
TREAT_NONE = "treat none"


@dataclass(frozen=True)
class DecisionCurve:
    """Net benefit of each way to decide, at each threshold.

    Attributes
    ----------
    thresholds : ndarray, shape (n_thresholds,)
    net_benefit, low, high : dict of str to ndarray, shape (n_thresholds,)
        By name of the model, and for "treat all" and "treat none", with 95 % intervals.
    """

    thresholds: FloatArray
    net_benefit: dict[str, FloatArray]
    low: dict[str, FloatArray]
    high: dict[str, FloatArray]


def net_benefit(
    y: Any,
    predicted: ArrayLike,
    horizons: ArrayLike,
    thresholds: ArrayLike,
    *,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> FloatArray:
    """Return the net benefit at each horizon and threshold, shape (n_horizons, n_thresholds).

    True positives less false ones at the odds of the threshold, a subject: whoever's risk reaches
    the threshold is treated, a competing event is no event. Treating all is worth
    P - (1 - P) odds, P the Aalen-Johansen incidence, and treating none 0.

    Parameters
    ----------
    y, predicted, horizons, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.
    thresholds : array, shape (n_thresholds,)
        Risks from which on one would treat, from 0 to below 1.

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `hscrisk.metrics.brier_score`; the former also for thresholds that are none.

    References
    ----------
    Vickers & Elkin, Med Decis Making 2006;26:565-574; with competing risks and censoring Vickers
    et al., BMC Med Inform Decis Mak 2008;8:53. As true and false positive rates weighed by the
    incidence: Kerr et al., J Clin Oncol 2016;34:2534-2540.
    """
    at = _thresholds(thresholds)
    each = states_of_each(y, predicted, horizons, censoring, event_of_interest)
    return np.array([kernels.net_benefit(states, risk, at)[0] for states, risk in each])


def decision_curve(
    y: Any,
    predicted: Mapping[str, ArrayLike],
    horizon: float,
    thresholds: ArrayLike,
    *,
    n_draws: int = 500,
    groups: ArrayLike | None = None,
    seed: int = 0,
    censoring: CensoringDistribution | None = None,
    event_of_interest: int = 1,
) -> DecisionCurve:
    """Return net benefit with 95 % intervals for models, treating all and treating none.

    Parameters
    ----------
    y, censoring, event_of_interest :
        As `hscrisk.metrics.brier_score`.
    predicted : mapping of str to array, shape (n_samples,)
        Risks by `horizon` by each model.
    horizon : float
    thresholds : array, shape (n_thresholds,)
    n_draws, seed : int
        Of the bootstrap.
    groups : array, shape (n_samples,), optional
        Whom the bootstrap draws together (patients or centres).

    Raises
    ------
    InvalidConfiguration, NotEstimable
        As `net_benefit`.

    References
    ----------
    As `net_benefit`; intervals by bootstrap: Vickers et al., BMC Med Inform Decis Mak 2008;8:53.
    """
    at, how = _thresholds(thresholds), {"event_of_interest": event_of_interest}
    risks = {name: check_predicted(y, risk, horizon)[1][:, 0] for name, risk in predicted.items()}
    require_estimable(y, horizon, censoring=censoring, event_of_interest=event_of_interest)
    draws = Draws(y, groups, n_draws=n_draws, seed=seed, censoring=censoring)
    risks[TREAT_ALL] = np.ones(len(draws.y.event))
    parts: dict[str, list[FloatArray]] = {name: [] for name in risks}
    for states in draws.at(horizon, **how):
        for name, risk in risks.items():
            parts[name].append(kernels.net_benefit(states, risk, at))
    found = {name: np.vstack(part) for name, part in parts.items()}
    found[TREAT_NONE] = np.zeros_like(found[TREAT_ALL])
    ends = {
        name: np.array([percentile_interval(b, n_groups=draws.n_groups) for b in benefit[1:].T])
        for name, benefit in found.items()
    }
    return DecisionCurve(
        at,
        {name: benefit[0] for name, benefit in found.items()},
        {name: end[:, 0] for name, end in ends.items()},
        {name: end[:, 1] for name, end in ends.items()},
    )


def _thresholds(thresholds: ArrayLike) -> FloatArray:
    at = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if at.ndim != 1 or not len(at) or not ((at >= 0) & (at < 1)).all():
        message = "thresholds must be risks from 0 to below 1"
        raise InvalidConfiguration(message, field="thresholds", value=at.tolist())
    return at
