"""What a stranger's file may hold: every value is asked for by its kind and its bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration

FloatArray = NDArray[np.float64]
FORMAT = 1
MOST_PATIENTS = 10_000_000
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
MOST_WORDS = 50_000


class Place:
    """Where in a file something is read, which a refusal names.

    Parameters
    ----------
    where : str
    """

    def __init__(self, where: str) -> None:
        self.where = where

    def under(self, name: str) -> Place:
        """Return the place one step further in."""
        return Place(f"{self.where}, {name[:64]}")

    def refuse(self, rule: str, field: str, value: Any) -> NoReturn:
        """Say what is wrong here.

        Raises
        ------
        InvalidConfiguration
        """
        raise InvalidConfiguration(
            f"{self.where} {rule}", field=field, value=value, mend="Ask its sender for another."
        )

    def header(self, found: Mapping[str, Any], expected: str) -> None:
        """Pass where the file is of the kind and format expected."""
        if found["format"] != expected or found["version"] != FORMAT:
            self.refuse(f"is no {expected} of format {FORMAT}", "format", found["format"])

    def mapping(self, content: Any, keys: set[str] | None = None) -> Mapping[str, Any]:
        """Return a mapping with exactly these keys."""
        if not isinstance(content, Mapping):
            self.refuse("must hold a mapping here", "content", type(content).__name__)
        if keys is not None and set(content) != keys:
            differing = sorted(set(content) ^ keys)[0]
            self.refuse("lacks a key, or has one too many", str(differing)[:64], "")
        return content

    def sequence(self, content: Any, field: str) -> list[Any]:
        """Return a list that is not empty."""
        if not isinstance(content, list) or not content:
            self.refuse("must hold a list here", field, type(content).__name__)
        return content

    def name(self, value: Any, field: str) -> str:
        """Return a name."""
        if not isinstance(value, str) or not NAME.fullmatch(value):
            self.refuse("needs a name of small letters, digits and . _ -", field, str(value)[:64])
        return value

    def number(self, value: Any, field: str, low: float, high: float) -> float:
        """Return a finite number within its bounds."""
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            self.refuse(f"must have a number from {low:g} to {high:g}", field, str(value)[:64])
        return float(value)

    def count(self, value: Any, field: str, least: int) -> int:
        """Return a whole number, not below `least`."""
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse("must have a whole number", field, str(value)[:64])
        return int(self.number(value, field, least, MOST_PATIENTS))

    def array(self, value: Any, field: str, size: int, largest: float) -> FloatArray:
        """Return so many numbers, none larger than `largest` either way."""
        if not isinstance(value, list) or len(value) != size:
            self.refuse(f"must have {size} numbers", field, "")
        return np.array([self.number(v, field, -largest, largest) for v in value])

    def symmetric(self, value: Any, field: str, size: int) -> FloatArray:
        """Return a matrix from its upper triangle, positive semi-definite up to rounding."""
        flat = self.array(value, field, size * (size + 1) // 2, 1e12)
        matrix = np.zeros((size, size))
        matrix[np.triu_indices(size)] = flat
        matrix = matrix + np.triu(matrix, 1).T
        values = np.linalg.eigvalsh(matrix)
        if values[0] < -1e-5 * max(values[-1], 1e-12):
            self.refuse("must have a positive semi-definite matrix", field, "")
        return matrix

    def days(self, anchors: list[Any]) -> tuple[Any, ...]:
        """Return anchors whose days are in order."""
        days = [a.day for a in anchors]
        if days != sorted(set(days)):
            self.refuse("must have its days in order, each once", "day", "")
        return tuple(anchors)

    def plain(self, content: Any, field: str) -> dict[str, Any]:
        """Return a small mapping of words to words, numbers and lists of them."""
        found = self.mapping(content)
        if len(found) > 200 or len(json.dumps(found)) > MOST_WORDS:
            self.refuse("says too much", field, "")
        for key, value in found.items():
            simple = value if isinstance(value, list | tuple) else [value]
            if isinstance(value, Mapping):
                simple = list(self.plain(value, field).values())
            if len(key) > 200 or not all(_is_plain(v) for v in simple):
                self.refuse("must say it in words and numbers", field, key[:64])
        return dict(found)


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= 2000
    if isinstance(value, list | dict):
        return len(json.dumps(value)) <= 2000
    return value is None or isinstance(value, bool | int | float)
