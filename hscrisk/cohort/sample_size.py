r"""How many parameters a cohort can carry: the criteria of Riley et al. for a prediction model.

For `p` parameters and an expected Cox-Snell R^2 the sample size must give

1. a shrinkage of at least .9: :math:`n \ge p / ((S - 1) \ln(1 - R^2 / S))`, S = .9;
2. an optimism of at most .05 in Nagelkerke's R^2: the same with
   :math:`S = R^2 / (R^2 + .05\, R^2_{max})`;
3. the overall risk within .05 of what it is, with 95 % confidence.

Read from the other side, a cohort of a given size carries at most so many parameters. What the R^2
will be is unknown before the model; here it is 15 % of the largest possible, as the authors advise
where nothing better is known. A state by a horizon counts as a binary outcome of those whose state
is known; the whole follow-up counts as a time to event (no third criterion there: it would need a
rate that is constant, and these are not).

References
----------
Riley RD et al., BMJ 2020;368:m441. Riley RD et al., Stat Med 2019;38:1276-1296 (R^2, criteria).
Ensor J, pmsampsize (the same formulas). Trees need far more events than regression: van der Ploeg T
et al., BMC Med Res Methodol 2014;14:137.
"""

from __future__ import annotations

import math
from typing import Any

from scipy.optimize import brentq

SHRINKAGE = 0.9
OPTIMISM = 0.05
MARGIN = 0.05
SHARE_OF_R2 = 0.15
Z = 1.959963984540054


def largest_r2(risk: float) -> float:
    """Return the largest Cox-Snell R^2 of a binary outcome with that overall risk.

    >>> round(largest_r2(0.174), 3)
    0.603
    """
    return 1.0 - math.exp(2 * (risk * math.log(risk) + (1 - risk) * math.log(1 - risk)))


def largest_r2_time(events_per_person: float) -> float:
    """Return the largest Cox-Snell R^2 of a time to event with so many events a person.

    >>> round(largest_r2_time(0.065 * 2.07), 4)
    0.5546
    """
    return 1.0 - math.exp(2 * (events_per_person * math.log(events_per_person) - events_per_person))


def needed(parameters: int, r2: float, r2_max: float) -> tuple[int, int]:
    """Return the sample sizes of the criteria of shrinkage and of optimism.

    >>> needed(24, 0.288, largest_r2(0.174))  # the example of pmsampsize
    (623, 662)
    >>> needed(30, 0.051, largest_r2_time(0.065 * 2.07))
    (5143, 1039)
    """
    own = r2 / (r2 + OPTIMISM * r2_max)
    first, second = (math.ceil(parameters / _per_person(s, r2)) for s in (SHRINKAGE, own))
    return first, second


def needed_for_risk(risk: float) -> int:
    """Return the sample size that gives an overall risk within .05.

    >>> needed_for_risk(0.174)
    221
    """
    return math.ceil((Z / MARGIN) ** 2 * risk * (1 - risk))


def most_parameters(n: int, r2: float, r2_max: float) -> int:
    """Return how many parameters `n` persons carry by the criteria of shrinkage and optimism.

    >>> most_parameters(662, 0.288, largest_r2(0.174))
    24
    """
    own = r2 / (r2 + OPTIMISM * r2_max)
    return min(math.floor(n * _per_person(s, r2) + 1e-9) for s in (SHRINKAGE, own))


def expected_shrinkage(n: int, parameters: int, r2: float) -> float:
    """Return the shrinkage to expect of so many parameters: 1 none, 0 nothing is left.

    >>> round(expected_shrinkage(623, 24, 0.288), 2)
    0.9
    """
    if parameters == 0:
        return 1.0
    lowest = r2 * (1 + 1e-9)

    def missed(s: float) -> float:
        return n * _per_person(s, r2) - parameters

    if missed(lowest) <= 0:
        return 0.0
    return float(brentq(missed, lowest, 1.0))


def guidance(
    *,
    n: int,
    known: int,
    risk: float,
    events: int,
    horizon: float,
    parameters: int,
) -> dict[str, Any] | None:
    """Return what a cohort carries at a horizon and over its follow-up; None without a risk.

    Parameters
    ----------
    n : int
        Transplants.
    known : int
        Those whose state on the horizon is known.
    risk : float
        Cumulative incidence by the horizon.
    events : int
        Over the whole follow-up.
    horizon : float
        Days.
    parameters : int
        What the features at hand make.
    """
    if not (0 < risk < 1 and known > 0):
        return None
    r2_max = largest_r2(risk)
    r2 = SHARE_OF_R2 * r2_max
    by_shrinkage, by_optimism = needed(max(parameters, 1), r2, r2_max)
    told: dict[str, Any] = {
        "horizon": horizon,
        "n_known": known,
        "expected_events": risk * known,
        "assumed_r2": r2,
        "max_parameters": most_parameters(known, r2, r2_max),
        "parameters": parameters,
        "expected_shrinkage": expected_shrinkage(known, parameters, r2),
        "n_needed": {
            "shrinkage": by_shrinkage,
            "optimism": by_optimism,
            "overall_risk": needed_for_risk(risk),
        },
        "risk_margin": Z * math.sqrt(risk * (1 - risk) / known),
    }
    if events:
        r2_max = largest_r2_time(events / n)
        most = most_parameters(n, SHARE_OF_R2 * r2_max, r2_max)
        told["time_to_event"] = {"events": events, "max_parameters": most}
    return told


def _per_person(shrinkage: float, r2: float) -> float:
    return (shrinkage - 1.0) * math.log1p(-r2 / shrinkage) if shrinkage > r2 else math.inf
