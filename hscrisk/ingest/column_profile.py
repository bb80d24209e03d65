"""What a column of an unseen file holds: numbers, codes, and what may mean 'missing'."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.ingest.date_guess import DateGuess, guess_dates
from hscrisk.ingest.decimals import with_point
from hscrisk.ingest.naming import unknown_words
from hscrisk.schema.values import canonical, is_missing, parse_number

WORDS_FOR_MISSING = ("NA", "N/A", "n/a", "na", "NaN", "nan", "NULL", "null", ".", "?", "-", "--")
MOST_CODES = 30
_MANY = 50
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_SENTINEL = re.compile(r"-?9{1,6}(\.\d)?|-?[789]{2}|-?(9)\2{2,5}|-[1789](\.\d)?|10{5,9}")


@dataclass(frozen=True)
class ColumnProfile:
    """A column at a glance.

    Attributes
    ----------
    name : str
    n, n_filled, n_distinct : int
        `n_filled` counts cells that hold something else than a word for 'missing'.
    codes : mapping of str to int
        Distinct values and their counts, most frequent first; empty where there are many.
    numbers : ndarray, shape (n_numbers,)
        Those that are numbers and no candidate for 'missing'.
    share_numeric : float
    missing_words, missing_codes : tuple of str
        Words that mean 'missing' in any file, and codes that may mean it in this column.
    unknown : tuple of str
        Codes that are words for 'unknown', in some language: 'unbekannt', 'inconnu'.
    decimal : str
        The decimal mark of the numbers, empty where none has one.
    thousands : bool
        Whether the marks may divide thousands as well: 1,234.
    dates : DateGuess or None
        What dates the column holds.
    """

    name: str
    n: int
    n_filled: int
    n_distinct: int
    codes: dict[str, int] = field(repr=False)
    numbers: NDArray[np.float64] = field(repr=False)
    share_numeric: float
    missing_words: tuple[str, ...]
    missing_codes: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    decimal: str = ""
    thousands: bool = False
    dates: DateGuess | None = None

    @property
    def is_coded(self) -> bool:
        """Return whether few distinct values come again and again."""
        return bool(self.codes)

    @property
    def real_codes(self) -> dict[str, int]:
        """Return the codes that are no candidates for 'missing' or 'unknown'."""
        gone = {*self.missing_codes, *self.unknown}
        return {c: n for c, n in self.codes.items() if c not in gone}

    @property
    def is_whole(self) -> bool:
        """Return whether all numbers are whole."""
        return bool(len(self.numbers)) and bool(np.all(self.numbers == np.round(self.numbers)))


def profile(column: pd.Series[Any], name: str) -> ColumnProfile:
    """Return the profile of a column; a cell of any kind will do."""
    texts = [canonical(value) for value in column if not is_missing(value)]
    met = set(texts)
    # Beside a plus sign, a minus sign is an answer.
    words = tuple(
        word for word in WORDS_FOR_MISSING if word in met and not (word == "-" and "+" in met)
    )
    filled = [text for text in texts if text not in words]
    counts = Counter(filled)
    decimal = _decimal(counts)
    parsed = {text: _parsed(text, decimal) for text in counts}
    numeric = {text: value for text, value in parsed.items() if value is not None}
    unknown = tuple(text for text in counts if text.lower() in unknown_words())
    worded = sum(counts[text] for text in unknown)
    n_numeric = sum(counts[text] for text in numeric)
    few = len(counts) <= MOST_CODES and (len(counts) <= 12 or len(filled) >= 5 * len(counts))
    missing = _missing_codes(numeric, counts, coded=few)
    kept = {text: value for text, value in numeric.items() if text not in missing}
    values = [np.full(counts[text], value) for text, value in kept.items()]
    return ColumnProfile(
        name=name,
        n=len(column),
        n_filled=len(filled),
        n_distinct=len(counts),
        codes=dict(sorted(counts.items(), key=_by_number)) if few else {},
        numbers=np.concatenate(values) if values else np.empty(0),
        share_numeric=n_numeric / (len(filled) - worded) if len(filled) > worded else 0.0,
        missing_words=words,
        missing_codes=missing,
        unknown=unknown,
        decimal=decimal,
        thousands=decimal == "," and all(_THOUSANDS.fullmatch(t) for t in numeric if "," in t),
        dates=guess_dates({text: n for text, n in counts.items() if text not in unknown}),
    )


def _decimal(counts: Counter[str]) -> str:
    """Return the decimal mark: a comma where some numbers have one and none has a point."""
    commas = any("," in text and with_point(text) is not None for text in counts)
    if any("." in text and parse_number(text) is not None for text in counts):
        return "."
    return "," if commas else ""


def _parsed(text: str, decimal: str) -> float | None:
    pointed = with_point(text) if decimal == "," else text
    return None if pointed is None else parse_number(pointed)


def _missing_codes(
    numeric: dict[str, float], counts: Counter[str], *, coded: bool
) -> tuple[str, ...]:
    """Return values made of nines, or a million, that stand far away from all others."""
    suspects = {text: value for text, value in numeric.items() if _SENTINEL.fullmatch(text)}
    others = np.array([value for text, value in numeric.items() if text not in suspects])
    if len(others) == 0:
        return ()
    low, high = float(others.min()), float(others.max())
    if len(others) >= _MANY:
        high = float(np.quantile(others, 0.98))  # a slip of the pen must not hide a code
    found = []
    for text, value in suspects.items():
        alone = counts[text] >= 2 or coded
        if coded and _off_step(value, others):
            found.append(text)
            continue
        below = value < 0 <= low
        above = value > (2 * high if coded else 3 * high) and value >= (9 if coded else 99)
        if alone and (below or (above and not (coded and value < high + 4))):
            found.append(text)
    return tuple(sorted(found, key=lambda text: (numeric[text], text)))


def _off_step(value: float, others: NDArray[np.float64]) -> bool:
    """Return whether a value falls between steps of ten that all others keep: 99 beside 90, 100."""
    return len(others) >= 3 and bool(np.all(others % 10 == 0)) and value % 10 != 0


def _by_number(item: tuple[str, int]) -> tuple[int, float, str]:
    number = parse_number(item[0])
    return (1, 0.0, item[0]) if number is None else (0, number, item[0])
