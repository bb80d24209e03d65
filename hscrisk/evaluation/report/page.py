"""One evaluation as a page: the verdict first, every number with what it was judged on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hscrisk.evaluation.out_of_fold import NULL
from hscrisk.evaluation.report.blocks import Listing, Page, Section
from hscrisk.evaluation.report.figures import (
    calibration_section,
    decision_section,
    discrimination_section,
    groups_section,
    tried,
)
from hscrisk.evaluation.report.kinds import model_name
from hscrisk.evaluation.report.material import Bootstrap, Material, gather
from hscrisk.evaluation.report.score_tables import (
    horizon_tables,
    horizons_in_order,
    integrated_table,
)
from hscrisk.evaluation.report.shown import SMALL, count, day
from hscrisk.evaluation.table import EvaluationTable
from hscrisk.survival import check_outcome

MEANINGS = (
    "IPA: 1 less the Brier score over that of the marginal curve (Kattan & Gerds 2018). AUC: the "
    "chance that who has the event by then was given a higher risk than who has not (Blanche et "
    "al. 2013). Wolbers’ C: the same for the order of events in time (Wolbers et al. 2014).",
    "ICI, E50, E90: mean, median and 90th percentile of the distance between predicted and "
    "smoothed observed risk (Austin et al. 2022). Net benefit: Vickers & Elkin 2006.",
    "Competing events are never counted as censoring; who was lost is stood in for by inverse "
    "probability of censoring weights. Each definition with its source: docs/evaluation.md.",
)


@dataclass(frozen=True)
class About:
    """What a report says besides the scores.

    Attributes
    ----------
    cohort : str
        Name that the cohort goes by.
    facts : mapping of str to str
        Further terms: hashes, the bundle judged, settings.
    warnings : tuple of str
        What must be known first.
    sections : sequence of Section
        Shown after the figures: subgroups, days to recovery.
    """

    cohort: str
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sections: Sequence[Section] = ()


def evaluation_page(
    table: EvaluationTable, cohort: Any, bootstrap: Bootstrap, about: About
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
    """
    endpoint = cohort.endpoint
    rows = np.unique(table.predictions.row)
    material = gather(table, cohort, bootstrap)
    where = _where(table, cohort, rows, about, material)
    first, *others = horizons_in_order(table.frame, float(endpoint.primary_horizon))
    sections = [Section(f"Scores, {day(first)}", tuple(horizon_tables(table.frame, first)))]
    if material is not None and material.models:
        sections += _figures(material, table, endpoint, where)
    sections += about.sections
    for horizon in others:
        sections.append(
            Section(f"Scores, {day(horizon)}", tuple(horizon_tables(table.frame, horizon)))
        )
    over_time = integrated_table(table.frame)
    sections += [Section("Scores over the whole time", (over_time,))] if over_time else []
    sections.append(Section("What the numbers mean", (Listing(MEANINGS),)))
    return Page(
        eyebrow=f"Evaluation in {about.cohort}: {table.design}",
        title=endpoint.label,
        verdict=_verdict(table, endpoint),
        warnings=(*about.warnings, *(f"Definition: {words}." for words in cohort.mismatches())),
        facts=_facts(table, cohort, rows, bootstrap, about),
        sections=tuple(sections),
        footer=(f"Counts from 1 to {SMALL - 1} are shown as <{SMALL}.",),
    )


def _verdict(table: EvaluationTable, endpoint: Any) -> str:
    """Return the table's sentence with models called as everywhere on the page."""
    words = table.sentence(endpoint)
    for model in map(str, dict.fromkeys(table.frame["model"])):
        words = words.replace(model, model_name(model)) if "_" in model else words
    return words


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


def _where(table: EvaluationTable, cohort: Any, rows: Any, about: About, m: Material | None) -> str:
    """Return what a caption says before anything else: day, cohort, numbers, design."""
    horizon = m.horizon if m else float(cohort.endpoint.primary_horizon)
    event, duration = check_outcome(cohort.y)
    events = int(((event == 1) & (duration <= horizon))[rows].sum())
    first = " Of the repeated divisions the first is drawn." if m and m.repeated else ""
    return (
        f"{cohort.endpoint.label}, {day(horizon)}; {about.cohort}, {count(len(rows))} transplants, "
        f"{count(events)} events by then; {table.design}.{first}"
    )


def _facts(
    table: EvaluationTable, cohort: Any, rows: Any, bootstrap: Bootstrap, about: About
) -> tuple[tuple[str, str], ...]:
    endpoint = cohort.endpoint
    event, duration = check_outcome(cohort.y)
    primary = float(endpoint.primary_horizon)
    by_then = (duration <= primary)[rows]
    happened = event[rows]
    counts = [
        int((by_then & which).sum()) for which in (happened == 1, happened > 1, happened == 0)
    ]
    models = dict.fromkeys(table.frame["model"])
    definition = "; ".join(f"{k.replace('_', ' ')}: {v}" for k, v in endpoint.definition.items())
    told = {
        "Cohort": about.cohort,
        "Judged": f"{count(len(rows))} transplants",
        f"By {day(primary)}": f"{count(counts[0])} events, {count(counts[1])} competing events, "
        f"{count(counts[2])} no longer followed",
        "Event": definition or endpoint.label,
        "Known when predicting": endpoint.prediction_time.replace("_", " "),
        "Design": table.design,
        "Models": ", ".join(model_name(str(m)) for m in models if m != NULL)
        + "; beside them the marginal curve of those trained on",
        "Intervals": f"95 %, {bootstrap.words(cohort, rows)}; models held fixed",
        **about.facts,
    }
    return tuple(told.items())
