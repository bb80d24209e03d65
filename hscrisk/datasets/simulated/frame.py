"""Columns become a frame with the contract's fields, order and types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.datasets.simulated.hla import ALLELES
from hscrisk.schema import load_contract
from hscrisk.schema.values import TEXT


def frame_of(columns: Mapping[str, NDArray[Any]], *, first: int) -> pd.DataFrame:
    """Return contract columns of simulated ones: float64, categories of all levels, text.

    Parameters
    ----------
    columns : mapping
        Field to numbers or codes; names that begin with '_' are parts of text columns.
    first : int
        Number of the first row in the registry, from 0.
    """
    n = len(columns["patient_age"])
    texts = _texts(columns, first, n)
    made: dict[str, Any] = {}
    for name, field in load_contract().items():
        if name in texts:
            made[name] = texts[name]
        elif name not in columns:
            continue
        elif field.is_categorical:
            dtype = pd.CategoricalDtype(list(field.levels), ordered=False)
            made[name] = pd.Categorical.from_codes(columns[name], dtype=dtype)
        else:
            made[name] = columns[name]
    return pd.DataFrame(made, copy=False)


def _texts(columns: Mapping[str, NDArray[Any]], first: int, n: int) -> dict[str, Any]:
    numbers = range(first + 1, first + n + 1)
    texts: dict[str, Any] = {
        "transplant_id": pd.Series([f"SIM{k:08d}" for k in numbers], dtype=TEXT),
        "patient_id": pd.Series([f"SIMP{k:08d}" for k in numbers], dtype=TEXT),
        "donor_id": pd.Series([f"SIMD{k:08d}" for k in numbers], dtype=TEXT),
        "centre_id": _spelled([f"C{k + 1:03d}" for k in range(999)], columns["_centre"]),
        "infusion_date": _dates(columns["_infusion"]),
    }
    typed = ~columns["_untyped"] if "_untyped" in columns else np.ones(n, dtype=bool)
    for locus, alleles in ALLELES.items():
        names = [f"{locus.upper()}*{allele}" for allele in alleles]
        for whose in ("patient", "donor"):
            for slot in (0, 1):
                codes = columns[f"_{whose}_{locus}"][:, slot].astype(np.int64)
                column = _spelled(names, np.where(typed, codes, -1))
                texts[f"{whose}_hla_{locus}_{slot + 1}"] = column
    return texts


def _spelled(words: list[str], codes: NDArray[np.int64]) -> pd.Series[Any]:
    """Return the word of each code; missing where it is negative."""
    table = pd.Series([*words, None], dtype=TEXT)
    return table.take(np.where(codes < 0, len(words), codes)).reset_index(drop=True)


def _dates(days: NDArray[Any]) -> pd.Series[Any]:
    first, codes = np.unique(days, return_inverse=True)
    return _spelled([str(day) for day in first], codes)
