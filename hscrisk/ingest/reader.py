"""From a file to records: accepted ones, quarantined ones, and why."""

from __future__ import annotations

from collections.abc import Mapping as Keyed
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InputOutputFailed, nearest
from hscrisk.ingest.apply import absent_columns, located, map_columns
from hscrisk.ingest.files import RawTable, read_table
from hscrisk.ingest.mapping import Mapping, contract_mapping, load_mapping
from hscrisk.ingest.tables import Joined, join_tables
from hscrisk.schema import Contract, Records, check_records, load_contract
from hscrisk.schema.findings import Findings, in_order
from hscrisk.schema.values import canonical, is_missing

Source = str | Path | pd.DataFrame | Keyed[str, pd.DataFrame]

FIRST_ROWS = 20
"""So many row numbers are told of each violation in a summary."""


@dataclass(frozen=True)
class ReadResult:
    """What was read: `n_read == len(accepted) + len(quarantined)`, always.

    Attributes
    ----------
    accepted : Records
    quarantined : DataFrame
        `row` (from 1), `reasons`, and the row as it was found (a column of the source that has one
        of those two names is called `source.row`, `source.reasons`).
    violations : DataFrame
        All violations of all rows: `row`, `transplant_id`, `field`, `value`, `rule`, `mend`,
        `severity`.
    n_read : int
        Data rows in the source.
    unknown_columns : tuple of str
        Columns that the mapping neither uses nor leaves out on purpose.
    absent_columns : tuple of str
        Columns that the mapping names and the source lacks (outcomes, optional ones).
    """

    accepted: Records
    quarantined: pd.DataFrame
    violations: pd.DataFrame
    n_read: int
    unknown_columns: tuple[str, ...] = field(default=())
    absent_columns: tuple[str, ...] = field(default=())

    def write_quarantined(self, path: str | Path) -> None:
        """Write the quarantined rows to a CSV file; an empty one where there are none.

        Raises
        ------
        InputOutputFailed
            When it cannot be written.
        """
        try:
            self.quarantined.to_csv(path, index=False)
        except OSError as error:
            raise InputOutputFailed(f"{Path(path).name} cannot be written") from error

    def to_dict(self) -> dict[str, Any]:
        """Return counts and the violations by field and rule, without any value, as plain JSON."""
        return {
            "n_read": self.n_read,
            "n_accepted": len(self.accepted),
            "n_quarantined": len(self.quarantined),
            "unknown_columns": list(self.unknown_columns),
            "absent_columns": list(self.absent_columns),
            "violations": self._grouped(),
        }

    def _grouped(self) -> list[dict[str, Any]]:
        keys = ["severity", "field", "rule"]
        groups = self.violations.groupby(keys, sort=False, dropna=False)
        found = [
            {
                **dict(zip(keys, map(str, key), strict=True)),
                "n": len(rows),
                "rows": [int(row) for row in rows["row"].head(FIRST_ROWS)],
            }
            for key, rows in groups
        ]
        return sorted(found, key=lambda group: group["severity"])


def read_records(source: Source, mapping: str | Path | Mapping = "contract") -> ReadResult:
    """Read and check records; every violation of every row is named in one pass.

    Parameters
    ----------
    source : path, DataFrame or mapping of str to DataFrame
        One flat table (CSV or Parquet), or, where the mapping has several tables, their folder or
        the tables by name.
    mapping : str, Path or Mapping
        A shipped name, a file, or 'contract' for a table in the contract's own words.

    Raises
    ------
    InputOutputFailed
        When the source cannot be read.
    InvalidConfiguration
        When the mapping is wrong.
    MissingColumn
        When a column that the mapping names is absent.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"transplant_id": ["a", "b"], "patient_age": ["34", "340"]})
    >>> result = read_records(table)
    >>> result.n_read, len(result.accepted), result.violations["rule"].tolist()
    (2, 1, ['patient age must lie between 0 and 100 years'])
    """
    contract = load_contract()
    if not isinstance(mapping, Mapping):
        mapping = load_mapping(mapping)
    if mapping.tables:
        return _checked(join_tables(source, mapping, contract), mapping, contract)
    if isinstance(source, Keyed):
        source = source["transplants"]
    return _checked(Joined(read_table(source, mapping.separator)), mapping, contract)


def records_from_dicts(
    records: Sequence[Keyed[str, Any]], contract: Contract | None = None
) -> ReadResult:
    """Read JSON records in the contract's words; an unknown key quarantines its record.

    A record without `transplant_id` is called by its number.
    """
    contract = load_contract() if contract is None else contract
    names = list(dict.fromkeys(str(key) for record in records for key in record))
    named = {**{"transplant_id": None}, **dict.fromkeys(names)}
    cells: dict[str, Any] = {
        name: pd.Series([record.get(name) for record in records], dtype=object) for name in named
    }
    numbered = [
        str(row) if is_missing(name) else name
        for row, name in enumerate(cells["transplant_id"], start=1)
    ]
    cells["transplant_id"] = pd.Series(numbered, dtype=object)
    raw = RawTable(pd.DataFrame(cells), np.arange(1, len(records) + 1, dtype=np.int64))
    findings = Findings(raw.rows, np.array([_id(name) for name in numbered], dtype=object))
    for name in named:
        if name not in contract:
            given = np.array([name in record for record in records], dtype=bool)
            mend = _nearest_field(name, contract)
            findings.add(given, name, cells[name], "the contract has no such field", mend)
    joined = Joined(raw, violations=(findings.table(),))
    return _checked(joined, contract_mapping(contract), contract)


def _checked(joined: Joined, mapping: Mapping, contract: Contract) -> ReadResult:
    raw, frame = joined.raw, joined.raw.frame
    absent = absent_columns(mapping, contract, {str(column) for column in frame.columns})
    findings = Findings(raw.rows, np.full(len(raw.rows), "", dtype=object))
    mapped = map_columns(frame, mapping, contract, findings)
    if "transplant_id" not in mapped.columns:
        mapped["transplant_id"] = pd.Series([str(row) for row in raw.rows], dtype=object)
    findings = _renamed(findings, mapped["transplant_id"])
    for name in joined.flat.columns:
        mapped[name] = joined.flat[name]
    checked = check_records(mapped, contract, rows=raw.rows)
    blocks = [*joined.violations, findings.table(), checked.violations, _ragged(raw)]
    violations = in_order(blocks).drop_duplicates(ignore_index=True)
    hard = violations.loc[violations["severity"] == "hard", "row"].to_numpy(dtype=np.int64)
    accepted = ~np.isin(raw.rows, hard)
    typed = checked.frame[accepted].reset_index(drop=True)
    if "patient_id" not in typed.columns or typed["patient_id"].isna().all():
        typed["patient_id"] = typed["transplant_id"]
    return ReadResult(
        accepted=Records(
            frame=typed[[name for name in contract if name in typed.columns]],
            source=mapping.registry,
            definitions=mapping.definitions.declared(),
            extraction_date=mapping.extraction_date,
            donors=_kept_donors(joined.donors, typed["transplant_id"]),
        ),
        quarantined=_quarantined(raw, accepted, violations),
        violations=violations,
        n_read=raw.n_read,
        unknown_columns=_unknown(frame, mapping, contract),
        absent_columns=absent,
    )


def _renamed(findings: Findings, ids: pd.Series[Any]) -> Findings:
    names = np.array([_id(name) for name in ids], dtype=object)
    known = dict(zip(findings.rows.tolist(), names, strict=True))
    blocks = [block.assign(transplant_id=block["row"].map(known)) for block in findings.blocks]
    return replace(findings, names=names, blocks=blocks)


def _id(value: Any) -> str:
    return "" if is_missing(value) else canonical(value)


def _ragged(raw: RawTable) -> pd.DataFrame:
    rows = np.array([line.row for line in raw.ragged], dtype=np.int64)
    findings = Findings(rows, np.full(len(rows), "", dtype=object))
    expected = len(raw.frame.columns)
    found = np.array([len(line.cells) for line in raw.ragged], dtype=object)
    rule = f"a row must have {expected} cells, as the header has"
    mend = "Quote cells that hold the separator; fill up empty cells."
    findings.add(np.ones(len(rows), dtype=bool), "(row)", found, rule, mend)
    return findings.table()


def _quarantined(
    raw: RawTable, accepted: NDArray[np.bool_], violations: pd.DataFrame
) -> pd.DataFrame:
    taken = {name: f"source.{name}" for name in ("row", "reasons")}
    whole = raw.frame[~accepted].astype(object).rename(columns=taken)
    names = list(whole.columns)
    whole.insert(0, "row", raw.rows[~accepted])
    parts = [whole]
    if raw.ragged:
        width = max(len(names), *(len(line.cells) for line in raw.ragged))
        names += [f"surplus_{i}" for i in range(1, width - len(names) + 1)]
        cells = [
            [line.row, *line.cells, *[None] * (width - len(line.cells))] for line in raw.ragged
        ]
        parts.append(pd.DataFrame(cells, columns=["row", *names], dtype=object))
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    table = table.sort_values("row", kind="stable", ignore_index=True)
    hard = violations[violations["severity"] == "hard"]
    told = (hard["field"].astype(str) + ": " + hard["rule"].astype(str)).groupby(hard["row"])
    reasons = table["row"].map(told.agg("; ".join).to_dict()) if len(hard) else None
    table.insert(1, "reasons", reasons)
    return table


def _unknown(frame: pd.DataFrame, mapping: Mapping, contract: Contract) -> tuple[str, ...]:
    used = {
        located(mapping, contract[name], column)
        for name, source in mapping.fields.items()
        for column in source.names
    }
    keys = {f"{name}.{table.key}" for name, table in mapping.tables.items()}
    keys |= {f"transplants.{c}" for table in mapping.tables.values() for c in table.named_by}
    known = {*used, *keys, *mapping.ignore}
    return tuple(str(column) for column in frame.columns if column not in known)


def _kept_donors(donors: pd.DataFrame | None, kept: pd.Series[Any]) -> pd.DataFrame | None:
    if donors is None:
        return None
    return donors[donors["transplant_id"].isin(kept)].reset_index(drop=True)


def _nearest_field(name: str, contract: Contract) -> str:
    return nearest(name, contract) if name.isprintable() else "Use a field of the contract."
