"""Records and an endpoint become a cohort: X, (event, duration), and how one came to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.cohort.declared import carried, undated
from hscrisk.cohort.features import feature_names
from hscrisk.cohort.outcome import first_events
from hscrisk.cohort.risk_set import who_is_at_risk
from hscrisk.endpoints import Endpoint, load_endpoint
from hscrisk.errors import NotEstimable
from hscrisk.schema import Records, load_contract


@dataclass(frozen=True)
class Cohort:
    """The transplants at risk of an endpoint.

    Attributes
    ----------
    X : DataFrame, shape (n_transplants, n_features)
        What is known by the endpoint's prediction time; never identifier, centre or outcome.
    y : DataFrame, shape (n_transplants, 2)
        `event` (int: 0 censored, 1 the endpoint, 2, 3, ... its competing events in order) and
        `duration` (float, days from infusion, at least 1).
    endpoint : Endpoint
    patient : Series of str
        Whose transplant it is, aligned with `X`.
    centre : Series of str or None
        Where, aligned with `X`; None where the registry does not say.
    attrition : DataFrame
        `step`, `transplants` and `events` left after it.
    definitions : mapping
        What the registry declares about its outcomes.
    source : str
        Name of the cohort.
    transplant_id : Series of str
        Aligned with `X`.
    year : Series of float or None
        Calendar year of transplant, aligned with `X`.
    left_out : mapping of int to str
        Anchor horizons of the endpoint that the registry cannot carry, and why; `endpoint` is
        without them.
    """

    X: pd.DataFrame
    y: pd.DataFrame
    endpoint: Endpoint
    patient: pd.Series[Any]
    centre: pd.Series[Any] | None
    attrition: pd.DataFrame
    definitions: Mapping[str, Any]
    source: str
    transplant_id: pd.Series[Any]
    year: pd.Series[Any] | None = field(default=None)
    left_out: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.X)

    def mismatches(self) -> list[str]:
        """Return where the registry's definition is not the endpoint's, one sentence each.

        A number (a threshold) must be declared; words count only where the registry has its own.
        """
        told = []
        for key, ours in self.endpoint.definition.items():
            theirs = self.definitions.get(key)
            words = key.replace("_", " ")
            if theirs is None and not isinstance(ours, str):
                told.append(f"{words}: the registry declares none; the endpoint means {ours}")
            elif theirs is not None and theirs != ours:
                told.append(f"{words}: {theirs}; the endpoint means {ours}")
        return told


def build_cohort(
    records: Records,
    endpoint: Endpoint | str | Path,
    *,
    features: Sequence[str] | None = None,
) -> Cohort:
    """Return the cohort of an endpoint.

    Death competes from day 0 and never censors. On one day the event of interest comes before a
    competing event, death last, the end of follow-up after all. What happened on the day of
    infusion counts on day 1. A GVHD dated after death did not happen.

    Parameters
    ----------
    records : Records
    endpoint : Endpoint, str or Path
        Or the name or file of one.
    features : sequence of str, optional
        Columns of `X`; by default every predictor known by the prediction time of which anything
        is known. The calendar year must be asked for here.

    Raises
    ------
    LeakedOutcome
        When a feature is an outcome, or known only after the prediction time.
    NotEstimable
        When the cohort cannot carry the endpoint; the rule says why.

    Examples
    --------
    >>> from hscrisk.datasets import load_copelan1991
    >>> cohort = build_cohort(load_copelan1991(), "chronic_gvhd")
    >>> cohort.y["event"].value_counts().sort_index().tolist()
    [24, 60, 53]
    """
    if not isinstance(endpoint, Endpoint):
        endpoint = load_endpoint(endpoint)
    contract, frame = load_contract(), records.frame
    if len(frame) == 0:
        raise NotEstimable("no record was accepted", mend="See why in the violations.")
    names = feature_names(frame, contract, endpoint, features)
    endpoint, left_out = carried(endpoint, records.definitions, contract)
    frame = undated(frame, endpoint, records.definitions)
    attrition = who_is_at_risk(frame, endpoint, contract, records.definitions)
    follow_up = str(records.definitions.get("follow_up", "overall"))
    event, duration = first_events(frame, endpoint, follow_up, attrition)
    kept = attrition.kept
    n_events = int((event[kept] == 1).sum())
    attrition.close(n_events)
    if n_events < endpoint.min_events:
        raise NotEstimable(
            f"only {n_events} of {int(kept.sum())} transplants have the event, and "
            f"{endpoint.min_events} are needed",
            mend="Read more records; the marginal incidence stands in the summary.",
        )
    rows = frame[kept].reset_index(drop=True)
    known = [name for name in names if features is not None or rows[name].notna().any()]
    return Cohort(
        X=rows[known],
        y=pd.DataFrame({"event": event[kept], "duration": duration[kept]}),
        endpoint=endpoint,
        patient=rows["patient_id"].fillna(rows["transplant_id"]),
        centre=_given(rows, "centre_id"),
        attrition=attrition.table(),
        definitions=records.definitions,
        source=records.source,
        transplant_id=rows["transplant_id"],
        year=_given(rows, "year_of_hct"),
        left_out=left_out,
    )


def known_outcomes(records: Records, endpoint: Endpoint) -> NDArray[np.bool_]:
    """Return who is at risk and has a known outcome, whether or not its day is, shape (n_records,).

    Raises
    ------
    NotEstimable
        When the records lack a field that the endpoint needs.
    """
    frame = undated(records.frame, endpoint, records.definitions)
    return who_is_at_risk(frame, endpoint, load_contract(), records.definitions).kept


def _given(rows: pd.DataFrame, name: str) -> pd.Series[Any] | None:
    return rows[name] if name in rows.columns and rows[name].notna().any() else None
