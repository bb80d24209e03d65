"""From trained endpoints to bundles: one of all, and one each for the tracker."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from hscrisk._version import __version__
from hscrisk.bundle import save_bundle
from hscrisk.bundle.card import facts_of, render_model_card
from hscrisk.bundle.card_tables import suppressed, suppressed_flow
from hscrisk.bundle.contents import Contents
from hscrisk.cohort import CohortSummary
from hscrisk.errors import UntrustedBundle
from hscrisk.evaluation.report.shown import uncounted
from hscrisk.schema import Contract
from training.config import TrainingConfig, flattened, load_model_config
from training.endpoint import Trained

ABOUT_COHORT = (
    "n",
    "n_patients",
    "n_centres",
    "years",
    "extraction_date",
    "follow_up_median",
    "definitions",
)


def contents(
    config: TrainingConfig,
    contract: Contract,
    summary: CohortSummary,
    hashes: Mapping[str, str],
    trained: Sequence[Trained],
) -> Contents:
    """Return everything that a bundle of these endpoints holds, cards included.

    No clock and no run goes in, so that the same data, configuration and lock have the same
    bundle id. A date does only where `SOURCE_DATE_EPOCH` fixes it.
    """
    info: dict[str, Any] = {
        "cohort": {what: getattr(summary, what) for what in ABOUT_COHORT},
        "inputs": dict(hashes),
        "seed": config.seed,
        "software": {"hscrisk": __version__},
        "card": config.card.model_dump(mode="json"),
        "endpoints": {t.endpoint.name: _about(t, config, summary) for t in trained},
    }
    if "SOURCE_DATE_EPOCH" in os.environ:
        info["trained"] = today()
    named = {t.endpoint.name: t for t in trained}
    plain = Contents(
        name=config.cohort,
        endpoints={name: t.endpoint for name, t in named.items()},
        models={name: t.model for name, t in named.items()},
        contract=contract,
        profiles={name: t.profile for name, t in named.items()},
        metrics={name: _uncounted(t.table.to_records()) for name, t in named.items()},
        reference={name: t.reference for name, t in named.items()},
        cards={},
        info=info,
        software={},
    )
    cards = {name: render_model_card(facts_of(plain, name)) for name in named}
    return replace(plain, cards=cards)


def only(whole: Contents, endpoint: str) -> Contents:
    """Return what a bundle of one endpoint out of `whole` holds."""
    parts = ("endpoints", "models", "profiles", "metrics", "reference", "cards")
    chosen: dict[str, Any] = {part: {endpoint: getattr(whole, part)[endpoint]} for part in parts}
    about = {endpoint: whole.info["endpoints"][endpoint]}
    return replace(whole, **chosen, info={**whole.info, "endpoints": about})


def together(parts: Mapping[str, Contents]) -> Contents:
    """Return what a bundle of several endpoints holds: the opposite of `only`.

    Raises
    ------
    UntrustedBundle
        When the parts do not stem from one training.
    """
    first, *others = parts.values()
    shared = _shared(first)
    if any(_shared(other) != shared for other in others):
        rule = "the endpoints do not stem from one training"
        raise UntrustedBundle(rule, mend="Give the alias to the versions of one training.")
    merged: dict[str, Any] = {
        part: {name: value for one in parts.values() for name, value in getattr(one, part).items()}
        for part in ("endpoints", "models", "profiles", "metrics", "reference", "cards")
    }
    about = {n: a for one in parts.values() for n, a in one.info["endpoints"].items()}
    return replace(first, **merged, info={**first.info, "endpoints": about})


def save(path: Path, whole: Contents) -> str:
    """Write a bundle, replacing an older one, and return its id."""
    return save_bundle(
        path,
        name=whole.name,
        models=whole.models,
        endpoints=whole.endpoints,
        contract=whole.contract,
        profile=whole.profiles,
        metrics=whole.metrics,
        reference=whole.reference,
        cards=whole.cards,
        info=whole.info,
        overwrite=True,
    )


def today() -> str:
    """Return the day of this training; `SOURCE_DATE_EPOCH` fixes it."""
    now = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return datetime.datetime.fromtimestamp(now, datetime.UTC).date().isoformat()


def _shared(one: Contents) -> Any:
    info = {key: value for key, value in one.info.items() if key != "endpoints"}
    return one.name, one.contract.to_dict(), info


def _uncounted(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    # A bundle and its cards travel: why a score is missing must not tell a count below 10.
    return [{**row, "note": uncounted(row["note"])} for row in rows]


def _about(t: Trained, config: TrainingConfig, summary: CohortSummary) -> dict[str, Any]:
    told = summary.endpoints[t.endpoint.name]
    return {
        "verdict": t.verdict,
        "kind": type(t.model).__name__,
        "settings": flattened(load_model_config(config.model).settings),
        "fitted": _fitted(t.model),
        "left_out": {f"{day:g}": uncounted(why) for day, why in t.model.left_out_.items()},
        "n": suppressed(told["n"]),
        **suppressed_flow(told["events"], told["competing"], told["censored"]),
        "attrition": [
            {
                "step": later["step"],
                "left": suppressed(before["transplants"] - later["transplants"]),
            }
            for before, later in pairwise(told["attrition"])
        ],
        "mismatches": told["mismatches"],
        "design": t.table.design,
        "subgroups": t.told.subgroups,
        "calibration": t.told.calibration,
        "year": era.reason if (era := getattr(t.model, "era_", None)) else None,
    }


def _fitted(model: Any) -> dict[str, Any]:
    """Return what the data chose, in words of the card."""
    chosen: dict[str, Any] = {}
    for name, label in (("depth_", "depth of the trees"), ("rounds_", "rounds")):
        if hasattr(model, name):
            chosen[label] = getattr(model, name)
    if hasattr(model, "tree_weight_"):
        low, high = min(model.tree_weight_), max(model.tree_weight_)
        chosen["weight of the trees"] = f"{low:.3f} to {high:.3f}"
    if getattr(model, "centre_intercepts", False):
        chosen["centre layer"] = (
            "yes: it tells how often each centre of 10 or more transplants saw the event, so that "
            "the bundle stays with those who may know"
        )
    if (prior := getattr(model, "prior_", None)) is not None:
        trusts = [at["trust"] for at in prior["anchors"] if at["trust"] is not None]
        chosen["prior"] = (
            f"{prior['name']} (SHA-256 {prior['hash'][:12]}; {', '.join(prior['studies'])}), "
            f"trusted {min(trusts):.2f} to {max(trusts):.2f}"
        )
    return chosen
