"""Numbers as they are shown: intervals, counts that give nobody away, and days."""

from __future__ import annotations

import re
from math import isfinite

from hscrisk.evaluation.sharing import SMALL
from hscrisk.evaluation.words import fixed

HARD_SPACE = "\u00a0"


def count(n: int) -> str:
    """Return a count, or that it is a small one.

    >>> count(1234), count(3), count(0)
    ('1,234', '<10', '0')
    """
    return f"<{SMALL}" if 0 < n < SMALL else f"{n:,}"


def estimate(value: float, low: float, high: float, places: int = 3) -> str:
    """Return an estimate with its interval, which a line break does not divide.

    >>> estimate(0.1234, 0.1, 0.15).replace(HARD_SPACE, "_")
    '0.123 (0.100_to_0.150)'
    >>> estimate(-0.0001, float("nan"), float("nan")).replace(HARD_SPACE, "_")
    '0.000 (no_interval)'
    """
    if not isfinite(value):
        return "–"
    if not (isfinite(low) and isfinite(high)):
        return f"{fixed(value, places)} (no{HARD_SPACE}interval)"
    ends = f"{fixed(low, places)}{HARD_SPACE}to{HARD_SPACE}{fixed(high, places)}"
    return f"{fixed(value, places)} ({ends})"


def percent(share: float, places: int = 1) -> str:
    """Return a share in percent.

    >>> percent(0.1234)
    '12.3 %'
    """
    return f"{fixed(100 * share, places)} %"


def day(horizon: float) -> str:
    """Return a day.

    >>> day(100.0)
    'day 100'
    """
    return f"day {horizon:g}"


def uncounted(words: str) -> str:
    """Return a reason without the small count in it.

    >>> uncounted("only 3 events by day 30 (10 needed)")
    'fewer than 10 events by day 30 (10 needed)'
    """
    return re.sub(r"\bonly [1-9] ", f"fewer than {SMALL} ", words)
