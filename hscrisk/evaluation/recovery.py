"""Days to an event that nearly everybody has: read off the curve, and judged by what happened.

Where nearly all recover, the useful numbers are how fast, and the few who do not: the quantiles of
F(t | x) / F(last | x), given recovery by the last anchor horizon, beside the probability of none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration
from hscrisk.evaluation.clusters import whom_to_draw
from hscrisk.evaluation.fitting import CohortLike, wants_centres
from hscrisk.evaluation.out_of_fold import NULL, OutOfFold
from hscrisk.evaluation.scores import none, summary
from hscrisk.evaluation.table import COLUMNS
from hscrisk.metrics.draws import Draws
from hscrisk.metrics.states import MINIMUM
from hscrisk.survival import Outcome, check_outcome

FloatArray = NDArray[np.float64]
QUANTILES = (0.1, 0.5, 0.9)
CHUNK = 4096
"""Rows predicted on all days at a time."""
ROUNDING = 1e-9
MEANS = (
    "days_coverage",
    "days_expected_coverage",
    "days_mean_error",
    "days_low",
    "days_median",
    "days_high",
)


def days_to_event(
    model: Any, X: pd.DataFrame, *, quantiles: Sequence[float] = QUANTILES, centre: Any = None
) -> FloatArray:
    """Return the days by which shares of those who have the event by the last anchor have it.

    Parameters
    ----------
    model : fitted estimator
        `horizons_` are its anchors.
    X : DataFrame, shape (n_samples, n_features)
    quantiles : sequence of float
        Above 0, up to 1.
    centre : array, shape (n_samples,), optional
        For a model with a layer for centres.

    Returns
    -------
    ndarray, shape (n_samples, n_quantiles)
        The first whole day on which F(t | x) / F(last | x) reaches the quantile; NaN where no
        event is expected at all.

    Raises
    ------
    InvalidConfiguration
        For shares that are none, or a last anchor before day 1.
    """
    days = np.arange(1.0, np.floor(np.max(model.horizons_)) + 1)
    found = [np.empty((0, len(quantiles)))]
    for start in range(0, len(X), CHUNK):
        part, more = X.iloc[start : start + CHUNK], {}
        if wants_centres(model) and centre is not None:
            more["centre"] = np.asarray(centre)[start : start + CHUNK]
        risk = model.predict_cumulative_incidence(part, days, **more)
        found.append(day_quantiles(days, risk, quantiles))
    return np.concatenate(found)


def day_quantiles(days: FloatArray, risk: FloatArray, quantiles: Sequence[float]) -> FloatArray:
    """Return `days_to_event` from risks on days 1, 2, ..., shape (n_samples, n_days).

    >>> day_quantiles(np.arange(1.0, 5.0), np.array([[0.0, 0.1, 0.6, 0.8]]), [0.1, 0.5, 1.0])
    array([[2., 3., 4.]])
    """
    if not len(days) or not np.array_equal(days, np.arange(1, len(days) + 1)):
        rule = "risks are needed on every day from day 1 to the last anchor"
        raise InvalidConfiguration(rule, field="horizons")
    if not all(0 < q <= 1 for q in quantiles):
        rule = "quantiles are shares above 0, up to 1"
        raise InvalidConfiguration(rule, field="quantiles", value=list(quantiles))
    last = risk[:, -1:]
    found = np.full((len(risk), len(quantiles)), np.nan)
    some = last[:, 0] > 0
    for k, q in enumerate(quantiles):
        found[some, k] = days[(risk[some] >= (q - ROUNDING) * last[some]).argmax(axis=1)]
    return found


def judge_days(
    found: OutOfFold,
    cohort: CohortLike,
    *,
    n_draws: int = 500,
    random_state: int = 0,
    cluster: str = "auto",
) -> pd.DataFrame:
    """Return how well predicted days agree with the observed, among those who had the event.

    Among those with the event by the last day, weighted for censoring: `days_coverage`, the share
    whose day lies in their own 10-90 % range; `days_expected_coverage`, what the model itself
    promises for that range (whole days make it more than .8); `days_median_error` and
    `days_mean_error`, of |observed - predicted median|; `days_low`, `days_median`, `days_high`, the
    means of the three predicted days; and `days_mean_error_minus_null`, the paired difference.
    The null has the same range for everybody, and stands beside every model.

    Parameters
    ----------
    found : OutOfFold
        Risks on every day from day 1 to the last anchor.
    cohort : Cohort
        The one that was predicted.
    n_draws, random_state, cluster :
        As in `hscrisk.evaluation.evaluate`.

    Returns
    -------
    DataFrame
        With the columns of `EvaluationTable.frame`; `n` those with the event by the last day.

    Raises
    ------
    InvalidConfiguration
        When a day is missing.
    """
    event, duration = check_outcome(cohort.y)
    rows, place = np.unique(found.row, return_inverse=True)
    centre = None if cohort.centre is None else np.asarray(cohort.centre)[rows]
    groups = whom_to_draw(np.asarray(cohort.patient)[rows], centre, cluster)
    y = Outcome(event[rows], duration[rows])
    draws = Draws(y, groups, n_draws=n_draws, seed=random_state)
    last = float(found.horizons[-1])
    n = int(((y.event == 1) & (y.duration <= last)).sum())
    common = {
        "endpoint": str(cohort.endpoint.name),
        "fold": "pooled",
        "horizon": last,
        "n": n,
        "n_events": n,
    }
    why = f"only {n} events by day {last:g} ({MINIMUM} needed)" if n < MINIMUM else ""
    why = why or draws.censoring.why_unsupported(last, MINIMUM)
    scores: dict[str, dict[str, FloatArray]] = {}
    told = []
    for name, risk in found.risks.items():
        day = duration[found.row]
        note = why or _missing(found, name)
        if not note:
            scores[name] = _scores(draws, last, place, _parts(found.horizons, risk, day))
            if name != NULL and NULL in scores:
                mean, null = scores[name]["days_mean_error"], scores[NULL]["days_mean_error"]
                scores[name]["days_mean_error_minus_null"] = mean - null
        for metric in scores.get(name, dict.fromkeys((*MEANS, "days_median_error"))):
            row = none(note) if note else summary(metric, scores[name], draws.n_groups)
            told.append(common | {"model": name, "metric": metric} | row)
    return pd.DataFrame(told, columns=list(COLUMNS))


def _missing(found: OutOfFold, name: str) -> str:
    risk = found.risks[name]
    gone = np.flatnonzero(~np.isfinite(risk).all(axis=0))
    if len(gone):
        day = float(found.horizons[gone[0]])
        return found.notes.get((name, day), "a split has no prediction")
    return "" if (risk[:, -1] > 0).all() else "for somebody no event is expected at all"


def _parts(days: FloatArray, risk: FloatArray, observed: FloatArray) -> dict[str, FloatArray]:
    """Return what is averaged over those with the event, each of shape (n_judged,)."""
    low, median, high = day_quantiles(days, risk, QUANTILES).T
    share = np.column_stack([np.zeros(len(risk)), risk / risk[:, -1:]])
    rows = np.arange(len(risk))
    until, before = share[rows, high.astype(int)], share[rows, low.astype(int) - 1]
    return {
        "days_coverage": ((low <= observed) & (observed <= high)).astype(np.float64),
        "days_expected_coverage": until - before,
        "days_mean_error": np.abs(observed - median),
        "days_low": low,
        "days_median": median,
        "days_high": high,
    }


def _scores(
    draws: Draws, last: float, place: NDArray[np.intp], parts: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    weights = list(_weights(draws, last, place))
    error = parts["days_mean_error"]
    scores = {m: np.concatenate([w @ parts[m] / w.sum(axis=1) for w in weights]) for m in MEANS}
    median = [weighted_median(w, error) for w in weights]
    return scores | {"days_median_error": np.concatenate(median)}


def _weights(draws: Draws, last: float, place: NDArray[np.intp]) -> Iterator[FloatArray]:
    for states in draws.at(last):
        yield (states.weight * states.target)[:, place]


def weighted_median(weight: FloatArray, values: FloatArray) -> FloatArray:
    """Return the least value that at least half of the weight does not exceed, shape (n_draws,).

    >>> weighted_median(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 3.0]]), np.array([5.0, 1.0, 2.0]))
    array([2., 2.])
    """
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[:, order], axis=1)
    half = (below >= below[:, -1:] / 2 * (1 - ROUNDING)).argmax(axis=1)
    return np.where(below[:, -1] > 0, values[order][half], np.nan)
