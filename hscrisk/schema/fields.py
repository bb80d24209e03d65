"""The data contract: every field, its type, unit, limits, levels, and when it is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

import pydantic

from hscrisk.errors import InvalidConfiguration
from hscrisk.schema.configuration import read_yaml, validated

Group = Literal["patient", "donor", "treatment", "landmark", "outcome", "identifier"]
Kind = Literal["number", "integer", "category", "flag", "day", "date", "text"]
When = Literal["before_conditioning", "at_infusion", "landmark", "after"]
Population = Literal["all", "allogeneic", "autologous", "gene_modified", "cord"]
Role = Literal["predictor", "outcome", "identifier", "centre", "year", "audit", "kept"]

WHEN_ORDER: tuple[When, ...] = ("before_conditioning", "at_infusion", "landmark", "after")
FLAG_LEVELS = ("no", "yes")


class Field(pydantic.BaseModel):
    """One field of the contract.

    Attributes
    ----------
    name, label : str
        The column, and what a reader calls it.
    section : str
        Heading under which the dictionary has it.
    group : {'patient', 'donor', 'treatment', 'landmark', 'outcome', 'identifier'}
    kind : {'number', 'integer', 'category', 'flag', 'day', 'date', 'text'}
        A flag has the levels 'no' and 'yes'; a day is a whole number of days from infusion, a date
        a calendar day (YYYY-MM-DD).
    unit : str
    plausible, hard : tuple of float
        Outside `plausible` a value is doubted (soft), outside `hard` it cannot be (hard).
    levels : tuple of str
        In their stable order, which encodings follow.
    when : {'before_conditioning', 'at_infusion', 'landmark', 'after'}
        When the value is known.
    population : str
        For whom it exists.
    role : {'predictor', 'outcome', 'identifier', 'centre', 'year', 'audit', 'kept'}
        A predictor may become a feature, year and audit fields only where they are asked for.
    coarsens : str, optional
        The field of which this one is a grouping, and from which it is filled.
    bounds : mapping of str to tuple of float
        Of a grouped number, each level from its lower bound up to, not including, its upper one.
    merges : mapping of str to tuple of str
        Of a grouped category, the levels that each level holds.
    required : bool
        A record without it is quarantined.
    description : str
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str = pydantic.Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    section: str = ""
    group: Group
    kind: Kind
    unit: str | None = None
    plausible: tuple[float, float] | None = None
    hard: tuple[float, float] | None = None
    levels: tuple[str, ...] = ()
    when: When
    population: Population = "all"
    role: Role = "predictor"
    required: bool = False
    coarsens: str | None = None
    bounds: dict[str, tuple[float, float]] = {}
    merges: dict[str, tuple[str, ...]] = {}
    description: str = ""

    @pydantic.model_validator(mode="before")
    @classmethod
    def _defaults(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = dict(given)
        if given.get("group") in ("outcome", "identifier"):
            given.setdefault("role", given["group"])
        if given.get("group") == "outcome":
            given.setdefault("when", "after")
        elif given.get("group") == "identifier":
            given.setdefault("when", "before_conditioning")
        elif given.get("group") == "landmark":
            given.setdefault("role", "kept")
            given.setdefault("when", "landmark")
        if given.get("kind") == "flag":
            given.setdefault("levels", FLAG_LEVELS)
        if given.get("kind") == "day":
            given.setdefault("unit", "days")
        return given

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Self:
        rules = {
            "a category has levels": self.kind != "category" or bool(self.levels),
            "only a category or a flag has levels": self.is_categorical or not self.levels,
            "only numbers have ranges": self.is_numeric or not (self.plausible or self.hard),
            "a range goes from low to high": all(
                pair is None or pair[0] <= pair[1] for pair in (self.plausible, self.hard)
            ),
            "an outcome is known after infusion only": (self.group == "outcome")
            == (self.when == "after"),
            "a grouping has bounds or merges for each of its levels, others have none": (
                set(self.bounds) | set(self.merges)
            )
            == (set(self.levels) if self.coarsens else set()),
            "a grouping has bounds or merges, not both": not (self.bounds and self.merges),
        }
        if self.plausible and self.hard:
            inside = self.hard[0] <= self.plausible[0] and self.plausible[1] <= self.hard[1]
            rules["the plausible range lies inside the hard limits"] = inside
        for rule, holds in rules.items():
            if not holds:
                raise ValueError(rule)
        return self

    @property
    def is_numeric(self) -> bool:
        """Return whether values are numbers (float64 in a frame)."""
        return self.kind in ("number", "integer", "day")

    @property
    def is_categorical(self) -> bool:
        """Return whether values are levels (a pandas category in a frame)."""
        return self.kind in ("category", "flag")


class Contract(Mapping[str, Field]):
    """All fields by name, in their stable order.

    Examples
    --------
    >>> contract = load_contract()
    >>> contract["patient_age"].unit
    'years'
    >>> "acute_gvhd_day" in contract.predictors("at_infusion")
    False
    """

    def __init__(self, fields: Mapping[str, Field], version: str) -> None:
        self._fields = dict(fields)
        self.version = version

    def __getitem__(self, name: str) -> Field:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Contract):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.version, tuple(self._fields)))

    def predictors(self, prediction_time: str) -> tuple[str, ...]:
        """Return the names of the fields that are known by `prediction_time` and may be features.

        Raises
        ------
        InvalidConfiguration
            When `prediction_time` is no time at which something can be predicted.
        """
        if prediction_time not in WHEN_ORDER[:2]:
            raise InvalidConfiguration(
                "a prediction is made before_conditioning or at_infusion", value=prediction_time
            )
        known = WHEN_ORDER[: WHEN_ORDER.index(prediction_time) + 1]
        return tuple(
            name
            for name, field in self.items()
            if field.role == "predictor" and field.when in known
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (JSON), so that a bundle carries the contract of its training."""
        fields = [field.model_dump(mode="json") for field in self.values()]
        return {"version": self.version, "fields": fields}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Contract:
        """Rebuild a contract from `to_dict`.

        Raises
        ------
        InvalidConfiguration
            When `content` is no contract.
        """
        page = validated(_Page, dict(content), "the contract")
        return cls({field.name: field for field in page.fields}, page.version)


class _Page(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")

    version: str
    fields: tuple[Field, ...]

    @pydantic.field_validator("fields")
    @classmethod
    def _once(cls, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        if len({field.name for field in fields}) != len(fields):
            rule = "a field is given twice"
            raise ValueError(rule)
        known = {field.name: field for field in fields}
        for field in fields:
            if not _groups_well(field, known):
                rule = f"{field.name} must group a number or all levels of a category"
                raise ValueError(rule)
        return fields


def _groups_well(field: Field, known: Mapping[str, Field]) -> bool:
    if field.coarsens is None:
        return True
    whole = known.get(field.coarsens)
    if whole is None or whole.coarsens:
        return False
    if field.bounds:
        return whole.is_numeric
    merged = [level for levels in field.merges.values() for level in levels]
    return sorted(merged) == sorted(whole.levels)


@lru_cache(maxsize=1)
def load_contract() -> Contract:
    """Return the contract of this version of hscrisk: all files of the dictionary, in order."""
    version, fields = "", []
    for path in sorted(Path(__file__).with_name("dictionary").glob("*.yaml")):
        page = read_yaml(path)
        version = page.get("version", version)
        fields += [
            {"name": name, "section": page["section"], **body}
            for name, body in page["fields"].items()
        ]
    return Contract.from_dict({"version": version, "fields": fields})
