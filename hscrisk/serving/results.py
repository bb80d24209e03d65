"""Predictions as the page shows them: the words and figures of the explained pages, together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from hscrisk.bundle.record import read_record
from hscrisk.endpoints import Endpoint
from hscrisk.errors import HscriskError
from hscrisk.explain import CohortFacts, Explanation
from hscrisk.explain.explanation import INTENDED_USE
from hscrisk.explain.factors_table import factors_table
from hscrisk.explain.risk_figure import strip
from hscrisk.explain.words import (
    cohort_words,
    compared,
    counted,
    denominator,
    evaluated,
    headline,
    not_known,
    sentence_case,
    when,
)
from hscrisk.explain.words import factors as factors_said
from hscrisk.scoring import RiskPrediction
from hscrisk.serving.answers import predict
from hscrisk.serving.served import Served


@dataclass(frozen=True)
class RiskRow:
    """One risk in words: how many of how many, with its interval and the whole cohort beside it."""

    when: str
    figure: str
    interval: str
    null: str
    strip: Markup


@dataclass(frozen=True)
class EndpointView:
    """One endpoint of one patient.

    Attributes
    ----------
    name, label : str
    primary : RiskRow
        At the endpoint's main horizon.
    rows : tuple of RiskRow
        At every anchor horizon.
    is_supported : bool
    reasons : tuple of str
        Why not to trust it, and what else must be known.
    headline, evaluation : str
    why : tuple of str
        What moves the risk most at the main horizon, in words.
    factors : Markup or None
        All of it as a table with bars.
    asides : tuple of str
        How to read it, and what was not known; why there are no factors, where there are none.
    """

    name: str
    label: str
    primary: RiskRow
    rows: tuple[RiskRow, ...]
    is_supported: bool
    reasons: tuple[str, ...]
    headline: str
    evaluation: str
    why: tuple[str, ...]
    factors: Markup | None
    asides: tuple[str, ...]


@dataclass(frozen=True)
class PatientView:
    """All endpoints of one patient.

    Attributes
    ----------
    cohorts : tuple of str
        Whom the models learned from.
    intended_use : str
    reasons : tuple of str
        Every reason not to trust some of it, each once.
    endpoints : tuple of EndpointView
    """

    cohorts: tuple[str, ...]
    intended_use: str
    reasons: tuple[str, ...]
    endpoints: tuple[EndpointView, ...]


def answer(served: Served, record: Mapping[str, Any]) -> PatientView:
    """Return what the page shows for one record.

    Raises
    ------
    Problem
        422 with everything that is wrong about the record.
    """
    risks = predict(served, record, None, None)
    endpoints, cohorts = [], []
    for name, bundle in served.by_endpoint.items():
        frame = read_record(bundle.contract, record)
        explained: Explanation | str
        try:
            explained = bundle.explain(frame, name, served.primary_day(name))
        except HscriskError as error:
            explained = error.without_value()
        own = [risk for risk in risks if risk.endpoint == name]
        asked = bundle.endpoints[name]
        endpoints.append(_view(own, asked, explained))
        told = explained if isinstance(explained, Explanation) else _shown(own[0], asked)
        cohorts.append(cohort_words(told))
    return PatientView(
        cohorts=tuple(dict.fromkeys(cohorts)),
        intended_use=INTENDED_USE,
        reasons=tuple(dict.fromkeys(reason for risk in risks for reason in risk.reasons)),
        endpoints=tuple(endpoints),
    )


def _view(
    risks: Sequence[RiskPrediction], endpoint: Endpoint, explained: Explanation | str
) -> EndpointView:
    shown = [_shown(risk, endpoint) for risk in risks]
    found = [e for e in shown if e.horizon_days == endpoint.primary_horizon]
    main = explained if isinstance(explained, Explanation) else (found or shown)[-1]
    factors, evaluation = None, ""
    why: tuple[str, ...] = ()
    asides: tuple[str, ...] = (f"Not explained: {explained}",)
    if isinstance(explained, Explanation):
        evaluation = evaluated(explained)
        factors = Markup(factors_table(explained, f"factors-{endpoint.name}"))  # made escaped
        why, asides = factors_said(explained), (not_known(explained),)
    return EndpointView(
        name=endpoint.name,
        label=endpoint.label,
        primary=_row(main),
        rows=tuple(_row(e) for e in shown),
        is_supported=all(risk.supported for risk in risks),
        reasons=tuple(dict.fromkeys(reason for risk in risks for reason in risk.reasons)),
        headline=f"{headline(main)} {compared(main)}",
        evaluation=evaluation,
        why=why,
        factors=factors,
        asides=tuple(text for text in asides if text),
    )


def _row(e: Explanation) -> RiskRow:
    of = denominator(e)
    return RiskRow(
        when=sentence_case(when(e)),
        figure=f"{counted(e.risk, of)} of {of:,}",
        interval=f"{100 * e.level:g}\u00a0% interval {counted(e.low, of)} to {counted(e.high, of)}",
        null=f"{counted(e.null_risk, of)} of {of:,}",
        strip=Markup(strip(e, words=False)),  # made escaped
    )


def _shown(risk: RiskPrediction, endpoint: Endpoint) -> Explanation:
    """Return a risk in the form that words and figures are made from, nothing taken apart."""
    return Explanation(
        endpoint=risk.endpoint,
        label=risk.label,
        kind=endpoint.kind,
        direction=endpoint.direction,
        prediction_time=endpoint.prediction_time,
        horizon_days=risk.horizon_days,
        risk=risk.risk,
        low=risk.low,
        high=risk.high,
        level=risk.level,
        null_risk=risk.null_risk,
        base_log_odds=0.0,
        base_risk=0.0,
        log_odds=0.0,
        items=(),
        cohort=CohortFacts(risk.cohort.name, risk.cohort.n, risk.cohort.years),
        supported=risk.supported,
        reasons=risk.reasons,
        model_version=risk.model_version,
        schema_version=risk.schema_version,
    )
