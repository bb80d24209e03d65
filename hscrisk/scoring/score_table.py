"""A frame of transplants to one long table: a row for each transplant, endpoint and horizon."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hscrisk.applicability import Assessment, assess_all
from hscrisk.bundle import Bundle, EndpointPrediction
from hscrisk.bundle.prediction import nesting_note
from hscrisk.errors import MissingColumn
from hscrisk.schema import Records
from hscrisk.schema.values import TEXT

COLUMNS = (
    "transplant_id",
    "endpoint",
    "horizon_days",
    "risk",
    "low",
    "high",
    "null_risk",
    "supported",
    "reasons",
    "model_version",
    "schema_version",
)


@dataclass(frozen=True)
class Scored:
    """Predictions of some transplants, endpoint by endpoint, with what speaks against each.

    Attributes
    ----------
    predictions : dict of str to EndpointPrediction
    reasons : dict of str to Assessment
        By endpoint.
    """

    predictions: dict[str, EndpointPrediction]
    reasons: dict[str, Assessment]

    @property
    def n_capped(self) -> int:
        """Return how many risks are shown at the value of a wider endpoint."""
        return sum(int(p.capped.sum()) for p in self.predictions.values())

    def reasons_at(self, endpoint: str, row: int, column: int) -> tuple[str, ...]:
        """Return the reasons of one risk, the note on nesting last."""
        origin = self.predictions[endpoint].shown_from[row, column]
        note = () if origin == endpoint else (nesting_note(origin),)
        return (*self.reasons[endpoint].of_row(row), *note)

    def words(self, endpoint: str) -> tuple[list[str], NDArray[np.intp]]:
        """Return the different reasons in words, and which of them each risk has.

        Returns
        -------
        texts : list of str
            Reasons joined by '; '.
        which : ndarray of int, shape (n_samples, n_horizons)
            Positions in `texts`.
        """
        shown, found = self.predictions[endpoint], self.reasons[endpoint]
        told = found.of_kinds()
        texts = ["; ".join(reasons) for reasons in told]
        which = np.repeat(found.kind[:, None], len(shown.horizons), axis=1)
        for origin in sorted(set(shown.shown_from[shown.capped])):
            there = shown.shown_from == origin
            which[there] += len(texts)
            texts += ["; ".join([*reasons, nesting_note(origin)]) for reasons in told]
        return texts, which

    def supported(self, endpoint: str) -> NDArray[np.bool_]:
        """Return whether training saw such patients, shape (n_samples, n_horizons)."""
        one_a_row = self.reasons[endpoint].supported
        return np.repeat(one_a_row[:, None], len(self.predictions[endpoint].horizons), axis=1)


def score(
    bundle: Bundle,
    data: pd.DataFrame | Records,
    *,
    endpoints: Sequence[str] | None = None,
    horizons: ArrayLike | None = None,
) -> Scored:
    """Return predictions and reasons; see `Bundle.predict` for the arguments."""
    frame = data.frame if isinstance(data, Records) else data
    predictions = bundle.predict(frame, endpoints=endpoints, horizons=horizons)
    return Scored(predictions, _reasons(bundle, list(predictions), frame))


def _reasons(
    bundle: Bundle, endpoints: Sequence[str], frame: pd.DataFrame
) -> dict[str, Assessment]:
    """Return what speaks against each endpoint, found once for those that saw the same cohort."""
    known: list[tuple[Any, Assessment]] = []
    reasons = {}
    for name in endpoints:
        profile, population = bundle.profiles[name], bundle.endpoints[name].population
        asked = (profile.predictors, population)
        found = next((told for what, told in known if what == asked), None)
        if found is None:
            found = assess_all(profile, frame, population)
            known.append((asked, found))
        reasons[name] = found
    return reasons


def score_table(
    bundle: Bundle, data: pd.DataFrame | Records, *, model_version: str | None = None
) -> pd.DataFrame:
    """Return the risks of some transplants at every anchor horizon.

    Parameters
    ----------
    bundle : Bundle
    data : DataFrame or Records
        Contract columns with `transplant_id` (or, in a frame, an index that names the rows).
    model_version : str, optional
        What to write instead of the bundle's own name and id.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, `low` and `high` the 90 % interval of the cumulative incidence
        `risk`; in the order of the rows, then of the bundle's endpoints, then of the horizons.

    Raises
    ------
    MissingColumn
        If not one column of a model is there.
    """
    frame = data.frame if isinstance(data, Records) else data
    return table_of(bundle, score(bundle, frame), identifiers(frame), model_version)


def identifiers(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Return what names the rows: `transplant_id`, or the index where there is no such column."""
    if "transplant_id" in frame.columns:
        return frame["transplant_id"].astype(str).to_numpy(dtype=object)
    if not frame.index.is_unique:
        msg = "the rows to be scored have no names of their own"
        raise MissingColumn(
            msg,
            field="transplant_id",
            mend="Add the column, or a unique index.",
        )
    return frame.index.astype(str).to_numpy(dtype=object)


def table_of(
    bundle: Bundle,
    scored: Scored,
    names: NDArray[np.object_],
    model_version: str | None = None,
) -> pd.DataFrame:
    """Return predictions as the long table of `score_table`."""
    parts = list(scored.predictions.values())
    n, labels = len(names), [p.endpoint for p in parts for _ in p.horizons]
    days = np.concatenate([p.horizons for p in parts])

    def beside(of: Callable[[EndpointPrediction], NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([of(p) for p in parts], axis=1).reshape(-1)

    texts: list[str] = []
    which = []
    for p in parts:
        own, places = scored.words(p.endpoint)
        which.append(places + len(texts))
        texts += own
    every = np.zeros(n * len(labels), dtype=np.intp)
    return pd.DataFrame(
        {
            "transplant_id": _text(names, np.repeat(np.arange(n), len(labels))),
            "endpoint": _text(labels, np.tile(np.arange(len(labels)), n)),
            "horizon_days": np.tile(whole_days(days), n),
            "risk": beside(lambda p: p.risk),
            "low": beside(lambda p: p.low),
            "high": beside(lambda p: p.high),
            "null_risk": np.tile(np.concatenate([p.null_risk for p in parts]), n),
            "supported": beside(lambda p: scored.supported(p.endpoint)),
            "reasons": _text(texts, np.concatenate(which, axis=1).reshape(-1)),
            "model_version": _text([model_version or bundle.model_version], every),
            "schema_version": _text([bundle.schema_version], every),
        },
        columns=list(COLUMNS),
    )


def _text(words: Sequence[str] | NDArray[np.object_], which: NDArray[np.intp]) -> Any:
    """Return a column of few words that stand often: each is made into text once."""
    return pd.Series(words, dtype=TEXT).array.take(which)


def whole_days(days: NDArray[np.float64]) -> NDArray[Any]:
    """Return days as whole numbers where all of them are."""
    # Days are whole in this house; only a study of one's own may have asked for others.
    return days.astype(np.int64) if (days == np.floor(days)).all() else days
