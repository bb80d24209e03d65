"""From records and an endpoint to a cohort, and the summary of a registry."""

from hscrisk.cohort.build import Cohort, build_cohort
from hscrisk.cohort.outcome import competing_names
from hscrisk.cohort.summary import CohortSummary, summarise

__all__ = ["Cohort", "CohortSummary", "build_cohort", "competing_names", "summarise"]
