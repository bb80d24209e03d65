"""A registry's columns, codes and units become records."""

from hscrisk.ingest.mapping import FieldSource, Mapping, load_mapping
from hscrisk.ingest.reader import ReadResult, read_records, records_from_dicts

__all__ = [
    "FieldSource",
    "Mapping",
    "ReadResult",
    "load_mapping",
    "read_records",
    "records_from_dicts",
]
