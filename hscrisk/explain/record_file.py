"""One transplant as a JSON file, read strictly: a silent repair would be a wrong risk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from hscrisk.errors import InputOutputFailed, InvalidRecord

_MEND = 'Write one object, as {"patient_age": 42, "donor_sex": "female"}.'


def load_record(path: str | Path) -> dict[str, Any]:
    """Return the fields of one transplant; what they may hold is checked later, by the contract.

    Raises
    ------
    InputOutputFailed
        If the file cannot be read.
    InvalidRecord
        If it is not one JSON object in UTF-8 with finite numbers and each field once.
    """
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        rule = f"the record could not be read ({error.strerror or 'read failed'})"
        raise InputOutputFailed(rule, field=str(path)) from error
    try:
        record = json.loads(
            text.decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        rule = f"{Path(path).name} is no JSON record ({_why(error)})"
        raise InvalidRecord(rule, mend=_MEND) from error
    if not isinstance(record, dict):
        rule = f"{Path(path).name} holds {type(record).__name__}, not the fields of one transplant"
        raise InvalidRecord(rule, mend=_MEND)
    return record


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is no number"
    raise ValueError(message)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a field stands twice"
        raise ValueError(message)
    return found


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):  # its own words repeat no value
        return f"{error.msg}, line {error.lineno}"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
