"""A first mapping for a file nobody has seen: what was guessed, why, and what is left to decide.

Nothing is guessed silently. A field is mapped only where its name and its values agree and its
codes need no explanation; whatever else looks alike stands in a comment, to be decided by a person.
So the draft can be loaded and the file read with it at once, and it says little rather than wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from hscrisk.ingest.column_profile import ColumnProfile, profile
from hscrisk.ingest.draft_doubts import settle
from hscrisk.ingest.files import read_table
from hscrisk.ingest.fit import NO_FIT, Fit
from hscrisk.ingest.fitting import fit
from hscrisk.ingest.guess import Guess, Seen
from hscrisk.ingest.naming import aliases, alikeness
from hscrisk.schema import Contract, load_contract
from hscrisk.schema.consistency import outcome_pairs

SEPARATORS = (",", ";", "\t", "|")
MAYBE = 0.5
_GROUPED = re.compile(r"(?:gp|grp|group|cat|band|class)[0-9]*$", re.IGNORECASE)


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
        taken = {column for guess in self.guesses for column in (guess.column, *guess.fit.reads)}
        return tuple(name for name in self.columns if name not in taken)

    @property
    def date_format(self) -> str | None:
        """Return the format of most columns of dates, None where there are none."""
        forms = [c.dates.form for c in self.columns.values() if c.dates and c.dates.is_plain]
        return max(forms, key=forms.count, default=None)

    @property
    def decimal(self) -> str:
        """Return the decimal mark of the file: a comma where no number has a point."""
        marks = {column.decimal for column in self.columns.values()}
        return "," if "," in marks and "." not in marks else "."


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
    settled = settle(guesses, Seen(table.frame, columns, contract))
    stem = "records" if isinstance(source, pd.DataFrame) else Path(source).stem
    return Draft(
        registry=_slug(registry or stem),
        separator=separator,
        n=len(table.frame),
        columns=columns,
        guesses=tuple(settled.values()),
        others=others,
    )


def _guess(
    columns: dict[str, ColumnProfile], contract: Contract
) -> tuple[dict[str, Guess], dict[str, tuple[str, ...]]]:
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
    free = {f: tuple(c for c in names if c not in used) for f, names in others.items()}
    return taken, {field: names for field, names in free.items() if names}


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
