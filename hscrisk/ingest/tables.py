"""Several tables as one: each transplant names its patient and its donor or donors."""

from __future__ import annotations

from collections.abc import Mapping as Keyed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hscrisk.errors import InputOutputFailed, MissingColumn, nearest
from hscrisk.ingest.apply import map_columns
from hscrisk.ingest.files import RawTable, read_table
from hscrisk.ingest.mapping import Mapping
from hscrisk.schema import Contract, check_records
from hscrisk.schema.findings import Findings
from hscrisk.schema.values import canonical, is_missing

_NOTHING = pd.DataFrame()


@dataclass(frozen=True)
class Joined:
    """One row a transplant.

    Attributes
    ----------
    raw : RawTable
        Source columns, called `table.column` where there are several tables.
    flat : DataFrame
        Donor fields, checked already, on which all donors of a transplant agree.
    donors : DataFrame, optional
        One row a donor, checked.
    violations : tuple of DataFrame
        What joining found.
    """

    raw: RawTable
    flat: pd.DataFrame = field(default_factory=lambda: _NOTHING)
    donors: pd.DataFrame | None = None
    violations: tuple[pd.DataFrame, ...] = ()


def join_tables(source: Any, mapping: Mapping, contract: Contract) -> Joined:
    """Join the tables of a registry to its transplants.

    A transplant that names an unknown patient or donor, or one that its table gives twice, is
    quarantined; donors or patients that nobody names are left alone. Outcomes may be absent.

    Raises
    ------
    InputOutputFailed, MissingColumn
        When a table or its key is absent.
    """
    present = [n for n in mapping.tables if n != "outcomes" or _has_outcomes(source, mapping)]
    tables = {name: _table(source, name, mapping) for name in present}
    transplants = tables["transplants"]
    key = mapping.tables["transplants"].key
    base = _column(transplants.frame, key, "transplants")
    names = np.array(["" if is_missing(v) else canonical(v) for v in base], dtype=object)
    findings = Findings(transplants.rows, names)
    wide = [transplants.frame.add_prefix("transplants.")]
    for name in ("patients", "outcomes"):
        if name in tables:
            table = mapping.tables[name]
            by = table.named_by[0] if table.named_by else key
            wide.append(_looked_up(tables, mapping, name, by, findings).add_prefix(f"{name}."))
    donors, flat = None, _NOTHING
    violations: list[pd.DataFrame] = []
    if "donors" in tables:
        long = _donors_long(tables, mapping, findings)
        donors, flat, found = _checked_donors(long, mapping, contract, findings)
        wide.append(_donor_columns(tables["donors"].frame, len(base)))
        violations.append(found)
    raw = RawTable(pd.concat(wide, axis=1), transplants.rows, transplants.ragged)
    return Joined(raw, flat, donors, (findings.table(), *violations))


def _has_outcomes(source: Any, mapping: Mapping) -> bool:
    """Return whether there are outcomes: patients still to be treated have none."""
    if isinstance(source, Keyed):
        return "outcomes" in source
    if isinstance(source, pd.DataFrame):
        return False
    return (Path(source) / mapping.tables["outcomes"].file).is_file()


def _table(source: Any, name: str, mapping: Mapping) -> RawTable:
    if isinstance(source, Keyed):
        if name not in source:
            raise InputOutputFailed(f"table '{name}' is absent", mend=nearest(name, source))
        return read_table(source[name])
    if isinstance(source, pd.DataFrame) or not Path(source).is_dir():
        raise InputOutputFailed(
            "the mapping has several tables", mend="Give the folder that holds their files."
        )
    return read_table(Path(source) / mapping.tables[name].file, mapping.separator)


def _column(frame: pd.DataFrame, column: str, table: str) -> pd.Series[Any]:
    if column not in frame.columns:
        rule = f"table '{table}' has no such column"
        raise MissingColumn(rule, field=column, mend=nearest(column, map(str, frame.columns)))
    return frame[column]


def _positions(
    table: RawTable, key: str, name: str, wanted: pd.Series[Any], findings: Findings
) -> Any:
    """Return the row of `table` for each wanted name, -1 where there is no one row."""
    keys = _column(table.frame, key, name)
    known: dict[str, list[int]] = {}
    for position, value in enumerate(keys):
        if not is_missing(value):
            known.setdefault(canonical(value), []).append(position)
    found = [[] if is_missing(v) else known.get(canonical(v), []) for v in wanted]
    named = np.array([not is_missing(v) for v in wanted], dtype=bool)
    count = np.array([len(positions) for positions in found], dtype=np.int64)
    kind = name.removesuffix("s")
    none, several = named & (count == 0), named & (count > 1)
    if name == "outcomes":
        rule, mend = "the transplant has no row in the table of outcomes", "Add it once known."
        findings.add(none, "transplant_id", wanted, rule, mend, "soft")
        rule, mend = "the outcomes of a transplant must be given once", "Keep one row."
        findings.add(several, "transplant_id", wanted, rule, mend)
    else:
        rule = f"the {kind} that the transplant names must be in the table of {name}"
        findings.add(none, f"{kind}_id", wanted, rule, f"Add the {kind}, or correct it.")
        rule = f"the {kind} that the transplant names must be given once"
        findings.add(several, f"{kind}_id", wanted, rule, f"Keep one row a {kind}.")
    return np.array([where[0] if len(where) == 1 else -1 for where in found], dtype=np.int64)


def _looked_up(
    tables: dict[str, RawTable], mapping: Mapping, name: str, by: str, findings: Findings
) -> pd.DataFrame:
    wanted = _column(tables["transplants"].frame, by, "transplants")
    where = _positions(tables[name], mapping.tables[name].key, name, wanted, findings)
    return _taken(tables[name].frame, where)


def _taken(frame: pd.DataFrame, where: Any) -> pd.DataFrame:
    taken: pd.DataFrame = frame.astype(object).reindex(where).reset_index(drop=True)
    filled: pd.DataFrame = taken.where(taken.notna(), None)
    return filled


def _donors_long(tables: dict[str, RawTable], mapping: Mapping, findings: Findings) -> pd.DataFrame:
    table = mapping.tables["donors"]
    parts = []
    for slot, by in enumerate(table.named_by, start=1):
        wanted = _column(tables["transplants"].frame, by, "transplants")
        where = _positions(tables["donors"], table.key, "donors", wanted, findings)
        part = _taken(tables["donors"].frame, where).add_prefix("donors.")
        part.insert(0, "donor_slot", slot)
        part.insert(0, "position", np.arange(len(where)))
        parts.append(part[where >= 0])
    joined: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return joined


def _donor_columns(frame: pd.DataFrame, n: int) -> pd.DataFrame:
    # The join keeps their names, so that a mapped column is found; values come from `flat`.
    names = [f"donors.{column}" for column in frame.columns]
    return pd.DataFrame({name: pd.Series([None] * n, dtype=object) for name in names})


def _checked_donors(
    long: pd.DataFrame, mapping: Mapping, contract: Contract, findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    fields = tuple(n for n in mapping.fields if mapping.table_of(contract[n]) == "donors")
    position = long["position"].to_numpy(dtype=np.int64)
    own = Findings(findings.rows[position], findings.names[position])
    mapped = map_columns(long, mapping, contract, own, only=fields)
    optional = Contract(
        {n: f.model_copy(update={"required": False}) for n, f in contract.items()},
        contract.version,
    )
    checked = check_records(mapped, optional, rows=own.rows)
    found = checked.violations.assign(
        transplant_id=checked.violations["row"].map(
            dict(zip(findings.rows.tolist(), findings.names, strict=True))
        )
    )
    donors = checked.frame.copy()
    donors.insert(0, "donor_slot", long["donor_slot"].to_numpy())
    donors.insert(0, "transplant_id", own.names)
    flat = _agreed(checked.frame, position, contract, findings)
    return donors, flat, pd.concat([own.table(), found], ignore_index=True)


def _agreed(
    typed: pd.DataFrame, position: Any, contract: Contract, findings: Findings
) -> pd.DataFrame:
    n = len(findings.rows)
    flat: dict[str, pd.Series[Any]] = {}
    for name in typed.columns:
        values = typed[name].astype(object)
        distinct = values.groupby(position).nunique(dropna=False).reindex(range(n), fill_value=0)
        first = values.groupby(position).agg(lambda cells: cells.iloc[0]).reindex(range(n))
        differ = (distinct > 1).to_numpy()
        label = contract[name].label
        rule = f"the donors differ in {label}; it is missing in the row of the transplant"
        nothing = np.full(n, None, dtype=object)
        mend = "Nothing to do; each donor keeps its own value."
        findings.add(differ, name, nothing, rule, mend, "soft")
        kept = first.where(~differ & first.notna().to_numpy(), None)
        flat[name] = pd.Series(kept.to_numpy(dtype=object), dtype=object)
    return pd.DataFrame(flat)
