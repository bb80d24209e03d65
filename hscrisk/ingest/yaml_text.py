"""Words that are written into YAML and read back as they were."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./+-]*[A-Za-z0-9_+]|[A-Za-z_]")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"}


def quoted(text: str) -> str:
    """Return a YAML scalar that is read as exactly this text.

    >>> quoted("age"), quoted("no"), quoted("a: b"), quoted("7")
    ('age', '"no"', '"a: b"', '7')
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED and " #" not in text:
        return text
    if re.fullmatch(r"0|-?[1-9][0-9]{0,14}", text):
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(letter: str) -> str:
    code = ord(letter)
    if letter in '"\\':
        return f"\\{letter}"
    if 0x20 <= code < 0x7F or (0xA0 <= code < 0xD800 and letter.isprintable()):
        return letter
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


def printable(text: str, most: int = 60) -> str:
    """Return text fit for a comment: one line, nothing that YAML refuses."""
    short = text if len(text) <= most else f"{text[: most - 3]}..."
    return "".join(c if c.isprintable() and ord(c) < 0xD800 else "?" for c in short)
