"""One evaluation as a page: the verdict first, every number with what it was judged on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hscrisk.evaluation.report.blocks import Listing, Page, Section
from hscrisk.evaluation.report.bootstrap import Bootstrap
from hscrisk.evaluation.report.figures import (
    calibration_section,
    decision_section,
    discrimination_section,
    groups_section,
    tried,
)
from hscrisk.evaluation.report.header import About, caption_start, facts, verdict
from hscrisk.evaluation.report.material import Material, gather
from hscrisk.evaluation.report.recovery_section import recovery_section
from hscrisk.evaluation.report.score_tables import (
    horizon_tables,
    horizons_in_order,
    integrated_tables,
)
from hscrisk.evaluation.report.shown import day
from hscrisk.evaluation.report.subgroup_section import subgroup_section
from hscrisk.evaluation.sharing import SMALL
from hscrisk.evaluation.subgroups import SubgroupTable
from hscrisk.evaluation.table import EvaluationTable

MEANINGS = (
    "IPA: 1 less the Brier score over that of the marginal curve (Kattan & Gerds 2018). AUC: the "
    "chance that who has the event by then was given a higher risk than who has not (Blanche et "
    "al. 2013). Wolbers’ C: the same for the order of events in time (Wolbers et al. 2014).",
    "ICI, E50, E90: mean, median and 90th percentile of the distance between predicted and "
    "smoothed observed risk (Austin et al. 2022). Net benefit: Vickers & Elkin 2006.",
    "Competing events are never counted as censoring; who was lost is stood in for by inverse "
    "probability of censoring weights. Each definition with its source: docs/evaluation.md.",
)


def evaluation_page(
    table: EvaluationTable,
    cohort: Any,
    bootstrap: Bootstrap,
    about: About,
    *,
    subgroups: SubgroupTable | None = None,
    days: pd.DataFrame | None = None,
) -> Page:
    """Return the report of one endpoint under one design.

    Parameters
    ----------
    table : EvaluationTable
    cohort : Cohort
        That the table was computed from.
    bootstrap : Bootstrap
        As the table's intervals.
    about : About
    subgroups : SubgroupTable, optional
    days : DataFrame, optional
        Of `hscrisk.evaluation.recovery.judge_days`.
    """
    endpoint = cohort.endpoint
    material = gather(table, cohort, bootstrap)
    where = caption_start(table, cohort, about, material)
    first, *others = horizons_in_order(table.frame, float(endpoint.primary_horizon))
    sections = [Section(f"Scores, {day(first)}", tuple(horizon_tables(table.frame, first)))]
    if material is not None and material.models:
        sections += _figures(material, table, endpoint, where)
    if subgroups is not None and material is not None and len(subgroups.frame):
        how = (table.frame, material.lead, material.horizon, where)
        sections.append(subgroup_section(subgroups, *how))
    if days is not None and len(days):
        sections.append(recovery_section(days, where))
    for horizon in others:
        sections.append(
            Section(f"Scores, {day(horizon)}", tuple(horizon_tables(table.frame, horizon)))
        )
    over_time = integrated_tables(table.frame)
    if over_time:
        sections.append(Section("Scores over the whole time", tuple(over_time)))
    sections.append(Section("What the numbers mean", (Listing(MEANINGS),)))
    return Page(
        eyebrow=f"Evaluation in {about.cohort}: {table.design}",
        title=endpoint.label,
        verdict=verdict(table, endpoint),
        warnings=(*about.warnings, *(f"Definition: {words}." for words in cohort.mismatches())),
        facts=facts(table, cohort, bootstrap, about),
        sections=tuple(sections),
        footer=(f"Counts from 1 to {SMALL - 1} are shown as <{SMALL}.",),
    )


def _figures(m: Material, table: EvaluationTable, endpoint: Any, where: str) -> list[Section]:
    anchors = sorted(map(float, table.frame["horizon"].unique()))
    known = [
        d for d in anchors if np.isfinite(m.risks[m.lead][:, np.searchsorted(m.horizons, d)]).all()
    ]
    found = [
        tried(lambda: discrimination_section(m, table.frame, where), "Discrimination"),
        tried(lambda: calibration_section(m, where), "Calibration"),
    ]
    if endpoint.direction == "adverse":
        found.append(tried(lambda: decision_section(m, where), "Decision curves"))
    else:
        words = (
            "Decision curves ask from which risk of harm one would act; this event is hoped for."
        )
        found.append(Section("Decision curves", (words,)))
    found.append(tried(lambda: groups_section(m, known, where), "Incidence by predicted risk"))
    return found
