"""Scores of predicted risks with competing events and censoring. Arrays only."""

from hscrisk.metrics.accuracy import brier_score, index_of_prediction_accuracy
from hscrisk.metrics.calibration import calibration_intercept_slope, observed_expected_ratio
from hscrisk.metrics.discrimination import cumulative_dynamic_auc

__all__ = [
    "brier_score",
    "calibration_intercept_slope",
    "cumulative_dynamic_auc",
    "index_of_prediction_accuracy",
    "observed_expected_ratio",
]
