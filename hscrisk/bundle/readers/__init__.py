"""One reader a format; an old format keeps its reader for as long as bundles of it are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hscrisk.bundle.readers import v1

if TYPE_CHECKING:
    from hscrisk.bundle.contents import Contents

FORMAT = 1
"""The format that is written today."""

READERS: dict[int, Callable[[Mapping[str, bytes]], Contents]] = {1: v1.read}
