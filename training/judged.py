"""What a card tells of a model's evaluation beyond its scores: groups of patients, calibration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hscrisk.cohort import Cohort
from hscrisk.errors import NotEstimable
from hscrisk.evaluation import (
    EvaluationTable,
    SubgroupTable,
    evaluate_subgroups,
    standard_subgroups,
)
from hscrisk.evaluation.out_of_fold import NULL, OutOfFold
from hscrisk.evaluation.report.blocks import Figure
from hscrisk.evaluation.report.bootstrap import Bootstrap
from hscrisk.evaluation.report.figures import calibration_section
from hscrisk.evaluation.report.html import standalone
from hscrisk.evaluation.report.material import Material, gather, horizon_shown
from hscrisk.evaluation.sharing import without_counts
from hscrisk.metrics import calibration_curve
from hscrisk.schema import Records

KEPT = "default"
METRICS = ("auc", "ipa", "oe_ratio")
TENTHS = np.linspace(0.1, 0.9, 9)


@dataclass(frozen=True)
class Told:
    """Groups and calibration of one endpoint's model, fit to leave the registry.

    Attributes
    ----------
    subgroups : dict
        `horizon`, `rows` (variable, group, n, n_events, note, and each metric with its interval)
        and `sentences`.
    calibration : dict
        `horizon`, and `rows` (risk, observed, low, high) at tenths of the risks, or `why` none.
    figure : str or None
        The calibration curves as an SVG file.
    """

    subgroups: dict[str, Any]
    calibration: dict[str, Any]
    figure: str | None


def tell(table: EvaluationTable, cohort: Cohort, records: Records, seed: int) -> Told:
    """Return what the card tells, from the predictions already made."""
    material = gather(table, cohort, Bootstrap(seed=seed))
    calibration, figure = _calibration(material, cohort, table.design)
    return Told(_subgroups(table, cohort, records, seed), calibration, figure)


def _calibration(
    m: Material | None, cohort: Cohort, design: str
) -> tuple[dict[str, Any], str | None]:
    if m is None or KEPT not in m.risks:
        return {"why": "no horizon could be judged"}, None
    risks = m.at(KEPT)
    try:
        curve = calibration_curve(
            m.y, risks, m.horizon, n_draws=m.n_draws, groups=m.cluster, seed=m.seed
        )
    except NotEstimable as error:
        return {"why": without_counts(error.rule)}, None
    # Of a few patients a tenth is a range, not a person's risk: the curve is smooth between.
    at = np.quantile(risks, TENTHS)
    columns = (curve.observed, curve.low, curve.high)
    told = [at, *(np.interp(at, curve.risk, c) for c in columns)]
    names = ("risk", "observed", "low", "high")
    rows = [dict(zip(names, map(float, values), strict=True)) for values in zip(*told, strict=True)]
    where = f"{cohort.endpoint.label} by day {m.horizon:g}, {cohort.source}, {design}."
    own = replace(m, risks={name: m.risks[name] for name in (NULL, KEPT) if name in m.risks})
    section = calibration_section(own, where)
    figures = [part for part in section.parts if isinstance(part, Figure)]
    svg = standalone(figures[0]) if figures else None
    return {"horizon": m.horizon, "rows": rows}, svg


def _subgroups(
    table: EvaluationTable, cohort: Cohort, records: Records, seed: int
) -> dict[str, Any]:
    horizon = horizon_shown(table.frame, float(cohort.endpoint.primary_horizon))
    by = standard_subgroups(cohort, records.frame)
    if horizon is None or not by:
        why = "no horizon could be judged" if by else "nothing that is recorded divides the cohort"
        return {"why": why}
    own = OutOfFold(
        horizons=table.predictions.horizons,
        row=table.predictions.row,
        fold=table.predictions.fold,
        risks={n: r for n, r in table.predictions.risks.items() if n in (NULL, KEPT)},
        notes=table.predictions.notes,
    )
    found = evaluate_subgroups(replace(table, predictions=own), cohort, by, random_state=seed)
    frame = found.shareable()
    mine = frame[(frame["model"] == KEPT) & (frame["horizon"] == horizon)]
    rows = []
    for (variable, group), part in mine.groupby(["variable", "group"], sort=False):
        first = part.iloc[0]
        scores = {
            str(row["metric"]): {n: _plain(row[n]) for n in ("estimate", "low", "high")}
            for _, row in part[part["metric"].isin(METRICS)].iterrows()
        }
        rows.append(
            {
                "variable": str(variable),
                "group": str(group),
                "n": _plain(first["n"]),
                "n_events": _plain(first["n_events"]),
                "note": str(first["note"]),
                **scores,
            }
        )
    told = SubgroupTable(frame, found.design).sentence(KEPT, horizon)
    return {"horizon": horizon, "rows": rows, "sentence": told}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
