"""One record to its risks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from hscrisk.bundle import Bundle
from hscrisk.bundle.prediction import LEVEL
from hscrisk.bundle.record import read_record
from hscrisk.scoring.result import Cohort, RiskPrediction
from hscrisk.scoring.score_table import score


def predict_one(
    bundle: Bundle,
    record: Mapping[str, Any],
    endpoint: str | None = None,
    horizons: ArrayLike | None = None,
) -> list[RiskPrediction]:
    """Return the risks of one transplant, the same bits as in a batch.

    Parameters
    ----------
    bundle : Bundle
    record : mapping
        Contract fields; one that is absent counts as missing.
    endpoint : str, optional
        All of the bundle's by default.
    horizons : array-like, optional
        Days; the models' anchors by default.

    Returns
    -------
    list of RiskPrediction
        In the order of endpoints, then of horizons.

    Raises
    ------
    InvalidRecord
        If the record breaks the data contract: field, rule and mend.
    InvalidConfiguration
        If the bundle has no such endpoint.
    HorizonOutOfRange
        If a horizon lies beyond the model's last anchor.
    """
    frame = read_record(bundle.contract, record)
    chosen = None if endpoint is None else [endpoint]
    scored = score(bundle, frame, endpoints=chosen, horizons=horizons)
    found = []
    for name, p in scored.predictions.items():
        profile = bundle.profiles[name]
        for column, day in enumerate(p.horizons):
            found.append(
                RiskPrediction(
                    endpoint=name,
                    label=bundle.endpoints[name].label,
                    horizon_days=float(day),
                    risk=float(p.risk[0, column]),
                    low=float(p.low[0, column]),
                    high=float(p.high[0, column]),
                    level=LEVEL,
                    null_risk=float(p.null_risk[column]),
                    cohort=Cohort(profile.source, profile.n, profile.years),
                    supported=bool(scored.reasons[name].supported[0]),
                    reasons=scored.reasons_at(name, 0, column),
                    model_version=bundle.model_version,
                    schema_version=bundle.schema_version,
                )
            )
    return found
