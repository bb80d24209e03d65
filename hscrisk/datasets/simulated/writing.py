"""A simulated registry as a file; its name and every row of it say that it is simulated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from hscrisk.datasets.simulated.registry import SimulatedRegistry, simulate_in_portions
from hscrisk.errors import InputOutputFailed, InvalidConfiguration
from hscrisk.places import require_outside

WORD = "simulated"
_SUFFIXES = (".csv", ".parquet")


def marked(out: str | Path) -> Path:
    """Return `out` with 'simulated' in the name of the file.

    >>> marked("a/registry.csv").name, marked("simulated_2.parquet").name
    ('registry-simulated.csv', 'simulated_2.parquet')
    """
    path = Path(out)
    if WORD in path.name.lower():
        return path
    return path.with_name(f"{path.stem}-{WORD}{path.suffix}")


def write_registry(
    n: int,
    seed: int,
    population: str,
    out: str | Path,
    *,
    interactions: bool = False,
    drift: bool = True,
    missing: bool = True,
) -> Path:
    """Write `n` simulated transplants as .csv or .parquet and return where they are.

    The first column, `source`, is the same in every row and begins with 'simulated'. The file
    appears whole or not at all.

    Raises
    ------
    InvalidConfiguration
        When the name ends otherwise, a setting is wrong, or the file would lie in a bundle.
    InputOutputFailed
        When the file cannot be written.
    """
    path = marked(out)
    require_outside(path)
    if path.suffix.lower() not in _SUFFIXES:
        rule = "a simulated registry is written as .csv or .parquet"
        raise InvalidConfiguration(rule, value=path.name, mend="Give the file one of these ends.")
    portions = simulate_in_portions(
        n, seed, population, interactions=interactions, drift=drift, missing=missing
    )
    first = next(portions)
    partial = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        table = _table(first)
        with _writer(partial, table.schema) as writer:
            writer.write_table(table)
            for portion in portions:
                writer.write_table(_table(portion).cast(table.schema))
        partial.replace(path)
    except OSError as error:
        raise InputOutputFailed(f"{path.name} cannot be written") from error
    finally:
        partial.unlink(missing_ok=True)
    return path


def _table(portion: SimulatedRegistry) -> pa.Table:
    frame = portion.records.frame
    table = pa.Table.from_pandas(frame, preserve_index=False)
    source = pa.array([portion.records.source] * len(frame), pa.string())
    table = table.add_column(0, "source", source)
    plain = []
    for field in table.schema:
        whole = pa.types.is_dictionary(field.type)
        plain.append(pa.field(field.name, pa.string()) if whole else field.remove_metadata())
    return table.cast(pa.schema(plain))


def _writer(path: Path, schema: pa.Schema) -> Any:
    if path.name.lower().endswith(".csv.part"):
        return pyarrow.csv.CSVWriter(path, schema)
    return pyarrow.parquet.ParquetWriter(path, schema)
