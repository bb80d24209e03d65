"""Many cohorts' summaries to one prior: random effects, estimated by EM on the summaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hscrisk.priors.summary import AnchorSummary

FloatArray = NDArray[np.float64]
MEAN_SD = 0.5
"""Of a term's mean effect, before any cohort is seen; the intercept's is free."""
SPREAD = 0.1
INTERCEPT_SPREAD = 0.3
SPREAD_WEIGHT = 2.0
"""Cohorts that the expected spread between cohorts counts for."""
FEW = 10
INFLATION = 1.5
"""Of the covariance below ten cohorts, which are too few to learn the spread from."""
MAX_STEPS = 500
TOLERANCE = 1e-7


@dataclass(frozen=True)
class Pooled:
    """A prior for the effects in a cohort not seen yet.

    Attributes
    ----------
    mean : ndarray, shape (1 + n_terms,)
        Intercept first.
    covariance : ndarray, shape (1 + n_terms, 1 + n_terms)
        Of the mean, plus the spread between cohorts.
    spread : ndarray, shape (1 + n_terms,)
        Standard deviation between cohorts.
    n_cohorts : ndarray of int, shape (1 + n_terms,)
        That know something of each term.
    """

    mean: FloatArray
    covariance: FloatArray
    spread: FloatArray
    n_cohorts: NDArray[np.intp]


def pool(summaries: Sequence[AnchorSummary], shares: Sequence[float] | None = None) -> Pooled:
    """Return the prior that cohorts' summaries of one endpoint and day give the next cohort.

    beta_s ~ N(mu, diag T), the likelihood of each cohort as its summary has it; mu under
    N(0, .5^2) a term, T shrunk towards .1^2 (the intercept's .3^2) with the weight of two cohorts.
    The order of the summaries changes nothing.

    Parameters
    ----------
    summaries : sequence of AnchorSummary
    shares : sequence of float, optional
        For each, the share of its patients that cannot be in another summary.

    References
    ----------
    DerSimonian & Laird, Control Clin Trials 1986;7:177-188 (random effects); EM: Laird & Ware,
    Biometrics 1982;38:963-974.
    """
    weights = np.ones(len(summaries)) if shares is None else np.asarray(shares, dtype=np.float64)
    ordered = sorted(range(len(summaries)), key=lambda k: _key(summaries[k]))
    information = np.stack([weights[k] * summaries[k].information for k in ordered])
    linear = np.stack([weights[k] * summaries[k].linear() for k in ordered])
    size = information.shape[1]
    expected = np.full(size, SPREAD**2)
    expected[0] = INTERCEPT_SPREAD**2
    mean_precision = np.full(size, MEAN_SD**-2.0)
    mean_precision[0] = 1e-6
    knows = np.einsum("sii->si", information) > 0
    n_cohorts = knows.sum(axis=0)
    spread = expected.copy()
    mean = np.zeros(size)
    covariance = np.eye(size)
    for _ in range(MAX_STEPS):
        inverse = np.linalg.inv(information + np.diag(1 / spread))
        # The mean by generalised least squares, each cohort with its own error and the spread.
        precision = np.diag(1 / spread) - inverse / np.outer(spread, spread)
        pulled = np.einsum("sij,sj->si", inverse, linear) / spread
        covariance = np.linalg.inv(precision.sum(axis=0) + np.diag(mean_precision))
        covariance = (covariance + covariance.T) / 2
        moved = covariance @ pulled.sum(axis=0)
        own = np.einsum("sij,sj->si", inverse, linear + moved / spread)
        # What the cohort's own effect varies by, given the data, and with it what the mean does.
        carried = inverse / spread[None, None, :]
        variance = np.einsum("sii->si", inverse)
        rest = np.eye(size)[None] - carried
        variance = variance + np.einsum("sij,jk,sik->si", rest, covariance, rest)
        squares = np.where(knows, (own - moved) ** 2 + variance, 0.0).sum(axis=0)
        updated = (squares + SPREAD_WEIGHT * expected) / (n_cohorts + SPREAD_WEIGHT)
        step = max(np.abs(moved - mean).max(), np.abs(np.sqrt(updated) - np.sqrt(spread)).max())
        mean, spread = moved, updated
        if step < TOLERANCE:
            break
    whole = covariance + np.diag(spread)
    if len(summaries) < FEW:
        whole = whole * INFLATION
    return Pooled(mean, whole, np.sqrt(spread), n_cohorts.astype(np.intp))


def _key(summary: AnchorSummary) -> tuple[float, ...]:
    """Return what orders summaries whatever order they came in, so that sums round alike."""
    return (summary.n, summary.n_events, summary.incidence, *summary.point)
