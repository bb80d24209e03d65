"""Units that registries use, turned into the contract's."""

from __future__ import annotations

from collections.abc import Mapping

_POWERS = (0, 3, 4, 5, 6, 7, 8, 9)


def _per_kg(power: int) -> dict[str, float]:
    others = {f"10^{p}/kg": float(f"1e{p - power}") for p in _POWERS if p != power}
    return {"/kg": float(f"1e{-power}"), **others}


FACTORS: dict[str, dict[str, float]] = {
    "days": {
        "hours": 1 / 24,
        "weeks": 7.0,
        "months_30.4": 30.4,
        "months_30.4375": 30.4375,
        "years": 365.25,
    },
    "years": {"months": 1 / 12, "weeks": 7 / 365.25, "days": 1 / 365.25},
    "kg": {"g": 1e-3, "lb": 0.45359237},
    "cm": {"m": 100.0, "in": 2.54},
    "Gy": {"cGy": 1e-2},
    "g/dL": {"g/L": 1e-1},
    "mg/L": {"mg/dL": 10.0},
    "ng/mL": {"ug/L": 1.0},
    "1/uL": {"/mL": 1e-3, "10^9/L": 1e3},
    "mg.h/L": {"uM.min": 1 / 243.6},
    "10^9/L": {"10^3/uL": 1.0, "/uL": 1e-3},
    "10^6/kg": _per_kg(6),
    "10^7/kg": _per_kg(7),
    "10^8/kg": _per_kg(8),
}
"""Contract unit -> source unit -> what a source value is multiplied by.

CIBMTR study files count months of 30.4 days; a calendar month is 30.4375 days on average.
"""

MOLAR: dict[str, dict[str, float]] = {
    "creatinine_mg_dl": {"umol/L": 1 / 88.4},
    "bilirubin_total_mg_dl": {"umol/L": 1 / 17.1},
}
"""Field -> source unit -> factor, where it is the substance that makes the factor.

Creatinine has 113.12 g/mol, bilirubin 584.66 g/mol; the factors are those in clinical use.
"""


def _known(unit: str, field: str | None) -> Mapping[str, float]:
    return {**FACTORS.get(unit, {}), **MOLAR.get(field or "", {})}


def units_for(unit: str | None, field: str | None = None) -> tuple[str, ...]:
    """Return the source units that can become `unit`, itself first.

    Parameters
    ----------
    unit : str or None
        The contract's.
    field : str, optional
        Name of the field, for units of amount of substance.

    Examples
    --------
    >>> units_for("kg"), units_for("mg/dL", "creatinine_mg_dl")
    (('kg', 'g', 'lb'), ('mg/dL', 'umol/L'))
    """
    return () if unit is None else (unit, *_known(unit, field))


def factor(unit: str, source: str, field: str | None = None) -> float:
    """Return what a value in `source` units is multiplied by to be in `unit`.

    >>> round(100 / factor("days", "months_30.4"), 3)
    3.289
    """
    return 1.0 if source == unit else _known(unit, field)[source]
