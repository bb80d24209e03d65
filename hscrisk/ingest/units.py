"""Units that registries use, turned into the contract's."""

from __future__ import annotations

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
    "10^9/L": {"10^3/uL": 1.0, "/uL": 1e-3},
    "10^6/kg": {"10^5/kg": 1e-1, "10^8/kg": 1e2},
    "10^7/kg": {"10^6/kg": 1e-1, "10^8/kg": 10.0, "10^4/kg": 1e-3},
    "10^8/kg": {"10^7/kg": 1e-1, "10^6/kg": 1e-2},
}
"""Contract unit -> source unit -> what a source value is multiplied by.

CIBMTR study files count months of 30.4 days; a calendar month is 30.4375 days on average.
"""


def units_for(unit: str | None) -> tuple[str, ...]:
    """Return the source units that can become `unit`, itself first.

    >>> units_for("kg")
    ('kg', 'g', 'lb')
    """
    return () if unit is None else (unit, *FACTORS.get(unit, {}))


def factor(unit: str, source: str) -> float:
    """Return what a value in `source` units is multiplied by to be in `unit`.

    >>> round(100 / factor("days", "months_30.4"), 3)
    3.289
    """
    return 1.0 if source == unit else FACTORS[unit][source]
