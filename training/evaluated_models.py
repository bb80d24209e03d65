"""What is judged: models by their settings, comparators, and the models of a saved bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hscrisk.bundle import Bundle
from hscrisk.bundle.prediction import require_endpoints
from hscrisk.cohort import Cohort
from hscrisk.comparators import PublishedScore
from hscrisk.models import Recalibrated
from training.config import ModelConfig
from training.evaluation_config import EvaluationConfig

SCORES = (
    ("hctci_score", "hctci_group", "hctci_group_4", "hctci_group_3"),
    ("dri_refined", "disease_risk_group"),
    ("tci_score",),
    ("easix_pre",),
)
"""Fields of published scores; of one score the first that is recorded, the finest, is taken."""


def models_for(
    config: EvaluationConfig, settings: Mapping[str, ModelConfig], cohort: Cohort
) -> dict[str, Any]:
    """Return the estimators of one endpoint by name, unfitted, in the order they are shown in."""
    endpoint, seed = cohort.endpoint, config.seed
    found = {n: s.build(endpoint, seed, refits=False) for n, s in settings.items()}
    for name in config.comparators:
        if name == "published_score":
            found |= {f: PublishedScore(f, endpoint=endpoint) for f in recorded_scores(cohort)}
        else:
            found[name] = ModelConfig(kind=name).build(endpoint, seed, refits=False)
    return found


def before_and_after(bundle: Bundle, endpoint: str, how: Any) -> dict[str, Any]:
    """Return a bundle's model as it came, and recalibrated in each training part."""
    own = bundle.models[endpoint]
    return {"bundle": Recalibrated(own, "none"), "recalibrated": Recalibrated(own, how)}


def recorded_scores(cohort: Cohort) -> list[str]:
    """Return the fields of published scores that the cohort records."""
    return [
        known[0] for known in ([f for f in one if f in cohort.X.columns] for one in SCORES) if known
    ]


class BundleModel:
    """The model of a bundle for one endpoint, answering as `hscrisk score` does.

    Parameters
    ----------
    bundle : Bundle
    endpoint : str

    Attributes
    ----------
    null_ : AalenJohansen
        Curve of the cohort that it was trained on.
    horizons_ : ndarray
        Its anchors.
    prior_ : dict or None
        The prior that it started from, which may have seen whom it is asked about.
    """

    centre_intercepts = False
    """A centre code of this cohort may be another centre's there: the average centre answers."""

    def __init__(self, bundle: Bundle, endpoint: str) -> None:
        require_endpoints(bundle, [endpoint])
        self.bundle, self.endpoint = bundle, endpoint
        own = bundle.models[endpoint]
        self.null_, self.horizons_ = own.null_, own.horizons_
        self.prior_ = getattr(own, "prior_", None)

    def predict_cumulative_incidence(
        self, X: pd.DataFrame, horizons: ArrayLike, centre: Any = None
    ) -> NDArray[np.float64]:
        """Return the risks that the bundle shows, shape (n_samples, n_horizons)."""
        frame = X if centre is None else X.assign(centre_id=centre)
        found = self.bundle.predict(frame, endpoints=[self.endpoint], horizons=horizons)
        return found[self.endpoint].risk
