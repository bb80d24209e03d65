"""ARFF, the form of some public data sets, as rows of text: nothing turns into another thing."""

from __future__ import annotations

import csv
import re

from hscrisk.errors import InputOutputFailed

LARGEST_FIELD = 2**28
"""Characters; beyond it a file is not read at all."""
_ATTRIBUTE = re.compile(r"""@attribute\s+('[^']*'|"[^"]*"|\S+)\s+\S""", re.IGNORECASE)


def read_arff(text: str, name: str) -> list[list[str]]:
    """Return the header and the rows of a dense ARFF file, every cell as it stands ('?' too).

    Whether a row has as many cells as the header is for whoever lays them out.

    Parameters
    ----------
    text : str
    name : str
        Of the file, for an error.

    Raises
    ------
    InputOutputFailed
        When there is no `@data`, no attribute, or a sparse row.

    References
    ----------
    The attribute-relation file format of Weka: Witten, Frank & Hall, Data Mining, 3rd ed.,
    Morgan Kaufmann 2011, section 2.4.
    """
    given = [line.strip() for line in text.splitlines()]
    start = next((i for i, line in enumerate(given) if line.lower().startswith("@data")), None)
    if start is None:
        raise InputOutputFailed(f"{name} is no ARFF file: it has no @data", mend="Give the file.")
    named = [_ATTRIBUTE.match(line) for line in given[:start]]
    header = [found.group(1).strip("'\"") for found in named if found]
    if not header:
        raise InputOutputFailed(f"{name} names no attribute", mend="Give the whole file.")
    body = [line for line in given[start + 1 :] if line and not line.startswith("%")]
    if any(line.startswith("{") for line in body):
        raise InputOutputFailed(f"{name} is sparse ARFF", mend="Save it in the dense form.")
    kept = csv.field_size_limit(LARGEST_FIELD)
    try:
        lines = list(csv.reader(body, quotechar="'", skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise InputOutputFailed(f"{name} is no well-formed ARFF", mend="Close quotes.") from error
    finally:
        csv.field_size_limit(kept)
    return [header, *([cell.strip() for cell in cells] for cells in lines)]
