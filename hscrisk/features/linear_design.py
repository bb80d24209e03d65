"""What a linear predictor sees: imputed, centred and scaled columns, summed one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
CELLS = 32768
"""Cells of a block's running sum: small enough to stay in cache."""
FARTHEST = 1000.0
"""Deviations beyond which a value counts as no farther: it is no measurement, and without an end
its square leaves the range of float32 and an interval is no number."""


@dataclass(frozen=True)
class LinearDesign:
    """Median-imputed, centred columns: a number in standard deviations, a 0/1 column as it is.

    A 0/1 column is not divided by its deviation, which would give a level met in 1 % of the
    cohort ten times the room under the same prior.

    Attributes
    ----------
    fill, mean, scale : ndarray, shape (n_columns,)
        What stands in for NaN, the training mean, and 1 / standard deviation (1 for a 0/1
        column, 0 for one that was constant in training, which therefore never speaks).
    """

    fill: FloatArray
    mean: FloatArray
    scale: FloatArray

    @classmethod
    def fit(cls, matrix: NDArray[np.float32]) -> LinearDesign:
        """Learn medians, means and deviations from the training matrix."""
        values = matrix.astype(np.float64)
        missing = np.isnan(values)
        fill = np.zeros(values.shape[1])
        for j in np.flatnonzero(~missing.all(axis=0)):
            fill[j] = np.median(values[~missing[:, j], j])
        values = np.where(missing, fill, values)
        mean = values.mean(axis=0)
        deviation = np.sqrt(((values - mean) ** 2).mean(axis=0))
        varies = deviation > 1e-9 * np.maximum(1.0, np.abs(mean))
        binary = ((values == 0) | (values == 1)).all(axis=0)
        scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=varies)
        scale[binary & varies] = 1.0
        return cls(fill, mean, scale)

    def standardise(self, matrix: NDArray[np.float32]) -> FloatArray:
        """Return the design, shape (n_samples, n_columns)."""
        return self._columns(matrix).T

    def _columns(self, matrix: NDArray[np.float32]) -> FloatArray:
        values = np.ascontiguousarray(matrix.T, dtype=np.float64)
        np.copyto(values, self.fill[:, None], where=np.isnan(values))
        values -= self.mean[:, None]
        values *= self.scale[:, None]
        return np.clip(values, -FARTHEST, FARTHEST, out=values)

    def sums(self, matrix: NDArray[np.float32], coefficients: NDArray[Any]) -> NDArray[Any]:
        """Return design @ coefficients, shape (n_samples, n_sums), summed column by column.

        Never by BLAS: its order of summation depends on the shape, and a row would then differ
        in its last bits according to the batch that it came in.

        Parameters
        ----------
        coefficients : ndarray, shape (n_columns, n_sums)
            float64, or float32 where half the work is worth more than the digits.
        """
        n, width = matrix.shape[0], coefficients.shape[1]
        out = np.zeros((width, n), dtype=coefficients.dtype)
        step = max(64, CELLS // max(1, width))
        active = np.flatnonzero((self.scale != 0) & (coefficients != 0).any(axis=1))
        for start in range(0, n, step):
            columns = self._columns(matrix[start : start + step])
            columns = columns.astype(coefficients.dtype, copy=False)
            block = np.zeros((width, columns.shape[1]), dtype=coefficients.dtype)
            term = np.empty_like(block)
            for j in active:
                np.multiply(coefficients[j][:, None], columns[j], out=term)
                block += term
            out[:, start : start + step] = block
        return out.T
