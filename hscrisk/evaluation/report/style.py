"""Colours and letters: the cohort report's, and those of the figures."""

from __future__ import annotations

import re
from importlib.resources import files

_LETTERS = "font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif;"


def page_css() -> str:
    """Return the style of a page, its figures included: light, dark, phone and print."""
    base = files("hscrisk.cohort").joinpath("report.css").read_text(encoding="utf-8").strip()
    return "\n".join([base, _read("figures.css"), _read("page.css")])


def figure_css() -> str:
    """Return the style of a figure in a file of its own: light, without variables.

    Not all programs that show a drawing know variables.
    """
    colours: dict[str, str] = {}
    for name, colour in re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", page_css()):
        colours.setdefault(name, colour)  # the first are those on white paper
    own = [line for line in _read("figures.css").splitlines() if line.startswith(".picture")]
    filled = re.sub(r"var\(--([a-z0-9-]+)\)", lambda m: colours[m.group(1)], "\n".join(own))
    return f".picture {{ {_LETTERS} }}\n{filled}"


def _read(name: str) -> str:
    return files("hscrisk.evaluation.report").joinpath("style", name).read_text("utf-8").strip()
