"""From a registry's records to what it may share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hscrisk.cohort import build_cohort
from hscrisk.cohort.follow_up import selection
from hscrisk.endpoints import Endpoint, load_endpoint
from hscrisk.errors import InvalidConfiguration, NotEstimable
from hscrisk.priors.checked import NAME
from hscrisk.priors.summary import Summary, summarise_cohorts, without_counts
from hscrisk.schema import Records

ENDPOINTS = (
    "neutrophil_engraftment",
    "platelet_engraftment",
    "acute_gvhd_2_4",
    "acute_gvhd_3_4",
    "chronic_gvhd",
    "relapse",
    "non_relapse_mortality",
)
"""Endpoints that are shared unless asked otherwise."""


def summarise_records(
    records: Records,
    *,
    study: str | None = None,
    endpoints: Sequence[str | Endpoint] = ENDPOINTS,
    about: Mapping[str, Any] | None = None,
) -> Summary:
    """Return what a registry may share of some endpoints.

    Parameters
    ----------
    records : Records
    study : str, optional
        Its name; that of the mapping by default.
    endpoints : sequence of str or Endpoint
    about : mapping, optional
        Source, citation and years, in words.

    Raises
    ------
    InvalidConfiguration
        When the name is none that others could read.
    NotEstimable
        When the cohort looks chosen for having survived, so that its incidences are conditional
        on the future; or when nothing may be shared.
    """
    name = study or records.source
    if not NAME.fullmatch(name):
        rule = "a study's name has small letters, digits and . _ - only"
        raise InvalidConfiguration(rule, field="study", value=name, mend="Give it one: --study.")
    chosen = selection(records.frame)
    if chosen["suspected"]:
        rule = (
            f"nobody dies before day {chosen['first_death']:.0f}: the cohort looks chosen for "
            "having survived, and its effects are not those of a transplant"
        )
        raise NotEstimable(rule, mend="Share cohorts that begin at the infusion.")
    cohorts, refused = [], {}
    for one in endpoints:
        endpoint = load_endpoint(one) if isinstance(one, str) else one
        try:
            cohorts.append(build_cohort(records, endpoint))
        except NotEstimable as error:
            refused[endpoint.name] = without_counts(error.rule)
    summary = summarise_cohorts(cohorts, study=name, about=about)
    summary.left_out.update(refused)
    return summary
