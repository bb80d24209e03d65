"""Scores of all models at one horizon after another, on the same bootstrap draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.evaluation.clusters import whom_to_draw
from hscrisk.evaluation.out_of_fold import NULL, CohortLike, OutOfFold
from hscrisk.evaluation.scores import (
    COMPARED,
    INTEGRATED,
    METRICS,
    NO_INTERVAL,
    Judge,
    Scores,
    none,
    ratio,
    summary,
)
from hscrisk.metrics import integrated, kernels, pairs
from hscrisk.metrics.draws import Draws
from hscrisk.metrics.states import KnownStates, require_estimable
from hscrisk.survival import Outcome, check_outcome

__all__ = ["INTEGRATED", "METRICS", "NO_INTERVAL", "Judged", "whom_to_draw"]

FloatArray = NDArray[np.float64]


class Judged:
    """Out-of-fold risks with the draws on which every score and difference is computed.

    Parameters
    ----------
    cohort : Cohort
    found : OutOfFold
    n_draws, seed : int
        Of the bootstrap.
    cluster : {"auto", "patient", "centre"}
        Whom the bootstrap draws; "auto" draws centres where those judged come from at least 20.

    Raises
    ------
    InvalidConfiguration
        As `hscrisk.evaluation.clusters.whom_to_draw`.
    """

    def __init__(
        self, cohort: CohortLike, found: OutOfFold, n_draws: int, seed: int, cluster: str = "auto"
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
        return self._told(horizon, notes, self._scores(horizon, risks), METRICS)

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
        if not np.isin(over, self.found.horizons).all():
            message = "there are no predictions on some of the days to integrate over"
            raise InvalidConfiguration(message, field="days", value=over.tolist())
        places = np.searchsorted(self.found.horizons, over)
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
        n_groups = self.draws.n_groups
        told = [
            {"model": name, "metric": metric}
            | (none(note) if note else summary(metric, scores[name], n_groups))
            for name, note in notes.items()
            for metric in metrics
        ]
        compared = [
            {"model": later, "metric": f"{metric}_minus_{earlier}"}
            | summary(metric, {metric: scores[later][metric] - scores[earlier][metric]}, n_groups)
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
        if not risks:
            return {}
        fold = self.found.fold
        judges = {name: Judge(risk, fold, level=name == NULL) for name, risk in risks.items()}
        for states in self._samples(horizon):
            null = kernels.brier(states, risks[NULL])
            for judge in judges.values():
                judge.take(states, null)
        return {name: judge.scores() for name, judge in judges.items()}

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
                "integrated_ipa": 1 - ratio(brier[name], brier[NULL]),
                "integrated_auc": auc[name],
            }
            for name in risks
        }


def _in_order(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
