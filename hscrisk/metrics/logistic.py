"""Weighted logistic regressions of one target, for a sample and for all draws from it at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

FloatArray = NDArray[np.float64]
TINY = 1e-12
MAX_STEPS = 50
CONVERGED = 1e-6
"""Last step; what is left behind it is of the order of its square."""
FURTHEST = 30.0
"""Log-odds for a standard deviation of a term beyond which the outcomes are separated."""
SINGULAR = 1e-10
"""Share of a term's curvature left once all others are known, below which it is none."""


def weighted_logistic(
    weight: FloatArray,
    target: FloatArray,
    terms: FloatArray,
    offset: FloatArray | None = None,
) -> FloatArray:
    """Return maximum likelihood coefficients of each draw, shape (n_draws, n_terms).

    By Newton's method. NaN where there is no maximum: when every known target is the same, or the
    terms separate the targets, or do not vary among those known.

    Parameters
    ----------
    weight : ndarray, shape (n_draws, n_samples)
    target : ndarray of 0 and 1, shape (n_samples,)
    terms : ndarray, shape (n_samples, n_terms)
        The column of ones included; the others standardised.
    offset : ndarray, shape (n_samples,), optional
    """
    shift = np.zeros(len(target)) if offset is None else offset
    found = np.full((len(weight), terms.shape[1]), np.nan)
    solvable = (weight @ target > 0) & (weight @ (1 - target) > 0)
    if not solvable.any():
        return found
    w = weight[solvable]
    # All draws start from the solution of their mean, and few steps are left.
    start = _newton(w.mean(axis=0, keepdims=True), target, terms, shift, np.zeros(terms.shape[1]))
    found[solvable] = _newton(w, target, terms, shift, np.nan_to_num(start[0]))
    return found


def _newton(
    w: FloatArray, target: FloatArray, terms: FloatArray, shift: FloatArray, start: FloatArray
) -> FloatArray:
    n_terms = terms.shape[1]
    products = (terms[:, :, None] * terms[:, None, :]).reshape(len(terms), -1)
    beta = np.tile(start, (len(w), 1))
    solved = np.zeros(len(w), dtype=bool)
    left = np.arange(len(w))
    for k in range(MAX_STEPS):
        if k:
            p = expit(beta[left] @ terms.T + shift)
            gradient = (w[left] * (target - p)) @ terms
            curvature = (w[left] * (p * (1 - p))) @ products
        else:  # all draws begin at one place
            p = expit(terms @ start + shift)
            gradient = w @ ((target - p)[:, None] * terms)
            curvature = w @ ((p * (1 - p))[:, None] * products)
        step, regular = _step(gradient, curvature.reshape(-1, n_terms, n_terms))
        size = np.abs(step).max(axis=1)
        # Far from the maximum the curvature is nearly flat; a longer step would overshoot.
        beta[left] += step / np.maximum(1.0, size / 2)[:, None]
        solved[left] = regular & (size < CONVERGED)
        left = left[(size >= CONVERGED) & (np.abs(beta[left]).max(axis=1) < FURTHEST)]
        if not len(left):
            break
    return np.where(solved[:, None], beta, np.nan)


def _step(gradient: FloatArray, curvature: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return Newton's steps and which draws have curvature in every direction."""
    scale = np.sqrt(np.maximum(np.einsum("dii->di", curvature), TINY**2))
    alike = curvature / (scale[:, :, None] * scale[:, None, :])
    values, vectors = np.linalg.eigh(alike)
    along = np.einsum("dji,dj->di", vectors, gradient / scale) / np.maximum(values, SINGULAR)
    step: FloatArray = np.einsum("dij,dj->di", vectors, along) / scale
    return step, values[:, 0] > SINGULAR
