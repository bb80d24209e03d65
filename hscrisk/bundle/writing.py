"""Put a folder in place all at once: nobody ever sees half a bundle."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hscrisk.bundle.manifest import MANIFEST, read_sealed, seal
from hscrisk.errors import HscriskError, InputOutputFailed
from hscrisk.places import SEAL


def write_sealed(path: str | Path, files: Mapping[str, bytes], *, overwrite: bool = False) -> str:
    """Write files and their seal as a folder; return its id.

    The folder is built beside its final place, flushed to the disk and renamed. A bundle that is
    already there is left alone when it is the same, and replaced only with `overwrite`.

    Raises
    ------
    InputOutputFailed
        If another bundle is there (without `overwrite`), if something that is no bundle is there
        (always), or if the disk refuses.
    """
    target = Path(path).absolute()
    identity, manifest, sealed = seal(files)
    occupied = target.is_symlink() or target.exists()
    if occupied and _holds(target, identity):
        return identity
    if occupied:
        _may_replace(target, overwrite=overwrite)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=target.parent, prefix=f".{target.name}.", ignore_cleanup_errors=True
        ) as workplace:
            built = Path(workplace) / "new"
            _build(built, {**files, MANIFEST: manifest, SEAL: sealed})
            _put_in_place(built, target, aside=Path(f"{workplace}.old"))
            _flush_folder(target.parent)
    except OSError as error:
        msg = f"the bundle could not be written ({error.strerror})"
        raise InputOutputFailed(
            msg,
            field=str(path),
            mend="Check the free space and the rights of the folder.",
        ) from error
    return identity


def _holds(target: Path, identity: str) -> bool:
    try:
        return read_sealed(target).id == identity
    except HscriskError:
        return False


def _may_replace(target: Path, *, overwrite: bool) -> None:
    empty = target.is_dir() and not target.is_symlink() and not any(target.iterdir())
    if empty:
        return
    # Replacing removes what was there: never anything but a bundle.
    is_bundle = target.is_dir() and not target.is_symlink() and (target / MANIFEST).is_file()
    if not is_bundle:
        msg = "something that is no bundle is already there"
        raise InputOutputFailed(
            msg,
            field=str(target),
            mend="Name another folder.",
        )
    if not overwrite:
        msg = "another bundle is already there"
        raise InputOutputFailed(
            msg,
            field=str(target),
            mend="Name another folder, or ask for it to be overwritten.",
        )


def _build(folder: Path, files: Mapping[str, bytes]) -> None:
    folders = {folder}
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        folders |= {parent for parent in place.parents if parent.is_relative_to(folder)}
        with place.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    for written in sorted(folders, reverse=True):
        _flush_folder(written)


def _put_in_place(built: Path, target: Path, *, aside: Path) -> None:
    if not target.exists():
        built.rename(target)
        return
    target.rename(aside)
    try:
        built.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
