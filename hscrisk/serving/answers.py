"""From what was asked to what is answered: the same functions as in Python, no model code here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pandas as pd

from hscrisk.bundle.record import UNNAMED
from hscrisk.errors import HscriskError, InvalidRecord, nearest
from hscrisk.explain import Explanation
from hscrisk.schema import Contract, Field, check_records
from hscrisk.scoring import RiskPrediction, predict_one
from hscrisk.serving.problems import FieldError, Problem, from_error, shown_name
from hscrisk.serving.served import Served

_LONGEST_WORD = 200


@dataclass(frozen=True)
class Checked:
    """What the data contract says of a record.

    Attributes
    ----------
    errors : tuple of FieldError
        What must be mended before anything is predicted.
    doubts : tuple of FieldError
        What is possible but rare.
    """

    errors: tuple[FieldError, ...]
    doubts: tuple[FieldError, ...]


def check(record: Mapping[str, Any], contract: Contract) -> Checked:
    """Return everything that is wrong or doubtful about one record.

    Stricter than for files, where all cells may be text: JSON has types, so "42" is no number.
    """
    if len(record) > len(contract):  # before a near word is sought for each of thousands
        rule = f"a record has at most the {len(contract)} fields of the contract"
        return Checked((FieldError("record", rule, "GET /v1/contract lists them."),), ())
    wrong = [error for name, value in record.items() for error in _typed(name, value, contract)]
    refused = {error.field for error in wrong}
    sound = {name: value for name, value in record.items() if shown_name(name) not in refused}
    cells = {"transplant_id": UNNAMED, **sound}
    frame = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in cells.items()})
    found = check_records(frame, contract).violations
    told = [
        (severity, FieldError(str(field), str(rule), str(mend or "")))
        for severity, field, rule, mend in zip(
            found["severity"], found["field"], found["rule"], found["mend"], strict=True
        )
    ]
    return Checked(
        errors=(*wrong, *(error for severity, error in told if severity == "hard")),
        doubts=tuple(error for severity, error in told if severity == "soft"),
    )


def predict(
    served: Served,
    record: Mapping[str, Any],
    endpoint: str | None,
    horizons: Sequence[int] | None,
) -> list[RiskPrediction]:
    """Return the risks of one record, the same bits as `predict_one` and `score_table`.

    Raises
    ------
    Problem
        422 with everything that is wrong about the record.
    """
    _require_types(record, served.contract)
    asked = served.bundles if endpoint is None else (served.by_endpoint[endpoint],)
    try:
        return [risk for b in asked for risk in predict_one(b, record, endpoint, horizons)]
    except HscriskError as error:
        raise _problem(error, record, served.contract) from error


def explain(
    served: Served, record: Mapping[str, Any], endpoint: str, horizon: float
) -> Explanation:
    """Return one risk of one record taken apart, as `Bundle.explain` does.

    Raises
    ------
    Problem
        422 with everything that is wrong about the record.
    """
    _require_types(record, served.contract)
    try:
        return served.by_endpoint[endpoint].explain(record, endpoint, horizon)
    except HscriskError as error:
        raise _problem(error, record, served.contract) from error


def _require_types(record: Mapping[str, Any], contract: Contract) -> None:
    too_many = len(record) > len(contract)
    if too_many or any(_typed(name, value, contract) for name, value in record.items()):
        raise _broken(check(record, contract))


def _problem(error: HscriskError, record: Mapping[str, Any], contract: Contract) -> Problem:
    """Return why a record was refused; the first reason is known, here all are told."""
    checked = check(record, contract) if isinstance(error, InvalidRecord) else None
    return _broken(checked) if checked and checked.errors else from_error(error)


def _broken(checked: Checked) -> Problem:
    title = "The record breaks the data contract"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, title, checked.errors)


def _typed(name: str, value: Any, contract: Contract) -> list[FieldError]:
    field, shown = contract.get(name), shown_name(name)
    if field is None:
        return [FieldError(shown, "no such field in the contract", nearest(shown, contract))]
    if field.role == "outcome":
        rule = f"{field.label} is known only after the prediction"
        return [FieldError(shown, rule, "Leave it out.")]
    if field.role != "predictor":
        rule = "a prediction needs no identifier, centre or year"
        return [FieldError(shown, rule, "Leave it out.")]
    rule = "" if value is None else _type_rule(field, value)
    return [FieldError(shown, f"{field.label} {rule}", "Or null where not known.")] if rule else []


def _type_rule(field: Field, value: Any) -> str:
    """Return what the type should have been, '' where it is right."""
    if field.is_numeric:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        return "" if good else "must be a number, not text, true, false or a list"
    if field.kind == "flag" and isinstance(value, bool):
        return ""
    good = isinstance(value, str) and len(value) <= _LONGEST_WORD
    return "" if good else f"must be one of the words {', '.join(field.levels)}"
