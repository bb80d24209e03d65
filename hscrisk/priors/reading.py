"""Summaries and priors from files, read as what a stranger sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from hscrisk.errors import InputOutputFailed, InvalidConfiguration, nearest
from hscrisk.priors.checked import Place
from hscrisk.priors.pooling import Pooled
from hscrisk.priors.prior import AnchorPrior, Prior
from hscrisk.priors.summary import FEWEST_EVENTS, FEWEST_PATIENTS, AnchorSummary, Summary
from hscrisk.priors.terms import Terms, load_terms
from hscrisk.priors.writing import PRIOR, SUMMARY

FOLDER = Path(__file__).parent
LARGEST_FILE = 64 * 2**20
LARGEST_EFFECT = 20.0
"""Log-odds a unit of a term beyond which nothing was ever measured."""
LAST_DAY = 36_525


def load_prior(name_or_path: str | Path = "public", *, without: Sequence[str] = ()) -> Prior:
    """Return a prior by its shipped name, or from a file.

    Parameters
    ----------
    name_or_path : str or Path
    without : sequence of str
        Studies to leave out: it is pooled again from the other summaries.

    Raises
    ------
    InputOutputFailed
        When there is no such file.
    InvalidConfiguration
        When it is no prior, or has not seen a study that it is to do without.
    """
    text = str(name_or_path)
    if not text.endswith(".json") and "/" not in text:
        shipped = sorted(path.stem for path in FOLDER.glob("*.json"))
        if text not in shipped:
            rule = "no such prior is shipped"
            mend = f"{nearest(text, shipped)} A file of your own ends in .json."
            raise InvalidConfiguration(rule, field="prior", value=text, mend=mend)
        name_or_path = FOLDER / f"{text}.json"
    prior = read_prior(Path(name_or_path))
    return prior.without(without) if without else prior


def read_prior(path: Path) -> Prior:
    """Return the prior in a file; one that keeps its summaries is pooled from them again.

    Raises
    ------
    InputOutputFailed, InvalidConfiguration
    """
    content = _parsed(path, PRIOR)
    return prior_of(content, path.name)


def read_summary(path: Path) -> Summary:
    """Return the summary in a file.

    Raises
    ------
    InputOutputFailed, InvalidConfiguration
    """
    return summary_of(_parsed(path, SUMMARY), path.name)


def summary_of(content: Any, where: str) -> Summary:
    """Return a summary from parsed JSON, every number checked.

    Raises
    ------
    InvalidConfiguration
        Naming what is wrong.
    """
    at = Place(where)
    found = at.mapping(
        content,
        {
            "format",
            "version",
            "study",
            "population",
            "terms",
            "definitions",
            "about",
            "left_out",
            "endpoints",
        },
    )
    at.header(found, SUMMARY)
    terms = _terms(at, found["terms"])
    if found["population"] != terms.population:
        at.refuse("is of another population", "population", found["population"])
    endpoints = at.mapping(found["endpoints"])
    if not endpoints:
        at.refuse("shares no endpoint", "endpoints", "")
    size = 1 + len(terms.names)
    return Summary(
        study=at.name(found["study"], "study"),
        population=terms.population,
        terms_version=terms.version,
        terms_hash=terms.hash,
        definitions=at.plain(found["definitions"], "definitions"),
        endpoints={
            at.name(name, "endpoints"): at.days(
                [_anchor_summary(at.under(name), one, size) for one in at.sequence(anchors, name)]
            )
            for name, anchors in endpoints.items()
        },
        left_out=at.plain(found["left_out"], "left_out"),
        about=at.plain(found["about"], "about"),
    )


def prior_of(content: Any, where: str) -> Prior:
    """Return a prior from parsed JSON.

    Raises
    ------
    InvalidConfiguration
        Naming what is wrong.
    """
    at = Place(where)
    base = {"format", "version", "name", "terms", "overlaps"}
    kept = isinstance(content, Mapping) and "summaries" in content
    found = at.mapping(content, base | ({"summaries"} if kept else {"definitions", "endpoints"}))
    at.header(found, PRIOR)
    terms, name = _terms(at, found["terms"]), at.name(found["name"], "name")
    overlaps = {
        at.name(study, "overlaps"): {
            at.name(other, "overlaps"): at.number(share, "overlaps", 0.0, 1.0)
            for other, share in at.mapping(others).items()
        }
        for study, others in at.mapping(found["overlaps"]).items()
    }
    if kept:
        summaries = at.sequence(found["summaries"], "summaries")
        return Prior.of([summary_of(one, where) for one in summaries], name=name, overlaps=overlaps)
    definitions = {
        at.name(study, "definitions"): at.plain(said, "definitions")
        for study, said in at.mapping(found["definitions"]).items()
    }
    size = 1 + len(terms.names)
    endpoints = {
        at.name(one, "endpoints"): at.days(
            [_anchor_prior(at.under(one), a, size) for a in at.sequence(anchors, one)]
        )
        for one, anchors in at.mapping(found["endpoints"]).items()
    }
    return Prior(name, terms, endpoints, (), overlaps, definitions)


def _anchor_summary(at: Place, content: Any, size: int) -> AnchorSummary:
    keys = {"day", "n", "n_events", "incidence", "point", "gradient", "information"}
    found = at.mapping(content, keys)
    n = at.count(found["n"], "n", FEWEST_PATIENTS)
    events = at.count(found["n_events"], "n_events", FEWEST_EVENTS)
    if events > n - FEWEST_EVENTS:
        at.refuse("has fewer than 10 without the event", "n_events", events)
    information = at.symmetric(found["information"], "information", size)
    point = at.array(found["point"], "point", size, LARGEST_EFFECT)
    gradient = at.array(found["gradient"], "gradient", size, float(n))
    told = np.diag(information)
    # Weighted for censoring, and with terms of a few units, a patient tells this much at most.
    if (told > 1e4 * n).any() or told[0] > n:
        at.refuse("tells more than its patients can", "information", float(told.max()))
    silent = told == 0
    if silent[0] or information[silent].any() or point[silent].any() or gradient[silent].any():
        at.refuse("tells of a term that it has no information on", "information", "")
    return AnchorSummary(
        at.number(found["day"], "day", 1.0, LAST_DAY),
        n,
        events,
        at.number(found["incidence"], "incidence", 1e-6, 1 - 1e-6),
        point,
        gradient,
        information,
    )


def _anchor_prior(at: Place, content: Any, size: int) -> AnchorPrior:
    keys = {"day", "n", "n_events", "studies", "mean", "covariance", "spread", "n_cohorts"}
    found = at.mapping(content, keys)
    covariance = at.symmetric(found["covariance"], "covariance", size)
    if np.linalg.eigvalsh(covariance)[0] <= 0 or np.diag(covariance).max() > 1e4:
        at.refuse("is no covariance of effects", "covariance", "")
    spread = at.array(found["spread"], "spread", size, 100.0)
    counts = at.array(found["n_cohorts"], "n_cohorts", size, 1e6)
    if (spread < 0).any() or (counts < 0).any():
        at.refuse("must not be below 0", "spread", "")
    studies = at.sequence(found["studies"], "studies")
    return AnchorPrior(
        at.number(found["day"], "day", 1.0, LAST_DAY),
        Pooled(
            at.array(found["mean"], "mean", size, LARGEST_EFFECT),
            covariance,
            spread,
            counts.astype(np.intp),
        ),
        tuple(at.name(study, "studies") for study in studies),
        at.count(found["n"], "n", FEWEST_PATIENTS),
        at.count(found["n_events"], "n_events", FEWEST_EVENTS),
    )


def _terms(at: Place, content: Any) -> Terms:
    found, terms = at.mapping(content, {"version", "hash"}), load_terms()
    if found["hash"] != terms.hash:
        at.refuse(
            f"was made with other terms than those of this release (version {terms.version})",
            "terms",
            found["version"],
        )
    return terms


def _parsed(path: Path, expected: str) -> Any:
    try:
        if path.stat().st_size > LARGEST_FILE:
            rule = f"{path.name} is larger than any {expected}"
            raise InvalidConfiguration(rule, mend=f"At most {LARGEST_FILE // 2**20} MB.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        rule = f"{path.name} cannot be read"
        raise InputOutputFailed(rule, mend="Name a file that there is.") from error
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        rule = f"{path.name} is no strict JSON"
        raise InvalidConfiguration(rule, mend="Write it with `hscrisk prior`.") from error


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a key comes twice"
        raise ValueError(msg)
    return found
