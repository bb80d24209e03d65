"""Outcomes whose risk by day 100 is known, with competing events and censoring."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from hscrisk.survival import Outcome


def cohort(
    n: int = 400, seed: int = 5, slope: float = 1.0, *, mean_follow_up: float = 300.0
) -> tuple[Outcome, np.ndarray]:
    """Return outcomes, and their risks stretched by `slope` in log-odds."""
    rng = np.random.default_rng(seed)
    risk = expit(rng.normal(-0.5, 1.0, n))
    first = rng.uniform(size=n) < risk
    day = np.ceil(rng.uniform(0, 100, n))
    event = np.where(first, 1, np.where(rng.uniform(size=n) < 0.5, 2, 0))
    duration = np.where(first | (event == 2), day, 200.0)
    lost = np.ceil(rng.exponential(mean_follow_up, n))
    event = np.where(lost < duration, 0, event)
    duration = np.minimum(duration, lost)
    return Outcome(event.astype(np.int64), duration), expit(slope * logit(risk))
