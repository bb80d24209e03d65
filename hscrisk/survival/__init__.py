"""Outcomes, marginal curves and censoring weights. Arrays only."""

from hscrisk.survival.aalen_johansen import AalenJohansen
from hscrisk.survival.censoring import CensoringDistribution, DrawnCensoring
from hscrisk.survival.outcome import Outcome, check_outcome

__all__ = ["AalenJohansen", "CensoringDistribution", "DrawnCensoring", "Outcome", "check_outcome"]
