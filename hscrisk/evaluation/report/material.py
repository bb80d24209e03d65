"""What figures are drawn from: every judged transplant once, with its risks and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import NotEstimable
from hscrisk.evaluation.out_of_fold import NULL, CohortLike
from hscrisk.evaluation.report.bootstrap import Bootstrap
from hscrisk.evaluation.report.calibration_figure import Smoothed
from hscrisk.evaluation.report.decision_figure import NetBenefits
from hscrisk.evaluation.report.discrimination import Point
from hscrisk.evaluation.report.groups_figure import RiskGroup
from hscrisk.evaluation.report.kinds import kinds, lead_of
from hscrisk.evaluation.sharing import SMALL
from hscrisk.evaluation.table import EvaluationTable
from hscrisk.metrics import calibration_curve, decision_curve, roc_curve
from hscrisk.metrics.usefulness import TREAT_ALL
from hscrisk.survival import AalenJohansen, Outcome, check_outcome

FloatArray = NDArray[np.float64]
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
N_THRESHOLDS = 60
N_CORNERS = 120


@dataclass(frozen=True)
class Material:
    """Judged transplants, each once: of repeated divisions, figures show the first.

    Attributes
    ----------
    y : Outcome
    cluster : ndarray, shape (n_judged,)
        Patient or centre, as the table's intervals draw them.
    horizons : ndarray, shape (n_horizons,)
    risks : dict of str to ndarray, shape (n_judged, n_horizons)
        Of the models without a missing risk at `horizon`, in the table's order.
    kinds : dict of str to str
        How each model of the table is drawn; the same whichever of them can be.
    horizon : float
        The day that figures show.
    divided, repeated : bool
        Whether the table pools several parts, and whether they judge a transplant repeatedly.
    n_draws, seed : int
    """

    y: Outcome
    cluster: NDArray[Any]
    horizons: FloatArray
    risks: dict[str, FloatArray]
    kinds: dict[str, str]
    horizon: float
    divided: bool
    repeated: bool
    n_draws: int
    seed: int

    @property
    def models(self) -> list[str]:
        """Return the models that figures show; the null has no spread to be shown."""
        return [m for m in self.risks if m != NULL]

    @property
    def lead(self) -> str:
        """Return the model of the figures of one model."""
        return lead_of(self.models)

    def at(self, model: str) -> FloatArray:
        """Return a model's risks at the day shown, shape (n_judged,)."""
        return self.risks[model][:, int(np.searchsorted(self.horizons, self.horizon))]


def gather(table: EvaluationTable, cohort: CohortLike, bootstrap: Bootstrap) -> Material | None:
    """Return what figures are drawn from, or None where no horizon could be judged."""
    horizon = horizon_shown(table.frame, float(cohort.endpoint.primary_horizon))
    if horizon is None:
        return None
    found = table.predictions
    rows, first = np.unique(found.row, return_index=True)
    event, duration = check_outcome(cohort.y)
    at = int(np.searchsorted(found.horizons, horizon))
    risks = {
        model: risk[first] for model, risk in found.risks.items() if np.isfinite(risk[:, at]).all()
    }
    return Material(
        y=Outcome(event[rows], duration[rows]),
        cluster=bootstrap.labels(cohort, rows),
        horizons=found.horizons,
        risks=risks,
        kinds=kinds(list(found.risks)),
        horizon=horizon,
        divided=len(np.unique(found.fold)) > 1,
        repeated=len(rows) < len(found.row),
        n_draws=bootstrap.n_draws,
        seed=bootstrap.seed,
    )


def horizon_shown(frame: pd.DataFrame, primary: float) -> float | None:
    """Return the primary horizon if a model could be judged there, else the last one that could."""
    rows = frame[(frame["metric"] == "ipa") & (frame["model"] != NULL) & frame["estimate"].notna()]
    days = sorted(map(float, rows["horizon"].unique()))
    return primary if primary in days else (days[-1] if days else None)


def roc_curves(m: Material) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return false and true positive rates of each model at the day shown."""
    return {name: _thinned(*roc_curve(m.y, m.at(name), m.horizon)) for name in m.models}


def _thinned(false: FloatArray, true: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return some points of a curve, evenly along it: no corner is one patient."""
    along = false + true
    places = np.searchsorted(along, np.linspace(0.0, along[-1], N_CORNERS))
    kept = np.unique(np.minimum(places, len(along) - 1))
    return false[kept], true[kept]


def points(frame: pd.DataFrame, metric: str) -> list[Point]:
    """Return a metric of all models at all horizons; the null's AUC is one half by its nature."""
    rows = frame[(frame["metric"] == metric) & (frame["model"] != NULL)]
    return [
        Point(str(r["model"]), float(r["horizon"]), r["estimate"], r["low"], r["high"])
        for r in rows.to_dict("records")
    ]


def smoothed(m: Material) -> tuple[dict[str, Smoothed], list[tuple[str, str]]]:
    """Return calibration curves by model, and why others have none."""
    return _each(m.models, lambda name: _smoothed(m, name))


def _smoothed(m: Material, name: str) -> Smoothed:
    risks = m.at(name)
    c = calibration_curve(m.y, risks, m.horizon, n_draws=m.n_draws, groups=m.cluster, seed=m.seed)
    return Smoothed(c.risk, c.observed, c.low, c.high, float(c.ici), risks)


def net_benefits(m: Material) -> NetBenefits:
    """Return decision curves over the risks that the models give.

    Raises
    ------
    NotEstimable
        When they cannot be estimated.
    """
    risks = {name: m.at(name) for name in m.models}
    end = max(float(np.quantile(risk, 0.99)) for risk in risks.values())
    top = float(np.clip(np.ceil(20 * end) / 20, 0.1, 0.95))
    thresholds = np.linspace(top / N_THRESHOLDS, top, N_THRESHOLDS)
    c = decision_curve(
        m.y, risks, m.horizon, thresholds, n_draws=m.n_draws, groups=m.cluster, seed=m.seed
    )
    return NetBenefits(
        thresholds=c.thresholds,
        models={name: c.net_benefit[name] for name in risks},
        treat_all=c.net_benefit[TREAT_ALL],
        low=c.low[m.lead],
        high=c.high[m.lead],
        lead=m.lead,
    )


def risk_groups(m: Material, anchors: Sequence[float]) -> list[RiskGroup]:
    """Return the quarters of the lead model's risk at the day shown, the lowest first.

    Equal risks stay together, so that quarters may be of unequal size or fewer than four; one of
    fewer than 10 is left out. How far curves reach: `reach`.
    """
    risk = m.at(m.lead)
    cuts = np.unique(np.quantile(risk, [0.25, 0.5, 0.75]))
    which = np.searchsorted(cuts, risk, side="left")
    used = np.unique(which)
    names = QUARTERS if len(used) == len(QUARTERS) else [f"group {k + 1}" for k in range(len(used))]
    found = [_group(m, which == k, label, anchors) for k, label in zip(used, names, strict=True)]
    return [group for group in found if group.n >= SMALL and len(group.day) > 1]


def _group(m: Material, here: NDArray[np.bool_], label: str, anchors: Sequence[float]) -> RiskGroup:
    y = Outcome(m.y.event[here], m.y.duration[here])
    days = np.asarray(sorted(anchors), dtype=np.float64)
    curve = AalenJohansen().fit(y)
    end = min(float(days[-1]), reach(y))
    times = curve.times_[curve.times_ <= end]
    day = np.unique(np.concatenate([[0.0], times, [end]]))
    low, high = curve.interval(day)
    places = np.searchsorted(m.horizons, days)
    return RiskGroup(
        label=label,
        n=int(here.sum()),
        events=int(((y.event == 1) & (y.duration <= days[-1])).sum()),
        day=day,
        observed=curve.predict(day),
        low=low,
        high=high,
        horizons=days,
        predicted=m.risks[m.lead][here][:, places].mean(axis=0),
    )


def reach(y: Outcome) -> float:
    """Return the last day on which 10 are still followed, or at most a tenth has been lost."""
    followed = float(np.sort(y.duration)[::-1][:SMALL][-1])
    lost = np.sort(y.duration[y.event == 0])
    most = int(0.1 * len(y.duration))
    return max(followed, float(lost[most]) if len(lost) > most else np.inf)


def _each(
    names: Sequence[str], make: Callable[[str], Smoothed]
) -> tuple[dict[str, Smoothed], list[tuple[str, str]]]:
    found: dict[str, Smoothed] = {}
    why: list[tuple[str, str]] = []
    for name in names:
        try:
            found[name] = make(name)
        except NotEstimable as error:
            why.append((name, error.rule))
    return found, why
