"""Every score in every group of patients, from the predictions already made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.evaluation.fitting import CohortLike
from hscrisk.evaluation.groupings import in_order, labels_of
from hscrisk.evaluation.judged import Judged
from hscrisk.evaluation.out_of_fold import NULL, OutOfFold
from hscrisk.evaluation.scores import METRICS, none
from hscrisk.evaluation.sharing import shareable
from hscrisk.evaluation.table import COLUMNS, EvaluationTable, to_records
from hscrisk.evaluation.words import fixed, in_sentence
from hscrisk.metrics.states import MINIMUM, require_estimable
from hscrisk.survival import Outcome, check_outcome


@dataclass(frozen=True)
class SubgroupTable:
    """Scores of the same predictions in many groups.

    Attributes
    ----------
    frame : DataFrame
        `variable`, `group`, and the columns of `EvaluationTable.frame`: estimates and 95 %
        intervals with the group's own `n` and `n_events`; `note` says why where a group could not
        be judged.
    design : str
        The design in words.
    """

    frame: pd.DataFrame
    design: str

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.frame.copy()

    def to_records(self) -> list[dict[str, Any]]:
        """Return the rows as JSON would take them; what is not estimable is None."""
        return to_records(self.frame)

    def shareable(self) -> pd.DataFrame:
        """Return the table as it may leave a registry; see `hscrisk.evaluation.sharing`."""
        return shareable(self.frame)

    def largest_gap(self, model: str, horizon: float) -> Mapping[str, Any] | None:
        """Return the row of the group whose observed and expected events differ most.

        That is the largest |log(O/E)| among the groups that could be judged; None if none could.
        """
        judged = self._ratios(model, horizon)
        if judged.empty:
            return None
        place = int(np.argmax(np.abs(np.log(judged["estimate"]))))
        return {str(name): value for name, value in judged.iloc[place].items()}

    def sentence(self, model: str, horizon: float) -> str:
        """Return in words where calibration is furthest off, and whether chance may be why.

        Raises
        ------
        InvalidConfiguration
            When the table does not hold the model or the horizon.
        """
        self._require(model, horizon)
        row, name = self.largest_gap(model, horizon), in_sentence(model)
        if row is None:
            return f"At day {horizon:g} no group is large enough to judge {name} in it."
        n_judged = len(self._ratios(model, horizon))
        interval = "no interval"
        if np.isfinite(row["low"]):
            interval = f"95 % interval {fixed(row['low'], 2)} to {fixed(row['high'], 2)}"
        gap = (
            f"At day {horizon:g}, of {n_judged} groups that can be judged, {name} is furthest "
            f"from calibrated in {row['variable']} {row['group']} ({row['n']} patients, "
            f"{row['n_events']} events): {fixed(row['estimate'], 2)} times as many events as "
            f"expected ({interval})."
        )
        if not (row["low"] > 1 or row["high"] < 1):
            return f"{gap} The interval does not exclude 1, so that chance may be all of it."
        return f"{gap} Of as many groups, one in twenty is expected outside its interval by chance."

    def too_small(self, horizon: float) -> list[str]:
        """Return a sentence for each group that is too small to be judged at a horizon."""
        null = (self.frame["model"] == NULL) & (self.frame["metric"] == METRICS[0])
        rows = self.frame[null & (self.frame["horizon"] == horizon) & (self.frame["note"] != "")]
        return [
            f"{row['variable']} {row['group']} ({row['n']} patients) cannot be judged: "
            f"{row['note']}."
            for _, row in rows.iterrows()
        ]

    def _ratios(self, model: str, horizon: float) -> pd.DataFrame:
        frame = self.frame[(self.frame["metric"] == "oe_ratio") & (self.frame["model"] == model)]
        return frame[(frame["horizon"] == horizon) & (frame["estimate"] > 0)]

    def _require(self, model: str, horizon: float) -> None:
        for column, value in (("model", model), ("horizon", horizon)):
            if not (self.frame[column] == value).any():
                rule = "the table holds no such row"
                raise InvalidConfiguration(rule, field=column, value=value)


def evaluate_subgroups(
    judged: EvaluationTable | OutOfFold,
    cohort: CohortLike,
    by: Mapping[str, Any] | Sequence[str],
    *,
    n_draws: int = 200,
    random_state: int = 0,
    cluster: str = "auto",
    minimum: int = MINIMUM,
) -> SubgroupTable:
    """Return every score in every group, from out-of-fold predictions already made.

    In a group all is its own: G, the weights, the bootstrap. The null stays the curve of the
    training part, as it was predicted for each patient.

    Parameters
    ----------
    judged : EvaluationTable or OutOfFold
    cohort : Cohort
        The one that was judged.
    by : mapping of str to labels, or sequence of str
        Labels aligned with the cohort under the name of what divides it, as
        `hscrisk.evaluation.groupings.standard_subgroups` returns them; or names of standard
        groupings and categorical fields. Rows without a label form a group `not recorded`.
    n_draws, random_state, cluster :
        As in `evaluate`, for each group; "auto" draws centres where the group names 20.
    minimum : int
        Fewest events and non-events of a group that is judged; 10 or more.

    Raises
    ------
    InvalidConfiguration
        For labels of another length, a name that divides nobody, or a minimum below 10.
    """
    if minimum < MINIMUM:
        rule = f"fewer than {MINIMUM} events or non-events judge nobody"
        raise InvalidConfiguration(rule, field="minimum", value=minimum)
    found = judged.predictions if isinstance(judged, EvaluationTable) else judged
    horizons = found.horizons
    if isinstance(judged, EvaluationTable):
        shown = judged.frame.loc[judged.frame["metric"] == METRICS[0], "horizon"]
        horizons = horizons[np.isin(horizons, shown)]
    how = _How(cohort, found, np.flatnonzero(np.isin(found.horizons, horizons)), minimum)
    rows: list[dict[str, Any]] = []
    for variable, labels in _labelled(cohort, by).items():
        for group in labels.cat.categories:
            kept = (labels == group).to_numpy()[found.row]
            if kept.any():
                told = how.rows(found.where(kept), n_draws, random_state, cluster)
                rows += [{"variable": variable, "group": group} | row for row in told]
    design = judged.design if isinstance(judged, EvaluationTable) else ""
    return SubgroupTable(pd.DataFrame(rows, columns=["variable", "group", *COLUMNS]), design)


@dataclass(frozen=True)
class _How:
    """What all groups of one call share."""

    cohort: CohortLike
    found: OutOfFold
    places: NDArray[np.intp]
    minimum: int

    def rows(self, part: OutOfFold, n_draws: int, seed: int, cluster: str) -> list[dict[str, Any]]:
        """Return the rows of one group at all horizons."""
        event, duration = check_outcome(self.cohort.y)
        who = np.unique(part.row)
        y = Outcome(event[who], duration[who])
        why = {int(k): self._why_none(y, float(part.horizons[k])) for k in self.places}
        judged = None
        if not all(why.values()):
            judged = Judged(self.cohort, part, n_draws, seed, self._drawn(part, cluster))
        told: list[dict[str, Any]] = []
        for k, note in why.items():
            if judged is None or note:
                told += self._not_judged(y, float(part.horizons[k]), list(part.risks), note)
            else:
                told += judged.rows(k)
        return told

    def _drawn(self, part: OutOfFold, cluster: str) -> str:
        """Return whom to draw: patients within one centre, which says not how centres vary."""
        if cluster != "centre" or self.cohort.centre is None:
            return cluster
        several = pd.Series(self.cohort.centre).iloc[part.row].nunique() > 1
        return "centre" if several else "patient"

    def _why_none(self, y: Outcome, horizon: float) -> str:
        try:
            require_estimable(y, horizon, minimum=self.minimum)
        except NotEstimable as error:
            return error.rule
        return ""

    def _not_judged(
        self, y: Outcome, horizon: float, models: list[str], note: str
    ) -> list[dict[str, Any]]:
        common = {
            "endpoint": str(self.cohort.endpoint.name),
            "fold": "pooled",
            "horizon": horizon,
            "n": len(y.event),
            "n_events": int(((y.event == 1) & (y.duration <= horizon)).sum()),
        }
        return [
            common | {"model": model, "metric": metric} | none(note)
            for model in models
            for metric in METRICS
        ]


def _labelled(
    cohort: CohortLike, by: Mapping[str, Any] | Sequence[str]
) -> dict[str, pd.Series[Any]]:
    """Return ordered categories of everything to divide by."""
    if not isinstance(by, Mapping):
        return {name: labels_of(cohort, name) for name in by}
    found = {}
    for name, given in by.items():
        labels = pd.Series(given)
        if len(labels) != len(cohort.X):
            rule = f"labels are needed for each of {len(cohort.X)} rows"
            raise InvalidConfiguration(rule, field="by", value=name)
        found[name] = in_order(labels)
    return found
