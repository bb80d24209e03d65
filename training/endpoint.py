"""One endpoint of a run: cohort, evaluation, the model that is kept, and what describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hscrisk.applicability import CohortProfile
from hscrisk.cohort import Cohort, build_cohort
from hscrisk.endpoints import Endpoint
from hscrisk.evaluation import EvaluationTable, evaluate
from hscrisk.schema import Contract, Records
from hscrisk.survival import AalenJohansen
from training.config import ModelConfig, TrainingConfig
from training.judged import Told, tell


@dataclass(frozen=True)
class Trained:
    """What a run knows about one endpoint.

    Attributes
    ----------
    model : IncidenceModel
        Fitted on the whole cohort, with refits for its intervals.
    table : EvaluationTable
        Every model, horizon and metric, with its interval.
    verdict : str
        The honest sentence.
    reference : dict
        The marginal curve at the anchors: `horizons`, `incidence`, `low`, `high`, `n`, `events`.
    told : Told
        Groups of patients and calibration, for the card.
    """

    endpoint: Endpoint
    cohort: Cohort
    model: Any
    profile: CohortProfile
    table: EvaluationTable
    verdict: str
    reference: dict[str, Any]
    told: Told

    def headline(self) -> str:
        """Return the first sentence of the verdict."""
        return self.verdict.partition(". ")[0]


def train(
    records: Records,
    endpoint: Endpoint,
    contract: Contract,
    config: TrainingConfig,
    models: Mapping[str, ModelConfig],
) -> Trained:
    """Build the cohort of `endpoint`, judge every model in the same folds, fit the one kept.

    Raises
    ------
    NotEstimable
        When the cohort cannot carry the endpoint; the rule says why.
    """
    cohort = build_cohort(records, endpoint)
    endpoint = cohort.endpoint  # without horizons that the registry's dates cannot carry
    judged = {name: m.build(endpoint, config.seed, refits=False) for name, m in models.items()}
    table = evaluate(judged, cohort, splits=config.evaluation.splits, random_state=config.seed)
    model = models["default"].build(endpoint, config.seed, refits=True)
    centre = cohort.centre if getattr(model, "centre_intercepts", False) else None
    X = cohort.X
    if cohort.year is not None and getattr(model, "calendar_year", False):
        X = X.assign(year_of_hct=cohort.year)
    model.fit(X, cohort.y, groups=cohort.patient, centre=centre)
    profile = CohortProfile.from_cohort(
        cohort.X, contract, config.cohort, years=years(records), definitions=cohort.definitions
    )
    return Trained(
        endpoint=endpoint,
        cohort=cohort,
        model=model,
        profile=profile,
        table=table,
        verdict=table.sentence(endpoint),
        reference=reference(cohort),
        told=tell(table, cohort, records, config.seed),
    )


def reference(cohort: Cohort) -> dict[str, Any]:
    """Return the marginal curve at the endpoint's horizons, with its interval."""
    curve, horizons = AalenJohansen().fit(cohort.y), list(cohort.endpoint.horizons)
    low, high = curve.interval(horizons)
    return {
        "horizons": horizons,
        "incidence": curve.predict(horizons).tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "n": len(cohort.y),
        "events": int((cohort.y["event"] == 1).sum()),
    }


def curve(cohort: Cohort) -> pd.DataFrame:
    """Return the whole marginal curve, a row for each day on which something happened."""
    fitted = AalenJohansen().fit(cohort.y)
    low, high = fitted.interval(fitted.times_)
    return pd.DataFrame(
        {
            "day": fitted.times_,
            "cumulative_incidence": fitted.predict(fitted.times_),
            "low": low,
            "high": high,
        }
    )


def years(records: Records) -> tuple[int, int] | None:
    """Return the first and last year of transplant, where they are recorded."""
    if "year_of_hct" not in records.frame:
        return None
    known = records.frame["year_of_hct"].dropna()
    return (int(known.min()), int(known.max())) if len(known) else None
