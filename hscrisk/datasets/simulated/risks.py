"""The risks of each transplant, and its true cumulative incidences.

Given what is recorded and one unrecorded class (robust or frail), a transplant ends by relapse with
probability r, by another death with probability d, or by neither; when follows tables. Engraftment
and GVHD are independent of that, given the class. So each true incidence is a sum of products of
table entries: exact, in closed form, at whole days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from hscrisk.datasets.simulated.arms import ARMS, EARLY_DEATHS, arms_of
from hscrisk.datasets.simulated.curves import LAST_DAY, Array, Codes
from hscrisk.datasets.simulated.disease import nonmalignant
from hscrisk.datasets.simulated.draw import Draw
from hscrisk.datasets.simulated.effects import OUTCOMES, linear_predictors
from hscrisk.datasets.simulated.intercepts import INTERCEPTS
from hscrisk.datasets.simulated.timing import (
    NEUTROPHIL_SPREAD,
    PLATELET_SPREAD,
    lost,
    timing,
)
from hscrisk.errors import InvalidConfiguration, nearest

FRAIL = 0.2
"""Share of patients in the unrecorded frail class."""
SHIFTS = {
    "neutrophil_reach": -1.4, "platelet_reach": -1.4, "acute": 0.3, "acute_2_4": 0.45,
    "acute_3_4": 1.0, "chronic": 0.2, "extensive": 0.3, "nrm": 1.5, "relapse": -0.2,
}  # fmt: skip
"""What the frail class adds, log-odds: it ties deaths to severe GVHD and to failing grafts."""
MOST = 0.97
"""Relapse and other deaths together reach at most this probability."""
GVHD = {
    "acute_gvhd": "acute", "acute_gvhd_2_4": "acute_2_4", "acute_gvhd_3_4": "acute_3_4",
    "chronic_gvhd": "chronic", "chronic_gvhd_extensive": "extensive",
}  # fmt: skip
ENDPOINTS = (
    "neutrophil_engraftment", "platelet_engraftment", "primary_graft_failure", *GVHD, "relapse",
    "non_relapse_mortality", "death",
)  # fmt: skip


_NESTED = (
    ("acute_2_4", "acute"),
    ("acute_3_4", "acute_2_4"),
    ("extensive", "chronic"),
    ("platelet_reach", "neutrophil_reach"),
)


@dataclass(frozen=True)
class Risks:
    """What decides the outcomes of each row; n rows.

    Attributes
    ----------
    eta : ndarray of float32, shape (n, 11)
        Log-odds of ever, or log days, by `OUTCOMES`.
    never_below : ndarray of float32, shape (n, 2)
        Probability that neutrophils (platelets) do not fall, given recovery.
    graft, gvhd, nrm, dying : ndarray of int8, shape (n,)
        Classes of timing: engraftment, GVHD, non-relapse death, and relapse with death after it.
    relapses : ndarray of bool, shape (n,)
        Whose disease can relapse.
    """

    eta: NDArray[np.float32]
    never_below: NDArray[np.float32]
    graft: Codes
    gvhd: Codes
    nrm: Codes
    dying: Codes
    relapses: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.eta)

    def take(self, rows: NDArray[np.int64] | slice) -> Risks:
        """Return some of the rows."""
        return Risks(**{name: values[rows] for name, values in vars(self).items()})

    def days(self, outcome: str) -> Array:
        """Return the log of the median day of a recovery, shape (n,)."""
        return self.eta[:, OUTCOMES.index(outcome)].astype(np.float64)

    def spread(self, outcome: str) -> Array:
        """Return the logistic scale of the log days of a recovery, shape (n,)."""
        scales = NEUTROPHIL_SPREAD if outcome == "neutrophil_days" else PLATELET_SPREAD
        return np.asarray(scales[self.graft], dtype=np.float64)

    def probabilities(self, *, frail: bool) -> Mapping[str, Array]:
        """Return the probability that each outcome ever comes, in one class, shape (n,) each."""
        p = {}
        for number, outcome in enumerate(OUTCOMES):
            if outcome in SHIFTS:
                shift = SHIFTS[outcome] if frail else 0.0
                p[outcome] = expit(self.eta[:, number].astype(np.float64) + shift)
        p["relapse"] = np.where(self.relapses, np.minimum(p["relapse"], MOST), 0.0)
        p["nrm"] = np.minimum(p["nrm"], MOST - p["relapse"])
        for narrow, wide in _NESTED:
            p[narrow] = np.minimum(p[narrow], p[wide])
        return p


def risks_of(draw: Draw, *, interactions: bool) -> Risks:
    """Return the risks of what is recorded in `draw`."""
    arm = arms_of(draw)
    added = linear_predictors(draw, interactions=interactions)
    eta = np.stack([INTERCEPTS[outcome][arm] + added[outcome] for outcome in OUTCOMES], axis=1)
    light = draw.has("conditioning_intensity", "NMA")
    medium = draw.has("conditioning_intensity", "RIC")
    below = np.stack([np.select([light, medium], [0.12, 0.03], 0.01),
                      np.select([light, medium], [0.32, 0.17], 0.06)], axis=1)  # fmt: skip
    source = [draw.has("graft_source", s) for s in ("bone_marrow", "cord_blood")]
    acute = draw.has("primary_disease", "AML", "ALL", "MDS")
    early = np.isin(arm, [ARMS.index(name) for name in EARLY_DEATHS])
    return Risks(
        eta=eta.astype(np.float32),
        never_below=below.astype(np.float32),
        graft=np.select(source, [1, 2], 0).astype(np.int8),
        gvhd=draw.has("ptcy", "yes").astype(np.int8),
        nrm=early.astype(np.int8),
        dying=(2 * (draw["_active"] >= 1) + ~acute).astype(np.int8),
        relapses=~nonmalignant(draw),
    )


def true_incidence(risks: Risks, endpoint: str, horizons: Array) -> Array:
    """Return F(t | what is recorded) of an endpoint, shape (n, n_horizons).

    Death competes, and a relapse or a second infusion where the endpoint says so. NaN where the
    endpoint does not exist (relapse in a disease that has none).

    Raises
    ------
    InvalidConfiguration
        When the endpoint has no known truth, or a horizon is no whole day of the tables.
    """
    if endpoint not in ENDPOINTS:
        rule = "no truth is known for this endpoint"
        raise InvalidConfiguration(rule, value=endpoint, mend=nearest(endpoint, ENDPOINTS))
    days = np.atleast_1d(np.asarray(horizons, dtype=np.float64))
    if ((days < 1) | (days > LAST_DAY) | (days != np.floor(days))).any():
        raise InvalidConfiguration(f"a horizon is a whole day from 1 to {LAST_DAY}")
    whole = days.astype(np.int64)
    mixed = [
        (1 - FRAIL, risks.probabilities(frail=False)),
        (FRAIL, risks.probabilities(frail=True)),
    ]
    if endpoint in GVHD:
        return _gvhd(risks, mixed, endpoint, whole)
    if endpoint.endswith("_engraftment"):
        return _engraftment(risks, mixed, endpoint.removesuffix("_engraftment"), whole)
    if endpoint == "primary_graft_failure":
        return _failure(risks, mixed, whole)
    return _ends(risks, mixed, endpoint, whole)


Mixed = list[tuple[float, Mapping[str, Array]]]


def _weights(mixed: Mixed, outcome: str | None) -> tuple[Array, Array, Array]:
    """Return P(outcome), P(outcome and other death), P(outcome and relapse); None is certain."""
    sums = [np.zeros(()), np.zeros(()), np.zeros(())]
    for share, p in mixed:
        comes = share * (p[outcome] if outcome else np.ones_like(p["nrm"]))
        for number, part in enumerate((comes, comes * p["nrm"], comes * p["relapse"])):
            sums[number] = sums[number] + part
    return sums[0], sums[1], sums[2]


def _gvhd(risks: Risks, mixed: Mixed, endpoint: str, days: NDArray[np.int64]) -> Array:
    ever, with_nrm, with_relapse = _weights(mixed, GVHD[endpoint])
    to_nrm, to_relapse = lost(endpoint)
    when = timing().events[endpoint]
    columns = [
        ever * when[risks.gvhd, day]
        - with_nrm * to_nrm[risks.gvhd, risks.nrm, day]
        - with_relapse * to_relapse[risks.gvhd, risks.dying, day]
        for day in days
    ]
    return np.stack(columns, axis=1)


def recovered(risks: Risks, outcome: str, day: float) -> Array:
    """Return the share that has recovered by `day`, of those who ever do, shape (n,)."""
    below = risks.never_below[:, 0 if outcome == "neutrophil_days" else 1].astype(np.float64)
    if day < 1:
        return np.zeros(len(risks))
    pace = (np.log(day) - risks.days(outcome)) / risks.spread(outcome)
    return np.asarray(below + (1 - below) * expit(pace), dtype=np.float64)


def _engraftment(risks: Risks, mixed: Mixed, cells: str, days: NDArray[np.int64]) -> Array:
    ever, with_nrm, with_relapse = _weights(mixed, f"{cells}_reach")
    found = np.zeros((len(risks), len(days)))
    total, before = np.zeros(len(risks)), np.zeros(len(risks))
    table = timing()
    for day in range(1, int(days.max()) + 1):
        now = recovered(risks, f"{cells}_days", day)
        dead = table.nrm[risks.nrm, day - 1], table.death_after_relapse[risks.dying, day - 1]
        total += (now - before) * (ever - with_nrm * dead[0] - with_relapse * dead[1])
        before = now
        found[:, days == day] = total[:, None]
    return found


def _failure(risks: Risks, mixed: Mixed, days: NDArray[np.int64]) -> Array:
    """Return P(alive, no neutrophil recovery) on each day; second infusions come later."""
    columns = []
    for day in days:
        nrm = timing().nrm[risks.nrm, day]
        relapse = timing().death_after_relapse[risks.dying, day]
        alive, alive_reach = (
            ever - with_nrm * nrm - with_relapse * relapse
            for ever, with_nrm, with_relapse in (
                _weights(mixed, None),
                _weights(mixed, "neutrophil_reach"),
            )
        )
        columns.append(alive - recovered(risks, "neutrophil_days", float(day)) * alive_reach)
    return np.stack(columns, axis=1)


def _ends(risks: Risks, mixed: Mixed, endpoint: str, days: NDArray[np.int64]) -> Array:
    _, nrm, relapse = _weights(mixed, None)
    table = timing()
    columns = {
        "non_relapse_mortality": lambda day: nrm * table.nrm[risks.nrm, day],
        "relapse": lambda day: relapse * table.relapse[risks.dying // 2, day],
        "death": lambda day: (
            nrm * table.nrm[risks.nrm, day] + relapse * table.death_after_relapse[risks.dying, day]
        ),
    }
    found = np.stack([columns[endpoint](day) for day in days], axis=1)
    if endpoint != "death":
        found[~risks.relapses] = np.nan
    return found
