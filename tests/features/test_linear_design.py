from __future__ import annotations

import numpy as np
import pytest

from hscrisk.features import LinearDesign


@pytest.fixture
def matrix() -> np.ndarray:
    rng = np.random.default_rng(0)
    matrix = rng.normal(5, 3, (200, 6)).astype(np.float32)
    matrix[:, 2] = rng.random(200) < 0.05
    matrix[:, 3] = 7.0
    matrix[::9, 0] = np.nan
    matrix[:, 5] = np.nan
    return matrix


def test_numbers_in_deviations_and_flags_as_they_are(matrix: np.ndarray) -> None:
    z = LinearDesign.fit(matrix).standardise(matrix)
    assert np.allclose(z.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(z[:, [0, 1, 4]].std(axis=0), 1)
    # A flag keeps its unit: from 0 to 1 is 1, however rare it is.
    assert np.ptp(z[:, 2]) == pytest.approx(1)
    # A constant column and one never seen say nothing.
    assert (z[:, [3, 5]] == 0).all()


def test_missing_is_the_median(matrix: np.ndarray) -> None:
    design = LinearDesign.fit(matrix)
    row = matrix[:1].copy()
    row[0, 0] = np.nanmedian(matrix[:, 0].astype(np.float64))
    missing = matrix[:1].copy()
    missing[0, 0] = np.nan
    assert design.standardise(row)[0, 0] == pytest.approx(
        design.standardise(missing)[0, 0], abs=1e-6
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("width", [1, 3, 200])
def test_sums_equal_the_product_and_do_not_depend_on_the_batch(
    matrix: np.ndarray, width: int, dtype: type
) -> None:
    design = LinearDesign.fit(matrix)
    coefficients = np.random.default_rng(1).normal(size=(6, width)).astype(dtype)
    sums = design.sums(matrix, coefficients)
    product = design.standardise(matrix) @ coefficients.astype(np.float64)
    assert np.allclose(sums, product, rtol=0, atol=1e-12 if dtype is np.float64 else 1e-4)
    alone = np.concatenate([design.sums(matrix[i : i + 1], coefficients) for i in range(200)])
    assert np.array_equal(alone, sums)
    assert np.array_equal(design.sums(matrix[::-1], coefficients)[::-1], sums)
