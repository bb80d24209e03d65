"""Take a cohort's models out of the tracker as one bundle.

`python -m training.export COHORT@ALIAS --out DIR [--tracking-uri URI]`
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import training.assemble as assemble
from hscrisk.bundle import Bundle, load_bundle
from hscrisk.errors import HscriskError, InvalidConfiguration
from training.inputs import in_order

SOURCE = re.compile(r"[a-z0-9][a-z0-9_]*@[a-z][a-z0-9_-]*")
DEFAULT_STORE = "sqlite:///runs/demo/mlflow.db"


def export(cohort: str, alias: str, out: Path, uri: str) -> Bundle:
    """Gather every endpoint that carries `alias` into one bundle at `out`, and return it.

    The models are the bytes that were registered: each endpoint's bundle is verified when it is
    read, and when all endpoints of a training carry the alias, the id is that of the training.

    Raises
    ------
    InputOutputFailed
        When nothing carries the alias, or `out` holds something else.
    UntrustedBundle
        When a byte was altered, or the endpoints do not stem from one training.
    """
    from training.tracking import download_bundles

    with TemporaryDirectory(prefix="hscrisk-export-") as workplace:
        found = download_bundles(uri, cohort, alias, Path(workplace))
        parts = {name: load_bundle(found[name]) for name in in_order(found)}
        identity = assemble.save(out, assemble.together(parts))
    return load_bundle(out, expected_sha256=identity)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("source", metavar="COHORT@ALIAS", help="for instance copelan1991@candidate")
    parser.add_argument("--out", type=Path, required=True, help="folder of the new bundle")
    parser.add_argument("--tracking-uri", default=DEFAULT_STORE, help=f"default: {DEFAULT_STORE}")
    given = parser.parse_args(arguments)
    try:
        if not SOURCE.fullmatch(given.source):
            rule = "name a cohort and an alias"
            raise InvalidConfiguration(rule, value=given.source, mend="As copelan1991@candidate.")
        cohort, _, alias = given.source.partition("@")
        bundle = export(cohort, alias, given.out, given.tracking_uri)
    except HscriskError as error:
        print(f"export: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{given.out}: {bundle.model_version} with {', '.join(bundle.endpoints)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
