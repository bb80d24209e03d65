"""Programs for whoever owns a registry: order, choices and side effects.

`python -m training.pipeline CONFIG` is the whole run; the library knows nothing of it.
"""
