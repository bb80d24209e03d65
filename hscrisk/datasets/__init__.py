"""Cohorts that come with the package, and simulated ones with a known truth."""

from hscrisk.datasets.synthetic import SimulatedCohort, simulate_cohort

__all__ = ["SimulatedCohort", "simulate_cohort"]
