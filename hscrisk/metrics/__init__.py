"""Scores of predicted risks with competing events and censoring. Arrays only."""

from hscrisk.metrics.accuracy import brier_score, index_of_prediction_accuracy
from hscrisk.metrics.calibration import calibration_intercept_slope, observed_expected_ratio
from hscrisk.metrics.calibration_curve import (
    CalibrationCurve,
    calibration_curve,
    calibration_errors,
)
from hscrisk.metrics.discrimination import cumulative_dynamic_auc, roc_curve, wolbers_c_index
from hscrisk.metrics.integrated import (
    integrated_auc,
    integrated_brier_score,
    integrated_prediction_accuracy,
)
from hscrisk.metrics.usefulness import DecisionCurve, decision_curve, net_benefit

__all__ = [
    "CalibrationCurve",
    "DecisionCurve",
    "brier_score",
    "calibration_curve",
    "calibration_errors",
    "calibration_intercept_slope",
    "cumulative_dynamic_auc",
    "decision_curve",
    "index_of_prediction_accuracy",
    "integrated_auc",
    "integrated_brier_score",
    "integrated_prediction_accuracy",
    "net_benefit",
    "observed_expected_ratio",
    "roc_curve",
    "wolbers_c_index",
]
