"""A file of transplants to a file of risks: read = scored + quarantined, always."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hscrisk.bundle import Bundle
from hscrisk.explain.explanation import DISCLAIMER
from hscrisk.ingest import Mapping as Columns
from hscrisk.ingest import ReadResult, load_mapping
from hscrisk.ingest.chunks import ROWS, read_in_chunks
from hscrisk.ingest.mapping import CONTRACT, contract_mapping
from hscrisk.schema import Contract
from hscrisk.scoring.contributions import contributions_table
from hscrisk.scoring.outputs import Places, Writers
from hscrisk.scoring.score_table import identifiers, score, table_of, whole_days


@dataclass(frozen=True)
class ScoreSummary:
    """What became of a file; no value and no name of any record.

    Attributes
    ----------
    n_read, n_scored, n_quarantined : int
        Transplants: `n_read == n_scored + n_quarantined`.
    n_risks : int
        Rows written: a transplant, endpoint and horizon each.
    n_unsupported : int
        Transplants with a reason not to trust at least one of their predictions.
    n_nested : int
        Risks shown at the value of a wider endpoint.
    output : str
    quarantine, contributions : str or None
        The other files written.
    ignored_outcomes : tuple of str
        Columns with outcomes: known too late to predict from, so they were not read.
    unknown_columns, absent_columns : tuple of str
        Columns that nothing was done with, and fields of the models that the file lacks.
    """

    n_read: int
    n_scored: int
    n_quarantined: int
    n_risks: int
    n_unsupported: int
    n_nested: int
    output: str
    quarantine: str | None
    contributions: str | None
    ignored_outcomes: tuple[str, ...]
    unknown_columns: tuple[str, ...]
    absent_columns: tuple[str, ...]
    model_version: str
    schema_version: str
    disclaimer: str = DISCLAIMER

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (JSON)."""
        return asdict(self)

    def sentences(self) -> str:
        """Return the summary in words."""
        lines = [
            f"read {self.n_read} = scored {self.n_scored} + quarantined {self.n_quarantined}",
            f"{self.n_risks} risks in {self.output} (90 % intervals; the null beside them)",
        ]
        if self.quarantine:
            lines.append(f"quarantined rows, with the reasons, in {self.quarantine}")
        if self.contributions:
            lines.append(f"contributions in {self.contributions}")
        if self.n_unsupported:
            lines.append(f"{self.n_unsupported} transplants lie outside what training saw: reasons")
        if self.n_nested:
            lines.append(f"{self.n_nested} risks are shown at the value of a wider endpoint")
        for what, columns in (
            ("outcomes are not read", self.ignored_outcomes),
            ("columns not used", self.unknown_columns),
            ("absent, so missing for everybody", self.absent_columns),
        ):
            if columns:
                lines.append(f"{what}: {', '.join(columns)}")
        return "\n".join([*lines, f"model {self.model_version}. {self.disclaimer}."])


@dataclass
class _Count:
    """Sums over the pieces of a file."""

    read: int = 0
    scored: int = 0
    quarantined: int = 0
    risks: int = 0
    unsupported: int = 0
    nested: int = 0


def score_file(
    bundle: Bundle,
    input: str | Path,
    output: str | Path,
    *,
    mapping: str | Path | Columns | None = None,
    quarantine: str | Path | None = None,
    explain: bool = False,
    chunk_rows: int = ROWS,
) -> ScoreSummary:
    """Score a CSV or Parquet file piece by piece; memory does not grow with the file.

    Nothing is visible under its final name before everything is written. The answers depend
    neither on the size of the pieces nor on the order of the rows.

    Parameters
    ----------
    bundle : Bundle
    input, output : str or Path
        CSV or Parquet each, by name.
    mapping : str, Path or Mapping, optional
        How the file's columns map to the contract; its own words by default.
    quarantine : str or Path, optional
        Where rows that break the contract go; beside `output` by default, when there are any.
    explain : bool
        Whether to write each risk's contributions beside `output`.
    chunk_rows : int
        Rows of a piece.

    Raises
    ------
    InvalidConfiguration
        If two of the files are the same, one lies inside a bundle, or a form is unknown.
    InputOutputFailed
        If a file cannot be read or written.
    MissingColumn
        If a column that the mapping needs is absent, or no column of a model is there.
    """
    places = Places.of(Path(input), Path(output), quarantine, explain=explain)
    known = _as_mapping(mapping, bundle.contract)
    before = _before_outcome(known, bundle.contract)
    results = read_in_chunks(input, before, bundle.contract, rows=chunk_rows)
    first = next(results)
    with ExitStack() as stack:
        writers = Writers(stack, places, _types(bundle))
        count = _Count()
        for result in _again(first, results):
            _score_piece(bundle, result, writers, count)
        writers.publish()
    outcomes = _outcome_columns(known, bundle.contract)
    used = {str(name) for model in bundle.models.values() for name in model.feature_names_in_}
    return ScoreSummary(
        n_read=count.read,
        n_scored=count.scored,
        n_quarantined=count.quarantined,
        n_risks=count.risks,
        n_unsupported=count.unsupported,
        n_nested=count.nested,
        output=str(places.output),
        quarantine=str(places.quarantine) if writers.set_aside else None,
        contributions=str(places.contributions) if places.contributions else None,
        ignored_outcomes=tuple(c for c in first.unknown_columns if c in outcomes),
        unknown_columns=tuple(c for c in first.unknown_columns if c not in outcomes),
        absent_columns=tuple(sorted(used - set(first.accepted.frame.columns))),
        model_version=bundle.model_version,
        schema_version=bundle.schema_version,
    )


def _score_piece(bundle: Bundle, result: ReadResult, writers: Writers, count: _Count) -> None:
    frame = result.accepted.frame
    names, scored = identifiers(frame), score(bundle, frame)
    table = table_of(bundle, scored, names)
    writers.scores.write(table)
    if writers.contributions is not None:
        writers.contributions.write(contributions_table(bundle, frame, scored, names))
    writers.put_aside(result.quarantined)
    count.read += result.n_read
    count.scored += len(result.accepted)
    count.quarantined += len(result.quarantined)
    count.risks += len(table)
    count.nested += scored.n_capped
    everywhere = np.stack([found.supported for found in scored.reasons.values()])
    count.unsupported += int((~everywhere.all(axis=0)).sum())


def _types(bundle: Bundle) -> dict[str, pa.DataType]:
    days = np.concatenate([np.asarray(m.horizons_, float) for m in bundle.models.values()])
    numbers = ("risk", "low", "high", "null_risk", "contribution_log_odds")
    return {
        "horizon_days": pa.from_numpy_dtype(whole_days(days).dtype),
        "supported": pa.bool_(),
        **dict.fromkeys(numbers, pa.float64()),
    }


def _again(first: ReadResult, others: Iterator[ReadResult]) -> Iterator[ReadResult]:
    yield first
    yield from others


def _as_mapping(mapping: str | Path | Columns | None, contract: Contract) -> Columns:
    if isinstance(mapping, Columns):
        return mapping
    if mapping is None or str(mapping) == CONTRACT:
        return contract_mapping(contract)
    return load_mapping(mapping)


def _before_outcome(mapping: Columns, contract: Contract) -> Columns:
    """Return the mapping without outcomes: they are unknown when somebody is to be scored."""
    fields = {
        name: source
        for name, source in mapping.fields.items()
        if name in contract and contract[name].when != "after"
    }
    tables = {name: table for name, table in mapping.tables.items() if name != "outcomes"}
    return mapping.model_copy(update={"fields": fields, "tables": tables})


def _outcome_columns(mapping: Columns, contract: Contract) -> set[str]:
    return {
        column
        for name, source in mapping.fields.items()
        if name in contract and contract[name].when == "after"
        for column in source.names
    }
