"""The columns of a block of transplants while they are drawn: numbers, and codes of levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.datasets.simulated.centres import Centres
from hscrisk.datasets.simulated.curves import Array
from hscrisk.schema import load_contract

Mask = NDArray[np.bool_]
NOTHING = -1
"""Code of a missing level."""


@cache
def level_codes(name: str) -> dict[str, int]:
    """Return the code of each level of a field, in the contract's stable order."""
    return {level: code for code, level in enumerate(load_contract()[name].levels)}


@dataclass
class Draw:
    """`n` transplants: field to float64 numbers (NaN missing) or int8 codes (-1 missing).

    Attributes
    ----------
    rng : Generator
        Of this block alone.
    n : int
    centres : Centres
    centre : ndarray of int, shape (n,)
        Which centre transplants.
    era : ndarray, shape (n,)
        Calendar year that practice follows; one year for all where nothing drifts.
    child : ndarray of bool, shape (n,)
    columns : dict
    """

    rng: np.random.Generator
    n: int
    centres: Centres
    centre: NDArray[np.int64]
    era: Array
    child: Mask
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def number(self, name: str, values: Any, decimals: int = 0) -> None:
        """Keep numbers, rounded, inside the hard limits of the field."""
        low, high = load_contract()[name].hard or (-np.inf, np.inf)
        rounded = np.round(np.broadcast_to(values, self.n).astype(np.float64), decimals)
        self.columns[name] = np.clip(rounded, low, high)

    def flag(self, name: str, who: Any) -> None:
        """Keep a flag: code 1 is 'yes'."""
        self.columns[name] = np.broadcast_to(who, self.n).astype(np.int8)

    def choose(self, name: str, weights: Mapping[str, Any]) -> None:
        """Draw a level for each row, by weights that are numbers or arrays of shape (n,)."""
        shares = np.stack([np.broadcast_to(w, self.n) for w in weights.values()]).astype(np.float64)
        steps = np.cumsum(shares, axis=0)
        taken = (self.rng.random(self.n) * steps[-1] >= steps[:-1]).sum(axis=0)
        codes = np.array([level_codes(name)[level] for level in weights], dtype=np.int8)
        self.columns[name] = codes[taken]

    def set_level(self, name: str, level: str, who: Mask) -> None:
        """Give `who` a level of a field that is there."""
        self.columns[name][who] = level_codes(name)[level]

    def lose(self, name: str, who: Mask) -> None:
        """Make a value missing."""
        column = self.columns[name]
        column[who] = NOTHING if column.dtype == np.int8 else np.nan

    def has(self, name: str, *levels: str) -> Mask:
        """Return who has one of the levels; nobody whose value is missing."""
        codes = [level_codes(name)[level] for level in levels]
        return np.asarray(np.isin(self.columns[name], codes), dtype=np.bool_)

    def known(self, name: str) -> Mask:
        """Return whose value is known."""
        column = self.columns[name]
        here = column != NOTHING if column.dtype == np.int8 else ~np.isnan(column)
        return np.asarray(here, dtype=np.bool_)

    def habit(self, name: str) -> Array:
        """Return a habit of each row's centre."""
        return np.asarray(self.centres.habits[name][self.centre], dtype=np.float64)

    def chance(self, probability: Any) -> Mask:
        """Return who is hit, by probability."""
        return np.asarray(self.rng.random(self.n) < probability, dtype=np.bool_)

    def noise(self, scale: Any = 1.0) -> Array:
        """Return normal noise, shape (n,)."""
        return np.asarray(self.rng.normal(0.0, 1.0, self.n) * scale, dtype=np.float64)
