"""The examples in the docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import hscrisk.explain

MODULES = [m.name for m in pkgutil.iter_modules(hscrisk.explain.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(f"hscrisk.explain.{name}")
    assert doctest.testmod(module).failed == 0
