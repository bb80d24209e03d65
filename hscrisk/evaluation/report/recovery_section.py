"""How well predicted days of recovery agree with those that came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from hscrisk.evaluation.report.blocks import Listing, Section, Table
from hscrisk.evaluation.report.score_tables import reasons
from hscrisk.evaluation.report.shown import count, day, estimate
from hscrisk.evaluation.words import model_name

_ERRORS = {
    "days_mean_error": "mean error, days",
    "days_mean_error_minus_null": "less the marginal curve's",
    "days_median_error": "median error, days",
    "days_coverage": "inside 10–90 %",
    "days_expected_coverage": "promised",
}


def recovery_section(judged: pd.DataFrame, where: str) -> Section:
    """Return predicted beside observed days, of those who had the event by the last horizon.

    Parameters
    ----------
    judged : DataFrame
        As `hscrisk.evaluation.recovery.judge_days` returns it.
    where : str
        Cohort and design, for the caption.
    """
    records: list[Any] = judged.to_dict("records")
    cells = {(str(r["model"]), str(r["metric"])): r for r in records}
    models = list(dict.fromkeys(model for model, _ in cells))
    last, n = float(judged["horizon"].iloc[0]), int(judged["n"].iloc[0])
    words = (
        f"Among the {count(n)} with the event by {day(last)}, weighted for censoring. Predicted "
        "are the days by which 10, 50 and 90 % of those with the event by then have it; the error "
        "is the distance of the observed day from the predicted median."
    )
    rows = tuple(_row(cells, model) for model in models)
    header = ("model", "predicted median (10–90 %), mean", *_ERRORS.values())
    table = Table(f"{where} 95 % intervals", header, rows)
    notes: list[Table | Listing] = reasons(judged)
    return Section("Days to the event", (words, table, *notes))


def _row(cells: Mapping[tuple[str, str], Any], model: str) -> tuple[str, ...]:
    low, middle, high = (
        cells.get((model, f"days_{which}"), {}).get("estimate", np.nan)
        for which in ("low", "median", "high")
    )
    predicted = f"{middle:.1f} ({low:.1f}–{high:.1f})" if np.isfinite(middle) else "–"
    told = []
    for metric in _ERRORS:
        cell = cells.get((model, metric))
        places = 2 if "error" in metric else 3
        told.append(estimate(cell["estimate"], cell["low"], cell["high"], places) if cell else "–")
    return (model_name(model), predicted, *told)
