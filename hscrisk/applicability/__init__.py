"""What the training cohort looked like, and why not to trust one prediction."""

from hscrisk.applicability.assess import Assessment, assess, assess_all
from hscrisk.applicability.profile import CohortProfile, LevelsSeen, NumbersSeen

__all__ = [
    "Assessment",
    "CohortProfile",
    "LevelsSeen",
    "NumbersSeen",
    "assess",
    "assess_all",
]
