"""Survival and competing-risk estimates computed straight from their definitions.

Nothing here is fast: every estimate counts, at every distinct time, through every subject. Curves
are products of exact fractions and become floats at the end, so the only rounding is the last one.

Codes: event 0 = censored, 1 = the event of interest, 2 and above = competing events; times are
days. On one day, events come before censoring: who is censored on day s is still at risk of the
events of day s, and who has an event on day s is no longer at risk of being censored on day s.

Sources
-------
* Aalen OO, Johansen S. An empirical transition matrix for non-homogeneous Markov chains based on
  censored observations. Scand J Stat 1978;5:141-150.
* Klein JP, Moeschberger ML. Survival Analysis: Techniques for Censored and Truncated Data, 2nd ed.
  Springer 2003: product-limit estimator and cumulative incidence (chapter 4).
* Graf E, Schmoor C, Sauerbrei W, Schumacher M. Assessment and comparison of prognostic
  classification schemes for survival data. Stat Med 1999;18:2529-2545: the weighted Brier score.
* Blanche P, Dartigues JF, Jacqmin-Gadda H. Estimating and comparing time-dependent areas under
  receiver operating characteristic curves for censored event times with competing risks.
  Stat Med 2013;32:5381-5397: cases, controls and weights of the AUC.
* Satten GA, Datta S. The Kaplan-Meier estimator as an inverse-probability-of-censoring weighted
  average. Am Stat 2001;55:207-210: the identity the self-check uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["aalen_johansen", "auc", "brier", "ipcw_weight", "kaplan_meier_censoring_before"]


def aalen_johansen(
    event: Sequence[int], duration: Sequence[float], horizon: float, cause: int
) -> float:
    """Cumulative incidence of `cause` by `horizon`, the horizon's own day included.

    Sum over event times s <= horizon of S(s-) * d_cause(s) / Y(s), where Y(s) counts everybody with
    T >= s and S(s-) is the Kaplan-Meier chance of no event of any cause before s (Aalen & Johansen
    1978; Klein & Moeschberger 2003, chapter 4).
    """
    event_free, incidence = Fraction(1), Fraction(0)
    for s in sorted({t for t in duration if t <= horizon}):
        at_risk = sum(1 for t in duration if t >= s)
        any_cause = sum(1 for e, t in zip(event, duration, strict=True) if t == s and e != 0)
        of_cause = sum(1 for e, t in zip(event, duration, strict=True) if t == s and e == cause)
        incidence += event_free * Fraction(of_cause, at_risk)
        event_free *= 1 - Fraction(any_cause, at_risk)
    return float(incidence)


def kaplan_meier_censoring_before(
    event: Sequence[int], duration: Sequence[float], t: float
) -> float:
    """G(t-): the Kaplan-Meier chance of being uncensored on every day before `t`.

    Product over censoring times s < t of 1 - c(s) / R(s). R(s) counts everybody with T > s and
    those censored on day s; subjects with an event on day s have left before (Graf et al. 1999,
    with censoring and event exchanged).
    """
    uncensored = Fraction(1)
    for s in sorted({u for u in duration if u < t}):
        censored = sum(1 for e, u in zip(event, duration, strict=True) if u == s and e == 0)
        at_risk = censored + sum(1 for u in duration if u > s)
        if censored:
            uncensored *= 1 - Fraction(censored, at_risk)
    return float(uncensored)


def ipcw_weight(
    event_i: int,
    duration_i: float,
    horizon: float,
    event: Sequence[int],
    duration: Sequence[float],
    clip: float = 0.05,
) -> float:
    """Inverse-probability-of-censoring weight of one subject at `horizon` (Graf et al. 1999).

    * an event of any cause at T <= horizon: 1 / G(T-);
    * no event by the horizon and T >= horizon: 1 / G(horizon-); who is censored on the very day of
      the horizon was followed through it;
    * censored before the horizon: 0.

    G is estimated from (`event`, `duration`) and never taken below `clip`, so that no weight
    exceeds 1 / clip.
    """
    if event_i != 0 and duration_i <= horizon:
        return 1.0 / max(kaplan_meier_censoring_before(event, duration, duration_i), clip)
    if duration_i >= horizon:
        return 1.0 / max(kaplan_meier_censoring_before(event, duration, horizon), clip)
    return 0.0


def brier(
    event: Sequence[int], duration: Sequence[float], risk: Sequence[float], horizon: float
) -> float:
    """Weighted Brier score of the predicted incidence of event 1 by `horizon` (Graf et al. 1999).

    Sum over subjects of w_i * (1{T_i <= horizon, event_i = 1} - risk_i)^2, divided by n: the number
    of all subjects, those of weight 0 included, and not the sum of the weights. (Where G is not
    clipped the weights add up to n, so both agree.)
    """
    total = 0.0
    for e, t, r in zip(event, duration, risk, strict=True):
        happened = 1.0 if e == 1 and t <= horizon else 0.0
        total += ipcw_weight(e, t, horizon, event, duration) * (happened - r) ** 2
    return total / len(event)


def auc(
    event: Sequence[int], duration: Sequence[float], risk: Sequence[float], horizon: float
) -> float:
    """Time-dependent AUC of the predicted incidence of event 1 by `horizon`.

    Cases have event 1 by the horizon. Controls are all others whose state at the horizon is known:
    free of any event, or with a competing event by then (the second definition of Blanche et al.
    2013). A pair counts with the product of both weights; equal risks count one half.
    """
    n = len(event)
    weight = [ipcw_weight(event[i], duration[i], horizon, event, duration) for i in range(n)]
    case = [event[i] == 1 and duration[i] <= horizon for i in range(n)]
    concordant = pairs = 0.0
    for i in range(n):
        for j in range(n):
            if case[i] and not case[j]:
                both = weight[i] * weight[j]
                pairs += both
                concordant += both * (1.0 if risk[i] > risk[j] else 0.5 * (risk[i] == risk[j]))
    return concordant / pairs
