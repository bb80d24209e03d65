"""Where results may be written: anywhere but into a bundle, whose every byte is counted."""

from __future__ import annotations

from pathlib import Path

from hscrisk.errors import InvalidConfiguration

SEAL = "MANIFEST.sha256"
"""The file by which a bundle's folder is known."""


def require_outside(path: str | Path) -> None:
    """Refuse a place inside a bundle: one more file there, and the bundle is refused for good.

    Raises
    ------
    InvalidConfiguration
        If the path is a bundle's folder or lies in one.
    """
    place = Path(path).resolve()
    if any((folder / SEAL).is_file() for folder in (place, *place.parents)):
        msg = "nothing can be written into a bundle"
        raise InvalidConfiguration(msg, field=str(path), mend="Name a place outside of it.")
