"""A mapping at work: source columns become contract columns, still unchecked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import MissingColumn, nearest
from hscrisk.ingest.conditions import EMPTY, codes_of, columns_of, holds
from hscrisk.ingest.field_source import FieldSource
from hscrisk.ingest.mapping import Mapping
from hscrisk.ingest.units import factor
from hscrisk.schema import Contract, Field
from hscrisk.schema.findings import Findings
from hscrisk.schema.values import canonical, each_distinct, is_missing, parse_number

_UNLISTED = object()


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
    """Return contract columns; a code that is not listed is noted as a hard violation.

    Parameters
    ----------
    frame : DataFrame
        Source columns (`table.column` where there are several tables).
    only : tuple of str, optional
        Fields to map; all by default.
    """
    mapped: dict[str, Any] = {}
    for name in contract:
        if name not in mapping.fields or (only is not None and name not in only):
            continue
        field, source = contract[name], mapping.fields[name]
        places = {column: located(mapping, field, column) for column in source.names}
        if all(place in frame.columns for place in places.values()):
            raw = {column: frame[place] for column, place in places.items()}
            mapped[name] = _mapped(raw, field, source, mapping, findings)
    return pd.DataFrame(mapped, index=frame.index)


def _mapped(
    raw: dict[str, pd.Series[Any]],
    field: Field,
    source: FieldSource,
    mapping: Mapping,
    findings: Findings,
) -> Any:
    missing = frozenset(mapping.missing)
    if source.constant is not None:
        values = np.array([source.constant] * len(findings.rows), dtype=object)
    elif source.row_number:
        values = np.array([str(row) for row in findings.rows], dtype=object)
    elif source.columns:
        values = _joined([raw[column] for column in source.columns])
    elif source.cases is not None:
        values = _by_case(raw, source, missing)
    else:
        values = _translated(raw, field, source, mapping)
    if source.only_when is not None:
        codes = {c: codes_of(raw[c], missing) for c in columns_of(source.only_when)}
        values[~holds(source.only_when, codes)] = None
    unlisted = np.array([value is _UNLISTED for value in values], dtype=bool)
    if unlisted.any():
        _tell_unlisted(unlisted, raw, field, source, findings)
        values[unlisted] = None
    return pd.Series(values, dtype=object)


def _by_case(
    raw: dict[str, pd.Series[Any]], source: FieldSource, missing: frozenset[str]
) -> NDArray[np.object_]:
    cases = source.cases or ()
    read = dict.fromkeys(column for case in cases for column in columns_of(case.when))
    codes = {column: codes_of(raw[column], missing) for column in read}
    rest = _UNLISTED if source.otherwise is None else source.otherwise
    empty = np.all([column == EMPTY for column in codes.values()], axis=0)
    values = np.full(len(empty), rest, dtype=object)
    values[empty] = None
    for case in reversed(cases):  # the first that holds has the last word
        values[holds(case.when, codes)] = case.means
    return values


def _translated(
    raw: dict[str, pd.Series[Any]], field: Field, source: FieldSource, mapping: Mapping
) -> NDArray[np.object_]:
    translate = _translator(field, source, mapping)
    column = raw[source.values_from[0]]
    values, _ = each_distinct(column, translate)
    if source.instead:
        codes = codes_of(column, frozenset())
        for code, other in source.instead.items():
            found, _ = each_distinct(raw[other], translate)
            values[codes == code] = found[codes == code]
    return values


def _tell_unlisted(
    unlisted: NDArray[np.bool_],
    raw: dict[str, pd.Series[Any]],
    field: Field,
    source: FieldSource,
    findings: Findings,
) -> None:
    if source.cases is not None:
        cells = [codes_of(column, frozenset()) for column in raw.values()]
        told = [
            ", ".join(map("=".join, zip(raw, r, strict=True))) for r in zip(*cells, strict=True)
        ]
        rule = f"{field.label} has no case in the mapping for these codes"
        mend = "Add a case to the mapping."
        findings.add(unlisted, field.name, np.array(told, dtype=object), rule, mend)
        return
    column, known = raw[source.values_from[0]], list(source.codes or ())
    rule = f"{field.label} has a code that the mapping does not list"
    mends = {text: nearest(text, known) for text in {canonical(v) for v in column[unlisted]}}
    mend_each = [f"{mends.get(canonical(v), '')} Or list it in the mapping." for v in column]
    findings.add(unlisted, field.name, column, rule, np.array(mend_each, dtype=object))


def _joined(raw: list[pd.Series[Any]]) -> NDArray[np.object_]:
    joined = [
        None if any(is_missing(cell) for cell in cells) else "-".join(map(canonical, cells))
        for cells in zip(*raw, strict=True)
    ]
    return np.array([*joined, None], dtype=object)[:-1]


def _translator(field: Field, source: FieldSource, mapping: Mapping) -> Any:
    missing = {*source.missing, *mapping.missing}
    scale = None if source.unit is None else factor(field.unit or "", source.unit)

    def translate(value: Any) -> Any:
        code = canonical(value)
        if code in missing:
            return None
        if source.codes is not None:
            unlisted = _UNLISTED if source.otherwise is None else source.otherwise
            return source.codes.get(code, unlisted)
        if scale is not None:
            number = parse_number(value)
            if number is None:
                return value  # the check names it
            number *= scale
            return float(round(number)) if field.kind in ("day", "integer") else number
        return value

    return translate
