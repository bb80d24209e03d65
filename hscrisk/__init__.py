"""hscrisk: what follows a haematopoietic stem cell transplant, explained and honest.

Decision support for research; not a medical device.
"""

from __future__ import annotations

import importlib
from typing import Any

from hscrisk._version import __version__

_WHERE = {
    "AalenJohansen": "hscrisk.survival",
    "BoostedIncidence": "hscrisk.models",
    "Endpoint": "hscrisk.endpoints",
    "FeaturePipeline": "hscrisk.features",
    "LinearBoostedIncidence": "hscrisk.models",
    "LogisticIncidence": "hscrisk.models",
    "MarginalIncidence": "hscrisk.models",
    "TunedIncidence": "hscrisk.evaluation",
    "build_cohort": "hscrisk.cohort",
    "days_to_event": "hscrisk.evaluation",
    "evaluate": "hscrisk.evaluation",
    "evaluate_subgroups": "hscrisk.evaluation",
    "judge_days": "hscrisk.evaluation",
    "load_bundle": "hscrisk.bundle",
    "load_endpoint": "hscrisk.endpoints",
    "load_prior": "hscrisk.priors",
    "read_records": "hscrisk.ingest",
    "save_bundle": "hscrisk.bundle",
    "score_table": "hscrisk.scoring",
    "standard_subgroups": "hscrisk.evaluation",
}

__all__ = ["__version__", *_WHERE]


def __getattr__(name: str) -> Any:
    """Import a public name on first use, so that `import hscrisk` stays light."""
    if name in _WHERE:
        return getattr(importlib.import_module(_WHERE[name]), name)
    message = f"module 'hscrisk' has no attribute '{name}'"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted(__all__)
