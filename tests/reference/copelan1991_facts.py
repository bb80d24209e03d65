"""Endpoints and incidences of the bone marrow transplant data of Copelan et al., by brute force.

137 patients with acute leukaemia, four hospitals, allogeneic marrow after busulfan and
cyclophosphamide: Copelan EA, Biggs JC, Thompson JM, et al. Treatment for acute myelocytic leukemia
with allogeneic bone marrow transplantation following preparation with BuCy2. Blood 1991;78:838-843.
The rows are those of Klein JP, Moeschberger ML, Survival Analysis, section 1.3, as distributed in
the R package KMsurv (data set `bmt`).

Columns (the help page of KMsurv 0.1-5): `group` 1 ALL, 2 AML low risk, 3 AML high risk; `t1`, `d1`
time to death or last follow-up, and death; `t2` disease-free survival time, `d2` relapse, `d3`
death or relapse; `ta`, `da` acute GVHD; `tc`, `dc` chronic GVHD; `tp`, `dp` return of platelets to
normal (the page calls `tp` "Time To Chronic Graft-Versus-Host Disease", which is a slip); `z1` and
`z2` age of patient and donor, `z3` and `z4` their sex (1 male), `z5` and `z6` their CMV status,
`z7` days waited for the transplant, `z8` AML of FAB grade 4 or 5, `z9` hospital, `z10` MTX given.
Times are days after transplant.

Rules
-----
Whichever comes first counts. On one day the event of interest comes first, then the competing event
(death last), then the end of follow-up. In particular:

* One patient (row 127: died on day 168) has chronic GVHD dated day 200. The death came first, so
  the row is a death without chronic GVHD on day 168, and 60 of the 61 chronic GVHD flags are
  events. Taking the flag at its own day instead (event on day 200) leaves day 180 as it is (29.9 %)
  and adds one patient in 137 at day 365 (43.2 instead of 42.5 %) and at day 730 (44.7 instead of
  44.0 %); moving the event to the day of death (168) would add it at day 180 too (30.7 %).
* Relapse is not a competing event of GVHD or platelet recovery: follow-up goes on after it, and one
  patient (row 37) has chronic GVHD on day 120, after a relapse on day 110. It is an event.
* One patient (row 38) died on day 350 without relapse, but has day 332 as disease-free survival
  time with `d2` = 0 and `d3` = 1. The day of death counts: non-relapse mortality on day 350. Day
  332 instead changes no incidence of relapse, and that of non-relapse mortality on days 332 to 349
  only.
* Relapse and death are never on one day in these data; if they were, relapse would count, since
  non-relapse mortality is death without relapse.
* The follow-up of a patient without the event ends at `t1` for every endpoint.

Published facts
---------------
`PUBLISHED` holds what the book says in section 1.3. The help page of the R package confirms 137
patients, the three groups and their coding, and the section; the numbers themselves (38, 54 and 45
patients; 42 relapses, 41 deaths in remission, 26 with acute GVHD, 17 who relapsed or died without
return of platelets; 80 male patients and 88 male donors; 68 patients and 58 donors CMV-positive; 45
of FAB grade 4 or 5; patients aged 7 to 52 and donors 2 to 56) are quoted from memory of the book
and confirmed by counting, without the page at hand. Deaths in total (81), chronic GVHD (61) and
platelet recovery (120 = 137 - 17) are counts of the rows.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from brute_force import aalen_johansen

__all__ = [
    "COLUMNS",
    "HORIZONS",
    "PUBLISHED",
    "count_published",
    "endpoint_rows",
    "incidences",
    "read_rows",
]

Row = Mapping[str, int]

COLUMNS = (
    *("group", "t1", "t2", "d1", "d2", "d3", "ta", "da", "tc", "dc", "tp", "dp"),
    *(f"z{k}" for k in range(1, 11)),
)

HORIZONS: dict[str, tuple[int, ...]] = {
    "acute_gvhd": (30, 60, 100),
    "chronic_gvhd": (180, 365, 730),
    "platelet_recovery": (20, 28, 60, 100),
    "relapse": (100, 365, 730),
    "non_relapse_mortality": (100, 365, 730),
    "death": (100, 365, 730),
}

FLAG_AND_TIME = {
    "acute_gvhd": ("da", "ta"),
    "chronic_gvhd": ("dc", "tc"),
    "platelet_recovery": ("dp", "tp"),
    "relapse": ("d2", "t2"),
}

PUBLISHED = {
    "patients": 137,
    "all": 38,
    "aml_low_risk": 54,
    "aml_high_risk": 45,
    "relapses": 42,
    "deaths": 81,
    "deaths_in_remission": 41,
    "acute_gvhd": 26,
    "chronic_gvhd": 61,
    "platelet_recovery": 120,
    "male_patients": 80,
    "male_donors": 88,
    "cmv_positive_patients": 68,
    "cmv_positive_donors": 58,
    "fab_grade_4_or_5": 45,
    "youngest_patient": 7,
    "oldest_patient": 52,
    "youngest_donor": 2,
    "oldest_donor": 56,
}


def read_rows(path: str | Path) -> list[dict[str, int]]:
    """Rows of a CSV file with the column names of KMsurv's `bmt`; other columns are left out."""
    with Path(path).open(newline="", encoding="utf-8") as handle:
        return [{name: int(row[name]) for name in COLUMNS} for row in csv.DictReader(handle)]


def endpoint_rows(rows: Sequence[Row], endpoint: str) -> tuple[list[int], list[int]]:
    """(event, duration) of every patient: 1 event, 2 competing event, 0 end of follow-up."""
    event, duration = [], []
    for row in rows:
        relapsed = row["d2"] == 1 and row["t2"] <= row["t1"]
        if endpoint == "death":
            code, day = row["d1"], row["t1"]
        elif endpoint == "non_relapse_mortality":
            code, day = (2, row["t2"]) if relapsed else (row["d1"], row["t1"])
        else:
            flag, time = FLAG_AND_TIME[endpoint]
            if row[flag] == 1 and row[time] <= row["t1"]:
                code, day = 1, row[time]
            else:
                code, day = 2 * row["d1"], row["t1"]
        event.append(code)
        duration.append(day)
    return event, duration


def incidences(rows: Sequence[Row]) -> dict[str, dict[int, float]]:
    """Aalen-Johansen incidence of every endpoint at its horizons."""
    found: dict[str, dict[int, float]] = {}
    for endpoint, horizons in HORIZONS.items():
        event, duration = endpoint_rows(rows, endpoint)
        found[endpoint] = {day: aalen_johansen(event, duration, day, 1) for day in horizons}
    return found


def count_published(rows: Sequence[Row]) -> dict[str, int]:
    """Count the facts of `PUBLISHED` in the rows, from the flags as they stand."""
    return {
        "patients": len(rows),
        "all": sum(1 for row in rows if row["group"] == 1),
        "aml_low_risk": sum(1 for row in rows if row["group"] == 2),
        "aml_high_risk": sum(1 for row in rows if row["group"] == 3),
        "relapses": sum(row["d2"] for row in rows),
        "deaths": sum(row["d1"] for row in rows),
        "deaths_in_remission": sum(1 for row in rows if row["d1"] == 1 and row["d2"] == 0),
        "acute_gvhd": sum(row["da"] for row in rows),
        "chronic_gvhd": sum(row["dc"] for row in rows),
        "platelet_recovery": sum(row["dp"] for row in rows),
        "male_patients": sum(row["z3"] for row in rows),
        "male_donors": sum(row["z4"] for row in rows),
        "cmv_positive_patients": sum(row["z5"] for row in rows),
        "cmv_positive_donors": sum(row["z6"] for row in rows),
        "fab_grade_4_or_5": sum(row["z8"] for row in rows),
        "youngest_patient": min(row["z1"] for row in rows),
        "oldest_patient": max(row["z1"] for row in rows),
        "youngest_donor": min(row["z2"] for row in rows),
        "oldest_donor": max(row["z2"] for row in rows),
    }


if __name__ == "__main__":
    table = read_rows(sys.argv[1])
    for fact, number in count_published(table).items():
        print(f"{fact}: {number} (published {PUBLISHED[fact]})")
    for name, by_day in incidences(table).items():
        codes, _ = endpoint_rows(table, name)
        print(name, codes.count(1), codes.count(2), {day: round(v, 6) for day, v in by_day.items()})
