"""One record as the frame that models take; it is read where the bundle's contract is."""

from hscrisk.bundle.record import UNNAMED, read_record

__all__ = ["UNNAMED", "read_record"]
