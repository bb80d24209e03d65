"""Colours of pages and figures: told apart by colour-blind readers, legible in light and dark."""

from __future__ import annotations

import re
from importlib.resources import files

LIGHT = {
    "paper": "#ffffff",
    "ground": "#f4f2ee",
    "ink": "#1c2530",
    "muted": "#56616d",
    "line": "#e1ddd5",
    "empty": "#dfdbd3",
    "accent": "#1d4e6e",
    "accent-soft": "#bcd0dd",
    "up": "#b4531b",
    "down": "#23758f",
    "caution": "#fdf3e1",
    "caution-line": "#b9770e",
}
DARK = {
    "paper": "#1a2027",
    "ground": "#11161b",
    "ink": "#e9ecef",
    "muted": "#a6b0ba",
    "line": "#323b45",
    "empty": "#3a444f",
    "accent": "#8fc6e6",
    "accent-soft": "#355a72",
    "up": "#f0a171",
    "down": "#74c5dd",
    "caution": "#33291a",
    "caution-line": "#d9a441",
}


def page_css() -> str:
    """Return the style of a page, figures included: light, dark, phone and print."""
    return "\n".join([_colours(), _read("figure.css"), _read("page.css")])


def figure_css() -> str:
    """Return the style of the figures for a page that has its own, with its colours."""
    return "\n".join([_colours(), _read("figure.css")])


def standalone_css() -> str:
    """Return the style of a figure in a file of its own, without variables (not all viewers)."""
    return re.sub(r"var\(--([a-z-]+)\)", lambda m: LIGHT[m.group(1)], _read("figure.css"))


def _colours() -> str:
    # Paper is white: what is printed has the light colours whatever the screen has.
    light, dark = _variables(LIGHT), _variables(DARK)
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def _read(name: str) -> str:
    return files("hscrisk.explain").joinpath("style", name).read_text(encoding="utf-8").strip()
