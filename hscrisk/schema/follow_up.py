"""How far outcomes were followed where nothing happened: declared once, filled in, and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.schema.fields import Contract
from hscrisk.schema.findings import Findings

Days = NDArray[np.float64]

LAST_CONTACT, NEXT_TRANSPLANT = "last_contact", "next_transplant"
SLACK = 1.0
"""Days by which two ways to write one day may differ."""


@dataclass(frozen=True)
class FollowUp:
    """What a mapping says of the follow-up of outcomes.

    Attributes
    ----------
    mode : {'overall', 'per_endpoint', 'recorded'}
    to : mapping of str to {'last_contact', 'next_transplant'}
        By outcome: to which day it was followed where nothing happened and no day is given.
    undated : collection of str
        Outcomes of which the day is not known, and not needed.
    """

    mode: str = "overall"
    to: Mapping[str, str] = field(default_factory=dict)
    undated: Collection[str] = ()


def column(frame: pd.DataFrame, name: str) -> Days:
    """Return a numeric column, shape (n_rows,); missing throughout where it is absent."""
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=np.float64)


def end_of(frame: pd.DataFrame, to: str) -> Days:
    """Return the last day followed: the last contact, or the next transplant before it."""
    last = column(frame, "followup_day")
    if to == LAST_CONTACT:
        return last
    return np.fmin(column(frame, "second_infusion_day"), last)


def fill_last_days(frame: pd.DataFrame, contract: Contract, follow_up: FollowUp) -> pd.DataFrame:
    """Return the frame with the last day of outcomes that did not happen, where none was given.

    Status 0 gets the end of follow-up that the mapping declares, status 2 the day of death. An
    event without a day stays without one: its day cannot be known.
    """
    filled = {}
    for outcome, to in follow_up.to.items():
        status, day = f"{outcome}_status", f"{outcome}_day"
        if status not in frame.columns:
            continue
        state, when = column(frame, status), column(frame, day)
        dead = column(frame, "death_status") == 1
        when = np.where((state == 0) & np.isnan(when), end_of(frame, to), when)
        death = np.where(dead, column(frame, "followup_day"), np.nan)
        filled[day] = np.where((state == 2) & np.isnan(when), death, when)
    if not filled:
        return frame
    whole = frame.assign(**filled)
    return whole[[name for name in contract if name in whole.columns]]


def check_without_day(
    frame: pd.DataFrame, contract: Contract, findings: Findings, outcome: str, follow_up: FollowUp
) -> None:
    """Doubt statuses 0 of which the last day is unknown, or says another thing than the mapping.

    `frame` has its last days filled in already.
    """
    status, day = f"{outcome}_status", f"{outcome}_day"
    label, to = contract[status].label, follow_up.to.get(outcome)
    free, when = column(frame, status) == 0, column(frame, day)
    last, dead = column(frame, "followup_day"), column(frame, "death_status") == 1
    rule = f"{label}: followed without it, but not known how long: the row leaves the analysis"
    mend = f"Fill in {day}, or say in the definitions to which day it was followed (followed_to)."
    findings.add(free & np.isnan(when), day, when, rule, mend, "soft")
    if follow_up.mode == "recorded":
        rule = f"{label}: death on the last day followed counts as the end of follow-up only"
        mend = "Give status 2 to a death without it, or say follow_up: per_endpoint."
        cut = free & dead & (when >= last)
        findings.add(cut, status, column(frame, status), rule, mend, "soft")
    if to is not None:
        rule = f"{label}: did not happen, yet has a day that is not the last one followed"
        mend = f"Check {status}: did it happen on that day?"
        other = free & (np.abs(when - end_of(frame, to)) > SLACK)
        findings.add(other, day, when, rule, mend, "soft")
