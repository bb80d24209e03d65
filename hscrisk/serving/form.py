"""The form of the page, made from the contract: fields that the models use, in three groups."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hscrisk.applicability import NumbersSeen
from hscrisk.errors import nearest
from hscrisk.explain.level_words import level_words
from hscrisk.explain.words import sentence_case
from hscrisk.schema import Field
from hscrisk.schema.derive import RULES
from hscrisk.schema.values import NUMBER
from hscrisk.serving.problems import FieldError, shown_name
from hscrisk.serving.served import Served

GROUPS = {"patient": "Patient", "donor": "Donor", "treatment": "Treatment"}
_FEW_LEVELS = 2
_COLUMN = re.compile(r"[a-z]_[a-z]")
_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


@dataclass(frozen=True)
class Choice:
    """One level as it is offered."""

    value: str
    words: str


@dataclass(frozen=True)
class FormField:
    """One question of the form.

    Attributes
    ----------
    name, label, unit : str
    help : tuple of str
        What it means, and what training saw.
    choices : tuple of Choice
        Empty for a number.
    is_short : bool
        So few choices that all can be seen at once.
    is_whole : bool
        Whether only whole numbers are asked for.
    """

    name: str
    label: str
    unit: str
    help: tuple[str, ...]
    choices: tuple[Choice, ...]
    is_short: bool
    is_whole: bool


@dataclass(frozen=True)
class Form:
    """All questions of the page.

    Attributes
    ----------
    groups : mapping of str to tuple of FormField
        By heading.
    """

    groups: Mapping[str, tuple[FormField, ...]]

    @classmethod
    def of(cls, served: Served) -> Form:
        """Return the form of a service: no question that no model uses."""
        asked = _asked(served)
        groups = {}
        for group, heading in GROUPS.items():
            fields = [served.contract[name] for name in asked]
            chosen = tuple(_question(f, served) for f in fields if f.group == group)
            if chosen:
                groups[heading] = chosen
        return cls(groups)

    def fields(self) -> dict[str, FormField]:
        """Return the questions by name, in their order on the page."""
        return {field.name: field for fields in self.groups.values() for field in fields}

    def record(self, entered: Mapping[str, str]) -> tuple[dict[str, Any], list[FieldError]]:
        """Return a record from what was entered, and what cannot be read.

        Levels are left for the contract to judge; numbers must be plain decimals.
        """
        fields = self.fields()
        record: dict[str, Any] = {}
        errors = []
        for name, text in entered.items():
            field = fields.get(name)
            if field is None:
                mend = nearest(shown_name(name), fields)
                errors.append(FieldError(shown_name(name), "the form has no such field", mend))
            elif field.choices:
                record[name] = text
            else:
                number = _number(text)
                if number is None:
                    rule = f"{field.label} must be a number"
                    errors.append(FieldError(name, rule, "Write it as 4.2, without its unit."))
                else:
                    record[name] = number
        return record, errors


def pretty_unit(unit: str | None) -> str:
    """Return a unit with its powers raised.

    >>> pretty_unit("10^6/kg"), pretty_unit("kg/m2"), pretty_unit(None)
    ('10⁶/kg', 'kg/m²', '')
    """
    raised = re.sub(r"\^([+-]?\d+)", lambda m: m.group(1).translate(_RAISED), unit or "")
    return re.sub(r"(?<=[a-z])2\b", "²", raised)


def _asked(served: Served) -> list[str]:
    """Return what is to be asked: nothing that follows from what is asked anyway."""
    used = served.used_by()
    follows = {rule.name for rule in RULES if all(part in used for part in rule.parts)}
    return [name for name in used if name not in follows]


def _question(field: Field, served: Served) -> FormField:
    unit = pretty_unit(field.unit)
    help_text = [said] if (said := _said(field)) else []
    seen = _range_seen(field.name, served)
    if seen is not None:
        beside = f" {unit}" if unit else ""
        help_text.append(f"Training range: {seen[0]:g} to {seen[1]:g}{beside}.")
    return FormField(
        name=field.name,
        label=sentence_case(field.label),
        unit=unit,
        help=tuple(help_text),
        choices=tuple(Choice(level, level_words(field.name, level)) for level in field.levels),
        is_short=0 < len(field.levels) <= _FEW_LEVELS,
        is_whole=field.kind in ("integer", "day"),
    )


def _said(field: Field) -> str:
    """Return what the contract says of a field, without what is meant for who prepares a file.

    The levels are offered in words, so what a bracket says of their codes is left out; so is a
    sentence about columns, which have names like `donor_type`.
    """
    said = re.sub(r"\s*\([^)]*\)", "", field.description) if field.levels else field.description
    sentences = re.split(r"(?<=\.)\s+", said)
    return " ".join(sentence for sentence in sentences if not _COLUMN.search(sentence))


def _range_seen(name: str, served: Served) -> tuple[float, float] | None:
    """Return the range that every model which uses the field has seen."""
    found = [
        (seen.low, seen.high)
        for endpoint, bundle in served.by_endpoint.items()
        if isinstance(seen := bundle.profiles[endpoint].predictors.get(name), NumbersSeen)
        and seen.low is not None
        and seen.high is not None
    ]
    if not found:
        return None
    return max(low for low, _ in found), min(high for _, high in found)


def _number(text: str) -> float | int | None:
    if not NUMBER.fullmatch(text):
        return None
    value = float(text)
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) else value
