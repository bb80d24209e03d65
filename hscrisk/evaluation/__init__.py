"""Judging models: folds by patient, one long table with the null in it, verdicts in words."""

from hscrisk.evaluation.evaluate import evaluate
from hscrisk.evaluation.groupings import standard_subgroups
from hscrisk.evaluation.out_of_fold import OutOfFold, predict_out_of_fold
from hscrisk.evaluation.recovery import days_to_event, judge_days
from hscrisk.evaluation.splits import Split, make_splits
from hscrisk.evaluation.subgroups import SubgroupTable, evaluate_subgroups
from hscrisk.evaluation.table import EvaluationTable
from hscrisk.evaluation.tuning import TunedIncidence

__all__ = [
    "EvaluationTable",
    "OutOfFold",
    "Split",
    "SubgroupTable",
    "TunedIncidence",
    "days_to_event",
    "evaluate",
    "evaluate_subgroups",
    "judge_days",
    "make_splits",
    "predict_out_of_fold",
    "standard_subgroups",
]
