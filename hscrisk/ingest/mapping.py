"""A registry's own columns, codes, units and missing codes, as data."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pydantic

from hscrisk.endpoints import endpoint_names
from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.ingest.conditions import SETTINGS, Word, Words
from hscrisk.ingest.dates import ISO
from hscrisk.ingest.field_source import FieldSource
from hscrisk.ingest.source_parts import DateFormat, Decimal, why_not_dated
from hscrisk.ingest.units import units_for
from hscrisk.schema import Contract, Field, load_contract
from hscrisk.schema.configuration import find_config, read_yaml, validated
from hscrisk.schema.consistency import outcome_pairs
from hscrisk.schema.follow_up import FollowUp
from hscrisk.schema.values import canonical, parse_number

CONTRACT = "contract"
"""The mapping of a file that is in the contract's own words already."""

TABLES = ("transplants", "patients", "donors", "outcomes")
_HOME = {"patient": "patients", "donor": "donors", "outcome": "outcomes"}


def _keyed(given: Any) -> Any:
    return {canonical(k): v for k, v in given.items()} if isinstance(given, dict) else given


LastDay = Literal["last_contact", "next_transplant"]
_NONE: Any = pydantic.Field(default_factory=dict)


class Definitions(pydantic.BaseModel):
    """What the registry's outcomes mean; shown beside the endpoint's own definition.

    Attributes
    ----------
    follow_up : {'overall', 'per_endpoint', 'recorded'}
        'overall': without an event, a patient is followed for it to death or the last contact.
        'per_endpoint': each outcome has its own last day; a death counts as competing when it lies
        within 1 day of that, otherwise the patient is censored there.
        'recorded': each outcome has its own last day, and its status alone says what came first
        (2 death, 3 another event).
    followed_to : {'last_contact', 'next_transplant'} or mapping of str to them
        To which day who did not have an outcome was followed for it, where no day is given: of all
        outcomes, or by outcome. Not with 'overall', where it is the last contact anyway.
    dates_usable_from : mapping of str to int
        Outcomes (`relapse`) or endpoints of which days before this one are imputed or rounded, so
        that no earlier horizon can be estimated.
    immature_years : mapping of str to tuple of int
        Calendar years too recent for an outcome or endpoint; their transplants leave it.
    status_only : mapping of str to int or 'ever'
        Outcomes of which only whether they happened is known, and by which day.
    """

    model_config = SETTINGS

    follow_up: Literal["overall", "per_endpoint", "recorded"] = "overall"
    followed_to: LastDay | dict[str, LastDay] | None = None
    dates_usable_from: dict[str, Annotated[int, pydantic.Field(ge=1)]] = _NONE
    immature_years: dict[str, tuple[int, ...]] = _NONE
    status_only: dict[str, Annotated[int, pydantic.Field(ge=1)] | Literal["ever"]] = _NONE
    neutrophil_threshold: float | str | None = None
    neutrophil_rule: str | None = None
    platelet_threshold: float | str | None = None
    platelet_rule: str | None = None
    failure_rule: str | None = None
    acute_gvhd_onset: str | None = None
    acute_gvhd_grading: str | None = None
    chronic_gvhd_onset: str | None = None
    chronic_gvhd_extent: str | None = None
    relapse_rule: str | None = None
    nrm_rule: str | None = None
    death_rule: str | None = None
    disease_risk_group: str | None = None

    @pydantic.model_validator(mode="after")
    def _followed(self) -> Self:
        if self.followed_to is not None and self.follow_up == "overall":
            rule = (
                "with follow_up: overall everybody is followed to the last contact already; "
                "followed_to needs per_endpoint or recorded"
            )
            raise ValueError(rule)
        return self

    def follow_up_of(self, outcomes: Iterable[str]) -> FollowUp:
        """Return how far each of some outcomes was followed."""
        said = self.followed_to
        if isinstance(said, str):
            said = {name: said for name in outcomes if name != "death"}
        return FollowUp(self.follow_up, said or {}, tuple(self.status_only))

    def declared(self) -> dict[str, Any]:
        """Return what is said, by name, as plain values (JSON)."""
        said = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in said.items() if value != {}}


class Published(pydantic.BaseModel):
    """Numbers that a paper gives for the same patients; shown beside those of the file.

    Attributes
    ----------
    source : str
        The paper.
    endpoint : str
    by : str
        A field, or a column of the file that the mapping reads.
    n : mapping of str to int
        Transplants by level or code.
    """

    model_config = SETTINGS

    source: str
    endpoint: str
    by: str
    n: Annotated[dict[str, int], pydantic.BeforeValidator(_keyed)]


class Table(pydantic.BaseModel):
    """One of several tables.

    Attributes
    ----------
    file : str
        Its file inside the folder that is read.
    key : str
        Its column that names a row.
    named_by : tuple of str
        The column(s) of the transplant table that name its rows: two for two cord units.
    """

    model_config = SETTINGS

    file: str
    key: str
    named_by: Words = ()


class Mapping(pydantic.BaseModel):
    """From a registry's file to records.

    Attributes
    ----------
    registry : str
        Name of the cohort.
    description, extraction_date : str, optional
    separator : str
        Of a CSV file.
    decimal : {'.', ','}
        The decimal mark of the file. Thousands separators are refused.
    date_format : str
        How dates are written, as `strptime` has it ('%d.%m.%Y'), or 'excel' for serial numbers;
        ISO ('%Y-%m-%d') by default.
    missing : tuple of str
        Words that mean 'missing' in every column (an empty cell always does). A number is refused
        here: the same 99 may be a code in one column and a real day in another.
    ignore : tuple of str
        Columns left out on purpose, so that a new column is noticed.
    fields : mapping of str to FieldSource
    tables : mapping of str to Table
        'transplants' and any of 'patients', 'donors', 'outcomes'; empty for one flat table.
    definitions : Definitions
    published : tuple of Published
        What papers print of these patients.
    """

    model_config = SETTINGS

    registry: str = pydantic.Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    description: str | None = None
    extraction_date: Word | None = None
    separator: str = pydantic.Field(default=",", min_length=1, max_length=1)
    decimal: Decimal = "."
    date_format: DateFormat = ISO
    missing: Words = ()
    ignore: Words = ()
    fields: dict[str, FieldSource]
    tables: dict[str, Table] = pydantic.Field(default_factory=dict)
    definitions: Definitions = Definitions()
    published: tuple[Published, ...] = ()

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Self:
        numeric = [word for word in self.missing if parse_number(word) is not None]
        if numeric:
            rule = f"{numeric[0]} may be a value elsewhere; give it as missing of its column"
            raise ValueError(rule)
        for name in self.tables:
            if name not in TABLES:
                rule = f"no such table as {name}. {nearest(name, TABLES)}"
                raise ValueError(rule)
        if self.tables and "transplants" not in self.tables:
            rule = "several tables need one of transplants"
            raise ValueError(rule)
        for name, table in self.tables.items():
            if name in ("patients", "donors") and not table.named_by:
                rule = f"table {name} needs named_by, the transplant table's column that names it"
                raise ValueError(rule)
        return self

    def table_of(self, field: Field) -> str:
        """Return the table that holds a field's column."""
        given = self.fields[field.name].table
        home = given or _HOME.get(field.group, "transplants")
        return home if home in self.tables else "transplants"


def load_mapping(name_or_path: str | Path) -> Mapping:
    """Return the mapping of a shipped name or of a file, checked against the contract.

    Raises
    ------
    InvalidConfiguration
        When a key, field, level or unit is unknown; the nearest known one is named.
    InputOutputFailed
        When the file cannot be read.
    """
    contract = load_contract()
    if str(name_or_path) == CONTRACT:
        return contract_mapping(contract)
    path = find_config("registries", name_or_path)
    mapping = validated(Mapping, read_yaml(path), f"mapping {path.name}")
    check_words(mapping, contract, f"mapping {path.name}")
    return mapping


def contract_mapping(contract: Contract, registry: str = "records") -> Mapping:
    """Return the mapping of a file whose columns and codes are the contract's."""
    fields = {name: FieldSource(column=name, optional=True) for name in contract}
    return Mapping(registry=registry, fields=fields)


def check_words(mapping: Mapping, contract: Contract, where: str) -> None:
    """Refuse fields, levels, units and outcomes that the contract does not know."""
    _check_outcomes(mapping, contract, where)
    for name, source in mapping.fields.items():
        if name not in contract:
            rule = f"{where}: no such field in the contract"
            raise InvalidConfiguration(rule, field=name, mend=nearest(name, contract))
        field = contract[name]
        for part in source.whole:
            _check_levels(field, part, where)
            _check_units(field, part, where)
            _check_dates(field, part, mapping, where)
        if source.table is not None and source.table not in mapping.tables:
            rule = f"{where}: no such table"
            mend = nearest(source.table, mapping.tables)
            raise InvalidConfiguration(rule, field=name, value=source.table, mend=mend)
        if (source.row_number or source.columns) and field.kind != "text":
            rule = f"{where}: row_number and columns are for identifiers"
            raise InvalidConfiguration(rule, field=name)


def _check_units(field: Field, source: FieldSource, where: str) -> None:
    known = units_for(field.unit, field.name)
    for unit in source.units:
        if source.since is not None and unit != field.unit:
            rule = f"{where}: what is counted from a date comes in {field.unit or 'no unit'}"
            raise InvalidConfiguration(rule, field=field.name, value=unit, mend="Leave unit out.")
        if unit not in known:
            raise InvalidConfiguration(
                f"{where}: unit cannot become {field.unit or 'one of this field'}",
                field=field.name,
                value=unit,
                mend=nearest(unit, known),
            )


def _check_dates(field: Field, source: FieldSource, mapping: Mapping, where: str) -> None:
    if source.is_date or field.kind == "date":
        if source.since is not None and field.unit not in ("days", "years"):
            rule = f"{where}: only days and years can be counted from a date"
            raise InvalidConfiguration(rule, field=field.name, value=source.since.column)
        if source.part is not None and field.role != "year":
            rule = f"{where}: a year is no value of this field"
            raise InvalidConfiguration(rule, field=field.name, value=source.part)
        for _, form, day in source.date_formats(mapping.date_format):
            if (why := why_not_dated(form, day, source.part)) is not None:
                raise InvalidConfiguration(f"{where}: {why}", field=field.name, value=form)
            if day is not None:
                _check_imputed(field, mapping, where)
    elif source.date_format is not None or source.imputed_day is not None:
        rule = f"{where}: date_format needs since, part, or a field that is a date"
        mend = "Give since: COLUMN, the date from which days are counted."
        raise InvalidConfiguration(rule, field=field.name, mend=mend)


def _check_imputed(field: Field, mapping: Mapping, where: str) -> None:
    """Refuse days made from months where nothing says from which day on they can be used."""
    pairs = outcome_pairs(load_contract())
    outcome = next((name for name, pair in pairs.items() if field.name == pair[1]), None)
    if outcome is not None and outcome not in mapping.definitions.dates_usable_from:
        rule = f"{where}: days of {outcome} made from months need definitions: dates_usable_from"
        mend = f"Say from which day on they can be used: dates_usable_from: {{{outcome}: 60}}."
        raise InvalidConfiguration(rule, field=field.name, mend=mend)


def _check_outcomes(mapping: Mapping, contract: Contract, where: str) -> None:
    known = tuple(dict.fromkeys([*outcome_pairs(contract), *endpoint_names()]))
    said = mapping.definitions
    for part in ("dates_usable_from", "immature_years", "status_only"):
        for name in getattr(said, part):
            if name not in known:
                rule = f"{where}: no such outcome or endpoint"
                mend = nearest(name, known)
                raise InvalidConfiguration(rule, field=part, value=name, mend=mend)
    outcomes = tuple(outcome_pairs(contract))[1:]
    for name in said.followed_to if isinstance(said.followed_to, dict) else ():
        if name not in outcomes:
            rule, mend = f"{where}: no such outcome", nearest(name, outcomes)
            raise InvalidConfiguration(rule, field="followed_to", value=name, mend=mend)
    read = {column for source in mapping.fields.values() for column in source.names}
    for published in mapping.published:
        if published.endpoint not in known:
            rule, mend = f"{where}: no such endpoint", nearest(published.endpoint, known)
            raise InvalidConfiguration(rule, field="published", value=published.endpoint, mend=mend)
        if published.by not in read and published.by not in mapping.fields:
            rule = f"{where}: neither a field nor a column that the mapping reads"
            mend = nearest(published.by, [*mapping.fields, *sorted(read)])
            raise InvalidConfiguration(rule, field="published", value=published.by, mend=mend)


def _check_levels(field: Field, source: FieldSource, where: str) -> None:
    said = [*(source.codes or {}).values()]
    said += [case.means for case in source.cases or () if case.means is not None]
    said += [word for word in (source.otherwise, source.constant) if word is not None]
    for word in said:
        known = word in field.levels if field.is_categorical else True
        if field.is_numeric:
            known = parse_number(word) is not None
        if not known:
            mend = nearest(word, field.levels) if field.levels else "Give a number."
            rule = f"{where}: no such value of the field"
            raise InvalidConfiguration(rule, field=field.name, value=word, mend=mend)
