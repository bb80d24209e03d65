"""Centres: skewed sizes, habits of their own, and an effect on outcomes that nobody records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hscrisk.datasets.simulated.curves import Array

N_CENTRES = 140
_HABITS = {
    "blood": 0.7,  # peripheral blood rather than marrow
    "serotherapy": 1.1,
    "ptcy": 1.0,
    "ciclosporin": 1.6,
    "mycophenolate": 0.9,
    "intensity": 0.5,
    "haploidentical": 0.7,
    "gcsf": 1.2,
    "gaps": 0.5,  # how much is left blank, on the log scale
    "loss": 0.5,  # losses to follow-up, on the log scale
}
"""Standard deviations between centres, log-odds of a choice unless said otherwise."""
EFFECTS = {
    "acute": 0.35,  # practice and grading; the largest known signal of registries
    "chronic": 0.30,
    "nrm": 0.15,
    "relapse": 0.05,
    "neutrophils": 0.035,  # log days
    "platelets": 0.06,  # log days
}


@dataclass(frozen=True)
class Centres:
    """All centres of a registry.

    Attributes
    ----------
    shares : ndarray, shape (N_CENTRES,)
        Of the transplants.
    habits : dict of ndarray, shape (N_CENTRES,)
    effects : dict of ndarray, shape (N_CENTRES,)
        Mean 0 over transplants; log-odds, or log days for the two recoveries.
    """

    shares: Array
    habits: dict[str, Array]
    effects: dict[str, Array]


def draw_centres(seed: int, *, effects: bool) -> Centres:
    """Return the centres of `seed`; without `effects` all of them have the same outcomes."""
    rng = np.random.default_rng([seed, 0])
    sizes = rng.lognormal(0.0, 1.1, N_CENTRES)
    shares = sizes / sizes.sum()
    habits = {name: rng.normal(0.0, sd, N_CENTRES) for name, sd in _HABITS.items()}
    drawn = {name: rng.normal(0.0, sd, N_CENTRES) for name, sd in EFFECTS.items()}
    on = 1.0 if effects else 0.0
    return Centres(
        shares, habits, {name: on * (values - shares @ values) for name, values in drawn.items()}
    )
