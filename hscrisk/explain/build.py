"""One row of a frame and a fitted model to an explanation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
from scipy.special import expit

from hscrisk.endpoints import Endpoint
from hscrisk.errors import InvalidRecord
from hscrisk.explain.explanation import Context, Explanation, Item, decimals, effect_of
from hscrisk.explain.risk_scale import closed, to_risk
from hscrisk.explain.variables import fold, groups, label_of, value_of_group, values_of
from hscrisk.models import Contributions
from hscrisk.schema import Field

if TYPE_CHECKING:
    from hscrisk.models.base import IncidenceModel


def explain(
    model: IncidenceModel,
    X: pd.DataFrame,
    horizon: float,
    *,
    endpoint: Endpoint,
    contract: Mapping[str, Field],
    context: Context,
    centre: Any = None,
) -> Explanation:
    """Return one patient's risk at one horizon, taken apart exactly.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : DataFrame, shape (1, n_features)
        The columns that the model was trained on (others are ignored).
    horizon : float
        Days from infusion.
    endpoint : Endpoint
        What is predicted.
    contract : Contract, or any mapping of str to Field
        Labels and units; a column that it does not know is told by its own name.
    context : Context
        Cohort, support and verdict.
    centre : array of one label, optional
        Where the patient is transplanted, for a model that tells centres apart.

    Returns
    -------
    Explanation
        Items largest first; base + sum of the items is the risk, in log-odds and in probability.

    Raises
    ------
    InvalidRecord
        If there is not exactly one row.
    HorizonOutOfRange
        Beyond the model's last anchor.
    NotEstimable
        Where the risk has no log-odds, or the model no interval.
    """
    if len(X) != 1:
        rule = f"one patient is explained at a time, not {len(X)}"
        raise InvalidRecord(rule, mend="Take one row: frame.iloc[[0]].")
    horizons = [float(horizon)]
    found = model.contributions(X, horizon, centre=centre)
    risk = float(model.predict_cumulative_incidence(X, horizons, centre=centre)[0, 0])
    low, high = model.predict_interval(X, horizons, level=context.level, centre=centre)
    null_risk = context.null_risk
    if null_risk is None:
        null_risk = float(model.null_.predict(horizons)[0])
    return Explanation(
        endpoint=endpoint.name,
        label=endpoint.label,
        kind=endpoint.kind,
        direction=endpoint.direction,
        prediction_time=endpoint.prediction_time,
        horizon_days=float(horizon),
        risk=risk,
        low=float(low[0, 0]),
        high=float(high[0, 0]),
        level=context.level,
        null_risk=null_risk,
        base_log_odds=float(found.bases[0]),
        base_risk=float(expit(found.bases[0])),
        log_odds=float(found.log_odds[0]),
        items=_items(model, X, found, contract, context, decimals(risk, null_risk)),
        cohort=context.cohort,
        supported=not context.reasons,
        reasons=tuple(context.reasons),
        notes=tuple(context.notes),
        verdict=context.verdict,
        model_version=context.model_version,
        schema_version=context.schema_version,
    )


def _items(
    model: IncidenceModel,
    X: pd.DataFrame,
    found: Contributions,
    contract: Mapping[str, Field],
    context: Context,
    places: int,
) -> tuple[Item, ...]:
    names = found.feature_names
    members = groups(names)
    in_columns = closed(found.bases, found.values, found.log_odds)
    log_odds = fold(in_columns, members)
    risks = to_risk(found.bases, log_odds, found.log_odds)[0]
    values = values_of(X, model.pipeline_, contract, context.seen)
    items = []
    for j, (name, positions) in enumerate(members.items()):
        parts = tuple(names[i] for i in positions)
        value = value_of_group(name, parts[1:], values)
        items.append(
            Item(
                field=name,
                label=label_of(name, contract),
                value=value.words,
                state=value.state,
                contribution_log_odds=float(log_odds[0, j]),
                contribution_risk=float(risks[j]),
                effect=effect_of(float(risks[j]), places),
                fields=parts,
            )
        )
    return tuple(sorted(items, key=lambda item: -abs(item.contribution_risk)))
