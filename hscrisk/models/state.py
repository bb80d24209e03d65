"""What is kept of a fitted model: plain settings, arrays and boosters; never a pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration

Array = NDArray[Any]
KEPT = (np.dtype(np.float32), np.dtype(np.float64))


@dataclass(frozen=True)
class ModelState:
    """Everything that prediction needs.

    Attributes
    ----------
    kind : str
        Class name of the estimator.
    settings : dict
        Strict JSON (no NaN, no infinity).
    arrays : dict of ndarray
        float32 or float64, finite.
    boosters : dict of bytes
        XGBoost models in UBJ.
    """

    kind: str
    settings: dict[str, Any]
    arrays: dict[str, Array] = field(default_factory=dict)
    boosters: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what would not survive being written and read.

        Raises
        ------
        InvalidConfiguration
            Naming the setting or array.
        """
        try:
            json.dumps(self.settings, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidConfiguration("a model's settings must be strict JSON") from error
        for name, array in self.arrays.items():
            if array.dtype not in KEPT:
                raise InvalidConfiguration(
                    f"an array of a model must be float32 or float64, not {array.dtype}", field=name
                )
            if not np.isfinite(array).all():
                raise InvalidConfiguration("an array of a model must be finite", field=name)

    def array(self, name: str, ndim: int) -> NDArray[np.float64]:
        """Return a float64 array by name.

        Raises
        ------
        InvalidConfiguration
            When it is absent or has another number of dimensions.
        """
        found = self.arrays.get(name)
        if found is None or found.ndim != ndim:
            raise InvalidConfiguration(f"the model's state lacks a {ndim}-d array", field=name)
        return found.astype(np.float64, copy=False)

    def setting(self, name: str) -> Any:
        """Return a setting by name.

        Raises
        ------
        InvalidConfiguration
            When it is absent.
        """
        if name not in self.settings:
            raise InvalidConfiguration("the model's state lacks a setting", field=name)
        return self.settings[name]
