"""Which columns may be features: nothing that is known only after the prediction time."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from hscrisk.endpoints import Endpoint
from hscrisk.errors import InvalidConfiguration, LeakedOutcome, MissingColumn, nearest
from hscrisk.schema import Contract
from hscrisk.schema.groupings import nesting


def feature_names(
    frame: pd.DataFrame, contract: Contract, endpoint: Endpoint, asked: Sequence[str] | None
) -> list[str]:
    """Return the features that an endpoint may use, in the contract's order.

    Raises
    ------
    LeakedOutcome
        When one asked for is an outcome, or known only later.
    InvalidConfiguration
        When one asked for is an identifier, the centre, or no field.
    MissingColumn
        When the records do not have one asked for.
    """
    allowed = contract.predictors(endpoint.prediction_time)
    if asked is None:
        return without_twins([name for name in allowed if name in frame.columns], frame, contract)
    for name in asked:
        _refuse(name, contract, endpoint, allowed)
        if name not in frame.columns:
            known = [str(column) for column in frame.columns if column in allowed]
            rule = "the records do not have this feature"
            raise MissingColumn(rule, field=name, mend=nearest(name, known))
    return [name for name in contract if name in asked]


def without_twins(names: list[str], frame: pd.DataFrame, contract: Contract) -> list[str]:
    """Return the names without groupings that say nothing beyond a finer field that is there too.

    A grouping stays where it is known of somebody for whom the finer field is not.
    """
    known = {name: frame[name].notna().to_numpy() for name in names}
    kept = list(names)
    for name in names:
        field = contract[name]
        finer = [
            other
            for other in kept
            if other == field.coarsens or nesting(field, contract[other]) is not None
        ]
        if any(not (known[name] & ~known[other]).any() for other in finer):
            kept.remove(name)
    return kept


def _refuse(name: str, contract: Contract, endpoint: Endpoint, allowed: tuple[str, ...]) -> None:
    if name not in contract:
        rule = "the contract has no such field"
        raise InvalidConfiguration(rule, field=name, mend=nearest(name, contract))
    field = contract[name]
    time = endpoint.prediction_time.replace("_", " ")
    if field.role == "outcome":
        raise LeakedOutcome(
            f"{field.label} is an outcome and cannot predict {endpoint.label.lower()} {time}",
            field=name,
            mend="Leave it out.",
        )
    if field.role in ("identifier", "centre"):
        raise InvalidConfiguration(
            f"{field.label} names somebody and is never a feature", field=name, mend="Leave it out."
        )
    if field.role == "kept" and field.when != "landmark":
        raise InvalidConfiguration(
            f"{field.label} is kept for reference and is never a feature",
            field=name,
            mend="Leave it out.",
        )
    if field.role not in ("year", "audit") and name not in allowed:
        raise LeakedOutcome(
            f"{field.label} is known {field.when.replace('_', ' ')}, and the prediction is made "
            f"{time}",
            field=name,
            mend="Leave it out, or give the endpoint a later prediction_time.",
        )
