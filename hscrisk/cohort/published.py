"""Numbers of a paper beside those of the file: the difference is told, and no row is moved."""

from __future__ import annotations

from typing import Any

import numpy as np

from hscrisk.cohort.build import known_outcomes
from hscrisk.cohort.groups import UNKNOWN, column_to_divide_by
from hscrisk.endpoints import endpoint_names, load_endpoint
from hscrisk.errors import NotEstimable
from hscrisk.schema import Records
from hscrisk.schema.values import canonical, is_missing


def beside_published(records: Records) -> list[dict[str, Any]]:
    """Return, for each table of a paper, `source`, `endpoint`, `label`, `by` and `rows`.

    A row holds `level`, `published`, `here` and `difference`, both being transplants whose outcome
    is known, whether or not its day is.
    """
    told = []
    for paper in records.published:
        if paper["endpoint"] not in endpoint_names():
            continue
        endpoint = load_endpoint(paper["endpoint"])
        try:
            known = known_outcomes(records, endpoint)
        except NotEstimable:
            continue
        words = np.array(
            [
                UNKNOWN if is_missing(value) else canonical(value)
                for value in column_to_divide_by(records, paper["by"])
            ]
        )
        here = {level: int((known & (words == level)).sum()) for level in paper["n"]}
        told.append(
            {
                "source": paper["source"],
                "endpoint": endpoint.name,
                "label": endpoint.label,
                "by": paper["by"],
                "rows": [
                    {
                        "level": level,
                        "published": n,
                        "here": here[level],
                        "difference": here[level] - n,
                    }
                    for level, n in paper["n"].items()
                ],
            }
        )
    return told
