"""Whether a column's values can be those of a field, in which unit, with which codes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hscrisk.ingest.column_profile import ColumnProfile
from hscrisk.ingest.naming import synonyms
from hscrisk.ingest.units import factor, units_for
from hscrisk.schema import Field

_POWER = re.compile(r"(?:1e|e|10\^?)([0-9]{1,2})")
YES, NO = {"yes", "y", "true", "ja", "oui"}, {"no", "n", "false", "nein", "non"}


@dataclass(frozen=True)
class Fit:
    """How well a column's values fit a field.

    Attributes
    ----------
    share : float
        0 impossible, 1 nothing speaks against it.
    unit : str or None
        The unit guessed, where it is not the contract's.
    codes : mapping of str to str or None
        Codes whose meaning is plain; None where they must be told.
    sure : bool
        Whether reading it so needs no decision.
    evidence : str
    """

    share: float
    unit: str | None = None
    codes: dict[str, str] | None = None
    sure: bool = False
    evidence: str = ""


NO_FIT = Fit(0.0)


def fit(column: ColumnProfile, field: Field) -> Fit:
    """Return how well a column's values fit a field; a column without values fits nothing."""
    if column.n_filled == 0:
        return NO_FIT
    if field.kind == "text":
        return _fit_identifier(column, field)
    if field.name.endswith("_status") and field.is_numeric:
        return _fit_status(column)
    if field.is_categorical:
        return _fit_levels(column, field)
    return _fit_numbers(column, field)


def _fit_identifier(column: ColumnProfile, field: Field) -> Fit:
    if field.role not in ("identifier", "centre"):
        return NO_FIT
    unique = column.n_distinct / column.n_filled
    if field.role == "centre":
        ok = unique <= 0.5 or column.n_filled < 20
        return Fit(1.0 if ok else 0.2, sure=ok, evidence=f"{column.n_distinct:,} names")
    if field.name == "transplant_id":
        ok = column.n_distinct == column.n_filled == column.n
        return Fit(1.0 if ok else 0.0, sure=ok, evidence="every row has another one")
    ok = unique > 0.5
    return Fit(0.95 if ok else 0.1, sure=ok, evidence=f"{column.n_distinct:,} names")


def _fit_status(column: ColumnProfile) -> Fit:
    codes = list(column.real_codes)
    if not codes or len(codes) > 4:
        return NO_FIT
    if set(codes) <= {"0", "1", "2", "3"} and "0" in codes:
        ok = set(codes) <= {"0", "1"}
        return Fit(1.0 if ok else 0.8, sure=ok, evidence="0 and 1" if ok else "codes from 0 on")
    words = {code: code.lower() for code in codes}
    if all(word in YES | NO for word in words.values()):
        told = {code: "1" if word in YES else "0" for code, word in words.items()}
        return Fit(1.0, codes=told, sure=True, evidence="yes and no")
    return Fit(0.5, evidence="which code is the event?") if len(codes) <= 3 else NO_FIT


def _fit_levels(column: ColumnProfile, field: Field) -> Fit:
    codes = list(column.real_codes)
    if not codes or len(codes) > len(field.levels) + 6:
        return NO_FIT
    named = {code: level_named(code, field) for code in codes}
    known = {code: level for code, level in named.items() if level is not None}
    numeric = sum(code.lstrip("+-").replace(".", "", 1).isdigit() for code in codes)
    if len(known) == len(codes) and numeric == 0:
        twice = len(set(known.values())) < len(known)
        return Fit(
            1.0, codes=known, sure=not twice, evidence=f"all {len(codes)} codes are words we know"
        )
    if numeric < len(codes):
        share = 0.45 + 0.5 * len(known) / len(codes)
        return Fit(share, codes=known or None, evidence=f"{len(known)} of {len(codes)} codes known")
    close = (
        1.0 if len(codes) == len(field.levels) else 0.8 if len(codes) < len(field.levels) else 0.5
    )
    grouped = 0.95 if field.coarsens and close < 1.0 else 1.0
    return Fit(0.85 * close * grouped, evidence=f"{len(codes)} codes without words")


def level_named(code: str, field: Field) -> str | None:
    """Return the level that a code in words says, or None.

    >>> from hscrisk.schema import load_contract
    >>> level_named("PB", load_contract()["graft_source"])
    'peripheral_blood'
    """
    word = re.sub(r"[^a-z0-9+-]+", " ", code.lower()).strip()
    for level in field.levels:
        others = synonyms()["levels"].get(level, ())
        plain = re.sub(r"[^a-z0-9+-]+", " ", level.lower()).strip()
        if word == plain or word in {str(other).lower() for other in others}:
            return level
    return None


def _fit_numbers(column: ColumnProfile, field: Field) -> Fit:
    if (parts := _out_of(column, field)) is not None:
        return Fit(1.0, codes=parts, sure=True, evidence="so many of so many")
    if column.share_numeric < 0.95 or len(column.numbers) == 0:
        return NO_FIT
    if column.is_coded and len(column.real_codes) <= 4 and field.kind != "integer":
        return NO_FIT
    if field.role == "year":
        ok = column.is_whole and _inside(column.numbers, (1955, 2100)) == 1.0
        return Fit(1.0 if ok else 0.0, sure=ok, evidence=_range(column, "year"))
    best = NO_FIT
    for unit, prior, why in _units(column, field):
        scaled = column.numbers * factor(field.unit or "", unit) if unit else column.numbers
        scaled = np.round(scaled) if field.kind == "day" else scaled
        share = prior * _plausible(scaled, field)
        if share > best.share + 1e-9:
            given = unit if unit != field.unit else None
            said = _range(column, unit or "") + (f"; {why}" if why else "")
            best = Fit(share, unit=given, sure=share > 0.75, evidence=said)
    if field.kind == "integer" and column.is_coded and _inside(column.numbers, (0, 10)) == 1.0:
        # Small whole numbers are codes as often as counts: 3 may be '3 and more'.
        said = f"{best.evidence}; are they counts, or codes of groups?"
        best = Fit(best.share, best.unit, evidence=said)
    return best


def _out_of(column: ColumnProfile, field: Field) -> dict[str, str] | None:
    """Return what '9/10' means in a field of so many of 10, where all codes are such."""
    found = {code: re.fullmatch(r"([0-9]+)\s*/\s*([0-9]+)", code) for code in column.real_codes}
    if not found or not all(found.values()):
        return None
    pairs = {code: match.groups() for code, match in found.items() if match}
    right = all(field.name.endswith(f"_{whole}") for _, whole in pairs.values())
    return {code: str(int(part)) for code, (part, _) in pairs.items()} if right else None


def _units(column: ColumnProfile, field: Field) -> list[tuple[str | None, float, str]]:
    """Return units to try, each with how likely it is and why."""
    if field.unit is None:
        return [(None, 1.0, "")]
    known = units_for(field.unit)
    power = _POWER.search(column.name.lower())
    if power is not None:
        named = [unit for unit in known if unit.startswith(f"10^{power.group(1)}/")]
        if named:
            return [(named[0], 1.0, f"its name says 10^{power.group(1)}")]
    if field.kind == "day":
        return _day_units(column)
    return [(unit, 1.0 if unit == field.unit else 0.85, "") for unit in known]


def _day_units(column: ColumnProfile) -> list[tuple[str | None, float, str]]:
    name = column.name.lower()
    for unit in ("months_30.4", "months_30.4375", "years"):
        size = factor("days", unit)
        close = np.abs(column.numbers * size - np.round(column.numbers * size)) < 0.02
        if not column.is_whole and len(close) >= 20 and close.mean() > 0.95:
            return [(unit, 1.0, f"times {size:g} they are whole days")]
    if "month" in name or "mths" in name:
        return [("months_30.4375", 1.0, "its name says months; of how many days?")]
    if column.is_whole:
        return [("days", 1.0, "whole numbers")]
    high = float(np.quantile(column.numbers, 0.95))
    if high <= 400:
        return [("months_30.4375", 0.8, "broken and small: months? of how many days?")]
    return [("days", 0.8, "broken numbers, too large for months")]


def _plausible(values: NDArray[np.float64], field: Field) -> float:
    share = _inside(values, field.hard) if field.hard else 1.0
    if share < 0.95:
        return 0.0
    usual = _inside(values, field.plausible) if field.plausible else 1.0
    whole = field.kind == "number" or bool(np.all(values == np.round(values)))
    return share * (0.3 + 0.7 * usual) * (1.0 if whole else 0.5)


def _inside(values: NDArray[np.float64], limits: tuple[float, float]) -> float:
    return float(((values >= limits[0]) & (values <= limits[1])).mean())


def _range(column: ColumnProfile, unit: str) -> str:
    n = len(column.numbers)
    if n < 20:
        return f"{n} numbers"
    low, high = np.quantile(column.numbers, (0.05, 0.95))
    return f"{n:,} numbers, most from {low:.4g} to {high:.4g}{f' {unit}' if unit else ''}"
