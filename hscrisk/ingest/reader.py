"""From a file to records: accepted ones, quarantined ones, and why."""

from __future__ import annotations

from collections.abc import Mapping as Keyed
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import nearest
from hscrisk.ingest.apply import absent_columns, located, map_columns
from hscrisk.ingest.copies import copies_in
from hscrisk.ingest.files import LARGEST_CELL, RawTable, read_table
from hscrisk.ingest.mapping import Mapping, contract_mapping, load_mapping
from hscrisk.ingest.result import ReadResult
from hscrisk.ingest.spreadsheet import is_formula
from hscrisk.ingest.tables import Joined, join_tables
from hscrisk.schema import Contract, Records, load_contract
from hscrisk.schema.checks import run_checks, transplant_names
from hscrisk.schema.consistency import outcome_pairs
from hscrisk.schema.findings import Findings, in_order, in_words
from hscrisk.schema.values import is_missing

Source = str | Path | pd.DataFrame | Keyed[str, pd.DataFrame]


def read_records(source: Source, mapping: str | Path | Mapping = "contract") -> ReadResult:
    """Read and check records; every violation of every row is named in one pass.

    Parameters
    ----------
    source : path, DataFrame or mapping of str to DataFrame
        One flat table (CSV, ARFF or Parquet), or, where the mapping has several tables, their
        folder or the tables by name.
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
        return checked_records(join_tables(source, mapping, contract), mapping, contract)
    if isinstance(source, Keyed):
        source = source["transplants"]
    return checked_records(Joined(read_table(source, mapping.separator)), mapping, contract)


def records_from_dicts(
    records: Sequence[Keyed[str, Any]], contract: Contract | None = None
) -> ReadResult:
    """Read JSON records in the contract's words; an unknown key quarantines its record.

    A record without `transplant_id` is called by its number.
    """
    contract = load_contract() if contract is None else contract
    unknown = {str(key): None for record in records for key in record if str(key) not in contract}
    known = [name for name in contract if any(name in record for record in records)]
    cells = {
        name: pd.Series([record.get(name) for record in records], dtype=object)
        for name in dict.fromkeys(["transplant_id", *known])
    }
    rows = np.arange(1, len(records) + 1, dtype=np.int64)
    ids = cells["transplant_id"].tolist()
    cells["transplant_id"] = pd.Series(
        [str(row) if is_missing(name) else name for row, name in enumerate(ids, start=1)],
        dtype=object,
    )
    raw = RawTable(pd.DataFrame(cells), rows)
    findings = Findings(rows, transplant_names(raw.frame))
    for name in unknown:
        given = np.array([name in record for record in records], dtype=bool)
        values = [record.get(name) for record in records]
        findings.add(given, name, _column(values), "the contract has no such field", _mend(name))
    joined = Joined(raw, violations=(findings.table(),))
    return checked_records(joined, _contract_mapping(contract), contract)


def _column(values: Sequence[Any]) -> NDArray[np.object_]:
    # numpy would turn a list of lists into a matrix.
    column = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        column[i] = value
    return column


def _mend(name: str) -> str:
    if not name.isprintable():
        return "Use a field of the contract."
    return nearest(name, load_contract())


@lru_cache(maxsize=8)
def _contract_mapping(contract: Contract) -> Mapping:
    return contract_mapping(contract)


def checked_records(
    joined: Joined,
    mapping: Mapping,
    contract: Contract,
    copies: NDArray[np.bool_] | None = None,
) -> ReadResult:
    """Return the records of a table that has been read: mapped, checked, set apart.

    Parameters
    ----------
    copies : ndarray of bool, shape (n_rows,), optional
        Rows of a transplant that was given before, word for word; found in the table by default.
    """
    raw, frame = joined.raw, joined.raw.frame
    absent = absent_columns(mapping, contract, {str(column) for column in frame.columns})
    findings = Findings(raw.rows, np.full(len(raw.rows), "", dtype=object))
    mapped = map_columns(frame, mapping, contract, findings)
    if "transplant_id" not in mapped.columns:
        mapped["transplant_id"] = pd.Series([str(row) for row in raw.rows], dtype=object)
    findings.names = transplant_names(mapped)
    _refuse_formulas(findings.names, findings)
    for name in joined.flat.columns:
        mapped[name] = joined.flat[name]
    follow_up = mapping.definitions.follow_up_of(outcome_pairs(contract))
    if copies is None:
        copies = copies_in(frame, mapped["transplant_id"])
    checked = run_checks(mapped, contract, findings, follow_up, copies)
    violations = in_order([*joined.violations, findings.table(), *_ragged(raw)])
    hard = violations.loc[violations["severity"] == "hard", "row"].to_numpy(dtype=np.int64)
    accepted = ~np.isin(raw.rows, hard)
    typed = checked[accepted].reset_index(drop=True)
    if "patient_id" not in typed.columns or typed["patient_id"].isna().all():
        typed["patient_id"] = typed["transplant_id"]
    return ReadResult(
        accepted=Records(
            frame=typed[[name for name in contract if name in typed.columns]],
            source=mapping.registry,
            definitions=mapping.definitions.declared(),
            extraction_date=mapping.extraction_date,
            donors=_kept_donors(joined.donors, typed["transplant_id"]),
            columns=_read_columns(frame, mapping, contract)[accepted].reset_index(drop=True),
            published=tuple(paper.model_dump() for paper in mapping.published),
        ),
        quarantined=_quarantined(raw, accepted, violations),
        violations=violations,
        n_read=raw.n_read,
        unknown_columns=_unknown(frame, mapping, contract),
        absent_columns=absent,
    )


def _ragged(raw: RawTable) -> list[pd.DataFrame]:
    if not raw.ragged:
        return []
    rows = np.array([line.row for line in raw.ragged], dtype=np.int64)
    findings = Findings(rows, np.full(len(rows), "", dtype=object))
    expected = len(raw.frame.columns)
    found = np.array([len(line.cells) for line in raw.ragged], dtype=object)
    huge = np.array([line.too_long for line in raw.ragged], dtype=bool)
    rule = f"a row must have {expected} cells, as the header has"
    mend = "Quote cells that hold the separator; fill up empty cells."
    findings.add(~huge, "(row)", found, rule, mend)
    rule = f"a cell must have at most {LARGEST_CELL:,} characters"
    mend = "Shorten or empty the cell; look for a quote that is not closed."
    findings.add(huge, "(row)", np.full(len(rows), None, dtype=object), rule, mend)
    return [findings.table()]


def _refuse_formulas(names: Any, findings: Findings) -> None:
    # It leaves with the scores, unaltered, since they are joined by it.
    formula = np.array([is_formula(name) for name in names], dtype=bool)
    rule = "the name of a transplant must not begin like a formula"
    mend = "Begin it with a letter or a digit: a spreadsheet would calculate it."
    findings.add(formula, "transplant_id", names, rule, mend)


def _quarantined(
    raw: RawTable, accepted: NDArray[np.bool_], violations: pd.DataFrame
) -> pd.DataFrame:
    taken = {name: f"source.{name}" for name in ("row", "reasons")}
    # The copy joins what lies in pieces: a wide file would be slow, and warned of.
    whole = raw.frame[~accepted].astype(object).rename(columns=taken).copy()
    names = list(whole.columns)
    whole.insert(0, "row", raw.rows[~accepted])
    parts = [whole]
    if accepted.all() and not raw.ragged:
        whole.insert(1, "reasons", pd.Series(dtype=object))
        return whole.reset_index(drop=True)
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
    told = pd.Series(in_words(hard), index=hard["row"], dtype=object).groupby(level=0)
    reasons = table["row"].map(told.agg(" | ".join).to_dict()) if len(hard) else None
    table.insert(1, "reasons", reasons)
    return table


def _used(mapping: Mapping, contract: Contract) -> set[str]:
    return {
        located(mapping, contract[name], column)
        for name, source in mapping.fields.items()
        for column in source.names
    }


def _read_columns(frame: pd.DataFrame, mapping: Mapping, contract: Contract) -> pd.DataFrame:
    # Those of fields have the field's name and stand in the records already.
    names = _used(mapping, contract) - set(mapping.fields)
    return frame[[column for column in frame.columns if column in names]]


def _unknown(frame: pd.DataFrame, mapping: Mapping, contract: Contract) -> tuple[str, ...]:
    used = _used(mapping, contract)
    keys = {f"{name}.{table.key}" for name, table in mapping.tables.items()}
    keys |= {f"transplants.{c}" for table in mapping.tables.values() for c in table.named_by}
    known = {*used, *keys, *mapping.ignore}
    return tuple(str(column) for column in frame.columns if column not in known)


def _kept_donors(donors: pd.DataFrame | None, kept: pd.Series[Any]) -> pd.DataFrame | None:
    if donors is None:
        return None
    return donors[donors["transplant_id"].isin(kept)].reset_index(drop=True)
