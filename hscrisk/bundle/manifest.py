"""The seal of a bundle: which files belong to it and what each one hashes to.

Nothing here interprets a file of the bundle other than the two seal files themselves. A single
flipped bit in a booster can crash an interpreter or quietly change predictions, so every byte is
compared first and parsed afterwards; the bytes compared are the bytes parsed.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hscrisk.errors import InputOutputFailed, UntrustedBundle
from hscrisk.places import SEAL

MANIFEST = "MANIFEST"

# Generous for models of this kind (a bundle is a few MB), small enough that a hostile folder
# cannot fill the memory.
MAX_FILES = 2_000
MAX_FILE_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 1024 * 2**20
MAX_DEPTH = 4

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]*)")
# A named pipe must not hang the reader and a link must not lead it outside.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_ANEW = "Get the bundle anew from whoever made it; do not mend it by hand."


@dataclass(frozen=True)
class SealedFiles:
    """The files of a folder whose every byte was compared with its manifest.

    Attributes
    ----------
    id : str
        SHA-256 of `MANIFEST`, which names the whole content.
    files : mapping of str to bytes
        Content by relative name, without the two seal files.
    """

    id: str
    files: Mapping[str, bytes]


def safe_name(name: str) -> bool:
    """Return whether a relative name stays inside a folder on every file system."""
    parts = name.split("/")
    return len(parts) <= MAX_DEPTH and all(_PART.fullmatch(part) for part in parts)


def safe_word(name: object) -> bool:
    """Return whether a name may be printed, written beside a risk and used as a file's name."""
    return isinstance(name, str) and _PART.fullmatch(name) is not None


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes in lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def seal(files: Mapping[str, bytes]) -> tuple[str, bytes, bytes]:
    """Return the id, `MANIFEST` and `MANIFEST.sha256` of some files.

    Lines are those of `sha256sum`, sorted by name, so that `sha256sum --check MANIFEST` agrees.

    Raises
    ------
    UntrustedBundle
        If a name could leave the folder or a limit is passed: nobody could load it again.
    """
    wrong = [f"{name!r}: not a safe relative name" for name in files if not safe_name(name)]
    wrong += [f"{name}: reserved" for name in files if name in (MANIFEST, SEAL)]
    wrong += [
        f"{n}: over {MAX_FILE_BYTES} bytes" for n, c in files.items() if len(c) > MAX_FILE_BYTES
    ]
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_TOTAL_BYTES:
        wrong.append(f"over {MAX_FILES} files or {MAX_TOTAL_BYTES} bytes in all")
    if wrong:
        msg = "these files cannot be sealed"
        raise UntrustedBundle(msg, offenders=sorted(wrong))
    manifest = "".join(f"{digest(files[name])}  {name}\n" for name in sorted(files)).encode()
    identity = digest(manifest)
    return identity, manifest, f"{identity}  {MANIFEST}\n".encode()


def read_sealed(path: str | Path, expected_sha256: str | None = None) -> SealedFiles:
    """Read a bundle's files, each exactly once, and compare every byte with the manifest.

    Order: what lies in the folder; `MANIFEST` against its own hash; that hash against the
    expected one; the list of files; every file's hash. No content is interpreted before that.

    Parameters
    ----------
    path : str or Path
        The bundle's folder.
    expected_sha256 : str, optional
        The id that the bundle must have (64 hexadecimal digits).

    Raises
    ------
    UntrustedBundle
        With every offending file, when anything is altered, missing, unlisted or not a file.
    InputOutputFailed
        If the folder does not exist or cannot be read.
    """
    root = Path(path)
    if not root.is_dir():
        msg = "there is no such bundle folder"
        raise InputOutputFailed(msg, field=str(path))
    wrong: list[str] = []
    content: dict[str, bytes] = {}
    room = MAX_TOTAL_BYTES
    for name in _listing(root, wrong):
        found = _read_once(root, name, wrong, room=room)
        if found is not None:
            content[name] = found
            room -= len(found)
    identity, manifest = _check_seal(content, wrong)
    if expected_sha256 is not None and not _same(identity, expected_sha256.strip().lower()):
        _refuse([*wrong, f"{MANIFEST}: not the expected bundle (its id is another)"])
    listed = _parse_manifest(manifest, wrong)
    wrong += [f"{name}: missing" for name in listed if name not in content]
    for name, found in content.items():
        if name not in listed:
            wrong.append(f"{name}: not listed in {MANIFEST}")
        elif not _same(digest(found), listed[name]):
            wrong.append(f"{name}: altered (its hash differs)")
    _refuse(wrong)
    return SealedFiles(identity, content)


def _listing(root: Path, wrong: list[str]) -> Iterator[str]:
    """Yield the relative names of regular files; anything else is an offender."""
    waiting, n_entries = [""], 0
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                name = f"{folder}{entry.name}"
                n_entries += 1
                if n_entries > 2 * MAX_FILES:
                    msg = f"a bundle holds at most {MAX_FILES} files"
                    raise UntrustedBundle(msg, mend=_ANEW)
                if entry.is_symlink():
                    wrong.append(f"{name!r}: a symbolic link")
                elif not safe_name(name):
                    wrong.append(f"{name!r}: not a safe name")
                elif entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{name}/")
                elif not entry.is_file(follow_symlinks=False):
                    wrong.append(f"{name}: not a regular file")
                else:
                    yield name


def _read_once(root: Path, name: str, wrong: list[str], *, room: int) -> bytes | None:
    # The folder may change under our feet: open without following links, look at what was
    # opened (not at what was listed), and never read more than the limit.
    try:
        handle = os.open(root / name, _FLAGS)
    except OSError as error:
        if error.errno != errno.ELOOP:
            msg = "a file of the bundle cannot be read"
            raise InputOutputFailed(msg, field=name) from error
        wrong.append(f"{name!r}: a symbolic link")
        return None
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            wrong.append(f"{name}: not a regular file")
            return None
        limit = min(MAX_FILE_BYTES, room)
        content = stream.read(limit + 1)
    if len(content) > limit:
        wrong.append(f"{name}: larger than a bundle may hold")
        return None
    return content


def _check_seal(content: dict[str, bytes], wrong: list[str]) -> tuple[str, bytes]:
    """Take both seal files out of `content`; return the id and the manifest."""
    absent = [f"{name}: missing" for name in (MANIFEST, SEAL) if name not in content]
    if absent:
        _refuse(wrong + absent)
    manifest, sealed = content.pop(MANIFEST), content.pop(SEAL)
    identity = digest(manifest)
    if not hmac.compare_digest(sealed, f"{identity}  {MANIFEST}\n".encode()):
        # Which of the two is wrong cannot be known, so the list of files means nothing either.
        _refuse([*wrong, f"{MANIFEST}: its hash is not the one in {SEAL}"])
    return identity, manifest


def _parse_manifest(manifest: bytes, wrong: list[str]) -> dict[str, str]:
    try:
        lines = manifest.decode("ascii").split("\n")
    except UnicodeDecodeError:
        lines = [""]
    matches = [_LINE.fullmatch(line) for line in lines[:-1]]
    names = [match.group(2) for match in matches if match]
    strict = lines[-1] == "" and len(names) == len(matches) > 0
    if not strict or sorted(set(names)) != names or not all(map(safe_name, names)):
        _refuse([*wrong, f"{MANIFEST}: not sorted sha256sum lines of safe names"])
    return {match.group(2): match.group(1) for match in matches if match}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _refuse(wrong: list[str]) -> None:
    if wrong:
        msg = "the bundle is refused"
        raise UntrustedBundle(msg, offenders=sorted(wrong), mend=_ANEW)
