"""The model card of one endpoint, in Markdown: written from a run, never by hand.

What is not known reads 'not reported'; small cells are suppressed; numbers have three decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from string import Template
from typing import Any

from hscrisk.applicability import CohortProfile
from hscrisk.applicability.profile import LevelsSeen, NumbersSeen
from hscrisk.bundle.card_tables import (
    SMALL,
    calibration_curve_table,
    calibration_table,
    count,
    markdown_table,
    number,
    performance_table,
    subgroups_table,
)
from hscrisk.bundle.contents import Contents
from hscrisk.bundle.tripod import tripod_table
from hscrisk.endpoints import Endpoint
from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.schema import Contract

BLANK = "not reported"

FEW_EVENTS = 100
FEW = f"Fewer than {FEW_EVENTS} events: little can be learned, and the intervals say so."
GENERAL_LIMITS = (
    "Evaluated inside one cohort by cross-validation: another centre or a later year may differ.",
    "Contributions are associations, not effects of treatment.",
)
KINDS = {
    "LinearBoostedIncidence": "penalised log-odds regression joined to boosted trees",
    "BoostedIncidence": "boosted trees",
    "LogisticIncidence": "penalised log-odds regression",
    "MarginalIncidence": "marginal curve",
}
WHEN = {
    "before_conditioning": "before conditioning",
    "at_infusion": "at infusion",
    "after": "after infusion",
}


@dataclass(frozen=True)
class CardFacts:
    """Everything that a card states, all of it in the bundle except `id` and `trained`.

    Attributes
    ----------
    cohort : str
        Name of the bundle's cohort.
    profile : CohortProfile
        What training saw of each predictor.
    metrics : sequence of mapping
        Rows of the evaluation table.
    reference : mapping
        Marginal curve: `horizons`, `incidence`, `low`, `high`.
    info : mapping
        What the training program recorded: `cohort`, `inputs`, `software`, `seed`, `card`,
        `endpoints` (by name: `verdict`, `kind`, `settings`, `fitted`, `left_out`, `n`,
        `events`, `competing`, `censored`, `attrition`, `mismatches`, `design`).
    id : str, optional
        Hash of the bundle; a card inside a bundle cannot state it.
    trained : str, optional
        Date of the training.
    """

    cohort: str
    endpoint: Endpoint
    contract: Contract
    profile: CohortProfile
    metrics: Sequence[Mapping[str, Any]]
    reference: Mapping[str, Any]
    info: Mapping[str, Any]
    id: str | None = None
    trained: str | None = None
    own: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        own = self.info.get("endpoints", {}).get(self.endpoint.name, {})
        object.__setattr__(self, "own", own)


def facts_of(bundle: Contents, endpoint: str, *, trained: str | None = None) -> CardFacts:
    """Return what a bundle says about one of its endpoints.

    Raises
    ------
    InvalidConfiguration
        When the bundle has no such endpoint.
    """
    if endpoint not in bundle.endpoints:
        mend = nearest(endpoint, bundle.endpoints)
        rule = "the bundle has no such endpoint"
        raise InvalidConfiguration(rule, value=endpoint, mend=mend)
    return CardFacts(
        cohort=bundle.name,
        endpoint=bundle.endpoints[endpoint],
        contract=bundle.contract,
        profile=bundle.profiles[endpoint],
        metrics=bundle.metrics.get(endpoint, ()),
        reference=bundle.reference.get(endpoint, {}),
        info=bundle.info,
        id=getattr(bundle, "id", None),
        trained=trained or bundle.info.get("trained"),
    )


def render_model_card(facts: CardFacts, *, figure: str | None = None) -> str:
    """Return the card of one endpoint as Markdown.

    Parameters
    ----------
    facts : CardFacts
    figure : str, optional
        Where the calibration figure lies, beside the card.
    """
    template = files("hscrisk.bundle").joinpath("card_template.md").read_text(encoding="utf-8")
    endpoint, said = facts.endpoint, facts.info.get("card", {})
    return Template(template).substitute(
        label=endpoint.label,
        cohort=facts.cohort,
        verdict=facts.own.get("verdict", BLANK),
        name=f"{facts.cohort}-{endpoint.name}",
        id=f"`{facts.id}`" if facts.id else "the hash in the bundle's `MANIFEST.sha256`",
        trained=facts.trained or "not in the bundle: the same inputs give the same bundle",
        kind=_kind(facts.own),
        software=_software(facts.info),
        inputs=_inputs(facts),
        topic=endpoint.label[0].lower() + endpoint.label[1:],
        when=WHEN[endpoint.prediction_time],
        cohort_table=_cohort(facts),
        definitions=_definitions(facts.info),
        endpoint_table=_endpoint(facts),
        horizons=_horizons(facts),
        reference=_reference(facts.reference),
        predictors=_predictors(facts),
        design=_design(facts.own),
        performance=performance_table(facts.metrics),
        calibration=calibration_table(facts.metrics),
        curve=_curve(facts, figure),
        subgroups=subgroups_table(facts.own.get("subgroups", {})),
        limits=_limits(facts),
        licence=said.get("licence") or BLANK,
        contact=said.get("contact") or BLANK,
        tripod=tripod_table(said.get("tripod", {})),
    )


def _kind(own: Mapping[str, Any]) -> str:
    kind = str(own.get("kind", BLANK))
    told = [f"{key} {value}" for key, value in own.get("settings", {}).items()]
    told += [f"{key} {value}" for key, value in own.get("fitted", {}).items()]
    return f"{KINDS.get(kind, kind)} ({', '.join(told)})" if told else KINDS.get(kind, kind)


def _software(info: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{k} {v}" for k, v in info.get("software", {}).items())
    return f"seed {info.get('seed', BLANK)}; {versions or BLANK}"


def _inputs(facts: CardFacts) -> str:
    if facts.id is None:
        return "recorded in the bundle"
    hashes = facts.info.get("inputs", {})
    return ", ".join(f"{what} `{value[:12]}`" for what, value in hashes.items()) or BLANK


def _cohort(facts: CardFacts) -> str:
    cohort, said = facts.info.get("cohort", {}), facts.info.get("card", {})
    follow_up = cohort.get("follow_up_median")
    rows = [
        ("Population", said.get("population") or BLANK),
        ("Transplants, patients", f"{count(cohort.get('n'))}, {count(cohort.get('n_patients'))}"),
        ("Years", said.get("years") or cohort.get("years") or BLANK),
        ("Centres", said.get("centres") or cohort.get("n_centres") or BLANK),
        (
            "Median follow-up (reverse Kaplan-Meier)",
            f"{follow_up:.0f} days" if follow_up else BLANK,
        ),
        ("Data extracted", cohort.get("extraction_date") or BLANK),
    ]
    return markdown_table(("", ""), rows)


def _definitions(info: Mapping[str, Any]) -> str:
    declared = info.get("cohort", {}).get("definitions", {})
    lines = [f"- {key.replace('_', ' ')}: {value}" for key, value in declared.items()]
    return "Definitions that the registry declares:\n\n" + ("\n".join(lines) or f"- {BLANK}")


def _endpoint(facts: CardFacts) -> str:
    endpoint, own = facts.endpoint, facts.own
    competing = [f"{name} ({count(n)})" for name, n in own.get("competing", {}).items()]
    steps = [f"{row['step']}: {count(row['left'])}" for row in own.get("attrition", ())]
    rows = [
        ("Event", endpoint.label),
        ("Competing events (seen)", ", ".join(competing) or "none"),
        ("Predicted", WHEN[endpoint.prediction_time]),
        ("Transplants", count(own.get("n"))),
        ("Events", count(own.get("events"))),
        ("Censored", count(own.get("censored"))),
        ("Left the cohort", "; ".join(steps) or "nobody"),
    ]
    rows += [
        (f"Definition: {key.replace('_', ' ')}", str(value))
        for key, value in endpoint.definition.items()
    ]
    rows += [("**The registry means another thing**", told) for told in own.get("mismatches", ())]
    return markdown_table(("", ""), rows)


def _horizons(facts: CardFacts) -> str:
    left_out = facts.own.get("left_out", {})
    used = [f"day {h}" for h in facts.endpoint.horizons if str(h) not in left_out]
    lines = [f"Horizons used: {', '.join(used) or 'none'}."]
    lines += [f"Left out: day {h}, because {reason}." for h, reason in left_out.items()]
    return "\n\n".join(lines)


def _reference(curve: Mapping[str, Any]) -> str:
    columns = [curve.get(key, ()) for key in ("horizons", "incidence", "low", "high")]
    rows = [
        (f"{h:g}", f"{number(f)} [{number(low)}, {number(high)}]")
        for h, f, low, high in zip(*columns, strict=True)
    ]
    return markdown_table(("day", "cumulative incidence [95 % interval]"), rows)


def _predictors(facts: CardFacts) -> str:
    rows = []
    for name, seen in facts.profile.predictors.items():
        known = facts.contract.get(name)
        when = WHEN[known.when] if known else BLANK
        rows.append((seen.label, when, _seen(seen), f"{seen.missing:.0%}"))
    return markdown_table(("predictor", "known when", "seen in training", "missing"), rows)


def _seen(seen: NumbersSeen | LevelsSeen) -> str:
    if isinstance(seen, NumbersSeen):
        return seen.words()
    shown = [f"{name} {n}" for name, n in seen.levels.items() if isinstance(n, int) and n >= SMALL]
    others = len(seen.levels) - len(shown)
    return ", ".join(shown) + (f"; {others} other levels <{SMALL} each" if others else "")


def _design(own: Mapping[str, Any]) -> str:
    design = own.get("design", BLANK)
    return f"Inside the cohort: {design}; everything fitted is fitted inside the fold."


def _curve(facts: CardFacts, figure: str | None) -> str:
    table = calibration_curve_table(facts.own.get("calibration", {}))
    if figure is None or "rows" not in facts.own.get("calibration", {}):
        return table
    return (
        f"![Observed against predicted risk; the numbers stand in the table.]({figure})\n\n{table}"
    )


def _limits(facts: CardFacts) -> str:
    events = facts.own.get("events", FEW_EVENTS)
    few = isinstance(events, str) or events < FEW_EVENTS
    mine: Iterable[str] = facts.info.get("card", {}).get("limits", ())
    return "\n".join(f"- {limit}" for limit in [*mine, *GENERAL_LIMITS, *([FEW] if few else [])])
