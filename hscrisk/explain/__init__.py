"""One patient's risk taken apart exactly, in words and pictures; and what matters to a model.

Only `hscrisk.explain.plots` needs the packages of the extra `explain`.
"""

from hscrisk.explain.build import explain
from hscrisk.explain.explanation import CohortFacts, Context, Explanation, Item
from hscrisk.explain.words import paragraphs

__all__ = ["CohortFacts", "Context", "Explanation", "Item", "explain", "paragraphs"]
