"""A registry's columns, codes and units become records."""

from hscrisk.ingest.field_source import FieldSource
from hscrisk.ingest.mapping import Mapping, load_mapping
from hscrisk.ingest.reader import read_records, records_from_dicts
from hscrisk.ingest.result import ReadResult

__all__ = [
    "FieldSource",
    "Mapping",
    "ReadResult",
    "load_mapping",
    "read_records",
    "records_from_dicts",
]
