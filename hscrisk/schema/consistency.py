"""Whether the outcomes of a row can all be true. All soft: an endpoint drops what it cannot use."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hscrisk.schema.fields import Contract
from hscrisk.schema.findings import Findings
from hscrisk.schema.follow_up import FollowUp, check_without_day
from hscrisk.schema.follow_up import column as _column

NESTED = (
    ("acute_gvhd_3_4", "acute_gvhd_2_4"),
    ("acute_gvhd_3_4", "acute_gvhd"),
    ("acute_gvhd_2_4", "acute_gvhd"),
    ("chronic_gvhd_extensive", "chronic_gvhd"),
)
"""(narrower, wider) outcomes: who has the first has the second, and not earlier."""


def outcome_pairs(contract: Contract) -> dict[str, tuple[str, str]]:
    """Return the status and day fields of every outcome, by name; death comes first.

    >>> from hscrisk.schema import load_contract
    >>> outcome_pairs(load_contract())["relapse"]
    ('relapse_status', 'relapse_day')
    """
    pairs = {"death": ("death_status", "followup_day")}
    for name in contract:
        stem = name.removesuffix("_status")
        if stem != name and f"{stem}_day" in contract:
            pairs[stem] = (name, f"{stem}_day")
    return pairs


def check_outcomes(
    frame: pd.DataFrame,
    contract: Contract,
    findings: Findings,
    follow_up: FollowUp | None = None,
) -> None:
    """Note outcomes that contradict themselves, each other, death, or the kind of transplant.

    Parameters
    ----------
    follow_up : FollowUp, optional
        How far outcomes were followed; all of them to the last contact by default.
    """
    follow_up = FollowUp() if follow_up is None else follow_up
    pairs = {
        name: pair
        for name, pair in outcome_pairs(contract).items()
        if pair[0] in frame.columns or pair[1] in frame.columns
    }
    for name, (status, day) in pairs.items():
        if name not in follow_up.undated:
            _check_pair(frame, contract, findings, status, day)
            if name != "death" and status in frame.columns and follow_up.mode != "overall":
                check_without_day(frame, contract, findings, name, follow_up)
        if name != "death" and day in frame.columns:
            _check_against_death(frame, contract, findings, status, day)
    for narrow, wide in NESTED:
        if narrow in pairs and wide in pairs:
            _check_nested(frame, contract, findings, pairs[narrow], pairs[wide])
    _check_cause(frame, contract, findings)
    _check_donor(frame, contract, findings)
    _check_population(frame, contract, findings)


def _check_cause(frame: pd.DataFrame, contract: Contract, findings: Findings) -> None:
    if "cause_of_death" not in frame.columns:
        return
    given = frame["cause_of_death"]
    alive = (_column(frame, "death_status") == 0) & given.notna().to_numpy()
    rule = f"{contract['cause_of_death'].label} belongs to who has died"
    mend = "Check death_status: alive, or dead?"
    findings.add(alive, "cause_of_death", given, rule, mend, "soft")


def _check_donor(frame: pd.DataFrame, contract: Contract, findings: Findings) -> None:
    if "donor_sex" not in frame.columns or "donor_parity" not in frame.columns:
        return
    given = frame["donor_parity"]
    known = given.notna() & (given != "unknown") & (given != "nulliparous")
    rule = f"{contract['donor_parity'].label}: a male donor has none"
    mend = "Check donor_sex and donor_parity."
    odd = (known & (frame["donor_sex"] == "male")).to_numpy()
    findings.add(odd, "donor_parity", given, rule, mend, "soft")


def _check_pair(
    frame: pd.DataFrame, contract: Contract, findings: Findings, status: str, day: str
) -> None:
    state, when = _column(frame, status), _column(frame, day)
    label = contract[status].label
    if status in frame.columns:
        dated = np.isfinite(when)
        needs = np.isfinite(state) & (state > 0 if status != "death_status" else state >= 0)
        rule = f"a known status of {label} needs its day"
        findings.add(needs & ~dated, day, when, rule, f"Fill in {day}.", "soft")
        rule = f"a day of {label} needs its status"
        findings.add(~np.isfinite(state) & dated, status, state, rule, f"Fill in {status}.", "soft")
        rule = f"an event on the day of infusion ({label}) counts on day 1"
        mend = "Nothing to do, if it is so ('never below the threshold', for instance)."
        findings.add((state == 1) & (when == 0), day, when, rule, mend, "soft")
    else:
        rule = f"days of {label} say nothing without {status}"
        findings.add(np.isfinite(when), status, state, rule, f"Map {status}.", "soft")


def _check_against_death(
    frame: pd.DataFrame, contract: Contract, findings: Findings, status: str, day: str
) -> None:
    if "followup_day" not in frame.columns or status not in frame.columns:
        return
    happened = _column(frame, status) > 0
    when, last = _column(frame, day), _column(frame, "followup_day")
    dead = _column(frame, "death_status") == 1
    label = contract[status].label
    mend = "Check both days; death counts as coming first."
    after = happened & (when > last)
    findings.add(after & dead, day, when, f"{label} must not come after death", mend, "soft")
    rule, mend = f"{label} must not come after the last contact", "Check both days."
    findings.add(after & ~dead, day, when, rule, mend, "soft")


def _check_nested(
    frame: pd.DataFrame,
    contract: Contract,
    findings: Findings,
    narrow: tuple[str, str],
    wide: tuple[str, str],
) -> None:
    inner, outer = _column(frame, narrow[0]), _column(frame, wide[0])
    labels = contract[narrow[0]].label, contract[wide[0]].label
    rule = f"who has {labels[0]} has {labels[1]}"
    broken = (inner == 1) & np.isfinite(outer) & (outer != 1)
    findings.add(broken, wide[0], outer, rule, "Check both statuses.", "soft")
    both = (inner == 1) & (outer == 1)
    early = both & (_column(frame, narrow[1]) < _column(frame, wide[1]))
    rule = f"{labels[0]} must not come before {labels[1]}"
    findings.add(early, narrow[1], _column(frame, narrow[1]), rule, "Check both days.", "soft")


def _check_population(frame: pd.DataFrame, contract: Contract, findings: Findings) -> None:
    if "transplant_type" not in frame.columns:
        return
    other = (
        frame["transplant_type"].notna() & (frame["transplant_type"] != "allogeneic")
    ).to_numpy()
    for name in frame.columns:
        told_already = contract[name].coarsens in frame.columns
        if contract[name].population == "allogeneic" and not told_already:
            given = other & frame[name].notna().to_numpy()
            rule = f"{contract[name].label} exists for allogeneic transplants only"
            mend = "Leave it empty, or correct transplant_type."
            findings.add(given, name, frame[name], rule, mend, "soft")
