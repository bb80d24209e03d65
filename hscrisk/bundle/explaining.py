"""One risk of a bundle taken apart, with all that must stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hscrisk.applicability import LevelsSeen, assess
from hscrisk.bundle.contents import Contents
from hscrisk.bundle.prediction import (
    LEVEL,
    centre_of,
    columns_for,
    nesting_note,
    predict,
    require_endpoints,
)
from hscrisk.bundle.record import read_record
from hscrisk.explain import CohortFacts, Context, Explanation, explain


def explain_record(
    bundle: Contents,
    record: Mapping[str, Any] | pd.DataFrame,
    endpoint: str,
    horizon: float | None = None,
    *,
    model_version: str,
) -> Explanation:
    """Return the explanation of one risk; see `Bundle.explain`."""
    require_endpoints(bundle, [endpoint])
    frame = record if isinstance(record, pd.DataFrame) else read_record(bundle.contract, record)
    day = primary_horizon(bundle, endpoint) if horizon is None else float(horizon)
    shown = predict(bundle, frame, endpoints=[endpoint], horizons=[day])[endpoint]
    profile, asked = bundle.profiles[endpoint], bundle.endpoints[endpoint]
    origin = str(shown.shown_from[0, 0])
    model = bundle.models[origin]
    told = bundle.info.get("endpoints", {}).get(endpoint, {})
    context = Context(
        cohort=CohortFacts(profile.source, profile.n, profile.years, _who(bundle)),
        reasons=tuple(assess(profile, frame, asked.population)[0]),
        notes=() if origin == endpoint else (nesting_note(origin),),
        verdict=str(told.get("verdict", "")),
        seen={
            name: seen.common()
            for name, seen in profile.predictors.items()
            if isinstance(seen, LevelsSeen)
        },
        null_risk=float(shown.null_risk[0]),
        level=LEVEL,
        model_version=model_version,
        schema_version=bundle.contract.version,
    )
    return explain(
        model,
        columns_for(model, frame),
        day,
        endpoint=asked,
        contract=bundle.contract,
        context=context,
        centre=centre_of(model, frame),
    )


def _who(bundle: Contents) -> str:
    """Return what the owner of the registry says about the cohort, '' where nothing."""
    said = bundle.info.get("card", {})
    return "; ".join(str(said[key]).rstrip(".") for key in ("population", "years") if said.get(key))


def primary_horizon(bundle: Contents, endpoint: str) -> float:
    """Return the endpoint's primary horizon, or the last day that its model reaches."""
    last = float(max(bundle.models[endpoint].horizons_))
    return min(float(bundle.endpoints[endpoint].primary_horizon), last)
