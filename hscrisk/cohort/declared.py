"""What a registry declares about its dates: horizons, years and onsets that it cannot carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.endpoints import Endpoint
from hscrisk.errors import NotEstimable
from hscrisk.schema import Contract


def outcomes_of(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the outcomes that an endpoint reads, those that compete too.

    >>> from hscrisk.endpoints import load_endpoint
    >>> outcomes_of(load_endpoint("non_relapse_mortality"))
    ('death', 'relapse')
    """
    pairs = (endpoint.event, endpoint.record, *endpoint.competing)
    statuses = [pair.status for pair in pairs if pair is not None and pair.status]
    return tuple(dict.fromkeys(status.removesuffix("_status") for status in statuses))


def carried(
    endpoint: Endpoint, definitions: Mapping[str, Any], contract: Contract
) -> tuple[Endpoint, dict[int, str]]:
    """Return the endpoint with the horizons that the registry can carry, and why not the others.

    Its `first_day` keeps models from answering for a day between that the registry cannot tell.

    Raises
    ------
    NotEstimable
        When none is left; the rule says why.
    """
    left_out = dict(_left_out(endpoint, definitions, contract))
    first = max(_first_days(endpoint, definitions))
    if not left_out and first == endpoint.first_day:
        return endpoint, {}
    kept = tuple(day for day in endpoint.horizons if day not in left_out)
    if not kept:
        reasons = "; ".join(dict.fromkeys(left_out.values()))
        raise NotEstimable(reasons, mend="Ask the registry for dates of onset.")
    # Of two equally near horizons the later one: it has seen more events.
    primary = min(kept, key=lambda day: (abs(day - endpoint.primary_horizon), -day))
    changed = {"horizons": kept, "primary_horizon": primary, "first_day": first}
    return endpoint.model_copy(update=changed), left_out


def _left_out(
    endpoint: Endpoint, definitions: Mapping[str, Any], contract: Contract
) -> Iterator[tuple[int, str]]:
    for name, first in _said(definitions, "dates_usable_from", endpoint):
        why = f"days of {_label(name, contract, endpoint)} are usable from day {first} on only"
        yield from ((day, why) for day in endpoint.horizons if day < int(first))
    for name, by in _said(definitions, "status_only", endpoint):
        what = _label(name, contract, endpoint)
        if by == "ever" or not _is_event(name, endpoint):
            why = f"the registry records whether {what} happened, and not when"
            yield from ((day, why) for day in endpoint.horizons)
        else:
            why = f"the registry records whether {what} happened by day {by}, and not when"
            yield from ((day, why) for day in endpoint.horizons if day != int(by))


def _first_days(endpoint: Endpoint, definitions: Mapping[str, Any]) -> Iterator[int]:
    yield endpoint.first_day
    yield from (int(first) for _, first in _said(definitions, "dates_usable_from", endpoint))
    for name, by in _said(definitions, "status_only", endpoint):
        if by != "ever" and _is_event(name, endpoint):
            yield int(by)


def undated(
    frame: pd.DataFrame, endpoint: Endpoint, definitions: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the frame with events of an unknown day put on the last day on which they can be.

    That is the day by which the registry asked, or death; nothing is told of any earlier horizon.
    """
    event = endpoint.event
    for name, by in _said(definitions, "status_only", endpoint):
        if event is not None and _is_event(name, endpoint) and event.status in frame.columns:
            latest = np.fmin(float(by), _numbers(frame, "followup_day"))
            had = _numbers(frame, event.status) == 1
            frame = frame.assign(**{event.time: np.where(had, latest, _numbers(frame, event.time))})
    return frame


def immature(
    frame: pd.DataFrame, endpoint: Endpoint, definitions: Mapping[str, Any]
) -> tuple[NDArray[np.bool_], str]:
    """Return whose year of transplant is too recent for the endpoint, and the words for it.

    Raises
    ------
    NotEstimable
        When years are too recent and the records do not tell the year.
    """
    years = sorted({y for _, ys in _said(definitions, "immature_years", endpoint) for y in ys})
    told = _numbers(frame, "year_of_hct")
    if years and np.isnan(told).all():
        raise NotEstimable(
            "some years are too recent for it, and the records do not tell the year",
            mend="Map year_of_hct.",
        )
    words = f"transplanted in {', '.join(map(str, years))}: too recent for this endpoint"
    return np.isin(told, years), words


def _said(
    definitions: Mapping[str, Any], part: str, endpoint: Endpoint
) -> Iterator[tuple[str, Any]]:
    concerned = {endpoint.name, *outcomes_of(endpoint)}
    # Death ends every endpoint; what is said of it is said of those that ask for it.
    if not _is_event("death", endpoint):
        concerned.discard("death")
    for name, value in definitions.get(part, {}).items():
        if name in concerned:
            yield name, value


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    if name not in frame.columns:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=np.float64)


def _is_event(name: str, endpoint: Endpoint) -> bool:
    if endpoint.event is None:
        return False
    return endpoint.record is None and name in (
        endpoint.name,
        endpoint.event.status.removesuffix("_status"),
    )


def _label(name: str, contract: Contract, endpoint: Endpoint) -> str:
    field = contract.get(f"{name}_status")
    return field.label if field is not None else endpoint.label.lower()
