"""The figures of a report, with words for who cannot see them and captions that stand alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from hscrisk.errors import NotEstimable
from hscrisk.evaluation.report.blocks import Figure, Section
from hscrisk.evaluation.report.calibration_figure import calibration_figure
from hscrisk.evaluation.report.decision_figure import decision_figure
from hscrisk.evaluation.report.discrimination import Point, discrimination_figure
from hscrisk.evaluation.report.groups_figure import groups_figure
from hscrisk.evaluation.report.material import (
    Material,
    net_benefits,
    points,
    risk_groups,
    roc_curves,
    smoothed,
)
from hscrisk.evaluation.report.shown import count, estimate, percent, uncounted
from hscrisk.evaluation.words import fixed, in_sentence, model_name

POOLED = "Curves pool the divisions, the AUC compares within them only. "


def discrimination_section(m: Material, frame: pd.DataFrame, where: str) -> Section:
    """Return ROC curves at the day shown and the AUC at each horizon."""
    found = points(frame, "auc")
    alt = f"ROC curves. AUC at day {m.horizon:g}: {_scores(found, m)}."
    drawing = discrimination_figure(roc_curves(m), found, m.horizon, m.kinds, alt)
    caption = (
        f"{where} Competing events count as not having had the event; weighted for censoring. "
        f"{POOLED if m.divided else ''}Bars: 95 % intervals."
    )
    return Section("Discrimination", (Figure("discrimination", drawing, alt, caption),))


def calibration_section(m: Material, where: str) -> Section:
    """Return a smoothed calibration curve of each model."""
    curves, why = smoothed(m)
    notes = tuple(f"{model_name(name)}: no curve, because {uncounted(rule)}." for name, rule in why)
    if not curves:
        return Section("Calibration", notes)
    said = "; ".join(f"{model_name(n)} {fixed(100 * c.ici, 1)} points" for n, c in curves.items())
    alt = f"Observed against predicted risk. Mean distance (ICI): {said}."
    drawing = calibration_figure(curves, m.kinds, alt)
    caption = (
        f"{where} Observed risk smoothed by weighted logistic regression on a restricted cubic "
        "spline of the predicted one, with pointwise 95 % band; dotted: perfect. Beneath: how many "
        "were given which risk; dashed bars are fewer than 10 and drawn as 10."
    )
    return Section("Calibration", (Figure("calibration", drawing, alt, caption), *notes))


def decision_section(m: Material, where: str) -> Section:
    """Return decision curves, with acting on all and on none."""
    found = net_benefits(m)
    alt = (
        f"Net benefit of {', '.join(map(model_name, found.models))}, of acting on all and of "
        f"acting on none, at thresholds up to {percent(float(found.thresholds[-1]), 0)}."
    )
    caption = (
        f"{where} Net benefit: true positives less false ones at the odds of the threshold, in "
        f"shares of all. Band: 95 % interval of {in_sentence(found.lead)}."
    )
    drawing = decision_figure(found, m.kinds, alt)
    return Section("Decision curves", (Figure("decision", drawing, alt, caption),))


def groups_section(m: Material, anchors: Sequence[float], where: str) -> Section:
    """Return observed beside predicted incidence by quarter of predicted risk."""
    title = "Incidence by predicted risk"
    found = risk_groups(m, anchors)
    if len(found) < 2:
        return Section(title, ("No groups: the risks do not differ enough to make any of 10.",))
    alt = "; ".join(
        f"{g.label}: {percent(g.observed[-1])} observed ({percent(g.low[-1])} to "
        f"{percent(g.high[-1])}) by day {g.day[-1]:g}, {percent(g.predicted[-1])} predicted by "
        f"day {g.horizons[-1]:g}"
        for g in found
    )
    sizes = "; ".join(f"{g.label} {count(g.n)}, {count(g.events)} events" for g in found)
    caption = (
        f"{where} Quarters of the risk by day {m.horizon:g} that {in_sentence(m.lead)} gives "
        f"({sizes} by day {found[0].horizons[-1]:g}). Lines: Aalen-Johansen with 95 % band, as far "
        "as 10 of a group are followed or at most a tenth of it is lost; diamonds: mean predicted "
        "risk."
    )
    return Section(title, (Figure("risk_groups", groups_figure(found, alt), alt, caption),))


def tried(make: Callable[[], Section], title: str) -> Section:
    """Return a section, or one that says why there is none."""
    try:
        return make()
    except NotEstimable as error:
        return Section(title, (f"Not estimable: {uncounted(error.rule)}.",))


def _scores(found: Sequence[Point], m: Material) -> str:
    return "; ".join(
        f"{model_name(p.model)} {estimate(p.estimate, p.low, p.high)}"
        for p in found
        if p.horizon == m.horizon and p.model in m.risks
    )
