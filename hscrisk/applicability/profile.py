"""What the training cohort looked like, with no row and no small cell in it.

Limits of a number are its 5th smallest and 5th largest value, so that no one patient sets them;
levels of fewer than 5 patients are kept only as "fewer than 5"; counts are rounded to 5, so that
a suppressed one cannot be had by subtraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from hscrisk.schema import Contract

K = 5
"""Smallest number of patients that a kept figure stands for (k-anonymity)."""

FEW = f"<{K}"


@dataclass(frozen=True)
class NumbersSeen:
    """What training saw of a number.

    Attributes
    ----------
    label, unit : str
        As in the data contract.
    low, high : float or None
        The 5th smallest and 5th largest value; None where fewer than 10 were recorded.
    missing : float
        Share missing, from counts rounded to 5.
    """

    label: str
    unit: str
    low: float | None
    high: float | None
    missing: float

    def words(self) -> str:
        """Return the range in words."""
        if self.low is None:
            return "recorded too seldom to give a range"
        ends = f"{_shown(self.low)} to {_shown(self.high)}"
        return f"{ends} {self.unit}" if self.unit else ends


def _shown(value: float | None) -> str:
    """Return three digits of a number: the whole of it would be one patient's."""
    return f"{float(f'{value:.3g}'):g}"


@dataclass(frozen=True)
class LevelsSeen:
    """What training saw of a category or flag.

    Attributes
    ----------
    label : str
        As in the data contract.
    levels : mapping of str to int or '<5'
        Number of patients, rounded to 5; '<5' for a level of the contract with fewer (or none).
    missing : float
        Share missing, from counts rounded to 5.
    """

    label: str
    levels: Mapping[str, int | str]
    missing: float

    def common(self) -> list[str]:
        """Return the levels of at least 5 patients."""
        return [level for level, n in self.levels.items() if n != FEW]


@dataclass(frozen=True)
class CohortProfile:
    """What the training cohort of one model looked like.

    Attributes
    ----------
    source : str
        Name of the cohort.
    n : int
        Transplants in training.
    predictors : mapping of str to NumbersSeen or LevelsSeen
    years : tuple of int, or None
        First and last year of transplant.
    population : mapping
        Who they were, in plain values (transplant type, ages ...).
    definitions : mapping
        What the registry declares (platelet threshold, grading ...).
    """

    source: str
    n: int
    predictors: Mapping[str, NumbersSeen | LevelsSeen]
    years: tuple[int, int] | None = None
    population: Mapping[str, Any] = field(default_factory=dict)
    definitions: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_cohort(
        cls,
        X: pd.DataFrame,
        contract: Contract,
        source: str,
        n: int | None = None,
        *,
        years: tuple[int, int] | None = None,
        population: Mapping[str, Any] | None = None,
        definitions: Mapping[str, Any] | None = None,
    ) -> Self:
        """Describe a training frame.

        Parameters
        ----------
        X : DataFrame, shape (n_samples, n_features)
            What the model was fitted on.
        contract : Contract
            Gives labels, units and levels; columns that it does not know are described too.
        source : str
            Name of the cohort.
        n : int, optional
            Transplants in training; rows of `X` by default.
        years : tuple of int, optional
            First and last year of transplant.
        population, definitions : mapping, optional
            Who they were; what the registry declares. Ages and transplant types are added.
        """
        predictors = {str(name): _seen(X[name], str(name), contract) for name in X.columns}
        return cls(
            source=source,
            n=len(X) if n is None else n,
            predictors=predictors,
            years=years,
            population={**_population(predictors), **(population or {})},
            definitions=dict(definitions or {}),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (JSON)."""
        return {
            **asdict(self),
            "predictors": {name: asdict(seen) for name, seen in self.predictors.items()},
            "years": None if self.years is None else list(self.years),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a profile from `to_dict`."""
        predictors: dict[str, NumbersSeen | LevelsSeen] = {
            name: LevelsSeen(**seen) if "levels" in seen else NumbersSeen(**seen)
            for name, seen in values["predictors"].items()
        }
        years = values["years"]
        return cls(
            source=values["source"],
            n=values["n"],
            predictors=predictors,
            years=None if years is None else (years[0], years[1]),
            population=values["population"],
            definitions=values["definitions"],
        )


def _seen(column: pd.Series[Any], name: str, contract: Contract) -> NumbersSeen | LevelsSeen:
    known = contract.get(name)
    label = known.label if known else name
    column = column.infer_objects()
    missing = _rounded(int(column.isna().sum())) / max(1, len(column))
    if is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype):
        values = np.sort(column.dropna().to_numpy(dtype=np.float64))
        enough = len(values) >= 2 * K
        low, high = (float(values[K - 1]), float(values[-K])) if enough else (None, None)
        return NumbersSeen(label, (known.unit or "") if known else "", low, high, missing)
    # Only the contract's own words may stand beside "fewer than 5": a free word that one
    # patient has would point at that patient.
    counts = column.dropna().astype(str).value_counts()
    levels = dict.fromkeys(known.levels, 0) if known and known.levels else {}
    levels |= {
        str(level): int(n) for level, n in counts.sort_index().items() if n >= K or level in levels
    }
    return LevelsSeen(
        label, {level: _rounded(n) if n >= K else FEW for level, n in levels.items()}, missing
    )


def _population(predictors: Mapping[str, NumbersSeen | LevelsSeen]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    age, kind = predictors.get("patient_age"), predictors.get("transplant_type")
    if isinstance(age, NumbersSeen) and age.low is not None:
        found["patient_age"] = [age.low, age.high]
    if isinstance(kind, LevelsSeen):
        found["transplant_type"] = kind.common()
    return found


def _rounded(n: int) -> int:
    return K * ((n + K // 2) // K)
