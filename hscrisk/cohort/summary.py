"""A registry at a glance: who, what is missing, and each endpoint's marginal incidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.cohort.build import Cohort, build_cohort, known_outcomes
from hscrisk.cohort.features import without_twins
from hscrisk.cohort.follow_up import centre_sizes, follow_up, selection, year_counts
from hscrisk.cohort.groups import Group, groups_of
from hscrisk.cohort.outcome import competing_names
from hscrisk.cohort.published import beside_published
from hscrisk.cohort.risk_set import numbers
from hscrisk.cohort.sentences import undated_words
from hscrisk.cohort.support import support
from hscrisk.endpoints import Endpoint, endpoint_names, load_endpoint
from hscrisk.errors import NotEstimable
from hscrisk.schema import Records, load_contract
from hscrisk.survival import AalenJohansen

LEVEL = 0.95


@dataclass(frozen=True)
class CohortSummary:
    """What `summarise` found; `to_dict` is plain JSON.

    Attributes
    ----------
    source : str
    n, n_patients : int
    n_centres : int or None
    years : str or None
        First and last year of transplant.
    extraction_date : str or None
    follow_up_median : float or None
        Median days of follow-up by reverse Kaplan-Meier (death censors).
    follow_up : mapping
        Quartiles and completeness of follow-up (`hscrisk.cohort.follow_up`).
    selection : mapping
        Whether nobody dies before some day.
    centres : mapping or None
        Number and sizes; no size below 10 is told.
    year_counts : list of mapping
        Transplants of each year; None below 10.
    definitions : mapping
        What the registry declares.
    missing : mapping of str to int
        Transplants without a value, for every predictor that the source has.
    groups : list of mapping
        `by` (field to level) and `n`, where asked for.
    endpoints : mapping
        For each: `label`, `known` (outcome known, whether or not its day is), `n`, `recorded`
        (flags that say it happened), `events`, `competing` (by name), `censored`, `horizons` (each
        with `incidence`, `low`, `high` at 95 %, `at_risk`), `undated` (who has no usable day),
        `last` (horizon), `events_by_last` (what a training counts), `attrition`, `mismatches`,
        `groups`,
        and what a training could support: `sample_size`, `immature_years`, `piled_days`, `curve`,
        `verdict` (`hscrisk.cohort.support`).
    refused : mapping of str to str
        Endpoints that the cohort cannot carry, and why.
    published : list of mapping
        Numbers of a paper beside those of the file (`hscrisk.cohort.published`).
    """

    source: str
    n: int
    n_patients: int
    n_centres: int | None
    years: str | None
    extraction_date: str | None
    follow_up_median: float | None
    follow_up: dict[str, Any]
    selection: dict[str, Any]
    centres: dict[str, Any] | None
    year_counts: list[dict[str, Any]]
    definitions: dict[str, Any]
    missing: dict[str, int]
    groups: list[dict[str, Any]]
    endpoints: dict[str, dict[str, Any]]
    refused: dict[str, str]
    published: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (JSON)."""
        return asdict(self)


def summarise(
    records: Records,
    endpoints: Sequence[Endpoint | str] | None = None,
    by: str | Sequence[str] | None = None,
) -> CohortSummary:
    """Summarise records, altogether and in groups.

    Parameters
    ----------
    records : Records
    endpoints : sequence of Endpoint or str, optional
        All shipped ones by default.
    by : str or sequence of str, optional
        Categories, flags, centre or year that divide the cohort, or a column of the source that
        its mapping reads.

    Raises
    ------
    InvalidConfiguration
        When a field of `by` does not divide into groups.

    """
    contract, frame = load_contract(), records.frame
    chosen = [
        e if isinstance(e, Endpoint) else load_endpoint(e)
        for e in (endpoint_names() if endpoints is None else endpoints)
    ]
    fields = [by] if isinstance(by, str) else list(by or ())
    groups = groups_of(records, fields)
    found: dict[str, dict[str, Any]] = {}
    refused: dict[str, str] = {}
    for endpoint in chosen:
        try:
            cohort = build_cohort(records, endpoint)
        except NotEstimable as error:
            refused[endpoint.name] = error.rule
            continue
        found[endpoint.name] = _told(cohort, records, groups)
    known = [n for n in contract.predictors("at_infusion") if n in frame.columns]
    centres = frame["centre_id"].nunique() if "centre_id" in frame.columns else 0
    followed = follow_up(frame, records.extraction_date)
    return CohortSummary(
        source=records.source,
        n=len(frame),
        n_patients=int(frame["patient_id"].nunique()),
        n_centres=int(centres) or None,
        years=_years(frame),
        extraction_date=records.extraction_date,
        follow_up_median=followed["median"],
        follow_up=followed,
        selection=selection(frame),
        centres=centre_sizes(frame),
        year_counts=year_counts(frame),
        definitions=dict(records.definitions),
        missing={
            name: int(frame[name].isna().sum()) for name in without_twins(known, frame, contract)
        },
        groups=[{"by": key, "n": int(mask.sum())} for key, mask in groups],
        endpoints=found,
        refused=refused,
        published=beside_published(records),
    )


def _told(cohort: Cohort, records: Records, groups: list[Group]) -> dict[str, Any]:
    frame = records.frame
    endpoint, everybody = cohort.endpoint, np.ones(len(cohort), dtype=bool)
    known = known_outcomes(records, endpoint)
    here = frame["transplant_id"].isin(cohort.transplant_id).to_numpy()
    flagged = numbers(frame, (endpoint.event or endpoint.followed).status) == 1
    told: dict[str, Any] = {"label": endpoint.label, "known": int(known.sum())}
    if endpoint.event is not None:
        told["recorded"] = int(flagged.sum())
    told |= _counts(cohort, everybody)
    told["undated"] = _undated(known, known & ~here, flagged)
    told["primary_horizon"] = endpoint.primary_horizon
    told["last"] = endpoint.horizons[-1]
    told["events_by_last"] = int(
        ((cohort.y["event"] == 1) & (cohort.y["duration"] <= endpoint.horizons[-1])).sum()
    )
    told["attrition"] = cohort.attrition.to_dict("records")
    told["mismatches"] = cohort.mismatches()
    told |= support(cohort, told["horizons"])
    if (lost := undated_words(told)) is not None:
        told["cautions"].insert(0, lost)
        told["verdict"].append(lost)
    told["horizons"] = sorted(
        told["horizons"] + _carried_not(cohort), key=lambda row: row["horizon"]
    )
    told["groups"] = [
        {"by": key, "known": int((known & mask).sum()), **_counts(cohort, mask[here])}
        for key, mask in groups
    ]
    return told


def _undated(
    known: NDArray[np.bool_], lost: NDArray[np.bool_], flagged: NDArray[np.bool_]
) -> dict[str, int]:
    """Return how many of those with and without the event have no usable day."""
    return {
        "events": int((lost & flagged).sum()),
        "events_known": int((known & flagged).sum()),
        "others": int((lost & ~flagged).sum()),
        "others_known": int((known & ~flagged).sum()),
    }


def _carried_not(cohort: Cohort) -> list[dict[str, Any]]:
    return [
        {"horizon": day, "at_risk": 0, "note": f"not estimable: {why}"}
        for day, why in cohort.left_out.items()
    ]


def _counts(cohort: Cohort, who: NDArray[np.bool_]) -> dict[str, Any]:
    y, endpoint = cohort.y[who], cohort.endpoint
    event = y["event"].to_numpy()
    names = competing_names(endpoint)
    counts: dict[str, Any] = {
        "n": int(who.sum()),
        "events": int((event == 1).sum()),
        "competing": {name: int((event == code).sum()) for code, name in enumerate(names, start=2)},
        "censored": int((event == 0).sum()),
    }
    counts["horizons"] = _incidence(y, endpoint) if len(y) else []
    return counts


def _incidence(y: pd.DataFrame, endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return the Aalen-Johansen incidence at the anchors; what nobody is followed to has none."""
    curve = AalenJohansen().fit(y)
    horizons = np.array(endpoint.horizons, dtype=np.float64)
    risk = curve.predict(horizons)
    low, high = curve.interval(horizons, level=LEVEL)
    at_risk = [int((y["duration"] >= day).sum()) for day in horizons]
    # After the last person has had an event the curve is complete, and stands.
    complete = bool((y["event"] > 0).all())
    rows = []
    for i, day in enumerate(endpoint.horizons):
        row: dict[str, Any] = {"horizon": day, "at_risk": at_risk[i]}
        if at_risk[i] == 0 and not complete and not _finished(y, day):
            row["note"] = "not estimable: nobody is followed so far"
        else:
            # Without an event so far: Clopper-Pearson for 0 of those followed that long.
            upper = high[i] if risk[i] > 0 else 1 - ((1 - LEVEL) / 2) ** (1 / max(at_risk[i], 1))
            row |= {"incidence": float(risk[i]), "low": float(low[i]), "high": float(upper)}
        rows.append(row)
    return rows


def _finished(y: pd.DataFrame, day: int) -> bool:
    """Return whether everybody left by an event before `day`, so that nothing is open then."""
    last = y["duration"].max()
    return bool(last < day and (y.loc[y["duration"] == last, "event"] > 0).all())


def _years(frame: pd.DataFrame) -> str | None:
    if "year_of_hct" not in frame.columns or frame["year_of_hct"].isna().all():
        return None
    return f"{frame['year_of_hct'].min():.0f} to {frame['year_of_hct'].max():.0f}"
