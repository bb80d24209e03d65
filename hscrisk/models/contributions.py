"""Exact contributions of the input columns to the log-odds of each patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Contributions:
    """Log-odds taken apart: bases + values.sum(axis=1) = log_odds (to 1e-4).

    Attributes
    ----------
    base : float
        Mean log-odds of the training cohort at the horizon; for one patient the base of that
        patient's explanation.
    bases : ndarray, shape (n_samples,)
        `base`, except for a patient whose risk at an earlier anchor stands (running maximum):
        the explanation and its base are then those of that anchor.
    values : ndarray, shape (n_samples, n_features_in)
        One column for each input column, levels and missing indicators folded in.
    feature_names : tuple of str
    log_odds : ndarray, shape (n_samples,)
        Of the risk shown.
    """

    base: float
    bases: FloatArray
    values: FloatArray
    feature_names: tuple[str, ...]
    log_odds: FloatArray


def fold(values: FloatArray, groups: NDArray[np.intp], n_features: int) -> FloatArray:
    """Sum contributions of encoded columns into those of the input columns they stem from."""
    folded = np.zeros((values.shape[0], n_features))
    for j, group in enumerate(groups):
        folded[:, group] += values[:, j]
    return folded
