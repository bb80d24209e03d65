"""What goes to the tracker: names of metrics, the signature, and no sound on the wire."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from hscrisk.applicability import CohortProfile
from hscrisk.cohort import build_cohort
from hscrisk.datasets import load_copelan1991
from hscrisk.errors import InvalidConfiguration
from hscrisk.schema import load_contract
from training.track import example, input_types, output_types
from training.tracking import metric_values, signature

pytestmark = pytest.mark.filterwarnings("ignore")


def test_metrics_are_named_by_model_and_horizon() -> None:
    rows = [
        {"model": "default", "metric": "ipa", "horizon": 100.0, "estimate": 0.1, "low": -0.1},
        {"model": "null", "metric": "brier", "horizon": 365.0, "estimate": 0.2, "high": 0.3},
        {"model": "default", "metric": "auc", "horizon": 100.0, "estimate": float("nan")},
        {"model": "default", "metric": "oe", "horizon": 100.0, "estimate": None},
    ]
    assert metric_values(rows) == {
        "ipa_100": 0.1,
        "ipa_100_low": -0.1,
        "null_brier_365": 0.2,
        "null_brier_365_high": 0.3,
    }


def test_a_model_without_signature_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="signature"):
        signature({}, {"risk_100": "double"})


def test_the_signature_is_double_and_string_only() -> None:
    cohort = build_cohort(load_copelan1991(), "relapse")
    profile = CohortProfile.from_cohort(cohort.X, load_contract(), "copelan1991")
    types = input_types(profile)
    assert list(types) == list(cohort.X.columns)
    for name, kind in types.items():
        assert (kind == "double") == (cohort.X[name].dtype == np.float64)
    found = signature(types, output_types([100.0, 365.0]))
    assert {str(t) for t in found.inputs.input_types()} == {"DataType.double", "DataType.string"}
    assert "risk_100" in found.outputs.input_names()


def test_the_example_is_nobody() -> None:
    cohort = build_cohort(load_copelan1991(), "relapse")
    profile = CohortProfile.from_cohort(cohort.X, load_contract(), "copelan1991")
    made_up = example(profile)
    assert list(made_up.columns) == list(cohort.X.columns)
    told = cohort.X.astype(object).apply(tuple, axis=1).tolist()
    assert tuple(made_up.iloc[0]) not in told


def test_telemetry_is_off_before_the_tracker_is_imported() -> None:
    # In a process of its own: the switches are read when mlflow is imported.
    code = (
        "import os; os.environ.pop('MLFLOW_DISABLE_TELEMETRY', None);"
        "os.environ.pop('DO_NOT_TRACK', None);"
        "import training.tracking; from mlflow.telemetry.utils import is_telemetry_disabled;"
        "from mlflow.telemetry import get_telemetry_client;"
        "assert is_telemetry_disabled(); assert get_telemetry_client() is None"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
