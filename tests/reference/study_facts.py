"""Endpoints, counts and incidences of six CIBMTR studies, in plain loops over their raw files.

LK1801, IB1904, IN1801, CK1803, CK2001 and HS1802 are de-identified registry cohorts of first
allogeneic transplants (cibmtr.org, Publicly Available Datasets), each published with the paper that
its mapping names. The files are the owner's and are passed as paths; nothing but totals leaves
these functions. Nothing of the package is used here.

Rules
-----
* Times are months of 30.4 days: days = round(months * 30.4); those of neutrophils in IN1801 are
  days already. "NA" or an empty cell is missing, and no value is a missing code: 99 months and more
  are real.
* Flags: 1 event, 0 none, anything else unknown. A row is left out of an endpoint when its flag is
  unknown, or its time missing or negative. Time 0 counts as day 1.
* Competing event: no event, `dead` is 1, and the day of death lies within 1 day of the endpoint's.
  A time earlier than that is censored there. An event dated after the death did not happen: the
  death counts. Relapse and non-relapse mortality share one time and are each other's competing
  event.
* The data notes count relapse and non-relapse mortality by their two flags (`by_flags`). The flags
  and the rule above agree in all rows but two, both of IN1801: one died on the last day followed
  for relapse and has neither flag (day 945), one has a relapse on day 779 and died on day 445.

`NOTED` holds the numbers of the data notes: usable rows, events and competing events ever and by
the horizon, and who was censored before it, without any year left out.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Row = Mapping[str, str]


@dataclass(frozen=True)
class Recorded:
    """Where a study has an outcome: flag, time, and the flag that competes by itself."""

    flag: str
    time: str
    competing: str | None = None
    unit: float = 30.4


@dataclass(frozen=True)
class Noted:
    """What the data notes count of one endpoint by one horizon."""

    horizon: int
    usable: int
    ever: tuple[int, int]
    by_horizon: tuple[int, int]
    censored_before: int


DEATH = {"CK2001": ("dead24", "intxsurv24")}
"""Flag and time of death where they are not `dead` and `intxsurv`."""

YEAR = "yeartx"

OUTCOMES: dict[str, dict[str, Recorded]] = {
    "LK1801": {
        "acute_gvhd_2_4": Recorded("agvhd24", "intxagvhd24"),
        "chronic_gvhd": Recorded("cgvhd", "intxcgvhd"),
        "relapse": Recorded("rel", "intxrel", "trm"),
        "non_relapse_mortality": Recorded("trm", "intxrel", "rel"),
        "death": Recorded("dead", "intxsurv"),
    },
    "IB1904": {
        "acute_gvhd_2_4": Recorded("agvhd24", "intxagvhd24"),
        "chronic_gvhd": Recorded("cgvhd", "intxcgvhd"),
        "relapse": Recorded("rel", "intxrel", "nrm"),
        "non_relapse_mortality": Recorded("nrm", "intxrel", "rel"),
        "death": Recorded("dead", "intxsurv"),
    },
    "IN1801": {
        "neutrophil_engraftment": Recorded("anc500", "intx_anc", unit=1.0),
        "acute_gvhd_2_4": Recorded("agvhd24", "intxagvhd24"),
        "chronic_gvhd": Recorded("cgvhd", "intxcgvhd"),
        "relapse": Recorded("rel", "intxrel", "trm"),
        "non_relapse_mortality": Recorded("trm", "intxrel", "rel"),
        "death": Recorded("dead", "intxsurv"),
    },
    "CK1803": {
        "acute_gvhd_2_4": Recorded("agvhd24", "intxagvhd"),
        "acute_gvhd_3_4": Recorded("agvhd34", "intxagvhd34"),
        "chronic_gvhd": Recorded("cgvhd", "intxcgvhd"),
        "relapse": Recorded("rel", "intxrel", "trm"),
        "non_relapse_mortality": Recorded("trm", "intxrel", "rel"),
        "death": Recorded("dead", "intxsurv"),
    },
    "CK2001": {
        "acute_gvhd_2_4": Recorded("agvhd24_24", "intxagvhd24_24"),
        "acute_gvhd_3_4": Recorded("agvhd34_24", "intxagvhd34_24"),
        "chronic_gvhd": Recorded("cgvhd_24", "intxcgvhd_24"),
        "relapse": Recorded("rel24", "intxrel24", "trm24"),
        "non_relapse_mortality": Recorded("trm24", "intxrel24", "rel24"),
        "death": Recorded("dead24", "intxsurv24"),
    },
    "HS1802": {
        "relapse": Recorded("rel", "intxrel", "trm"),
        "non_relapse_mortality": Recorded("trm", "intxrel", "rel"),
        "death": Recorded("dead", "intxsurv"),
    },
}

NOTED: dict[tuple[str, str, int], Noted] = {
    (study, endpoint, horizon): Noted(horizon, usable, ever, by_horizon, censored)
    for study, endpoint, horizon, usable, ever, by_horizon, censored in (
        ("LK1801", "acute_gvhd_2_4", 100, 2231, (868, 495), (779, 104), 32),
        ("LK1801", "chronic_gvhd", 365, 2241, (941, 704), (778, 535), 112),
        ("LK1801", "relapse", 365, 2223, (781, 432), (567, 300), 67),
        ("LK1801", "non_relapse_mortality", 365, 2223, (432, 781), (300, 567), 67),
        ("LK1801", "death", 365, 2253, (1041, 0), (638, 0), 81),
        ("IB1904", "acute_gvhd_2_4", 100, 948, (362, 202), (332, 50), 3),
        ("IB1904", "chronic_gvhd", 365, 974, (475, 251), (395, 213), 37),
        ("IB1904", "relapse", 365, 998, (273, 168), (215, 117), 37),
        ("IB1904", "non_relapse_mortality", 365, 998, (168, 273), (117, 215), 37),
        ("IB1904", "death", 365, 1002, (384, 0), (260, 0), 39),
        ("IN1801", "neutrophil_engraftment", 28, 2731, (2660, 66), (2596, 44), 0),
        ("IN1801", "acute_gvhd_2_4", 100, 2713, (975, 757), (830, 184), 29),
        ("IN1801", "chronic_gvhd", 365, 2741, (1174, 920), (993, 737), 118),
        ("IN1801", "relapse", 365, 2715, (1177, 546), (880, 393), 28),
        ("IN1801", "non_relapse_mortality", 365, 2715, (546, 1177), (393, 880), 28),
        ("IN1801", "death", 365, 2744, (1452, 0), (896, 0), 39),
        ("CK1803", "acute_gvhd_2_4", 100, 1715, (781, 448), (668, 97), 5),
        ("CK1803", "acute_gvhd_3_4", 100, 1713, (331, 677), (269, 111), 7),
        ("CK1803", "chronic_gvhd", 365, 1713, (840, 651), (699, 518), 34),
        ("CK1803", "relapse", 365, 1728, (696, 454), (602, 314), 34),
        ("CK1803", "non_relapse_mortality", 365, 1728, (454, 696), (314, 602), 34),
        ("CK1803", "death", 365, 1735, (978, 0), (621, 0), 46),
        ("CK2001", "acute_gvhd_2_4", 100, 846, (412, 112), (344, 55), 15),
        ("CK2001", "acute_gvhd_3_4", 100, 846, (198, 158), (159, 59), 18),
        ("CK2001", "chronic_gvhd", 365, 846, (380, 202), (329, 183), 110),
        ("CK2001", "relapse", 365, 843, (344, 195), (335, 178), 55),
        ("CK2001", "non_relapse_mortality", 365, 843, (195, 344), (178, 335), 55),
        ("CK2001", "death", 365, 856, (288, 0), (239, 0), 99),
        ("HS1802", "relapse", 730, 5473, (1145, 1263), (598, 491), 89),
        ("HS1802", "non_relapse_mortality", 730, 5473, (1263, 1145), (491, 598), 89),
        ("HS1802", "relapse", 1095, 5473, (1145, 1263), (849, 731), 276),
        ("HS1802", "non_relapse_mortality", 1095, 5473, (1263, 1145), (731, 849), 276),
        ("HS1802", "death", 730, 5473, (2138, 0), (759, 0), 92),
    )
}

IMMATURE: dict[str, dict[str, dict[int, float]]] = {
    "IB1904": {
        "chronic_gvhd": {2018: 0.104},
        "relapse": {2018: 0.157},
        "non_relapse_mortality": {2018: 0.157},
        "death": {2018: 0.163},
    },
    "CK1803": {
        "relapse": {2017: 0.115},
        "non_relapse_mortality": {2017: 0.115},
        "death": {2017: 0.143},
    },
    "CK2001": {
        "chronic_gvhd": {2019: 0.388},
        "relapse": {2019: 0.326},
        "non_relapse_mortality": {2019: 0.326},
        "death": {2018: 0.156, 2019: 0.480},
    },
    "HS1802": {
        "relapse": {2017: 0.140},
        "non_relapse_mortality": {2017: 0.140},
        "death": {2017: 0.150},
    },
}
"""Years to be left out of an endpoint, and the share of each that was censored before the horizon.

That of HS1802 is day 730; by day 1095 2016 and 2017 are immature (14.8 and 49.0 %). The notes name
no year for its deaths; 15.0 % of 2017 are censored before day 730.
"""


def read_rows(path: str | Path) -> list[dict[str, str]]:
    """All rows of the owner's file, cells as text."""
    with Path(path).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def days(cell: str, unit: float = 30.4) -> int | None:
    """Whole days of a time cell; None where it is missing."""
    return None if cell in ("", "NA") else round(float(cell) * unit)


def outcome(
    row: Row, study: str, endpoint: str, *, by_flags: bool = False
) -> tuple[int, int] | None:
    """(event, day) of one row, or None where the endpoint cannot use it."""
    if endpoint == "non_relapse_mortality" and not by_flags:
        found = outcome(row, study, "relapse")
        return None if found is None else ((0, 2, 1)[found[0]], found[1])
    recorded = OUTCOMES[study][endpoint]
    day = days(row[recorded.time], recorded.unit)
    if row[recorded.flag] not in ("0", "1") or day is None or day < 0:
        return None
    death = day_of_death(row, study) if endpoint != "death" else None
    if by_flags and recorded.competing is not None:
        event = 1 if row[recorded.flag] == "1" else 2 if row[recorded.competing] == "1" else 0
    elif row[recorded.flag] == "1":
        event = 1 if death is None or day <= death else 2
        day = day if event == 1 or death is None else death
    else:
        event = 2 if death is not None and abs(death - day) <= 1 else 0
    return event, max(day, 1)


def day_of_death(row: Row, study: str) -> int | None:
    """Day of death, None of the living."""
    flag, time = DEATH.get(study, ("dead", "intxsurv"))
    return days(row[time]) if row[flag] == "1" else None


def endpoint_rows(
    rows: Iterable[Row],
    study: str,
    endpoint: str,
    *,
    without: Collection[int] = (),
    by_flags: bool = False,
) -> tuple[list[int], list[int]]:
    """(event, day) of the rows that the endpoint can use, in the file's order.

    `without` are years of transplant to leave out.
    """
    event, duration = [], []
    for row in rows:
        if without and int(row[YEAR]) in without:
            continue
        found = outcome(row, study, endpoint, by_flags=by_flags)
        if found is not None:
            event.append(found[0])
            duration.append(found[1])
    return event, duration


def counts(event: Sequence[int], duration: Sequence[int], horizon: int) -> Noted:
    """What the data notes count."""
    pairs = list(zip(event, duration, strict=True))
    ever = tuple(sum(1 for e, _ in pairs if e == code) for code in (1, 2))
    by = tuple(sum(1 for e, t in pairs if e == code and t <= horizon) for code in (1, 2))
    censored = sum(1 for e, t in pairs if e == 0 and t < horizon)
    return Noted(horizon, len(pairs), (ever[0], ever[1]), (by[0], by[1]), censored)


def incidence(event: Sequence[int], duration: Sequence[int], horizon: int) -> float:
    """Cumulative incidence of event 1 by a day (Aalen & Johansen, Scand J Stat 1978;5:141-150)."""
    happened = Counter(zip(duration, event, strict=True))
    at_risk, free, risk = len(event), 1.0, 0.0
    for day in sorted({day for day in duration if day <= horizon}):
        of = {code: happened[day, code] for code in set(event)}
        risk += free * of.get(1, 0) / at_risk
        free *= 1 - sum(n for code, n in of.items() if code > 0) / at_risk
        at_risk -= sum(of.values())
    return risk


def censored_by_year(
    rows: Iterable[Row], study: str, endpoint: str, horizon: int
) -> dict[int, float]:
    """Share of each year of transplant that was censored before a day."""
    told: dict[int, list[bool]] = {}
    for row in rows:
        found = outcome(row, study, endpoint)
        if found is not None:
            early = found[0] == 0 and found[1] < horizon
            told.setdefault(int(row[YEAR]), []).append(early)
    return {year: sum(early) / len(early) for year, early in sorted(told.items())}
