"""Whether numbers can be those of a field, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hscrisk.ingest.column_profile import ColumnProfile
from hscrisk.ingest.fit import NO_FIT, Fit
from hscrisk.ingest.naming import folded
from hscrisk.ingest.units import factor, units_for
from hscrisk.schema import Field

_POWER = re.compile(r"(?:1e|e|10\^?)([0-9]{1,2})")
_UNIT_WORDS = {
    "lbs": "lb",
    "pound": "lb",
    "pounds": "lb",
    "pfund": "?",  # half a kilogram in German, and no lb
    "kilogramm": "kg",
    "gramm": "g",
    "meter": "m",
    "inch": "in",
    "inches": "in",
}


def fit_numbers(column: ColumnProfile, field: Field) -> Fit:
    """Return how well numbers can be those of a field, in its unit or the likeliest other."""
    if (parts := _out_of(column, field)) is not None:
        return Fit(1.0, codes=parts, sure=True, evidence="so many of so many")
    if column.share_numeric < 0.95 or len(column.numbers) == 0:
        return NO_FIT
    named = _unit_said(column.name, units_for(field.unit, field.name))
    few = column.is_coded and len(column.real_codes) <= 4 and field.kind != "integer"
    if few and named in (None, field.unit):  # codes of groups, unless a unit of its own is told
        return NO_FIT
    if field.role == "year":
        ok = column.is_whole and _inside(column.numbers, (1955, 2100)) == 1.0
        return Fit(1.0 if ok else 0.0, sure=ok, evidence=_range(column, "year"))
    best = _in_its_unit(column, field)
    if best.share < 0.5 and (mixed := _two_units(column, field)) is not None:
        return Fit(0.8, evidence=f"{_range(column, '')}; two units?", mixed=mixed)
    if field.kind == "integer" and column.is_coded and _inside(column.numbers, (0, 10)) == 1.0:
        # Small whole numbers are codes as often as counts: 3 may be '3 and more'.
        best = best.doubted("are they counts, or codes of groups?")
    if column.decimal == ",":
        best = replace(best, evidence=f"{best.evidence}; decimal comma")
    return best.doubted("or does the comma divide thousands?") if column.thousands else best


def _in_its_unit(column: ColumnProfile, field: Field) -> Fit:
    tried = _units(column, field)
    shares = [_share(column, field, unit, prior) for unit, prior, _ in tried]
    share = max(shares)
    unit, _, why = tried[shares.index(share)]
    said = _range(column, unit or "") + (f"; {why}" if why else "")
    given = unit if unit != field.unit else None
    found = Fit(share, unit=given, sure=share > 0.75, evidence=said)
    likely = {
        factor(field.unit or "", other, field.name)
        for (other, _, _), share in zip(tried, shares, strict=True)
        if other is not None and share > 0.75
    }
    # The contract's own unit is believed; of several others, size alone tells none.
    several = given is not None and not why and len(likely) > 1
    return found.doubted("or in another unit?") if several else found


def _share(column: ColumnProfile, field: Field, unit: str | None, prior: float) -> float:
    size = factor(field.unit or "", unit, field.name) if unit else 1.0
    scaled = column.numbers * size
    return prior * _plausible(np.round(scaled) if field.kind == "day" else scaled, field)


def _two_units(column: ColumnProfile, field: Field) -> tuple[str, str, float] | None:
    """Return two units between which all numbers divide, with a gap, or None."""
    if field.unit is None or field.hard is None or field.kind != "number":
        return None
    for other in units_for(field.unit, field.name)[1:]:
        size = factor(field.unit, other, field.name)
        own = (column.numbers >= field.hard[0]) & (column.numbers <= field.hard[1])
        theirs = column.numbers * size
        as_other = ~own & (theirs >= field.hard[0]) & (theirs <= field.hard[1])
        if (own | as_other).mean() < 0.98 or not 0.02 <= as_other.mean() <= 0.98:
            continue
        low, high = column.numbers[own], column.numbers[as_other]
        if low.max() < high.min():
            return field.unit, other, float((low.max() + high.min()) / 2)
        if high.max() < low.min():
            return other, field.unit, float((high.max() + low.min()) / 2)
    return None


def unit_named(code: str, field: Field) -> str | None:
    """Return the unit of a field that a code names, or None.

    >>> from hscrisk.schema import load_contract
    >>> unit_named("lbs", load_contract()["weight_kg"])
    'lb'
    """
    known = units_for(field.unit, field.name)
    word = folded(code).rstrip(".").replace("µ", "u").replace("μ", "u")
    word = _UNIT_WORDS.get(word, word)
    return next((unit for unit in known if unit.lower() == word.lower()), None)


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
    known = units_for(field.unit, field.name)
    plain_name = folded(column.name)
    power = _POWER.search(plain_name)
    if power is not None:
        named = [unit for unit in known if unit.startswith(f"10^{power.group(1)}/")]
        if named:
            return [(named[0], 1.0, f"its name says 10^{power.group(1)}")]
    if field.kind == "day":
        return _day_units(column)
    said = _unit_said(column.name, known)
    if said is not None:
        return [(said, 1.0, f"its name says {said}")]
    return [(unit, 1.0 if unit == field.unit else 0.85, "") for unit in known]


def _unit_said(name: str, known: Iterable[str]) -> str | None:
    """Return the unit that a column's name ends with or names, or None.

    >>> _unit_said("KREA_UMOL", ("mg/dL", "umol/L")), _unit_said("age_m", ("years", "months"))
    ('umol/L', 'months')
    """
    words, units = re.findall(r"[a-z]+", folded(name)), tuple(known)
    if len(units) < 2:
        return None
    for unit in units:
        short = unit.split("/")[0].lower()
        shorter = {"months": ("mon", "mths", "mos", "m"), "m": ("m",)}.get(unit, ())
        if (len(short) > 1 and short in words) or (words and words[-1] in shorter):
            return unit
    return None


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
