"""What a run leaves behind about itself, so that the same inputs are not trained twice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hscrisk.bundle import verify_bundle
from hscrisk.errors import HscriskError

NAME = "run.json"


@dataclass(frozen=True)
class Finished:
    """A run that came to its end.

    Attributes
    ----------
    key : str
        Hash of everything that the result depends on: data, configuration, lock, code.
    bundle_id : str
        Hash of the bundle that it wrote.
    trained : str
        Day of the training (ISO).
    run_id : str
        Parent run in the tracker.
    verdicts : mapping of str to str
        For each endpoint trained, the honest sentence.
    refused : mapping of str to str
        For each endpoint not trained, why.
    counts : mapping of str to int
        Rows read, accepted, quarantined, scored.
    files : tuple of str
        What was written, relative to the run's folder.
    """

    key: str
    bundle_id: str
    trained: str
    run_id: str
    verdicts: Mapping[str, str]
    refused: Mapping[str, str]
    counts: Mapping[str, int]
    files: tuple[str, ...]


def keep(folder: Path, finished: Finished) -> None:
    """Write the run's own record last and at once: its presence says that all the rest is there."""
    draft = folder / f".{NAME}"
    draft.write_text(json.dumps(asdict(finished), indent=1) + "\n", encoding="utf-8")
    draft.replace(folder / NAME)


def find(folder: Path, key: str) -> Finished | None:
    """Return the finished run in `folder` if its inputs had this key and nothing is missing."""
    try:
        kept = json.loads((folder / NAME).read_text(encoding="utf-8"))
        finished = Finished(**{**kept, "files": tuple(kept["files"])})
        if finished.key != key or not all((folder / file).exists() for file in finished.files):
            return None
        verify_bundle(folder / "bundle", expected_sha256=finished.bundle_id)
    except (OSError, ValueError, TypeError, KeyError, HscriskError):
        # Anything wrong with what is kept means only one thing: train again.
        return None
    return finished
