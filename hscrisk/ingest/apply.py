"""A mapping at work: source columns become contract columns, still unchecked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import MissingColumn, nearest
from hscrisk.ingest.field_source import FieldSource
from hscrisk.ingest.mapping import Mapping
from hscrisk.ingest.refusal import Refusal
from hscrisk.ingest.source_values import Cells, FileForm, values_of
from hscrisk.schema import Contract, Field
from hscrisk.schema.findings import Findings, Severity
from hscrisk.schema.values import canonical, is_missing, parse_number


def absent_columns(mapping: Mapping, contract: Contract, present: set[str]) -> tuple[str, ...]:
    """Return the mapping's columns that the source lacks and may lack.

    Outcomes may be absent, as of patients still to be treated; so may what the mapping calls
    optional.

    Raises
    ------
    MissingColumn
        When another one is absent, or nothing at all is there.
    """
    absent: dict[str, str] = {}
    found = not any(source.names for source in mapping.fields.values())
    for name, source in mapping.fields.items():
        for column in source.names:
            full = located(mapping, contract[name], column)
            if full in present:
                found = True
            elif source.optional or contract[name].group == "outcome":
                absent[full] = name
            else:
                raise MissingColumn(
                    f"the file has no column '{column}', which the mapping names",
                    field=name,
                    mend=nearest(full, present) if present else "The file has no column at all.",
                )
    if not found:
        raise MissingColumn(
            "the file has none of the columns that the mapping names",
            mend=f"Is it the right mapping, and is the separator '{mapping.separator}'?",
        )
    return tuple(sorted(absent))


def located(mapping: Mapping, field: Field, column: str) -> str:
    """Return the name of a source column in the joined table."""
    return f"{mapping.table_of(field)}.{column}" if mapping.tables else column


def map_columns(
    frame: pd.DataFrame,
    mapping: Mapping,
    contract: Contract,
    findings: Findings,
    only: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """Return contract columns; what cannot be read is noted as a hard violation.

    Parameters
    ----------
    frame : DataFrame
        Source columns (`table.column` where there are several tables).
    only : tuple of str, optional
        Fields to map; all by default.
    """
    mapped: dict[str, Any] = {}
    told: dict[str, NDArray[np.bool_]] = {}
    for name in contract:
        if name not in mapping.fields or (only is not None and name not in only):
            continue
        field, source = contract[name], mapping.fields[name]
        places = {column: located(mapping, field, column) for column in source.names}
        if all(place in frame.columns for place in places.values()):
            raw = {column: frame[place] for column, place in places.items()}
            mapped[name] = _mapped(raw, field, source, form_of(mapping), findings, told)
    return pd.DataFrame(mapped, index=frame.index)


def form_of(mapping: Mapping) -> FileForm:
    """Return how the file of a mapping is written."""
    return FileForm(frozenset(mapping.missing), mapping.date_format, mapping.decimal)


def _mapped(
    raw: dict[str, pd.Series[Any]],
    field: Field,
    source: FieldSource,
    form: FileForm,
    findings: Findings,
    told: dict[str, NDArray[np.bool_]],
) -> Any:
    values = values_of(source, field, raw, findings.rows, form)
    _tell(values, field, findings, told, "hard")
    if source.agrees_with is not None:
        other = values_of(source.agrees_with, field, raw, findings.rows, form)
        _tell(other, field, findings, told, "soft")
        _compare(values, other, field, source, findings)
    return pd.Series(values, dtype=object)


def _tell(
    values: Cells,
    field: Field,
    findings: Findings,
    told: dict[str, NDArray[np.bool_]],
    severity: Severity,
) -> None:
    """Note what was refused, by rule, and make it missing; a column's own fault is told once."""
    refused = np.array([isinstance(value, Refusal) for value in values], dtype=bool)
    rules: dict[str, list[int]] = {}
    for row in np.flatnonzero(refused):
        refusal = values[row]
        rules.setdefault(refusal.rule, [])
        if refusal.column is not None:
            seen = told.setdefault(refusal.rule, np.zeros(len(values), dtype=bool))
            if seen[row]:
                continue
            seen[row] = severity == "hard"
        rules[refusal.rule].append(int(row))
    for rule, rows in rules.items():
        where = np.zeros(len(values), dtype=bool)
        where[rows] = True
        found, mend = (np.full(len(values), None, dtype=object) for _ in range(2))
        found[rows] = [values[row].found for row in rows]
        mend[rows] = [values[row].mend for row in rows]
        findings.add(where, field.name, found, rule, mend, severity)
    values[refused] = None


def _compare(
    values: Cells, other: Cells, field: Field, source: FieldSource, findings: Findings
) -> None:
    def plain(value: Any) -> Any:
        number = parse_number(value) if field.is_numeric else None
        return canonical(value) if number is None else number

    shown = np.full(len(values), None, dtype=object)
    for row, (ours, theirs) in enumerate(zip(values, other, strict=True)):
        if not (is_missing(ours) or is_missing(theirs)) and plain(ours) != plain(theirs):
            shown[row] = f"{canonical(ours)} and {canonical(theirs)}"
    differs = np.array([text is not None for text in shown], dtype=bool)
    read = " and ".join(source.agrees_with.names if source.agrees_with else ())
    rule = f"{field.label} must agree with {read}"
    findings.add(differs, field.name, shown, rule, "Check both; the first one is used.", "soft")
