"""Scores of all models at one horizon after another, on the same bootstrap draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.evaluation.out_of_fold import NULL, CohortLike, OutOfFold
from hscrisk.metrics import integrated, kernels, pairs, smoothing
from hscrisk.metrics.calibration_curve import SEPARATED
from hscrisk.metrics.draws import Draws
from hscrisk.metrics.intervals import percentile_interval
from hscrisk.metrics.states import KnownStates, require_estimable
from hscrisk.survival import Outcome, check_outcome

FloatArray = NDArray[np.float64]
Scores = Mapping[str, FloatArray]
METRICS = (
    "auc",
    "wolbers_c",
    "brier",
    "ipa",
    "oe_ratio",
    "calibration_intercept",
    "calibration_slope",
    "ici",
    "e50",
    "e90",
)
INTEGRATED = ("integrated_brier", "integrated_ipa", "integrated_auc")
COMPARED = ("ipa", "auc", "integrated_ipa")
"""Scores whose paired differences are told."""
WHY_NONE = {
    "auc": "no split holds both an event and a subject known to be free of it",
    "wolbers_c": "no split holds two subjects whose order is known",
    "ipa": "the null makes no error",
    "oe_ratio": "no event is expected: every predicted risk is 0",
    "calibration_slope": "the risks do not vary, or separate the outcomes",
    "integrated_ipa": "the null makes no error",
    "integrated_auc": "no split holds both an event and a subject known to be free of it",
    **dict.fromkeys(("ici", "e50", "e90"), SEPARATED),
}
NO_INTERVAL = "no interval: a tenth or more of the bootstrap draws have no score"
ENOUGH_CENTRES = 20
"""Centres from which on they, not patients, are drawn unless asked otherwise."""


class Judged:
    """Out-of-fold risks with the draws on which every score and difference is computed.

    Parameters
    ----------
    cohort : Cohort
    found : OutOfFold
    n_draws, seed : int
        Of the bootstrap.
    cluster : {"auto", "patient", "centre"}
        Whom the bootstrap draws; see `whom_to_draw`.

    Raises
    ------
    InvalidConfiguration
        As `whom_to_draw`.
    """

    def __init__(
        self,
        cohort: CohortLike,
        found: OutOfFold,
        n_draws: int,
        seed: int,
        cluster: str = "auto",
    ) -> None:
        self.endpoint, self.found = str(cohort.endpoint.name), found
        # Repeated splits judge a subject several times; it is counted, and drawn, once.
        rows, self.place = np.unique(found.row, return_inverse=True)
        event, duration = check_outcome(cohort.y)
        centre = None if cohort.centre is None else np.asarray(cohort.centre)[rows]
        drawn = whom_to_draw(np.asarray(cohort.patient)[rows], centre, cluster)
        self.draws = Draws(Outcome(event[rows], duration[rows]), drawn, n_draws=n_draws, seed=seed)

    def rows(self, k: int) -> list[dict[str, Any]]:
        """Return the table's rows of horizon number `k`."""
        horizon = float(self.found.horizons[k])
        why = self._why_none(horizon) or self._missing(NULL, [k])
        notes = {name: why or self._missing(name, [k]) for name in self.found.risks}
        risks = {name: r[:, k] for name, r in self.found.risks.items() if not notes[name]}
        scores = self._scores(horizon, risks) if risks else {}
        return self._told(horizon, notes, scores, METRICS)

    def integrated_rows(self, days: ArrayLike) -> list[dict[str, Any]]:
        """Return the rows of integrated scores; their horizon is the last of the days.

        The Brier score is integrated from day 0 over all `days`, the AUC over those on which it
        can be estimated.

        Parameters
        ----------
        days : array, shape (n_days,)
            Rising, each one of the horizons of `found`.

        Raises
        ------
        InvalidConfiguration
            When they are not.
        """
        over = integrated.rising(days)
        places = np.searchsorted(self.found.horizons, over)
        if not np.isin(over, self.found.horizons).all():
            message = "there are no predictions on some of the days to integrate over"
            raise InvalidConfiguration(message, field="days", value=over.tolist())
        last = float(over[-1])
        why = self._why_none(last) or self._missing(NULL, places)
        notes = {name: why or self._missing(name, places) for name in self.found.risks}
        risks = {name: r[:, places] for name, r in self.found.risks.items() if not notes[name]}
        scores = self._integrated(over, risks) if risks else {}
        return self._told(last, notes, scores, INTEGRATED)

    def _told(
        self,
        horizon: float,
        notes: Mapping[str, str],
        scores: Mapping[str, Scores],
        metrics: Sequence[str],
    ) -> list[dict[str, Any]]:
        states = KnownStates.at(self.draws.y, horizon, censoring=self.draws.censoring)
        common = {
            "endpoint": self.endpoint,
            "fold": "pooled",
            "horizon": horizon,
            "n": len(states.target),
            "n_events": int(states.target.sum()),
        }
        told = [
            {"model": name, "metric": metric}
            | (none(note) if note else self._summary(metric, scores[name][metric]))
            for name, note in notes.items()
            for metric in metrics
        ]
        compared = [
            {"model": later, "metric": f"{metric}_minus_{earlier}"}
            | self._summary(metric, scores[later][metric] - scores[earlier][metric])
            for metric in COMPARED
            if metric in metrics
            for earlier, later in _in_order([name for name in scores if name != NULL])
        ]
        return [common | row for row in told + compared]

    def _why_none(self, horizon: float) -> str:
        try:
            require_estimable(self.draws.y, horizon, censoring=self.draws.censoring)
        except NotEstimable as error:
            return error.rule
        return ""

    def _missing(self, name: str, places: Sequence[int] | NDArray[np.intp]) -> str:
        for k in places:
            if not np.isfinite(self.found.risks[name][:, k]).all():
                day = float(self.found.horizons[k])
                return self.found.notes.get((name, day), "a split has no prediction")
        return ""

    def _samples(self, horizon: float) -> Iterator[KnownStates]:
        return (states.take(self.place) for states in self.draws.at(horizon))

    def _scores(self, horizon: float, risks: Mapping[str, FloatArray]) -> dict[str, Scores]:
        """Return each model's scores, the estimate first and those of the draws behind it."""
        parts: dict[str, list[Scores]] = {name: [] for name in risks}
        # The null varies between splits only, by chance; a slope or a curve on that says nothing.
        bases = {name: smoothing.Basis.of(r, level=name == NULL) for name, r in risks.items()}
        for states in self._samples(horizon):
            null = kernels.brier(states, risks[NULL])
            for name, risk in risks.items():
                parts[name].append(self._of_one(states, risk, null, bases[name]))
        return {name: _joined(part, METRICS) for name, part in parts.items()}

    def _of_one(
        self, states: KnownStates, risk: FloatArray, null: FloatArray, basis: smoothing.Basis
    ) -> Scores:
        brier = kernels.brier(states, risk)
        intercept, slope = kernels.recalibration(states, risk).T
        smoothed = smoothing.at(smoothing.curve(states, risk, basis), risk, basis)
        ici, e50, e90 = smoothing.errors(states.multiplicity, smoothed, risk)
        return {
            "auc": pairs.concordance(states, risk, self.found.fold),
            "wolbers_c": pairs.concordance_in_time(states, risk, self.found.fold),
            "brier": brier,
            "ipa": 1 - _ratio(brier, null),
            "oe_ratio": _ratio(kernels.observed(states), kernels.expected(states, risk)),
            "calibration_intercept": intercept,
            "calibration_slope": np.full(len(brier), np.nan) if basis.level else slope,
            "ici": ici,
            "e50": e50,
            "e90": e90,
        }

    def _integrated(self, days: FloatArray, risks: Mapping[str, FloatArray]) -> dict[str, Scores]:
        ranked = np.array([not self._why_none(float(t)) for t in days])
        of_auc = np.zeros(len(days))
        of_auc[ranked] = integrated.weights_of_span(days[ranked])
        of_brier = integrated.weights_from_zero(days)
        size, fold = 1 + self.draws.n_draws, self.found.fold
        brier, auc = ({name: np.zeros(size) for name in risks} for _ in range(2))
        for k, day in enumerate(days):
            start = 0
            for states in self._samples(float(day)):
                here = slice(start, start := start + len(states.weight))
                for name, risk in risks.items():
                    brier[name][here] += of_brier[k] * kernels.brier(states, risk[:, k])
                    if ranked[k]:
                        share = pairs.concordance(states, risk[:, k], fold)
                        auc[name][here] += of_auc[k] * share
        return {
            name: {
                "integrated_brier": brier[name],
                "integrated_ipa": 1 - _ratio(brier[name], brier[NULL]),
                "integrated_auc": auc[name],
            }
            for name in risks
        }

    def _summary(self, metric: str, scores: FloatArray) -> dict[str, Any]:
        """Return estimate, 95 % interval and note of a score followed by those of the draws."""
        estimate = float(scores[0])
        if not np.isfinite(estimate):
            return none(WHY_NONE.get(metric, ""))
        low, high = percentile_interval(scores[1:], n_groups=self.draws.n_groups)
        note = "" if np.isfinite(low) else NO_INTERVAL
        return {"estimate": estimate, "low": low, "high": high, "note": note}


def whom_to_draw(patient: Any, centre: Any, cluster: str) -> NDArray[Any]:
    """Return the label by which each row is drawn, shape (n_rows,).

    Parameters
    ----------
    patient : array, shape (n_rows,)
    centre : array, shape (n_rows,), or None
        Missing where it is unknown; such rows are drawn by patient.
    cluster : {"auto", "patient", "centre"}
        "auto" draws centres where at least 20 are named, and patients otherwise.

    Raises
    ------
    InvalidConfiguration
        For another word, or centres that are asked for where none is named.

    References
    ----------
    Field & Welsh, J R Stat Soc B 2007;69:369-390.
    """
    if cluster not in {"auto", "patient", "centre"}:
        message = "whom to draw must be auto, patient or centre"
        raise InvalidConfiguration(message, field="cluster", value=cluster)
    person, _ = pd.factorize(np.asarray(patient))
    place = np.full(len(person), -1)
    if centre is not None and cluster != "patient":
        place, _ = pd.factorize(pd.Series(centre))
    n_centres = int(place.max(initial=-1)) + 1
    if cluster == "centre" and not n_centres:
        message = "the cohort names no centre that could be drawn"
        raise InvalidConfiguration(message, field="cluster", value=cluster)
    if cluster == "auto" and n_centres < ENOUGH_CENTRES:
        return person
    return np.where(place >= 0, place, n_centres + person)


def none(why: str) -> dict[str, Any]:
    """Return what stands in the table where nothing can be estimated, because `why`."""
    return {**dict.fromkeys(("estimate", "low", "high"), float("nan")), "note": why}


def _in_order(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]


def _joined(parts: Sequence[Scores], metrics: Sequence[str]) -> Scores:
    return {metric: np.concatenate([part[metric] for part in parts]) for metric in metrics}


def _ratio(over: FloatArray, under: FloatArray) -> FloatArray:
    ratio: FloatArray = np.divide(over, under, out=np.full(len(over), np.nan), where=under > 0)
    return ratio
