"""Intervals by bootstrap of whole patients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def bootstrap_multiplicity(groups: Any, n_draws: int, seed: int) -> FloatArray:
    """Return how often each row is drawn, shape (n_draws, n_samples); the same for a seed.

    Whole groups (patients, or centres) are drawn with replacement, so that rows of one group are
    always drawn alike. Fitted models are held fixed, the censoring weights are not
    (`KnownStates.drawn`). Pooled over folds, the interval speaks of the mean score of the models
    that the folds have fitted, for patients like these; that of a single model fitted again on
    another sample varies more. Folds that train on each other's patients are not independent, and
    no unbiased variance exists for them: in simulated cohorts of 150 to 300 with little or nothing
    to find, 95 % intervals of AUC, IPA and slope covered 73-90 %; with a clear signal, or 1,000
    patients, 90-92 %, and Brier score and O/E 94-98 %. (The lower limit of the IPA was above 0 in
    2 of 200 cohorts of noise.) For a fixed model on patients of its own they cover 95 %.

    A bootstrap rather than influence functions, since one pass serves every score, ratio and
    paired difference, repeated splits and groups of patients alike; standard errors agree with
    those of influence functions (`tests/reference/scores.R`).

    References
    ----------
    Efron & Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993. Groups: Field &
    Welsh, J R Stat Soc B 2007;69:369-390. Over folds: Bayle et al., Adv Neural Inf Process Syst
    2020;33:16339-16350; why no more can be had, Bengio & Grandvalet, J Mach Learn Res
    2004;5:1089-1105.
    """
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    n_groups = int(codes.max()) + 1
    draws = np.random.default_rng(seed).multinomial(
        n_groups, np.full(n_groups, 1 / n_groups), size=n_draws
    )
    return draws[:, codes].astype(np.float64)


def percentile_interval(draws: FloatArray, *, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of bootstrap draws; NaN where a tenth or more failed."""
    good = draws[np.isfinite(draws)]
    if len(good) < 0.9 * len(draws):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = np.quantile(good, [tail, 1 - tail])
    return float(low), float(high)
