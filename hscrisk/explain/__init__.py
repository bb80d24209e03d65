"""One patient's risk taken apart exactly, in words and pictures; and what matters to a model.

Only `hscrisk.explain.plots` needs the packages of the extra `explain`.
"""

from hscrisk.explain.build import explain
from hscrisk.explain.explanation import CohortFacts, Context, Explanation, Item
from hscrisk.explain.figure import render_figure
from hscrisk.explain.importance import importance_table
from hscrisk.explain.overview import render_overview
from hscrisk.explain.page import render_page
from hscrisk.explain.words import paragraphs, with_text
from hscrisk.explain.write import write_explanations

__all__ = [
    "CohortFacts",
    "Context",
    "Explanation",
    "Item",
    "explain",
    "importance_table",
    "paragraphs",
    "render_figure",
    "render_overview",
    "render_page",
    "with_text",
    "write_explanations",
]
