"""From what happens to what a registry records: follow-up ends, and some things go unreported."""

from __future__ import annotations

import datetime

import numpy as np

from hscrisk.datasets.simulated.curves import Array
from hscrisk.datasets.simulated.disease import nonmalignant
from hscrisk.datasets.simulated.draw import NOTHING, Draw, level_codes
from hscrisk.datasets.simulated.events import NEVER, Events
from hscrisk.datasets.simulated.gaps import OUTCOMES, unreported

EXTRACTION = datetime.date(2024, 6, 30)


def draw_follow_up(draw: Draw, *, censoring: bool) -> Array:
    """Return the last day on which each patient could be seen, shape (n,)."""
    start = draw["year_of_hct"].astype(np.int64) - 1970
    first = start.astype("datetime64[Y]").astype("datetime64[D]") + draw.rng.integers(
        0, 365, draw.n
    )
    draw.columns["_infusion"] = first
    administrative = (np.datetime64(EXTRACTION) - first).astype(np.float64)
    lost = np.ceil(draw.rng.exponential(1.0, draw.n) * 4200 * np.exp(draw.habit("loss")))
    last = np.maximum(np.minimum(administrative, lost), 1.0)
    return last if censoring else np.full(draw.n, np.inf)


def record_outcomes(draw: Draw, events: Events, last: Array, *, missing: bool) -> None:
    """Fill the outcome fields: status 1 event, 2 death before it, 3 another transplant, 0 none.

    Without censoring a patient who never dies is followed to the day 20,000.
    """
    dead = np.isfinite(events.death) & (events.death <= last)
    end = np.where(np.isfinite(last), last, 20000.0)
    draw.number("death_status", dead)
    draw.number("followup_day", np.where(dead, events.death, end))
    extra = _further(draw, events)
    for name, day in (events.days | extra).items():
        rescued = name.endswith("_engraftment") or name.endswith("_50")
        other = events.second_infusion if rescued else np.full(draw.n, NEVER)
        _status(draw, name, day, other)
    _status(draw, "relapse", events.relapse, np.full(draw.n, NEVER))
    spared = nonmalignant(draw)
    for name in ("relapse_status", "relapse_day"):
        draw.lose(name, spared)
    _kinds(draw, events)
    if missing:
        for name, rate in OUTCOMES.items():
            gone = unreported(draw, rate)
            for part in ("status", "day"):
                draw.lose(f"{name}_{part}", gone)


def _status(draw: Draw, name: str, day: Array, other: Array) -> None:
    """Record an event where it comes first; `other` is a competing one beside death."""
    end, dead = draw["followup_day"], draw["death_status"] == 1
    happened = (day <= end) & (day <= other)
    instead = ~happened & (other <= end)
    status = np.select([happened, instead, dead], [1, 3, 2], 0)
    draw.number(f"{name}_status", status)
    draw.number(f"{name}_day", np.select([happened, instead], [day, other], end))


def _further(draw: Draw, events: Events) -> dict[str, Array]:
    """Return days of events that have no known truth; each follows another event."""
    n, rng = draw.n, draw.rng

    def after(day: Array, mean: float, chance: float, least: float = 0.0) -> Array:
        later = np.maximum(day, least) + np.floor(rng.exponential(mean, n))
        return np.where((rng.random(n) < chance) & (later <= events.death), later, NEVER)

    return {
        "platelet_engraftment_50": after(events.days["platelet_engraftment"], 6.0, 0.93),
        "secondary_graft_failure": after(events.days["neutrophil_engraftment"], 90.0, 0.03, 30.0),
        "poor_graft_function": after(events.days["neutrophil_engraftment"], 60.0, 0.06, 43.0),
        "chronic_gvhd_moderate_severe": np.where(
            rng.random(n) < 0.9, events.days["chronic_gvhd_extensive"], NEVER
        ),
    }


def _kinds(draw: Draw, events: Events) -> None:
    """Fill grades, organs, severity, causes: what was seen within follow-up."""
    end = draw["followup_day"]
    second = events.second_infusion
    draw.number("second_infusion_day", np.where(second <= end, second, np.nan))
    rescued = (events.relapse < end - 20) & draw.chance(0.15)
    wait = np.where(rescued, events.relapse, 0.0) + 10 + np.floor(draw.rng.exponential(30, draw.n))
    draw.number("dli_day", np.where(rescued & (wait <= end), wait, np.nan))
    for cells in ("neutrophil", "platelet"):
        draw.flag(f"{cells}s_never_below", events.never_below[f"{cells}_engraftment"])
    _grades(draw)
    chronic = draw["chronic_gvhd_status"] == 1
    extensive = draw["chronic_gvhd_extensive_status"] == 1
    worse = draw["chronic_gvhd_moderate_severe_status"] == 1
    severe = worse & draw.chance(0.4)
    draw.columns["chronic_gvhd_severity_nih"] = np.select(
        [severe, worse, chronic], [3, 2, 1], 0
    ).astype(np.int8)
    draw.columns["chronic_gvhd_extent"] = np.select([extensive, chronic], [2, 1], 0).astype(np.int8)
    draw.flag("chronic_gvhd_systemic_therapy", chronic & draw.chance(np.where(extensive, 0.9, 0.3)))
    dead, relapsed = draw["death_status"] == 1, draw["relapse_status"] == 1
    gvhd = (draw["acute_gvhd_3_4_status"] == 1) | extensive
    draw.choose("cause_of_death", {
        "relapse": np.where(relapsed, 0.85, 0.0), "gvhd": np.where(gvhd, 0.45, 0.02),
        "infection": 0.25, "graft_failure": np.where(np.isinf(
            events.days["neutrophil_engraftment"]), 0.4, 0.0), "organ_failure": 0.2,
        "second_malignancy": 0.03, "haemorrhage": 0.04, "other": 0.08, "unknown": 0.05,
    })  # fmt: skip
    draw.columns["cause_of_death"][~dead] = NOTHING


def _grades(draw: Draw) -> None:
    """Give each grade organ stages that have it by the MAGIC rules (Harris et al., 2016)."""
    grade = np.zeros(draw.n)
    for level, name in ((1, "acute_gvhd"), (2, "acute_gvhd_2_4"), (3, "acute_gvhd_3_4")):
        grade[draw[f"{name}_status"] == 1] = level
    fatal = (draw["death_status"] == 1) & (draw["relapse_status"] != 1)
    grade += (grade == 3) & draw.chance(np.where(fatal, 0.5, 0.2))
    draw.number("acute_gvhd_grade_max", grade)
    organ = draw.rng.choice(4, draw.n, p=[0.4, 0.12, 0.2, 0.28])  # which organ makes the grade
    skin = np.where(grade >= 1, draw.rng.integers(0, 3, draw.n), 0)
    only_skin = grade == 1
    skin = np.where(only_skin, np.maximum(skin, 1), skin)
    skin = np.where((grade == 2) & (organ == 0), 3, np.where((grade == 4) & (organ == 0), 4, skin))
    liver = np.select([grade == 2, grade == 3, grade == 4], [organ == 1, 2 * (organ == 1),
                      4 * (organ == 1)], 0)  # fmt: skip
    upper = np.where(grade == 2, organ == 2, (grade >= 3) & draw.chance(0.5))
    gut = np.select([grade == 2, grade == 3, grade == 4],
                    [organ == 3, np.where(organ == 1, 0, 2 + draw.chance(0.5)),
                     np.where(organ >= 2, 4, 1)], 0)  # fmt: skip
    for name, stage in (("skin", skin), ("liver", liver), ("upper_gi", upper), ("lower_gi", gut)):
        draw.number(f"acute_gvhd_{name}_max", stage)
    system = np.full(draw.n, level_codes("acute_gvhd_system")["magic"], dtype=np.int8)
    draw.columns["acute_gvhd_system"] = system
