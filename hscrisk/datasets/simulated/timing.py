"""The classes of timing: who has events when. Days are drawn from these tables and no others.

Quantiles are those of public registry files (acute leukaemia, 2008-2018; Aalen-Johansen and days
among events): acute GVHD II-IV 12/22/32/55/150, III-IV 10/20/30/54/168, chronic GVHD
3.2/4.4/6.2/9.4/20.7 months at 5/25/50/75/95 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hscrisk.datasets.simulated.curves import (
    Array,
    before_death,
    geometric_delay,
    then,
    through,
)

# Classes of GVHD: 0 conventional prophylaxis, 1 post-transplant cyclophosphamide.
_ONSET = (
    {3: 0, 11: 0.05, 21: 0.25, 30: 0.5, 50: 0.75, 135: 0.95, 420: 1},
    {5: 0, 15: 0.05, 26: 0.25, 35: 0.5, 56: 0.75, 140: 0.95, 420: 1},
)
_CHRONIC = (
    {50: 0, 97: 0.05, 134: 0.25, 188: 0.5, 286: 0.75, 629: 0.95, 2200: 1},
    {60: 0, 105: 0.05, 150: 0.25, 215: 0.5, 320: 0.75, 680: 0.95, 2200: 1},
)
_WORSE = geometric_delay(at_once=0.65, mean=7)
"""Days from onset to grade II, and from grade II to grade III."""
_EXTENSIVE = geometric_delay(at_once=0.7, mean=60)

# Classes of non-relapse death: 0 usual, 1 early.
_NRM = (
    {0: 0, 30: 0.06, 100: 0.25, 180: 0.38, 365: 0.60, 730: 0.78, 1825: 0.93, 5500: 1},
    {0: 0, 30: 0.14, 100: 0.46, 180: 0.62, 365: 0.82, 730: 0.91, 1825: 0.97, 5500: 1},
)
# Classes of relapse: 0 transplanted in control, 1 with active disease.
_RELAPSE = (
    {0: 0, 30: 0.08, 100: 0.32, 180: 0.51, 365: 0.76, 730: 0.90, 1825: 0.98, 4500: 1},
    {0: 0, 30: 0.16, 100: 0.48, 180: 0.66, 365: 0.85, 730: 0.94, 1825: 0.99, 4500: 1},
)
# From relapse to death: 0 acute leukaemia and MDS, 1 other diseases.
_AFTER_RELAPSE = (
    {0: 0, 30: 0.16, 100: 0.43, 180: 0.58, 365: 0.74, 730: 0.83, 5999: 0.93, 6000: 1},
    {0: 0, 30: 0.10, 100: 0.27, 180: 0.40, 365: 0.58, 730: 0.70, 5999: 0.88, 6000: 1},
)

# Classes of engraftment: 0 blood, 1 marrow, 2 cord.
NEUTROPHIL_SPREAD = np.array([0.125, 0.125, 0.22])
PLATELET_SPREAD = np.array([0.20, 0.22, 0.28])
"""Scale of the logistic distribution of log days, by class of engraftment."""


@dataclass(frozen=True)
class Timing:
    """All tables, each of shape (n_classes, LAST_DAY + 1).

    Attributes
    ----------
    events : dict
        Name of a GVHD endpoint to its table by class of GVHD.
    delays : dict
        Waits from one stage to the next, `worse` and `extensive`, one class each.
    nrm, relapse, after_relapse : ndarray
        By their classes; `after_relapse` is the wait from relapse to death.
    death_after_relapse : ndarray
        Day of death of those who relapse, by `relapse class * 2 + after-relapse class`.
    """

    events: dict[str, Array]
    delays: dict[str, Array]
    nrm: Array
    relapse: Array
    after_relapse: Array
    death_after_relapse: Array

    def lost_to_nrm(self, endpoint: str) -> Array:
        """Return P(event by t, death without relapse before it), shape (2, 2, LAST_DAY + 1).

        Axes: class of GVHD, class of non-relapse mortality.
        """
        return np.array([[before_death(e, d) for d in self.nrm] for e in self.events[endpoint]])

    def lost_to_relapse(self, endpoint: str) -> Array:
        """Return the same for death after relapse, shape (2, 4, LAST_DAY + 1)."""
        deaths = self.death_after_relapse
        return np.array([[before_death(e, d) for d in deaths] for e in self.events[endpoint]])


@lru_cache(maxsize=1)
def timing() -> Timing:
    """Return the tables; they are computed once."""
    onset = np.array([through(points) for points in _ONSET])
    second = np.array([then(table, _WORSE) for table in onset])
    chronic = np.array([through(points) for points in _CHRONIC])
    relapse = np.array([through(points) for points in _RELAPSE])
    after = np.array([through(points) for points in _AFTER_RELAPSE])
    return Timing(
        events={
            "acute_gvhd": onset,
            "acute_gvhd_2_4": second,
            "acute_gvhd_3_4": np.array([then(table, _WORSE) for table in second]),
            "chronic_gvhd": chronic,
            "chronic_gvhd_extensive": np.array([then(table, _EXTENSIVE) for table in chronic]),
        },
        delays={"worse": _WORSE[None, :], "extensive": _EXTENSIVE[None, :]},
        nrm=np.array([through(points) for points in _NRM]),
        relapse=relapse,
        after_relapse=after,
        death_after_relapse=np.array([then(r, wait) for r in relapse for wait in after]),
    )


@lru_cache(maxsize=8)
def lost(endpoint: str) -> tuple[Array, Array]:
    """Return `lost_to_nrm` and `lost_to_relapse` of an endpoint; computed once each."""
    return timing().lost_to_nrm(endpoint), timing().lost_to_relapse(endpoint)
