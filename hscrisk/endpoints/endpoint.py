"""An endpoint is data: what happens, to whom, from when on, and what makes it impossible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import pydantic

from hscrisk.schema.configuration import validated

_SETTINGS = pydantic.ConfigDict(extra="forbid", frozen=True)


class StatusAndDay(pydantic.BaseModel):
    """The two fields that say whether something happened, and when.

    Attributes
    ----------
    status : str
        Field with 0 (followed without it), 1 (event), 2 (death without it), 3 (another competing
        event).
    time : str
        Field with the day of that; for 0 the last day followed.
    """

    model_config = _SETTINGS

    status: str
    time: str


class Competing(pydantic.BaseModel):
    """An event that makes the endpoint impossible or another thing.

    Attributes
    ----------
    name : str
        As cards and tables call it.
    status : str, optional
        Field that is 1 where it happened; without it, a day in `time` says so.
    time : str
        Field with its day.
    """

    model_config = _SETTINGS

    name: str
    status: str | None = None
    time: str


class Endpoint(pydantic.BaseModel):
    """What is predicted: F(t | x), from infusion on, death competing.

    Attributes
    ----------
    name, label : str
    kind : {'time_to_event', 'state_at_horizon'}
        The second asks for a state on one day: still followed then, and neither the event of
        `record` nor a competing one has happened.
    event : StatusAndDay, optional
        The event of interest (time to event only).
    record : StatusAndDay, optional
        What tells how far this endpoint was followed, where it is not `event` itself.
    competing : tuple of Competing
        Event codes 2, 3, ... in this order.
    population : mapping of str to tuple of str
        Levels that a field must have, as `transplant_type: [allogeneic]`.
    excluded : mapping of str to tuple of str
        Levels of a field that leave the cohort; a record without the field stays.
    prediction_time : {'before_conditioning', 'at_infusion'}
    horizons : tuple of int
        Anchor days.
    primary_horizon : int
    direction : {'adverse', 'favourable'}
        Whether the event is good news.
    definition : mapping
        The definition in words; keys are those that a mapping declares for its registry.
    nested_in : str, optional
        A wider endpoint: F of this one never exceeds it.
    min_events : int
        With fewer there is no model.
    first_day : int
        Earliest day that can be asked, where a registry does not date what happens before.
    repeated_transplants : {'all', 'first'}
        Of a patient transplanted again: all transplants count, each from its own day 0 (they stay
        together wherever patients are divided), or only the first of the population.

    Examples
    --------
    >>> from hscrisk.endpoints import load_endpoint
    >>> load_endpoint("chronic_gvhd").horizons
    (180, 365, 730)
    """

    model_config = _SETTINGS

    name: str = pydantic.Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    kind: Literal["time_to_event", "state_at_horizon"] = "time_to_event"
    event: StatusAndDay | None = None
    record: StatusAndDay | None = None
    competing: tuple[Competing, ...] = ()
    population: dict[str, tuple[str, ...]] = pydantic.Field(default_factory=dict)
    excluded: dict[str, tuple[str, ...]] = pydantic.Field(default_factory=dict)
    prediction_time: Literal["before_conditioning", "at_infusion"] = "at_infusion"
    horizons: tuple[int, ...]
    primary_horizon: int
    direction: Literal["adverse", "favourable"]
    definition: dict[str, str | int | float] = pydantic.Field(default_factory=dict)
    nested_in: str | None = None
    min_events: int = pydantic.Field(default=10, ge=1)
    first_day: int = pydantic.Field(default=0, ge=0)
    repeated_transplants: Literal["all", "first"] = "all"

    @pydantic.model_validator(mode="after")
    def _consistent(self) -> Self:
        if list(self.horizons) != sorted(set(self.horizons)) or min(self.horizons, default=0) <= 0:
            rule = "horizons must be ascending days above 0"
            raise ValueError(rule)
        if self.first_day > self.horizons[0]:
            rule = "no horizon may lie before first_day"
            raise ValueError(rule)
        if self.primary_horizon not in self.horizons:
            rule = "primary_horizon must be one of the horizons"
            raise ValueError(rule)
        if self.kind == "time_to_event" and self.event is None:
            rule = "a time_to_event endpoint needs an event"
            raise ValueError(rule)
        if self.kind == "state_at_horizon" and (
            self.event is not None or self.record is None or len(self.horizons) != 1
        ):
            rule = "a state_at_horizon endpoint has a record, one horizon and no event"
            raise ValueError(rule)
        names = [competing.name for competing in self.competing]
        if len(set(names)) != len(names):
            rule = "a competing event is given twice"
            raise ValueError(rule)
        return self

    @property
    def earliest(self) -> int:
        """Return the earliest day that can be asked: of a state at a horizon, that horizon."""
        return self.horizons[0] if self.kind == "state_at_horizon" else self.first_day

    @property
    def followed(self) -> StatusAndDay:
        """Return the fields that tell how far this endpoint was followed."""
        found = self.record or self.event
        if found is None:
            raise AssertionError  # the validator excludes it
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain values (JSON), for a bundle."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Endpoint:
        """Rebuild an endpoint from `to_dict`.

        Raises
        ------
        InvalidConfiguration
            When `content` is no endpoint.
        """
        return validated(cls, dict(content), f"endpoint '{content.get('name', '?')}'")
