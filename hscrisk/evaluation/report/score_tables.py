"""The numbers of an evaluation as tables: a horizon at a time, the null in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hscrisk.evaluation.out_of_fold import NULL
from hscrisk.evaluation.report.blocks import Listing, Table
from hscrisk.evaluation.report.kinds import lead_of
from hscrisk.evaluation.report.shown import day, estimate, uncounted
from hscrisk.evaluation.words import in_sentence, model_name

Cell = Mapping[str, Any]
ACCURACY = {
    "auc": "AUC",
    "wolbers_c": "Wolbers’ C",
    "brier": "Brier score",
    "ipa": "IPA",
}
CALIBRATION = {
    "oe_ratio": "observed / expected",
    "calibration_intercept": "intercept",
    "calibration_slope": "slope",
    "ici": "ICI",
    "e50": "E50",
    "e90": "E90",
}
INTEGRATED = {
    "integrated_auc": "AUC",
    "integrated_brier": "Brier score",
    "integrated_ipa": "IPA",
}
DIFFERENCES = {"auc": "AUC", "ipa": "IPA", "integrated_ipa": "integrated IPA"}
RIGHT: Mapping[str, str] = {
    "auc": "0.5 is chance, 1 perfect",
    "wolbers_c": "0.5 is chance, 1 perfect",
    "brier": "0 is perfect",
    "ipa": "0 is no better than the marginal curve, below 0 worse",
    "oe_ratio": "1 is right; above it risks are too low",
    "calibration_intercept": "0 is right; above it risks are too low",
    "calibration_slope": "1 is right; below it risks are too extreme",
    "ici": "mean distance of predicted from observed",
    "e50": "its median",
    "e90": "its 90th percentile",
}


def horizon_tables(frame: pd.DataFrame, horizon: float) -> list[Table | Listing]:
    """Return what was scored at one horizon: accuracy, calibration, differences, reasons."""
    here = frame[(frame["horizon"] == horizon) & ~_integrated(frame)]
    parts: list[Table | Listing] = []
    for title, metrics in (("Accuracy", ACCURACY), ("Calibration", CALIBRATION)):
        found = scores(here, metrics, f"{title}, {day(horizon)}")
        parts += [found] if found else []
    parts += [t for t in [differences(here, f"Paired differences, {day(horizon)}")] if t]
    return parts + reasons(here)


def integrated_tables(frame: pd.DataFrame) -> list[Table | Listing]:
    """Return the scores over the whole time, where they were asked for."""
    rows = frame[_integrated(frame)]
    if rows.empty:
        return []
    span = f"up to {day(float(rows['horizon'].max()))}"
    found = [
        scores(rows, INTEGRATED, f"Mean over the days {span}"),
        differences(rows, f"Paired differences, days {span}"),
    ]
    return [table for table in found if table] + reasons(rows)


def _integrated(frame: pd.DataFrame) -> pd.Series[bool]:
    return frame["metric"].str.startswith("integrated_")


def scores(rows: pd.DataFrame, metrics: Mapping[str, str], caption: str) -> Table | None:
    """Return a row a model and a column a metric; None where nothing of it was computed."""
    cells = _cells(rows)
    used = [m for m in metrics if any(m == metric for _, metric in cells)]
    if not used:
        return None
    models = list(dict.fromkeys(rows["model"]))
    body = [
        (model_name(model), *(_said(cells.get((model, metric))) for metric in used))
        for model in models
    ]
    hints = "; ".join(f"{metrics[m]}: {RIGHT[m]}" for m in used if m in RIGHT)
    words = f"{caption}. {hints}" if hints else caption
    return Table(words, ("model", *(metrics[m] for m in used)), tuple(body))


def differences(rows: pd.DataFrame, caption: str) -> Table | None:
    """Return the lead model's scores less every other's, from the same bootstrap draws."""
    cells = _cells(rows)
    models = [m for m in dict.fromkeys(rows["model"]) if m != NULL]
    if len(models) < 2:
        return None
    lead = lead_of(models)
    used = [m for m in DIFFERENCES if any(_pair(cells, m, lead, o) for o in models if o != lead)]
    body = [
        (
            f"{model_name(lead)} less {model_name(other)}",
            *(_said(_pair(cells, metric, lead, other)) for metric in used),
        )
        for other in models
        if other != lead
    ]
    if not used:
        return None
    words = f"{caption}. Above 0 {in_sentence(lead)} is the better one"
    return Table(words, ("models", *(DIFFERENCES[m] for m in used)), tuple(body))


def reasons(rows: pd.DataFrame) -> list[Table | Listing]:
    """Return why numbers are missing, each reason once with all that it concerns."""
    lacking = rows[rows["estimate"].isna() & (rows["note"] != "")]
    lacking = lacking[~((lacking["model"] == NULL) & lacking["metric"].eq("calibration_slope"))]
    told: dict[str, list[str]] = {}
    for row in lacking.to_dict("records"):
        told.setdefault(uncounted(str(row["note"])), []).append(model_name(str(row["model"])))
    lines = tuple(
        f"Not estimable ({', '.join(dict.fromkeys(models))}): {why}."
        for why, models in told.items()
    )
    return [Listing(lines)] if lines else []


def _cells(rows: pd.DataFrame) -> dict[tuple[str, str], Cell]:
    records: list[Any] = rows.to_dict("records")
    return {(str(r["model"]), str(r["metric"])): r for r in records}


def _pair(cells: Mapping[tuple[str, str], Cell], metric: str, lead: str, other: str) -> Cell | None:
    """Return lead less other; the table has each pair once, the later model first."""
    if (lead, f"{metric}_minus_{other}") in cells:
        return cells[lead, f"{metric}_minus_{other}"]
    turned = cells.get((other, f"{metric}_minus_{lead}"))
    if turned is None:
        return None
    return {"estimate": -turned["estimate"], "low": -turned["high"], "high": -turned["low"]}


def _said(cell: Cell | None) -> str:
    if cell is None or not np.isfinite(cell["estimate"]):
        return "–"
    return estimate(cell["estimate"], cell["low"], cell["high"])


def horizons_in_order(frame: pd.DataFrame, primary: float) -> Sequence[float]:
    """Return the horizons of the table, the primary one first."""
    days = sorted(map(float, frame["horizon"].unique()))
    return [d for d in days if d == primary] + [d for d in days if d != primary]
