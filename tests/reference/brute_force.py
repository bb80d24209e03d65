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
* Wolbers M, Blanche P, Koller MT, Witteman JCM, Gerds TA. Concordance for prognostic models with
  competing risks. Biostatistics 2014;15:526-539: Wolbers' C and its weights.
* Vickers AJ, Elkin EB. Decision curve analysis. Med Decis Making 2006;26:565-574: net benefit.
* Harrell FE. Regression Modeling Strategies, 2nd ed. Springer 2015, section 2.4.5: restricted cubic
  splines.
* Satten GA, Datta S. The Kaplan-Meier estimator as an inverse-probability-of-censoring weighted
  average. Am Stat 2001;55:207-210: the identity the self-check uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = [
    "aalen_johansen",
    "auc",
    "brier",
    "ipcw_weight",
    "kaplan_meier_censoring_before",
    "mean_over_days",
    "net_benefit",
    "quantile",
    "restricted_cubic",
    "roc_points",
    "wolbers_c",
]


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


def wolbers_c(
    event: Sequence[int],
    duration: Sequence[float],
    risk: Sequence[float],
    horizon: float,
    clip: float = 0.05,
) -> float:
    """Wolbers' C of the predicted incidence of event 1, truncated at `horizon`.

    Every subject i with event 1 at T_i <= horizon is compared with every subject j who

    * is known to be free of any event through T_i: T_j > T_i, or censored on that very day; the
      pair weighs 1 / G(T_i-) / G(T_i-);
    * or had a competing event at T_j <= T_i; the pair weighs 1 / G(T_i-) / G(T_j-)

    (Wolbers et al. 2014, section 4). G is never taken below `clip`; equal risks count one half.
    """
    n = len(event)
    g = [max(kaplan_meier_censoring_before(event, duration, t), clip) for t in duration]
    concordant = pairs = 0.0
    for i in range(n):
        if event[i] != 1 or duration[i] > horizon:
            continue
        for j in range(n):
            free = duration[j] > duration[i] or (duration[j] == duration[i] and event[j] == 0)
            competing = event[j] > 1 and duration[j] <= duration[i]
            if free:
                both = 1 / (g[i] * g[i])
            elif competing:
                both = 1 / (g[i] * g[j])
            else:
                continue
            pairs += both
            concordant += both * (1.0 if risk[i] > risk[j] else 0.5 * (risk[i] == risk[j]))
    return concordant / pairs


def net_benefit(
    event: Sequence[int],
    duration: Sequence[float],
    risk: Sequence[float],
    horizon: float,
    threshold: float,
) -> float:
    """Net benefit of treating whose risk reaches `threshold` (Vickers & Elkin 2006), weighted.

    True positives a subject, less false positives a subject times threshold / (1 - threshold). A
    competing event by the horizon is no event.
    """
    true = false = 0.0
    for e, t, r in zip(event, duration, risk, strict=True):
        if r < threshold:
            continue
        weight = ipcw_weight(e, t, horizon, event, duration)
        if e == 1 and t <= horizon:
            true += weight
        else:
            false += weight
    return (true - false * threshold / (1 - threshold)) / len(event)


def roc_points(
    event: Sequence[int], duration: Sequence[float], risk: Sequence[float], horizon: float
) -> list[tuple[float, float]]:
    """False and true positive rates when risks of at least each threshold are called positive.

    From no one (0, 0), then from the largest risk down to everyone (1, 1) (Blanche et al. 2013).
    """
    weight = [ipcw_weight(e, t, horizon, event, duration) for e, t in zip(event, duration)]  # noqa: B905
    case = [e == 1 and t <= horizon for e, t in zip(event, duration)]  # noqa: B905
    points = [(0.0, 0.0)]
    for threshold in sorted(set(risk), reverse=True):
        rates = []
        for side in (False, True):
            of_side = [w for w, c in zip(weight, case) if c == side]  # noqa: B905
            above = [
                w
                for w, c, r in zip(weight, case, risk)  # noqa: B905
                if c == side and r >= threshold
            ]
            rates.append(sum(above) / sum(of_side))
        points.append((rates[0], rates[1]))
    return points


def mean_over_days(days: Sequence[float], scores: Sequence[float]) -> float:
    """Area below straight lines through the scores, divided by the days that it spans."""
    area = 0.0
    for k in range(1, len(days)):
        area += (days[k] - days[k - 1]) * (scores[k] + scores[k - 1]) / 2
    return area / (days[-1] - days[0])


def quantile(values: Sequence[float], share: float) -> float:
    """Quantile of a sample, linear between the order statistics (R's default, its type 7)."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    below = int(place)
    if below == len(ordered) - 1:
        return ordered[below]
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])


def restricted_cubic(x: float, knots: Sequence[float]) -> list[float]:
    """Terms of a restricted cubic spline besides the straight line (Harrell 2015, 2.4.5).

    Divided by the square of the distance between the outer knots, as rms::rcs divides them.
    """
    last, before_last = knots[-1], knots[-2]
    terms = []
    for knot in knots[:-2]:
        bend = max(x - knot, 0.0) ** 3
        bend -= max(x - before_last, 0.0) ** 3 * (last - knot) / (last - before_last)
        bend += max(x - last, 0.0) ** 3 * (before_last - knot) / (last - before_last)
        terms.append(bend / (last - knots[0]) ** 2)
    return terms
