"""What happens to each transplant, day by day; nothing is hidden yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from hscrisk.datasets.simulated.curves import Array, look_up
from hscrisk.datasets.simulated.draw import Mask
from hscrisk.datasets.simulated.risks import FRAIL, Risks
from hscrisk.datasets.simulated.timing import timing

NEVER = np.inf


@dataclass(frozen=True)
class Events:
    """Days from infusion, infinite where something never happens before death; shape (n,) each.

    Attributes
    ----------
    death, relapse, second_infusion : ndarray
    days : dict
        Engraftment and GVHD by the stem of their fields.
    never_below : dict of ndarray of bool
        Whose `neutrophil_engraftment` or `platelet_engraftment` needed no recovery.
    frail : ndarray of bool
    """

    death: Array
    relapse: Array
    second_infusion: Array
    days: dict[str, Array]
    never_below: dict[str, Mask]
    frail: Mask


def draw_events(rng: np.random.Generator, risks: Risks) -> Events:
    """Draw what happens to each row; every marginal is that of `true_incidence`."""
    n = len(risks)
    frail = rng.random(n) < FRAIL
    robust_p, frail_p = risks.probabilities(frail=False), risks.probabilities(frail=True)
    p = {name: np.where(frail, frail_p[name], robust_p[name]) for name in robust_p}
    relapse, death = _ends(rng, risks, p)
    days, below = _recovery(rng, risks, p)
    days |= _gvhd(rng, risks, p)
    failed = np.isinf(days["neutrophil_engraftment"])
    rescue = 43 + np.floor(rng.exponential(18.0, n))
    rescued = failed & (rng.random(n) < 0.55) & (rescue < death)
    return Events(
        death=death,
        relapse=relapse,
        second_infusion=np.where(rescued, rescue, NEVER),
        days={name: np.where(day <= death, day, NEVER) for name, day in days.items()},
        never_below=below,
        frail=frail,
    )


def _ends(rng: np.random.Generator, risks: Risks, p: dict[str, Array]) -> tuple[Array, Array]:
    n, table = len(risks), timing()
    way, when, later = rng.random(n), rng.random(n), rng.random(n)
    relapses = way < p["relapse"]
    dies = ~relapses & (way < p["relapse"] + p["nrm"])
    relapse = look_up(table.relapse, (risks.dying // 2).astype(np.int8), when)
    wait = look_up(table.after_relapse, (risks.dying % 2).astype(np.int8), later)
    death = np.where(relapses, relapse + wait, NEVER)
    death = np.where(dies, look_up(table.nrm, risks.nrm, when), death)
    return np.where(relapses, relapse, NEVER), death


def _recovery(
    rng: np.random.Generator, risks: Risks, p: dict[str, Array]
) -> tuple[dict[str, Array], dict[str, Mask]]:
    """Recoveries share their luck: who never regains neutrophils never regains platelets."""
    n = len(risks)
    luck, shared = rng.random(n), rng.normal(size=n)
    days, spared = {}, {}
    for number, cells in enumerate(("neutrophil", "platelet")):
        mixed = 0.75 * shared + np.sqrt(1 - 0.75**2) * rng.normal(size=n)
        u = np.clip(ndtr(mixed), 1e-12, 1 - 1e-12)
        below = rng.random(n) < risks.never_below[:, number]
        pace = np.log(u / (1 - u)) * risks.spread(f"{cells}_days") + risks.days(f"{cells}_days")
        day = np.where(below, 1.0, np.maximum(np.ceil(np.exp(pace)), 1.0))
        reached = luck < p[f"{cells}_reach"]
        days[f"{cells}_engraftment"] = np.where(reached, day, NEVER)
        spared[f"{cells}_engraftment"] = reached & below
    return days, spared


def _gvhd(rng: np.random.Generator, risks: Risks, p: dict[str, Array]) -> dict[str, Array]:
    """Grades and extents share one draw, so they nest; acute and chronic GVHD go together."""
    n, table = len(risks), timing()
    first = rng.normal(size=n)
    second = 0.35 * first + np.sqrt(1 - 0.35**2) * rng.normal(size=n)
    severe, lasting = ndtr(first), ndtr(second)

    def wait(name: str) -> Array:
        days = np.searchsorted(table.delays[name][0], rng.random(n), side="right")
        return days.astype(np.float64)

    onset = look_up(table.events["acute_gvhd"], risks.gvhd, rng.random(n))
    grade_2 = onset + wait("worse")
    grade_3 = grade_2 + wait("worse")
    chronic = look_up(table.events["chronic_gvhd"], risks.gvhd, rng.random(n))
    extensive = chronic + wait("extensive")
    return {
        "acute_gvhd": np.where(severe < p["acute"], onset, NEVER),
        "acute_gvhd_2_4": np.where(severe < p["acute_2_4"], grade_2, NEVER),
        "acute_gvhd_3_4": np.where(severe < p["acute_3_4"], grade_3, NEVER),
        "chronic_gvhd": np.where(lasting < p["chronic"], chronic, NEVER),
        "chronic_gvhd_extensive": np.where(lasting < p["extensive"], extensive, NEVER),
    }
