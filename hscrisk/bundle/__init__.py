"""The folder that travels: hashes before parsers, no pickle, no code."""

from hscrisk.bundle.load import Bundle, load_bundle, verify_bundle
from hscrisk.bundle.prediction import EndpointPrediction
from hscrisk.bundle.save import save_bundle

__all__ = ["Bundle", "EndpointPrediction", "load_bundle", "save_bundle", "verify_bundle"]
