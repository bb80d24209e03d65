"""What codes mean, where they are words; what is left to ask where they are not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from hscrisk.ingest.column_profile import ColumnProfile
from hscrisk.ingest.fit import NO_FIT, Fit
from hscrisk.ingest.naming import folded, synonyms
from hscrisk.schema import Field

_NINES = re.compile(r"-?9+")


def fit_status(column: ColumnProfile) -> Fit:
    """Return how well codes can be those of a status; what any of them means is plain or asked."""
    codes = list(column.real_codes)
    if not codes or len(codes) > 4:
        return NO_FIT
    if set(codes) == {"0", "1"} or codes in (["0"], ["1"]):
        ok = "0" in codes
        return Fit(1.0 if ok else 0.5, sure=ok, evidence="0 and 1" if ok else "only 1 is met")
    asked = dict.fromkeys(codes, "?")
    if set(codes) <= {"0", "1", "2", "3"} and "0" in codes:
        words = f"{codes[-1]} may be 'died without it', a grade or extent, or 'unknown'"
        return Fit(0.8, codes=asked, evidence=f"codes from 0 on; {words}")
    told = {code: {"yes": "1", "no": "0"}.get(yes_or_no(code, codes) or "", "?") for code in codes}
    known = sum(means != "?" for means in told.values())
    if known == len(codes) and len(set(told.values())) == 2:
        return Fit(1.0, codes=told, sure=True, evidence="yes and no")
    if known:
        words = f"yes and no, and what else: {_perhaps(codes, told)}"
        return Fit(0.5 + 0.4 * known / len(codes), codes=told, evidence=words.rstrip(": "))
    said = "which code is the event?"
    return Fit(0.5, codes=asked, evidence=said) if len(codes) <= 3 else NO_FIT


def yes_or_no(code: str, codes: Iterable[str]) -> str | None:
    """Return 'yes' or 'no' for a word that says it; a letter only beside another that answers it.

    >>> yes_or_no("J", ["J", "N"]), yes_or_no("o", ["o", "a", "b"]), yes_or_no("Nein", ["Nein"])
    ('yes', None, 'no')
    """
    word, all_words = folded(code), {folded(other) for other in codes}
    for answer, other in (("yes", "no"), ("no", "yes")):
        if word == answer or word in _words(answer):
            answered = bool(all_words & {other, *_words(other)})
            return answer if answered or len(word) > 1 else None
    return None


def _words(level: str) -> set[str]:
    # YAML reads a bare yes and no as truth values where it is of an older kind.
    return {folded(str(word)) for word in synonyms()["levels"].get(level, ())}


def _perhaps(codes: Iterable[str], told: Mapping[str, str]) -> str:
    """Return which of the codes that nobody knows may mean 'unknown'."""
    maybe = [
        code
        for code in codes
        if told.get(code, "?") == "?" and (folded(code) in _maybe() or _NINES.fullmatch(code))
    ]
    return f"{' and '.join(maybe)} may mean 'unknown'" if maybe else ""


def _maybe() -> set[str]:
    return {str(word) for word in synonyms()["perhaps_unknown"]}


def fit_levels(column: ColumnProfile, field: Field) -> Fit:
    """Return how well codes can be the levels of a field, and which level each word says."""
    # Where 'unknown' is a level of its own it is one of the codes.
    unknown = {code: "unknown" for code in column.unknown if "unknown" in field.levels}
    codes = list(column.real_codes)
    if not codes or len(codes) > len(field.levels) + 6:
        return NO_FIT
    flag = set(field.levels) == {"yes", "no"}
    named = {code: yes_or_no(code, codes) if flag else level_named(code, field) for code in codes}
    known = {code: level for code, level in named.items() if level is not None}
    twice = len(set(known.values())) < len(known)
    if twice and len(field.levels) <= 2:
        known = {}  # H and M are hombre and mujer, though either alone would be a man
    known |= unknown
    numeric = sum(code.lstrip("+-").replace(".", "", 1).isdigit() for code in codes)
    if len(known) == len(codes) + len(unknown) and numeric < len(codes):
        words = f"all {len(codes)} codes are words we know"
        return Fit(1.0, codes=known, sure=not twice, evidence=words)
    if numeric < len(codes):
        share = 0.45 + 0.5 * len(known) / len(codes)
        words = f"{len(known)} of {len(codes)} codes known"
        if said := _perhaps(codes, known):
            words += f"; {said}"
        return Fit(min(share, 0.95), codes=known or None, evidence=words)
    close = (
        1.0 if len(codes) == len(field.levels) else 0.8 if len(codes) < len(field.levels) else 0.5
    )
    grouped = 0.95 if field.coarsens and close < 1.0 else 1.0
    return Fit(0.85 * close * grouped, evidence=f"{len(codes)} codes without words")


def level_named(code: str, field: Field) -> str | None:
    """Return the level that a code in words says, or None.

    >>> from hscrisk.schema import load_contract
    >>> level_named("PB", load_contract()["graft_source"])
    'peripheral_blood'
    """
    word = _plain(code)
    for level in field.levels:
        others = synonyms()["levels"].get(level, ())
        if word == _plain(level) or word in {_plain(str(other)) for other in others}:
            return level
    return None


@lru_cache(maxsize=20_000)
def _plain(code: str) -> str:
    """Return a code by which it is compared: no case, accents, spaces; bounds as levels have them.

    >>> _plain("60+"), _plain(">= 60"), _plain("<18"), _plain("18-29"), _plain("Flu/Bu")
    ('60plus', '60plus', 'below18', '1829', 'flubu')
    """
    text = folded(code).replace("≥", ">=")
    text = re.sub(r"(.*?)>=\s*([0-9]+)", r"\1\2+", text)
    text = re.sub(r"(?<=[0-9])\s*\+", " plus", text)
    text = re.sub(r"<(?=\s*[0-9])", "below ", text)
    text = re.sub(r"(?<=[0-9a-z])\s*[-–]\s*(?=[0-9a-z])", " ", text)
    return re.sub(r"[^a-z0-9+-]+", "", text)
