"""Data frames become one float32 matrix, by our own stable codes."""

from hscrisk.features.assemble import FeaturePipeline
from hscrisk.features.linear_design import LinearDesign

__all__ = ["FeaturePipeline", "LinearDesign"]
