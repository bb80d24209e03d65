"""How alike a column's name and a field's names are."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from hscrisk.schema import Contract
from hscrisk.schema.configuration import read_yaml
from hscrisk.schema.consistency import outcome_pairs

_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z])")
_PARTS = re.compile(r"[a-z]+[0-9]*|[0-9]+")
_POWER = re.compile(r"(?<![a-z0-9])x?(?:1e[0-9]+|10(?:\^|e)?[0-9]*)(?![a-z0-9])")
_KEPT_IN = re.compile(r"^(intx|dwo)(?=[a-z])")
_LITTLE = {"kg", "per", "mm3", "ul", "pct", "percent", "of", "the", "at", "and", "in"}
_LITTLE |= {
    "umol",
    "mgdl",
    "ngml",
    "cgy",
    "gy",
    "de",
    "du",
    "des",
    "del",
    "der",
    "von",
    "au",
    "zum",
}
_COMPETING = "dwo"
"""'Death without': what some registries call the flag of a competing event."""
_DONOR = "donor"
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa"})


@lru_cache(maxsize=1)
def synonyms() -> dict[str, Any]:
    """Return what registries call fields, events and levels."""
    found: dict[str, Any] = read_yaml(Path(__file__).with_name("synonyms.yaml"))
    return found


@lru_cache(maxsize=1)
def unknown_words() -> frozenset[str]:
    """Return words, in lower case, that mean 'unknown' and nothing else."""
    return frozenset(synonyms()["unknown"])


def folded(text: str) -> str:
    """Return text in lower case without accents, umlauts spelt out.

    >>> folded("Größe"), folded("Décès"), folded("Año")
    ('groesse', 'deces', 'ano')
    """
    parts = unicodedata.normalize("NFC", text).lower().translate(_SPELT)
    apart = unicodedata.normalize("NFKD", parts)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@lru_cache(maxsize=20_000)
def tokens(name: str) -> tuple[str, ...]:
    """Return the words of a name, in common spelling, without units and little words.

    >>> tokens("Recipient_gender"), tokens("CD34_x1e6_per_kg"), tokens("acute_GvHD_II_III_IV")
    (('patient', 'sex'), ('cd34',), ('acutegvhd', '2', '3', '4'))
    """
    plain = _KEPT_IN.sub(r"\1 ", _POWER.sub(" ", folded(_CAMEL.sub("_", name))))
    found = [word for part in _PARTS.findall(plain) for word in _common(part)]
    kept = [word for word in found if word not in _LITTLE] or found
    joined = " ".join(kept)
    for kind in ("acute", "chronic"):
        for order in (f"{kind} gvhd", f"gvhd {kind}"):
            joined = joined.replace(order, f"{kind}gvhd")
    return tuple(joined.split())


def _common(part: str) -> list[str]:
    words = synonyms()["words"]
    letters = part.rstrip("0123456789")
    if letters != part and letters in words:
        return [words[letters], part[len(letters) :]]
    return [words.get(part, part)]


def aliases(contract: Contract) -> dict[str, tuple[str, ...]]:
    """Return, for every field, the names that it may have in a file."""
    known = synonyms()
    found: dict[str, list[str]] = {
        name: [name, field.label, *known["fields"].get(name, ())]
        for name, field in contract.items()
    }
    for stem, pair in outcome_pairs(contract).items():
        if stem == "death":
            continue
        status, day = pair
        events = [stem, *known["outcomes"].get(stem, ())]
        for event in events:
            found[status] += [event, *(f"{event} {word}" for word in known["behind_status"])]
            found[day] += [event, *(f"{word} {event}" for word in known["before_day"])]
            found[day] += [f"{event} {word}" for word in known["behind_day"]]
    return {name: tuple(dict.fromkeys(names)) for name, names in found.items()}


def alikeness(column: str, names: tuple[str, ...]) -> tuple[float, str]:
    """Return how alike a column is to the nearest of some names (0 to 1), and which that is."""
    return max((_alike(column, name), name) for name in names)


@lru_cache(maxsize=500_000)
def _alike(column: str, name: str) -> float:
    (ours, a), (theirs, b) = _words(name), _words(column)
    if not a or not b or (_COMPETING in theirs) != (_COMPETING in ours):
        return 0.0
    if _DONOR in theirs and _DONOR not in ours:
        return 0.0  # what is the donor's is never the patient's
    if a == b:
        return 1.0
    if len(a) == len(b) and sorted(ours) == sorted(theirs):
        return 0.97
    if a == _bare(b) or _bare(a) == _bare(b):
        return 0.92
    if len(a) >= 3 and set(ours) < set(theirs):
        # A number more is another thing: grade II-IV is not any grade.
        more = any(word.isdigit() for word in set(theirs) - set(ours))
        return min(0.6 if more else 1.0, 0.55 + 0.35 * len(a) / len(b))
    if len(a) >= 5 and (b.startswith(a) or b.endswith(a)):
        return 0.5 + 0.35 * len(a) / len(b)
    if min(len(a), len(b)) < 5:
        return 0.0
    shared = 2 * len(_pairs(a) & _pairs(b)) / (len(_pairs(a)) + len(_pairs(b)) or 1)
    return 0.85 * shared if shared > 0.7 else 0.0


@lru_cache(maxsize=20_000)
def _words(name: str) -> tuple[tuple[str, ...], str]:
    found = tokens(name)
    return found, "".join(found)


@lru_cache(maxsize=20_000)
def _bare(word: str) -> str:
    """Return a name without the endings that say how it is kept."""
    endings = "|".join(sorted(synonyms()["endings"], key=len, reverse=True))
    while (shorter := re.sub(f"(?<=..)(?:{endings})[0-9]?$", "", word)) != word:
        word = shorter
    return word


@lru_cache(maxsize=20_000)
def _pairs(word: str) -> frozenset[str]:
    return frozenset(word[i : i + 2] for i in range(len(word) - 1))
