"""One record or a whole file to risks, each with its interval, its null and its support."""

from hscrisk.explain.explanation import DISCLAIMER
from hscrisk.scoring.predict_one import predict_one
from hscrisk.scoring.result import Cohort, RiskPrediction
from hscrisk.scoring.score_file import ScoreSummary, score_file
from hscrisk.scoring.score_table import COLUMNS, score_table

__all__ = [
    "COLUMNS",
    "DISCLAIMER",
    "Cohort",
    "RiskPrediction",
    "ScoreSummary",
    "predict_one",
    "score_file",
    "score_table",
]
