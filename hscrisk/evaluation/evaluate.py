"""Judge models on patients they have not seen, beside the null, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.evaluation.out_of_fold import NULL, CohortLike, OutOfFold, predict_out_of_fold
from hscrisk.evaluation.splits import make_splits
from hscrisk.evaluation.table import COLUMNS, EvaluationTable
from hscrisk.metrics import kernels
from hscrisk.metrics.intervals import bootstrap_multiplicity, percentile_interval
from hscrisk.metrics.states import KnownStates, require_estimable
from hscrisk.survival import CensoringDistribution, Outcome, check_outcome

FloatArray = NDArray[np.float64]
METRICS = ("auc", "brier", "ipa", "oe_ratio", "calibration_intercept", "calibration_slope")


def evaluate(
    models: Mapping[str, Any],
    cohort: CohortLike,
    *,
    splits: str | Iterable[tuple[Any, Any]] = "5-fold",
    horizons: ArrayLike | None = None,
    random_state: int = 0,
    n_draws: int = 500,
) -> EvaluationTable:
    """Return the table of scores of `models`, and of the null, on the same splits.

    Everything fitted is fitted inside the training parts. The null is the Aalen-Johansen curve of
    the training part, G the Kaplan-Meier curve of censoring of all judged rows, losses are pooled
    over splits; the AUC compares only pairs of one split.

    Parameters
    ----------
    models : mapping of str to estimator
        Cloned before each fit; `null` is a reserved name.
    cohort : Cohort
        `X`, `y`, `endpoint`, `patient` (and `centre`).
    splits : str or iterable of (train, test)
        See `hscrisk.evaluation.splits.make_splits`.
    horizons : array of days, optional
        By default the endpoint's.
    random_state : int
        Of the splits and the bootstrap.
    n_draws : int
        Bootstrap draws of patients behind each 95 % interval.

    Raises
    ------
    InvalidConfiguration
        For an unknown design or a model named `null`.
    """
    if NULL in models:
        raise InvalidConfiguration("'null' names the marginal curve", field="models", value=NULL)
    days = np.asarray(cohort.endpoint.horizons if horizons is None else horizons, dtype=np.float64)
    made = make_splits(
        splits, cohort.y, cohort.patient, centre=cohort.centre, random_state=random_state
    )
    found = predict_out_of_fold(models, cohort, made, days)
    event, duration = check_outcome(cohort.y)
    y = Outcome(event[found.row], duration[found.row])
    multiplicity = bootstrap_multiplicity(
        np.asarray(cohort.patient)[found.row], n_draws, random_state
    )
    judged = _Judged(str(cohort.endpoint.name), y, found, multiplicity)
    rows = [row for t in range(len(days)) for row in judged.rows(t)]
    design = splits if isinstance(splits, str) else f"{len(made)} splits"
    words = f"{design} cross-validation by patient" if design.endswith("-fold") else design
    return EvaluationTable(pd.DataFrame(rows, columns=list(COLUMNS)), found, words)


class _Judged:
    """Scores at one horizon after another, every model on the same bootstrap draws."""

    def __init__(
        self, endpoint: str, y: Outcome, found: OutOfFold, multiplicity: FloatArray
    ) -> None:
        self.endpoint, self.y, self.found = endpoint, y, found
        self.draws = np.concatenate([np.ones((1, len(y.event))), multiplicity])
        self.censoring = CensoringDistribution().fit(y)

    def rows(self, k: int) -> list[dict[str, Any]]:
        """Return the rows of one horizon."""
        horizon = float(self.found.horizons[k])
        states = KnownStates.at(self.y, horizon, censoring=self.censoring)
        common = {
            "endpoint": self.endpoint,
            "fold": "pooled",
            "horizon": horizon,
            "n": len(self.y.event),
            "n_events": int(states.target.sum()),
        }
        try:
            require_estimable(self.y, horizon, censoring=self.censoring)
            why = ""
        except NotEstimable as error:
            why = error.rule
        out: list[dict[str, Any]] = []
        briers: dict[str, FloatArray] = {}
        for name, risks in self.found.risks.items():
            risk = risks[:, k]
            note = why or self._missing(name, horizon, risk)
            scores = None if note else self._scores(states, risk, name, briers)
            for metric in METRICS:
                row = common | {"model": name, "metric": metric, "note": note}
                out.append(row | _summary(None if scores is None else scores[metric]))
        return out + [common | row for row in _differences(briers)]

    def _missing(self, name: str, horizon: float, risk: FloatArray) -> str:
        if np.isfinite(risk).all():
            return ""
        return self.found.notes.get((name, horizon), "a split has no prediction")

    def _scores(
        self, states: KnownStates, risk: FloatArray, name: str, briers: dict[str, FloatArray]
    ) -> dict[str, FloatArray]:
        briers[name] = kernels.brier(states, risk, self.draws)
        intercept, slope = kernels.recalibration(states, risk, self.draws)
        if name == NULL:
            # It varies between splits only: a slope on that says nothing.
            slope = np.full(len(slope), np.nan)
        expected = kernels.expected(risk, self.draws)
        return {
            "auc": kernels.concordance(states, risk, self.found.fold, self.draws),
            "brier": briers[name],
            "ipa": 1 - briers[name] / briers[NULL],
            "oe_ratio": kernels.observed(states, self.draws) / expected,
            "calibration_intercept": intercept,
            "calibration_slope": slope,
        }


def _differences(briers: Mapping[str, FloatArray]) -> list[dict[str, Any]]:
    """Return paired differences of IPA between every model and those named before it."""
    names = [n for n in briers if n != NULL]
    return [
        {"model": later, "metric": f"ipa_minus_{earlier}", "note": ""}
        | _summary((briers[earlier] - briers[later]) / briers[NULL])
        for i, earlier in enumerate(names)
        for later in names[i + 1 :]
    ]


def _summary(draws: FloatArray | None) -> dict[str, float]:
    if draws is None:
        return dict.fromkeys(("estimate", "low", "high"), float("nan"))
    low, high = percentile_interval(draws[1:])
    return {"estimate": float(draws[0]), "low": low, "high": high}
