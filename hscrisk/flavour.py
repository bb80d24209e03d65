"""A bundle as an MLflow pyfunc, kept as code: `mlflow models serve` and Spark read it, no pickle.

MLflow runs this file when it loads the model, then hands over the bundle's folder as an artefact.
The bundle checks its own hashes before anything in it is parsed.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from hscrisk.bundle import Bundle, load_bundle
from hscrisk.scoring.score_table import score


class BundleModel(PythonModel):  # type: ignore[misc]
    """One endpoint's bundle behind MLflow's `predict`: a row in, a row out."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the bundle that lies beside the model; refused when a byte of it was changed."""
        self.bundle = load_bundle(context.artifacts["bundle"])

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Return risk, interval and null risk at each anchor horizon, and reasons not to trust.

        Parameters
        ----------
        context : PythonModelContext
            Given by MLflow.
        model_input : DataFrame, shape (n_samples, n_fields)
            Columns of the data contract; a field that is absent counts as missing.
        params : dict, optional
            None are known.
        """
        return one_row_each(self.bundle, model_input)


def one_row_each(bundle: Bundle, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the risks of a bundle of one endpoint side by side, one row a row of `frame`.

    Returns
    -------
    DataFrame
        `risk_<day>`, `low_<day>`, `high_<day>` (its 90 % interval) and `null_risk_<day>` (the
        cohort's marginal curve) for each anchor, then `supported`, `reasons` and `model_version`,
        which names the cohort.
    """
    (endpoint,) = bundle.endpoints
    scored = score(bundle, frame)
    found = scored.predictions[endpoint]
    columns: dict[str, Any] = {}
    for k, day in enumerate(found.horizons):
        for what in ("risk", "low", "high"):
            columns[f"{what}_{day:g}"] = getattr(found, what)[:, k]
        columns[f"null_risk_{day:g}"] = found.null_risk[k]
    columns["supported"] = scored.reasons[endpoint].supported
    columns["reasons"] = scored.reasons[endpoint].joined()
    columns["model_version"] = bundle.model_version
    return pd.DataFrame(columns, index=frame.index)


set_model(BundleModel())
