"""A prior pooled from cohorts' summaries: what it says at any day, and whom it has seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.priors.pooling import Pooled, pool
from hscrisk.priors.summary import AnchorSummary, Summary
from hscrisk.priors.terms import Terms, load_terms

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class AnchorPrior:
    """What is known of the effects on one endpoint by one day.

    Attributes
    ----------
    day : float
    pooled : Pooled
    studies : tuple of str
    n, n_events : int
    """

    day: float
    pooled: Pooled
    studies: tuple[str, ...]
    n: int
    n_events: int


@dataclass(frozen=True)
class Prior:
    """Effects to expect in a cohort not seen yet, endpoint by endpoint.

    Attributes
    ----------
    name : str
    terms : Terms
    endpoints : mapping of str to tuple of AnchorPrior
        By day.
    summaries : tuple of Summary
        What it was pooled from, by study; empty where only the result is kept.
    overlaps : mapping of str to mapping of str to float
        For a study, the largest share of its patients that may be in each other one.
    definitions : mapping of str to mapping
        What each study's registry declares about its outcomes.
    """

    name: str
    terms: Terms
    endpoints: Mapping[str, tuple[AnchorPrior, ...]]
    summaries: tuple[Summary, ...]
    overlaps: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        summaries: Iterable[Summary],
        *,
        name: str,
        overlaps: Mapping[str, Mapping[str, float]] | None = None,
        terms: Terms | None = None,
    ) -> Prior:
        """Pool summaries; their order changes nothing.

        Raises
        ------
        InvalidConfiguration
            When there is none, a study comes twice, or their terms differ.
        """
        chosen = load_terms() if terms is None else terms
        ordered = tuple(sorted(summaries, key=lambda s: s.study))
        _require_poolable(ordered, chosen)
        known = overlaps or {}
        found: dict[str, list[AnchorPrior]] = {}
        for endpoint in sorted({name for s in ordered for name in s.endpoints}):
            days = {a.day for s in ordered for a in s.endpoints.get(endpoint, ())}
            found[endpoint] = [_anchor(ordered, endpoint, day, known) for day in sorted(days)]
        return cls(
            name,
            chosen,
            {endpoint: tuple(anchors) for endpoint, anchors in found.items()},
            ordered,
            known,
            {s.study: s.definitions for s in ordered},
        )

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of the studies that it has seen."""
        return tuple(sorted(self.definitions))

    def without(self, studies: Sequence[str], *, overlapping: bool = False) -> Prior:
        """Return the prior pooled again without some studies.

        Parameters
        ----------
        studies : sequence of str
        overlapping : bool
            Also without every study that may share patients with them.

        Raises
        ------
        InvalidConfiguration
            For a study that it has not seen, when nothing is left, or when its summaries were not
            kept.
        """
        if not self.summaries:
            raise InvalidConfiguration(
                "the prior was kept without its summaries and cannot be pooled again",
                field="without",
                mend="Pool the summaries that it was made of, but for these.",
            )
        gone = set()
        for study in studies:
            if study not in self.studies:
                rule = "the prior has seen no such study"
                raise InvalidConfiguration(
                    rule, field="without", value=study, mend=nearest(study, self.studies)
                )
            gone |= {study} | (self.sharing(study) if overlapping else set())
        left = [s for s in self.summaries if s.study not in gone]
        return Prior.of(left, name=self.name, overlaps=self.overlaps, terms=self.terms)

    def sharing(self, study: str) -> set[str]:
        """Return the studies of the prior that may hold patients of `study`."""
        one_way = {other for other, share in self.overlaps.get(study, {}).items() if share > 0}
        other_way = {s for s, others in self.overlaps.items() if others.get(study, 0) > 0}
        return (one_way | other_way) & set(self.studies)

    def at(
        self, endpoint: str, day: float, log_odds: Callable[[FloatArray], FloatArray]
    ) -> AnchorPrior | None:
        """Return the prior at a day, between its own days interpolated; None outside them.

        Parameters
        ----------
        endpoint : str
        day : float
        log_odds : callable
            Of days, the marginal log-odds of the cohort that asks: between two days mean,
            covariance and spread follow it in a straight line.
        """
        anchors = self.endpoints.get(endpoint, ())
        exact = next((a for a in anchors if a.day == day), None)
        if exact is not None:
            return exact
        before = [a for a in anchors if a.day < day]
        after = [a for a in anchors if a.day > day]
        if not before or not after:
            return None
        left, right = before[-1], after[0]
        low, here, high = log_odds(np.array([left.day, day, right.day]))
        share = (
            0.5
            if not np.isfinite([low, high]).all() or high <= low
            else (here - low) / (high - low)
        )
        return _between(left, right, day, float(np.clip(share, 0.0, 1.0)))

    @property
    def hash(self) -> str:
        """SHA-256 of everything that it says, to six digits."""
        content = [
            [endpoint, a.day, *(_rounded(v) for v in (a.pooled.mean, a.pooled.covariance))]
            for endpoint, anchors in sorted(self.endpoints.items())
            for a in anchors
        ]
        text = json.dumps([self.terms.hash, self.studies, content], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _require_poolable(summaries: Sequence[Summary], terms: Terms) -> None:
    if not summaries:
        raise InvalidConfiguration("there is no summary to pool", field="summaries")
    studies = [s.study for s in summaries]
    twice = next((study for study in studies if studies.count(study) > 1), None)
    if twice is not None:
        raise InvalidConfiguration(
            "a study may be pooled once", field="summaries", value=twice, mend="Leave one out."
        )
    for summary in summaries:
        if summary.terms_hash != terms.hash:
            raise InvalidConfiguration(
                f"its terms (version {summary.terms_version}) are not those of version "
                f"{terms.version}",
                field="summaries",
                value=summary.study,
                mend="Summarise the cohort again with the same release.",
            )


def _anchor(
    summaries: Sequence[Summary],
    endpoint: str,
    day: float,
    overlaps: Mapping[str, Mapping[str, float]],
) -> AnchorPrior:
    found: list[tuple[str, AnchorSummary]] = []
    for summary in summaries:
        found += [(summary.study, a) for a in summary.endpoints.get(endpoint, ()) if a.day == day]
    # The larger study keeps all of its patients, a later one only those that cannot be in it.
    found.sort(key=lambda pair: (-pair[1].n, pair[0]))
    shares: list[float] = []
    seen: list[str] = []
    for study, _ in found:
        shared = sum(_share(overlaps, study, other) for other in seen)
        shares.append(max(0.0, 1.0 - shared))
        seen.append(study)
    anchors = [anchor for _, anchor in found]
    return AnchorPrior(
        day,
        pool(anchors, shares),
        tuple(study for study, _ in found),
        sum(a.n for a in anchors),
        sum(a.n_events for a in anchors),
    )


def _share(overlaps: Mapping[str, Mapping[str, float]], study: str, other: str) -> float:
    return float(overlaps.get(study, {}).get(other, 0.0))


def _between(left: AnchorPrior, right: AnchorPrior, day: float, share: float) -> AnchorPrior:
    a, b = left.pooled, right.pooled

    def mixed(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.asarray((1 - share) * x + share * y)

    pooled = Pooled(
        mixed(a.mean, b.mean),
        mixed(a.covariance, b.covariance),
        mixed(a.spread, b.spread),
        np.minimum(a.n_cohorts, b.n_cohorts),
    )
    studies = tuple(s for s in left.studies if s in right.studies)
    return AnchorPrior(
        day, pooled, studies, min(left.n, right.n), min(left.n_events, right.n_events)
    )


def _rounded(values: FloatArray) -> list[str]:
    return [f"{v:.6g}" for v in np.ravel(values)]
