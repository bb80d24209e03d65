"""Summaries and priors as JSON, to six digits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InputOutputFailed
from hscrisk.priors.checked import FORMAT
from hscrisk.priors.prior import Prior
from hscrisk.priors.summary import Summary

FloatArray = NDArray[np.float64]
SUMMARY, PRIOR = "hscrisk-prior-summary", "hscrisk-prior"


def summary_to_dict(summary: Summary) -> dict[str, Any]:
    """Return a summary as strict JSON takes it."""
    return {
        "format": SUMMARY,
        "version": FORMAT,
        "study": summary.study,
        "population": summary.population,
        "terms": {"version": summary.terms_version, "hash": summary.terms_hash},
        "definitions": dict(summary.definitions),
        "about": dict(summary.about),
        "left_out": dict(summary.left_out),
        "endpoints": {
            name: [
                {
                    "day": _number(a.day),
                    "n": a.n,
                    "n_events": a.n_events,
                    "incidence": _number(a.incidence),
                    "point": _numbers(a.point),
                    "gradient": _numbers(a.gradient),
                    "information": _numbers(a.information[np.triu_indices(len(a.point))]),
                }
                for a in anchors
            ]
            for name, anchors in sorted(summary.endpoints.items())
        },
    }


def prior_to_dict(prior: Prior, *, with_summaries: bool = True) -> dict[str, Any]:
    """Return a prior as strict JSON takes it: with its summaries, or with what they pool to."""
    content: dict[str, Any] = {
        "format": PRIOR,
        "version": FORMAT,
        "name": prior.name,
        "terms": {"version": prior.terms.version, "hash": prior.terms.hash},
        "overlaps": {study: dict(others) for study, others in sorted(prior.overlaps.items())},
    }
    if with_summaries and prior.summaries:
        return content | {"summaries": [summary_to_dict(s) for s in prior.summaries]}
    content["definitions"] = {k: dict(v) for k, v in sorted(prior.definitions.items())}
    content["endpoints"] = {
        name: [
            {
                "day": _number(a.day),
                "n": a.n,
                "n_events": a.n_events,
                "studies": list(a.studies),
                "mean": _numbers(a.pooled.mean),
                "covariance": _numbers(a.pooled.covariance[np.triu_indices(len(a.pooled.mean))]),
                "spread": _numbers(a.pooled.spread),
                "n_cohorts": [int(k) for k in a.pooled.n_cohorts],
            }
            for a in anchors
        ]
        for name, anchors in prior.endpoints.items()
    }
    return content


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that people and machines can read.

    Raises
    ------
    InputOutputFailed
        When it cannot be written.
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # One line an anchor: a change shows where it is.
    text = text.replace('{"day":', '\n{"day":').replace('{"format":', '\n{"format":')
    try:
        path.write_text(text.strip() + "\n", encoding="utf-8")
    except OSError as error:
        rule = f"{path.name} cannot be written"
        raise InputOutputFailed(rule, mend="Check the folder and its rights.") from error


def _number(value: float) -> float:
    return float(f"{value:.6g}")


def _numbers(values: FloatArray) -> list[float]:
    return [_number(float(v)) for v in values]
