"""One record, as a mapping of contract fields, to the one-row frame that models take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hscrisk.errors import InvalidRecord, nearest
from hscrisk.schema import Contract, check_records

UNNAMED = "this transplant"


def read_record(contract: Contract, record: Mapping[str, Any]) -> pd.DataFrame:
    """Return a checked frame of one row, derived fields filled, outcomes left out.

    Parameters
    ----------
    contract : Contract
        The one that the models were trained under.
    record : mapping
        Field to value; a transplant without a name gets one.

    Raises
    ------
    InvalidRecord
        At the first field that is unknown or breaks a hard rule; others are counted.
    """
    for name in record:
        if name not in contract:
            msg = "no such field in the contract"
            raise InvalidRecord(msg, field=str(name), mend=nearest(str(name), contract))
    known = {name: value for name, value in record.items() if contract[name].when != "after"}
    given = {"transplant_id": UNNAMED, **known}
    columns = {name: pd.Series([value], dtype=object) for name, value in given.items()}
    checked = check_records(pd.DataFrame(columns), contract)
    hard = checked.violations[checked.violations["severity"] == "hard"]
    if len(hard):
        first, more = hard.iloc[0], len(hard) - 1
        msg = f"{first['rule']}{f' ({more} more)' if more else ''}"
        raise InvalidRecord(
            msg,
            field=str(first["field"]),
            value=first["value"],
            mend=str(first["mend"]) or None,
        )
    return checked.frame
