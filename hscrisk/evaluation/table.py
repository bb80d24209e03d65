"""The result of an evaluation: one long table, with the null in it, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hscrisk.errors import InvalidConfiguration
from hscrisk.evaluation.out_of_fold import NULL, OutOfFold
from hscrisk.evaluation.words import fixed, in_sentence

COLUMNS = (
    "endpoint",
    "model",
    "fold",
    "horizon",
    "metric",
    "estimate",
    "low",
    "high",
    "n",
    "n_events",
    "note",
)


@dataclass(frozen=True)
class EvaluationTable:
    """Scores of several models on the same folds.

    Attributes
    ----------
    frame : DataFrame
        `endpoint, model, fold, horizon, metric, estimate, low, high, n, n_events, note`; `low`
        and `high` are the 95 % interval; `note` says why where nothing could be estimated.
        Metrics: `auc`, `wolbers_c`, `brier`, `ipa`, `oe_ratio`, `calibration_intercept`,
        `calibration_slope`, `ici`, `e50`, `e90`; `integrated_brier`, `integrated_ipa` and
        `integrated_auc` in rows whose horizon is the last; and `ipa_minus_<model>`,
        `auc_minus_<model>` and `integrated_ipa_minus_<model>` for paired differences.
    predictions : OutOfFold
        The risks that were judged.
    design : str
        The design in words.
    """

    frame: pd.DataFrame
    predictions: OutOfFold
    design: str

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.frame.copy()

    def to_records(self) -> list[dict[str, Any]]:
        """Return the rows as JSON would take them; what is not estimable is None."""
        return to_records(self.frame)

    def verdict(self, model: str, horizon: float | None = None) -> str:
        """Return in words whether `model` beats the marginal curve.

        It does only if the whole 95 % interval of its IPA lies above 0; otherwise it is not shown
        to. An interval wholly below 0 is said too.

        Parameters
        ----------
        model : str
        horizon : float, optional
            A day of the table; by default the last that could be judged.

        Raises
        ------
        InvalidConfiguration
            When the table does not hold the model or the horizon.

        References
        ----------
        Kattan & Gerds, Diagn Progn Res 2018;2:7.
        """
        rows = self.frame[(self.frame["metric"] == "ipa") & (self.frame["model"] == model)]
        known = rows["horizon"].tolist()
        if rows.empty or (horizon is not None and float(horizon) not in known):
            field, value = ("model", model) if rows.empty else ("horizon", horizon)
            raise InvalidConfiguration("the table holds no such row", field=field, value=value)
        judged = rows[rows["estimate"].notna()]
        if horizon is None:
            horizon = float((judged if len(judged) else rows)["horizon"].max())
        row = rows[rows["horizon"] == float(horizon)].iloc[0]
        if not np.isfinite(row["estimate"]):
            return f"At day {horizon:g} {in_sentence(model)} could not be judged: {row['note']}."
        if row["low"] > 0:
            words = "beats the marginal curve"
        elif row["high"] < 0:
            words = "is worse than the marginal curve"
        else:
            words = "is not shown to beat the marginal curve"
        return f"At day {horizon:g} {in_sentence(model)} {words}: IPA {_with_interval(row)}."

    def sentence(self, endpoint: Any) -> str:
        """Return in words whether any model beats the marginal curve at the primary horizon.

        By the rule of `verdict`; where the primary horizon could not be judged, that is said, and
        the last one that could be is told instead.
        """
        ipa = self.frame[(self.frame["metric"] == "ipa") & (self.frame["model"] != NULL)]
        judged = ipa[ipa["estimate"].notna()]
        primary = float(endpoint.primary_horizon)
        if judged.empty:
            why = str(ipa["note"].iloc[0]) if len(ipa) else "no model was asked for"
            return f"No model could be judged: {why}."
        at_primary = judged[judged["horizon"] == primary]
        day = primary if len(at_primary) else float(judged["horizon"].max())
        head = "" if len(at_primary) else f"Day {primary:g} could not be judged. "
        rows = judged[judged["horizon"] == day]
        events = int(rows["n_events"].iloc[0])
        scores = "; ".join(
            f"{in_sentence(str(row['model']))} {_with_interval(row)}" for _, row in rows.iterrows()
        )
        tail = f"IPA with 95 % interval: {scores}; {events} events, {self.design}."
        winners = rows[rows["low"] > 0]
        if winners.empty:
            return f"{head}At day {day:g} no model is shown to beat the marginal curve. {tail}"
        best = " and ".join(in_sentence(str(m)) for m in winners["model"])
        return f"{head}At day {day:g} the marginal curve is beaten by: {best}. {tail}"


def _with_interval(row: Any) -> str:
    if not np.isfinite(row["low"]):
        return f"{fixed(row['estimate'])} (no interval)"
    return f"{fixed(row['estimate'])} ({fixed(row['low'])} to {fixed(row['high'])})"


def to_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON would take them; what is not estimable is None."""
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
