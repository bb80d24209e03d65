"""Measurements: ratios, sizes and long proofs. Nothing here is imported by the library."""
