"""Who can have an endpoint, and whose outcome is known; everyone who leaves is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.cohort.declared import immature
from hscrisk.endpoints import Endpoint
from hscrisk.errors import NotEstimable
from hscrisk.schema import Contract


@dataclass
class Attrition:
    """The transplants left after each step.

    Attributes
    ----------
    kept : ndarray of bool, shape (n_records,)
    flagged : ndarray of bool, shape (n_records,)
        Whose record says that the event happened.
    """

    kept: NDArray[np.bool_]
    flagged: NDArray[np.bool_]
    _steps: list[tuple[str, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._note("accepted records")

    def _note(self, step: str) -> None:
        self._steps.append((step, int(self.kept.sum()), int((self.kept & self.flagged).sum())))

    def leave_out(self, who: NDArray[np.bool_], step: str) -> None:
        """Leave `who` out; a step that nobody leaves at is not told."""
        if (self.kept & who).any():
            self.kept = self.kept & ~who
            self._note(step)

    def close(self, n_events: int) -> None:
        """Note the events that count, where something else came first for some."""
        if self._steps[-1][2] != n_events:
            self._steps.append(("the event came first", int(self.kept.sum()), n_events))

    def table(self) -> pd.DataFrame:
        """Return `step`, `transplants` left, `events` left."""
        return pd.DataFrame(self._steps, columns=["step", "transplants", "events"])


def numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """Return a numeric column, shape (n_records,); missing throughout where it is absent."""
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=np.float64)


def who_is_at_risk(
    frame: pd.DataFrame,
    endpoint: Endpoint,
    contract: Contract,
    definitions: Mapping[str, Any] | None = None,
) -> Attrition:
    """Return who belongs to the endpoint's population and has a usable record of it.

    Parameters
    ----------
    definitions : mapping, optional
        What the registry declares: years that are too recent leave.

    Raises
    ------
    NotEstimable
        When the records lack a field that the endpoint needs.
    """
    _refuse_absent(frame, endpoint, contract)
    followed = endpoint.followed
    interest = endpoint.event or followed
    attrition = Attrition(np.ones(len(frame), dtype=bool), numbers(frame, interest.status) == 1)
    for name, levels in endpoint.population.items():
        words = f"{contract[name].label} is not {' or '.join(levels)}"
        attrition.leave_out(frame[name].isna().to_numpy(), f"{contract[name].label} is unknown")
        attrition.leave_out(~frame[name].isin(levels).to_numpy(), words)
    for name, levels in endpoint.excluded.items():
        if name in frame.columns:
            gone = frame[name].isin(levels).to_numpy()
            attrition.leave_out(gone, f"{contract[name].label} is {' or '.join(levels)}")
    attrition.leave_out(*immature(frame, endpoint, definitions or {}))
    if endpoint.repeated_transplants == "first":
        attrition.leave_out(_later(frame, attrition.kept), "a later transplant of the same patient")
    for pair in dict.fromkeys((followed, interest)):
        label = contract[pair.status].label
        attrition.leave_out(np.isnan(numbers(frame, pair.status)), f"{label}: status unknown")
    unknown = np.isnan(numbers(frame, "death_status")) & ~attrition.flagged
    attrition.leave_out(unknown, f"{contract['death_status'].label}: status unknown")
    return attrition


def _later(frame: pd.DataFrame, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which transplants come after another one, of those kept, of the same patient.

    The order is that of the year, then of the number of earlier transplants, then of the records.
    """
    order = np.lexsort((numbers(frame, "prior_hct_n"), numbers(frame, "year_of_hct")))
    order = order[kept[order]]
    patient = frame["patient_id"].iloc[order]
    again = (patient.duplicated() & patient.notna()).to_numpy()
    later = np.zeros(len(frame), dtype=bool)
    later[order[again]] = True
    return later


def _refuse_absent(frame: pd.DataFrame, endpoint: Endpoint, contract: Contract) -> None:
    followed, interest = endpoint.followed, endpoint.event or endpoint.followed
    for pair in dict.fromkeys((interest, followed)):
        for name in (pair.status, pair.time):
            if name not in frame.columns or frame[name].isna().all():
                what = contract[name].label
                raise NotEstimable(
                    f"the cohort records no {what} (field '{name}')",
                    mend="Map the field, or leave the endpoint out.",
                )
    for name in ("death_status", "followup_day"):
        if name not in frame.columns or frame[name].isna().all():
            raise NotEstimable(
                f"the cohort does not record {contract[name].label} (field '{name}'), and death "
                f"competes with every endpoint",
                mend="Map the field.",
            )
    for name in endpoint.population:
        if name not in frame.columns:
            raise NotEstimable(
                f"the cohort does not say who belongs to the population (field '{name}')",
                mend=f"Map {name}; a constant will do where all are alike.",
            )
