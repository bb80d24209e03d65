"""The data contract: fields, levels, limits, when known; checks; derived fields."""

from hscrisk.schema.checks import CheckResult, check_records
from hscrisk.schema.fields import Contract, Field, load_contract
from hscrisk.schema.page import render_fields
from hscrisk.schema.records import Records

__all__ = [
    "CheckResult",
    "Contract",
    "Field",
    "Records",
    "check_records",
    "load_contract",
    "render_fields",
]
