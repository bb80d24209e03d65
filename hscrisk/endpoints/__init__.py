"""Endpoints as data: event, competing events, population, prediction time, anchor horizons."""

from hscrisk.endpoints.catalogue import endpoint_names, load_endpoint
from hscrisk.endpoints.endpoint import Competing, Endpoint, StatusAndDay

__all__ = ["Competing", "Endpoint", "StatusAndDay", "endpoint_names", "load_endpoint"]
