"""What others would fit, in the same folds: regressions and scores to judge the models against."""

from hscrisk.comparators.cox import CauseSpecificCox
from hscrisk.comparators.fine_gray import FineGray
from hscrisk.comparators.published_score import PublishedScore
from hscrisk.comparators.tuned_logistic import TunedLogistic

__all__ = ["CauseSpecificCox", "FineGray", "PublishedScore", "TunedLogistic"]
