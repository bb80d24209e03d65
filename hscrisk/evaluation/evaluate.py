"""Judge models on patients they have not seen, beside the null, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hscrisk.errors import InvalidConfiguration
from hscrisk.evaluation.clusters import whom_to_draw
from hscrisk.evaluation.judged import Judged
from hscrisk.evaluation.out_of_fold import NULL, CohortLike, predict_out_of_fold
from hscrisk.evaluation.seen import refuse_seen
from hscrisk.evaluation.splits import design_in_words, make_splits
from hscrisk.evaluation.table import COLUMNS, EvaluationTable


def evaluate(
    models: Mapping[str, Any],
    cohort: CohortLike,
    *,
    splits: str | Iterable[tuple[Any, Any]] = "5-fold",
    horizons: ArrayLike | None = None,
    random_state: int = 0,
    n_draws: int = 500,
    cluster: str = "auto",
    integrate: int = 0,
) -> EvaluationTable:
    """Return the table of scores of `models`, and of the null, on the same splits.

    Everything fitted is fitted inside the training parts. The null is the Aalen-Johansen curve of
    the training part, G the Kaplan-Meier curve of censoring of all judged rows, losses are pooled
    over splits; the AUC compares only pairs of one split (`hscrisk.metrics.pairs.concordance`
    says why). Intervals: `hscrisk.metrics.intervals.bootstrap_multiplicity`.

    Parameters
    ----------
    models : mapping of str to estimator
        Cloned before each fit; `null` is a reserved name. One with a truthy `centre_intercepts`
        is given the centres beside the features, as `centre`, when fitted and when asked.
    cohort : Cohort
        `X`, `y`, `endpoint`, `patient`, `centre` (or None), and for temporal splits `year`.
    splits : str or iterable of (train, test)
        "5-fold", "repeated-5x5-fold", "leave-centres-out", "temporal-2015", "external" (models
        that are fitted already, on one cohort, are judged on this one beside their own null) or
        row numbers; see `hscrisk.evaluation.splits.make_splits`.
    horizons : array of days, optional
        By default the endpoint's.
    random_state : int
        Of the splits and the bootstrap.
    n_draws : int
        Bootstrap draws behind each 95 % interval.
    cluster : {"auto", "patient", "centre"}
        Whom the bootstrap draws; "auto" draws centres where the cohort names at least 20.
    integrate : int
        Number of evenly spaced days, up to the last horizon, over which integrated scores are
        computed; 0 for none.

    Raises
    ------
    InvalidConfiguration
        For a prior that has seen the cohort, an unknown design, a model named `null`, or horizons
        that are no days.
    NotEstimable
        When the cohort cannot be divided as the design asks. What a model cannot do, or the
        cohort cannot show, is a note in the table instead.
    """
    if NULL in models:
        raise InvalidConfiguration("'null' names the marginal curve", field="models", value=NULL)
    refuse_seen(models, cohort)
    days = np.asarray(cohort.endpoint.horizons if horizons is None else horizons, dtype=np.float64)
    if days.ndim != 1 or not len(days) or not (np.isfinite(days) & (days > 0)).all():
        raise InvalidConfiguration(
            "horizons must be days above 0", field="horizons", value=horizons
        )
    if integrate < 0:
        raise InvalidConfiguration(
            "the number of days must be 0 or above", field="integrate", value=integrate
        )
    # Refused before hours of fitting, not behind them.
    whom_to_draw(cohort.patient, cohort.centre, cluster)
    made = make_splits(
        splits,
        cohort.y,
        cohort.patient,
        centre=cohort.centre,
        year=getattr(cohort, "year", None),
        random_state=random_state,
    )
    grid = days.max() * np.arange(1, integrate + 1) / max(integrate, 1)
    found = predict_out_of_fold(models, cohort, made, np.union1d(days, grid))
    judged = Judged(cohort, found, n_draws, random_state, cluster)
    asked = np.flatnonzero(np.isin(found.horizons, days))
    rows = [row for k in asked for row in judged.rows(int(k))]
    if len(grid):
        rows += judged.integrated_rows(grid)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return EvaluationTable(frame, found, design_in_words(splits, len(made)))
