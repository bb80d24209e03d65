"""The result of an evaluation: one long table, with the null in it, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hscrisk.evaluation.out_of_fold import NULL, OutOfFold

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
        Metrics: `auc`, `brier`, `ipa`, `oe_ratio`, `calibration_intercept`,
        `calibration_slope`, and `ipa_minus_<model>` for paired differences.
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
        plain = self.frame.astype(object).where(self.frame.notna(), None)
        return [{str(k): v for k, v in row.items()} for row in plain.to_dict("records")]

    def sentence(self, endpoint: Any) -> str:
        """Return in words whether any model beats the marginal curve at the primary horizon.

        A model beats it only if the whole 95 % interval of its IPA lies above 0.
        """
        ipa = self.frame.query("metric == 'ipa' and model != @NULL", local_dict={"NULL": NULL})
        judged = ipa[ipa["estimate"].notna()]
        primary = float(endpoint.primary_horizon)
        if judged.empty:
            why = str(ipa["note"].iloc[0]) if len(ipa) else "no model was asked for"
            return f"No model could be judged: {why}."
        day = primary if (judged["horizon"] == primary).any() else float(judged["horizon"].max())
        rows = judged[judged["horizon"] == day]
        events = int(rows["n_events"].iloc[0])
        scores = "; ".join(
            f"{row.model} {row.estimate:.3f} ({row.low:.3f} to {row.high:.3f})"
            for row in rows.itertuples()
        )
        tail = f"IPA with 95 % interval: {scores}; {events} events, {self.design}."
        winners = rows[rows["low"] > 0]
        if winners.empty:
            return f"At day {day:g} no model is shown to beat the marginal curve. {tail}"
        best = " and ".join(str(m) for m in winners["model"])
        return f"At day {day:g} the marginal curve is beaten by: {best}. {tail}"
