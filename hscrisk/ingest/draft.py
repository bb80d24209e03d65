"""A first mapping for a file nobody has seen: what was guessed, why, and what is left to decide.

Nothing is guessed silently. A field is mapped only where its name and its values agree and its
codes need no explanation; whatever else looks alike stands in a comment, to be decided by a person.
So the draft can be loaded and the file read with it at once, and it says little rather than wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from hscrisk.ingest.column_profile import ColumnProfile, profile
from hscrisk.ingest.files import read_table
from hscrisk.ingest.fitting import NO_FIT, Fit, fit
from hscrisk.ingest.naming import aliases, alikeness
from hscrisk.schema import Contract, load_contract
from hscrisk.schema.consistency import outcome_pairs
from hscrisk.schema.values import numbers

SEPARATORS = (",", ";", "\t", "|")
SURE, MAYBE = 0.74, 0.5
_GROUPED = re.compile(r"(?:gp|grp|group|cat|band|class)[0-9]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Guess:
    """A column taken for a field.

    Attributes
    ----------
    field, column : str
    score : float
        Between 0 and 1, of name and values together.
    fit : Fit
    alias : str
        The name that the column's name is like.
    """

    field: str
    column: str
    score: float
    fit: Fit
    alias: str

    @property
    def is_sure(self) -> bool:
        """Return whether it is mapped, and not only suggested."""
        return self.score >= SURE and self.fit.sure


@dataclass(frozen=True)
class Draft:
    """What was guessed of a file.

    Attributes
    ----------
    registry : str
    separator : str
    n : int
        Rows read.
    columns : mapping of str to ColumnProfile
    guesses : tuple of Guess
        One a field at most, in the contract's order.
    others : mapping of str to tuple of str
        Further columns that may be a guessed field as well.
    """

    registry: str
    separator: str
    n: int
    columns: dict[str, ColumnProfile]
    guesses: tuple[Guess, ...]
    others: dict[str, tuple[str, ...]]

    @property
    def left_over(self) -> tuple[str, ...]:
        """Return the columns that nothing was guessed of."""
        taken = {guess.column for guess in self.guesses}
        return tuple(name for name in self.columns if name not in taken)


def draft_mapping(source: str | Path | pd.DataFrame, registry: str | None = None) -> Draft:
    """Look at a flat CSV or Parquet file and guess which column is which field.

    Parameters
    ----------
    source : str, Path or DataFrame
    registry : str, optional
        Name of the cohort; from the file's name by default.

    Raises
    ------
    InputOutputFailed
        When the file cannot be read.
    """
    contract = load_contract()
    separator = "," if isinstance(source, pd.DataFrame) else _separator(Path(source))
    table = read_table(source, separator)
    columns = {str(name): profile(table.frame[name], str(name)) for name in table.frame.columns}
    guesses, others = _guess(columns, contract)
    for doubt in (_turned_round, _without_status):
        guesses = tuple(doubt(guess, guesses, table.frame, contract) for guess in guesses)
    stem = "records" if isinstance(source, pd.DataFrame) else Path(source).stem
    return Draft(
        registry=_slug(registry or stem),
        separator=separator,
        n=len(table.frame),
        columns=columns,
        guesses=guesses,
        others=others,
    )


def _guess(
    columns: dict[str, ColumnProfile], contract: Contract
) -> tuple[tuple[Guess, ...], dict[str, tuple[str, ...]]]:
    found = []
    grouped = {field.coarsens for field in contract.values() if field.coarsens}
    for name, names in aliases(contract).items():
        for column, seen in columns.items():
            alike, alias = alikeness(column, names)
            fits = fit(seen, contract[name]) if alike > 0 else NO_FIT
            if name in grouped and seen.is_coded and _GROUPED.search(column):
                fits = replace(fits, share=0.6 * fits.share, sure=False)
            score = alike * (0.5 + 0.5 * fits.share) if fits.share > 0 else 0.0
            if score >= MAYBE:
                found.append(Guess(name, column, score, fits, alias))
    order = list(contract)
    # A named field before its groupings, and a surer one before a less sure, where all is equal.
    found.sort(key=lambda g: (-round(g.score, 6), not g.fit.sure, order.index(g.field)))
    taken: dict[str, Guess] = {}
    used: set[str] = set()
    others: dict[str, list[str]] = {}
    for guess in found:
        if guess.field in taken:
            if guess.column not in used:
                others.setdefault(guess.field, []).append(guess.column)
        elif guess.column not in used:
            taken[guess.field] = guess
            used.add(guess.column)
    _never_observed(taken, columns, contract)
    kept = tuple(taken[name] for name in order if name in taken)
    free = {f: tuple(c for c in names if c not in used) for f, names in others.items()}
    return kept, {field: names for field, names in free.items() if names}


def _never_observed(
    taken: dict[str, Guess], columns: dict[str, ColumnProfile], contract: Contract
) -> None:
    """Suggest a status where a day says 'never' by a number of its own, as 1000000."""
    for status, day in outcome_pairs(contract).values():
        guess = taken.get(day)
        if status in taken or guess is None or not columns[guess.column].missing_codes:
            continue
        never = dict.fromkeys(columns[guess.column].missing_codes, "0")
        words = "its day has a number that may mean 'never'"
        taken[status] = Guess(
            status, guess.column, MAYBE, Fit(0.5, codes=never, evidence=words), day
        )


def _turned_round(
    guess: Guess, guesses: tuple[Guess, ...], frame: pd.DataFrame, contract: Contract
) -> Guess:
    """Doubt a status of 0 and 1 unless its day shows that 1 is the event: it comes sooner."""
    day_of = dict(outcome_pairs(contract).values())
    if guess.field == "acute_gvhd_status":
        words = f"{guess.fit.evidence}; of any grade, or of grade II to IV?"
        return replace(guess, fit=replace(guess.fit, sure=False, evidence=words))
    if guess.field not in day_of or guess.fit.codes is not None or not guess.fit.sure:
        return guess
    day = next((g for g in guesses if g.field == day_of[guess.field]), None)
    if day is None:
        words = "0 and 1; no day shows which of them is the event"
        return replace(guess, fit=replace(guess.fit, sure=False, evidence=words))
    state = numbers(frame[guess.column])[0]
    when = numbers(frame[day.column])[0]
    known = np.isfinite(when)
    with_it, without = when[known & (state == 1)], when[known & (state == 0)]
    if len(with_it) == 0 or len(without) == 0:
        words = "0 and 1; the days do not show which of them is the event"
        return replace(guess, fit=replace(guess.fit, sure=False, evidence=words))
    first, last = float(np.median(with_it)), float(np.median(without))
    words = f"0 and 1; half of those with 1 by {first:.4g}, of those with 0 by {last:.4g}"
    sure = first < last
    words += "" if sure else ": is 1 really the event?"
    return replace(guess, fit=replace(guess.fit, sure=sure, evidence=words))


def _without_status(
    guess: Guess, guesses: tuple[Guess, ...], frame: pd.DataFrame, contract: Contract
) -> Guess:
    """Doubt a day whose status is in doubt: by itself it says nothing."""
    status_of = {day: status for status, day in outcome_pairs(contract).values()}
    if guess.field not in status_of or guess.field == "followup_day":
        return guess
    status = next((g for g in guesses if g.field == status_of[guess.field]), None)
    if status is not None and status.is_sure:
        return guess
    words = f"{guess.fit.evidence}; no status goes with it for certain"
    return replace(guess, fit=replace(guess.fit, sure=False, evidence=words))


def _separator(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            start = stream.read(65536)
    except OSError:
        return ","  # reading tells what is wrong
    if start[:4] == b"PAR1":
        return ","
    header = start.decode("utf-8-sig", "replace").lstrip().splitlines()
    counts = {mark: header[0].count(mark) if header else 0 for mark in SEPARATORS}
    return max(SEPARATORS, key=lambda mark: counts[mark]) if any(counts.values()) else ","


def _slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return slug or "my_registry"
