"""Whether acting on a predicted risk does more good than acting on all or on none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hscrisk.cohort.markup import Markup
from hscrisk.evaluation.report.drawing import (
    WIDTH,
    FloatArray,
    Panel,
    drawn,
    legend,
    legend_height,
    ticks,
)
from hscrisk.evaluation.report.kinds import lead_last
from hscrisk.evaluation.words import model_name


@dataclass(frozen=True)
class NetBenefits:
    """Net benefit at risk thresholds.

    Attributes
    ----------
    thresholds : ndarray, shape (n_thresholds,)
    models : mapping of str to ndarray, shape (n_thresholds,)
    treat_all : ndarray, shape (n_thresholds,)
    low, high : ndarray, shape (n_thresholds,)
        95 % interval of the model `lead`.
    lead : str
    """

    thresholds: FloatArray
    models: Mapping[str, FloatArray]
    treat_all: FloatArray
    low: FloatArray
    high: FloatArray
    lead: str


def decision_figure(found: NetBenefits, kinds: Mapping[str, str], description: str) -> Markup:
    """Return the net benefit of each model, of acting on all and of acting on none."""
    top = float(np.nanmax([*found.models.values(), found.treat_all, found.high]))
    high = max(1.08 * top, 0.01)
    low = -0.18 * high
    entries = [(kinds[m], model_name(m)) for m in found.models]
    entries += [("all", "act on all"), ("none", "act on none")]
    end = float(found.thresholds[-1])
    panel = Panel(70, 14, WIDTH - 70 - 12, 290, (0, end), (low, high))
    bottom = 14 + 290 + 58
    levels = [(t, f"{t:g}".replace("-", "−")) for t in ticks(low, high, 6)]
    return drawn(
        "decision",
        "Decision curves",
        description,
        bottom + legend_height(entries, WIDTH - 82),
        *panel.frame(
            [(t, f"{100 * t:g}") for t in ticks(0, end, 8)],
            levels,
            "risk from which one would act, %",
            "net benefit",
        ),
        panel.marks(
            panel.band(found.thresholds, found.low, found.high, f"band {kinds[found.lead]}"),
            panel.line([0, end], [0, 0], "line none"),
            panel.line(found.thresholds, found.treat_all, "line all"),
            *(
                panel.line(found.thresholds, found.models[m], f"line {kinds[m]}")
                for m in lead_last(list(found.models))
            ),
        ),
        legend(70, bottom, entries, WIDTH - 82),
    )
