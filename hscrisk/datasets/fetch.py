"""Public cohorts of other owners: where to get them, and how a file is known to be the right one.

Nothing is downloaded. No owner's address of a file could be verified, and an address made up would
be worse than none: the owner's page is told, and the file that a user got there is checked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import pydantic

from hscrisk.errors import InputOutputFailed, InvalidConfiguration, nearest
from hscrisk.ingest.arff import read_arff
from hscrisk.places import require_outside
from hscrisk.schema.configuration import read_yaml, validated

FOLDER_VARIABLE = "HSCRISK_DATA"
"""Environment variable that names another data folder."""


class OwnedCohort(pydantic.BaseModel):
    """A cohort that its owner gives out.

    Attributes
    ----------
    title, owner, page, citation, licence : str
        `page` is where the owner offers it; there is no address of the file itself.
    file : str
        The owner's file.
    form : {'csv', 'arff'}
        An ARFF file is kept as CSV.
    sha256 : str
        Of the owner's file.
    rows : int
    columns : tuple of str
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    title: str
    owner: str
    page: str
    citation: str
    licence: str
    file: str = pydantic.Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    form: Literal["csv", "arff"]
    sha256: str = pydantic.Field(pattern=r"^[0-9a-f]{64}$")
    rows: int
    columns: tuple[str, ...]

    @property
    def kept_as(self) -> str:
        """Return the name of its file in the data folder."""
        return f"{Path(self.file).stem}.csv"


@dataclass(frozen=True)
class Fetched:
    """A cohort in the data folder.

    Attributes
    ----------
    path : Path
    checked_by : {'checksum', 'columns and counts'}
        How it was known to be the right file.
    warning : str or None
        What could not be made sure of.
    """

    path: Path
    checked_by: Literal["checksum", "columns and counts"]
    warning: str | None = None


@lru_cache(maxsize=1)
def owned_cohorts() -> dict[str, OwnedCohort]:
    """Return the cohorts of other owners, by name."""
    found = read_yaml(Path(__file__).with_name("owners.yaml"))
    return {name: validated(OwnedCohort, given, f"cohort {name}") for name, given in found.items()}


def data_folder() -> Path:
    """Return the folder of fetched cohorts: that of `HSCRISK_DATA`, else the user's data folder."""
    if given := os.environ.get(FOLDER_VARIABLE):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "hscrisk"
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "hscrisk"
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "hscrisk"


def fetched_file(name: str) -> Path | None:
    """Return the file of a cohort that was fetched, or None."""
    cohorts = owned_cohorts()
    path = data_folder() / name / cohorts[name].kept_as if name in cohorts else None
    return path if path is not None and path.is_file() else None


def how_to_fetch(name: str) -> str:
    """Return what a user has to do, and whom to cite.

    Raises
    ------
    InvalidConfiguration
        When there is no such cohort.
    """
    cohort = _cohort(name)
    return "\n".join(
        (
            f"{name}: {cohort.title}",
            f"owner      {cohort.owner}",
            f"where      {cohort.page}",
            f"file       {cohort.file}, {cohort.rows:,} rows, {len(cohort.columns)} columns",
            f"sha256     {cohort.sha256}",
            f"licence    {cohort.licence}",
            f"cite       {cohort.citation}",
            f"then       hscrisk datasets fetch {name} --from {cohort.file}",
        )
    )


def fetch_cohort(name: str, source: str | Path, out: str | Path | None = None) -> Fetched:
    """Check a file that came from its owner and keep it in the data folder, whole or not at all.

    Parameters
    ----------
    name : str
    source : str or Path
        The owner's file.
    out : str or Path, optional
        Another folder than the user's data folder.

    Raises
    ------
    InvalidConfiguration
        When there is no such cohort, or it would be kept in a bundle.
    InputOutputFailed
        When the file is another one, or cannot be read or written.
    """
    cohort, path = _cohort(name), Path(source)
    where = (data_folder() if out is None else Path(out)) / name / cohort.kept_as
    require_outside(where)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise InputOutputFailed(f"{path.name} cannot be read: {reason}") from error
    exact = hashlib.sha256(content).hexdigest() == cohort.sha256
    table = _table(content, path.name)
    _refuse_another(table, cohort, path.name)
    # The owner's bytes where they are CSV already, so that its checksum holds for the copy as well.
    kept = content if table.text is None else table.text.encode("utf-8")
    _write(where, kept)
    if exact:
        return Fetched(where, "checksum")
    warning = (
        f"{path.name} is not the file that was checked here (its SHA-256 differs); its columns and "
        f"its number of rows agree, and no more than that is known of it"
    )
    return Fetched(where, "columns and counts", warning)


@dataclass(frozen=True)
class _Table:
    header: tuple[str, ...]
    rows: int
    text: str | None
    """As CSV, where the file is not."""


def _table(content: bytes, name: str) -> _Table:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        rule = f"{name} is not UTF-8 text"
        raise InputOutputFailed(rule, mend="Give the owner's file, unpacked.") from error
    if "@data" in text.lower() and "@attribute" in text.lower():
        lines = read_arff(text, name)
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(lines)
        return _Table(tuple(lines[0]), len(lines) - 1, written.getvalue())
    try:
        lines = [cells for cells in csv.reader(io.StringIO(text, newline="")) if cells]
    except csv.Error as error:
        raise InputOutputFailed(f"{name} is no CSV", mend="Give the owner's file.") from error
    header = tuple(cell.strip() for cell in lines[0]) if lines else ()
    return _Table(header, len(lines) - 1, None)


def _refuse_another(table: _Table, cohort: OwnedCohort, name: str) -> None:
    lacking = [column for column in cohort.columns if column not in table.header]
    surplus = [column for column in table.header if column not in cohort.columns]
    if lacking or surplus:
        raise InputOutputFailed(
            f"{name} is another file: {len(lacking)} of the {len(cohort.columns)} columns are "
            f"absent ({', '.join(lacking[:3]) or 'none'}), {len(surplus)} are unknown",
            mend=f"Get {cohort.file} from its owner: {cohort.page}.",
        )
    if table.rows != cohort.rows:
        raise InputOutputFailed(
            f"{name} has {table.rows:,} rows, and the cohort has {cohort.rows:,}",
            mend=f"Get {cohort.file} again from its owner: {cohort.page}.",
        )


def _cohort(name: str) -> OwnedCohort:
    cohorts = owned_cohorts()
    if name not in cohorts:
        rule = "no such cohort to fetch"
        raise InvalidConfiguration(rule, value=name, mend=nearest(name, cohorts))
    return cohorts[name]


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        rule = f"{path.name} cannot be written into {path.parent}"
        raise InputOutputFailed(rule, mend="Name another folder with --out.") from error
