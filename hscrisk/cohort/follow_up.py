"""How far a cohort was followed, and whether being in it depends on what happened afterwards."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hscrisk.cohort.risk_set import numbers
from hscrisk.cohort.rounding import grain
from hscrisk.survival import AalenJohansen

SMALL = 10
"""Counts of transplants below it are not told of a centre or a year."""
IMMATURE = 0.10
HORIZONS = (100, 365, 730)
_LATEST_FIRST_DEATH = 7
_PILE = 5.0


def follow_up(frame: pd.DataFrame, extraction_date: str | None) -> dict[str, Any]:
    """Return the time followed, and its completeness.

    `median`, `lower_quartile`, `upper_quartile` : days by reverse Kaplan-Meier (death censors).
    `completeness` : time followed over time that could have been, from infusion to death or the
    extraction; the infusion is taken as the middle of its year, since no more is known.
    `complete_to` : the same up to a day, of all who could have been followed so far.

    References
    ----------
    Reverse Kaplan-Meier: Schemper & Smith, Control Clin Trials 1996;17:343-346. Completeness:
    Clark TG, Altman DG, De Stavola BL, Lancet 2002;359:1309-1310.
    """
    died, last = numbers(frame, "death_status"), numbers(frame, "followup_day")
    known = np.isfinite(died) & np.isfinite(last) & (last >= 0)
    told: dict[str, Any] = {"n": int(known.sum()), "deaths": int((died[known] == 1).sum())}
    quartiles = _reverse_kaplan_meier(died[known], last[known])
    told |= dict(zip(("lower_quartile", "median", "upper_quartile"), quartiles, strict=True))
    possible = _possible(frame, extraction_date)
    told["completeness"] = _completeness(died, last, possible, known)
    told["complete_to"] = [
        {"horizon": day, "completeness": _completeness(died, last, possible, known, float(day))}
        for day in HORIZONS
    ]
    told["dated"] = bool(np.isfinite(possible).any())
    return told


def selection(frame: pd.DataFrame) -> dict[str, Any]:
    """Return whether nobody dies before some day, as in a cohort chosen for having survived.

    The first death falls on day d. Were deaths as likely before d as after it, each of the deaths
    by day 2d would fall before d with a chance of at least one half; all of m falling after it has
    a chance of at most 2^-m. After a transplant early deaths are the more frequent ones, so the
    true chance is smaller still. Told where d is above 7 and m at least 10 (p < .001).
    """
    died, last = numbers(frame, "death_status"), numbers(frame, "followup_day")
    deaths = last[(died == 1) & np.isfinite(last)]
    if len(deaths) < SMALL:
        return {"suspected": None, "reason": f"fewer than {SMALL} deaths"}
    first = float(deaths.min())
    m = int((deaths <= 2 * first).sum())
    suspected = first > _LATEST_FIRST_DEATH and m >= SMALL
    shortest = float(np.nanmin(last))
    return {
        "suspected": suspected,
        "first_death": first,
        "deaths_soon_after": m,
        "p_at_most": 0.5**m,
        "shortest_follow_up": shortest,
    }


def immature_years(
    y: pd.DataFrame, year: pd.Series[Any] | None, horizon: float
) -> list[dict[str, Any]] | None:
    """Return, for each year, the share censored before a horizon, and whether it is above 10 %.

    None where no year is known. Censoring weights are pooled over years, so what is mostly censored
    distorts them: leave such a year out of training for that endpoint.
    """
    if year is None:
        return None
    open_end = ((y["event"] == 0) & (y["duration"] < horizon)).to_numpy()
    values = year.to_numpy(dtype=np.float64)
    rows = []
    for one in np.unique(values[np.isfinite(values)]):
        here = values == one
        n, early = int(here.sum()), int((here & open_end).sum())
        # Of a small year neither its size nor a share that gives it away.
        share = early / n if n >= SMALL else None
        shown = n if n >= SMALL else None
        immature = early / n > IMMATURE
        rows.append({"year": int(one), "n": shown, "censored": share, "immature": immature})
    return rows


def piled_days(y: pd.DataFrame, code: int = 1) -> list[dict[str, Any]]:
    """Return days that hold far more events than those around them: dates filled in by rule.

    A day is told where it has at least 10 events, 2 % of all, and more than five times the median
    of the seven days on either side. Where times are months or weeks turned into days, a step of
    these takes the place of a day (`hscrisk.cohort.rounding`).
    """
    days = np.round(y.loc[y["event"] == code, "duration"].to_numpy(dtype=np.float64))
    if len(days) < SMALL:
        return []
    found = grain(days)
    # On a grid of months a step stands for all its days: steps are compared with steps.
    steps = days if found is None else np.round(days / found.step)
    counts = np.bincount(steps.astype(np.int64), minlength=1)
    padded = np.concatenate([np.full(7, np.nan), counts, np.zeros(7)])
    padded[7] = np.nan  # there is no day 0
    around = np.delete(sliding_window_view(padded, 15), 7, axis=1)
    # The median: piles often stand side by side, and must not vouch for each other.
    usual = np.nanmedian(around, axis=1)
    piled = (
        (counts >= SMALL) & (counts >= 0.02 * len(days)) & (counts > _PILE * np.maximum(usual, 1.0))
    )
    return [
        {"day": int(np.median(days[steps == step])), "events": int(counts[step])}
        for step in np.flatnonzero(piled)
    ]


def centre_sizes(frame: pd.DataFrame) -> dict[str, Any] | None:
    """Return the number of centres and how many have which size; None where they are unknown."""
    if "centre_id" not in frame.columns or frame["centre_id"].isna().all():
        return None
    sizes = frame["centre_id"].value_counts().to_numpy()
    edges = (1, SMALL, 50, 100, 250, np.inf)
    words = (f"fewer than {SMALL}", "10 to 49", "50 to 99", "100 to 249", "250 or more")
    bands = [
        {"transplants": word, "centres": int(((sizes >= low) & (sizes < high)).sum())}
        for word, low, high in zip(words, edges, edges[1:], strict=False)
    ]
    quartiles = [int(q) for q in np.quantile(sizes, (0.25, 0.5, 0.75, 1.0), method="lower")]
    names = ("lower_quartile", "median", "upper_quartile", "largest")
    told = {
        name: size if size >= SMALL else None for name, size in zip(names, quartiles, strict=True)
    }
    unknown = int(frame["centre_id"].isna().sum())
    return {"n": len(sizes), "unknown": unknown, "bands": bands, **told}


def year_counts(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the transplants of each year; None where they are fewer than 10."""
    if "year_of_hct" not in frame.columns:
        return []
    years, sizes = np.unique(frame["year_of_hct"].dropna().to_numpy(int), return_counts=True)
    return [
        {"year": int(year), "n": int(n) if n >= SMALL else None}
        for year, n in zip(years, sizes, strict=True)
    ]


def _reverse_kaplan_meier(
    died: NDArray[np.float64], last: NDArray[np.float64]
) -> tuple[float | None, float | None, float | None]:
    if not (died == 0).any():
        return None, None, None
    y: Mapping[str, Any] = {
        "event": (died == 0).astype(int),
        "duration": np.maximum(last, 1.0),
    }
    curve = AalenJohansen().fit(y)

    def reached(left: float) -> float | None:
        days = curve.times_[curve.event_free_ <= left]
        return float(days[0]) if len(days) else None

    return reached(0.75), reached(0.5), reached(0.25)


def _completeness(
    died: NDArray[np.float64],
    last: NDArray[np.float64],
    possible: NDArray[np.float64],
    known: NDArray[np.bool_],
    horizon: float = np.inf,
) -> float | None:
    if not np.isfinite(possible).any():
        if not np.isfinite(horizon):
            return None
        possible = np.full(len(last), np.inf)  # no date: as if all could have been followed
    ends = np.where(died == 1, last, np.maximum(possible, last))
    here = known & np.isfinite(np.minimum(ends, horizon))
    could = np.minimum(ends, horizon)[here].sum()
    return float(np.minimum(last, horizon)[here].sum() / could) if could > 0 else None


def _possible(frame: pd.DataFrame, extraction_date: str | None) -> NDArray[np.float64]:
    taken = _as_date(extraction_date)
    year = numbers(frame, "year_of_hct")
    if taken is None:
        return np.full(len(frame), np.nan)
    return np.array(
        [
            (taken - date(int(y), 7, 1)).days if np.isfinite(y) and 1 <= y <= 9998 else np.nan
            for y in year
        ],
        dtype=np.float64,
    )


def _as_date(text: str | None) -> date | None:
    found = re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", text or "")
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        return date(year or 0, month or 12, day or (28 if month else 31))
    except ValueError:
        return None
