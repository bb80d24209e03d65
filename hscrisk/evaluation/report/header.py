"""What stands above the numbers: the verdict, who was judged, how, and by which event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.evaluation.out_of_fold import NULL
from hscrisk.evaluation.report.bootstrap import Bootstrap
from hscrisk.evaluation.report.material import Material
from hscrisk.evaluation.report.shown import count, day, uncounted
from hscrisk.evaluation.table import EvaluationTable
from hscrisk.evaluation.words import model_name
from hscrisk.survival import check_outcome


@dataclass(frozen=True)
class About:
    """What a report says besides what it computes.

    Attributes
    ----------
    cohort : str
        Name that the cohort goes by.
    facts : mapping of str to str
        Further terms: hashes, the bundle judged, settings.
    warnings : tuple of str
        What must be known first.
    """

    cohort: str
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def verdict(table: EvaluationTable, endpoint: Any) -> str:
    """Return the table's sentence, no small count in it."""
    return uncounted(table.sentence(endpoint))


def caption_start(table: EvaluationTable, cohort: Any, about: About, m: Material | None) -> str:
    """Return what a caption says before anything else: day, cohort, numbers, design."""
    rows = np.unique(table.predictions.row)
    horizon = m.horizon if m else float(cohort.endpoint.primary_horizon)
    event, duration = check_outcome(cohort.y)
    events = int(((event == 1) & (duration <= horizon))[rows].sum())
    first = " Of the repeated divisions the first is drawn." if m and m.repeated else ""
    return (
        f"{cohort.endpoint.label}, {day(horizon)}; {about.cohort}, {count(len(rows))} transplants, "
        f"{count(events)} events by then; {table.design}.{first}"
    )


def facts(
    table: EvaluationTable, cohort: Any, bootstrap: Bootstrap, about: About
) -> tuple[tuple[str, str], ...]:
    """Return who was judged, by which event, and how."""
    rows, endpoint = np.unique(table.predictions.row), cohort.endpoint
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
        "Judged": _judged(cohort, rows),
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


def _judged(cohort: Any, rows: NDArray[np.intp]) -> str:
    """Return how many transplants are judged, of which centres and years as far as known."""
    words = f"{count(len(rows))} transplants"
    if cohort.centre is not None:
        n_centres = int(cohort.centre.iloc[rows].nunique())
        words += f" of {n_centres:,} centre{'s' if n_centres > 1 else ''}"
    years = None if cohort.year is None else cohort.year.iloc[rows].dropna()
    if years is not None and len(years):
        words += f", {years.min():.0f} to {years.max():.0f}"
    return words
