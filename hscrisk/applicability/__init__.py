"""What the training cohort looked like, and why not to trust one prediction."""

from hscrisk.applicability.assess import assess
from hscrisk.applicability.profile import CohortProfile, LevelsSeen, NumbersSeen

__all__ = ["CohortProfile", "LevelsSeen", "NumbersSeen", "assess"]
