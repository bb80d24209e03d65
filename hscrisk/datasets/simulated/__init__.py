"""A simulated registry of allogeneic transplants whose true risks are known."""

from hscrisk.datasets.simulated.registry import (
    POPULATIONS,
    SimulatedRegistry,
    simulate_in_portions,
    simulate_registry,
)
from hscrisk.datasets.simulated.writing import write_registry

__all__ = [
    "POPULATIONS",
    "SimulatedRegistry",
    "simulate_in_portions",
    "simulate_registry",
    "write_registry",
]
