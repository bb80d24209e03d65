"""Summaries and priors as people read them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hscrisk.priors.prior import AnchorPrior, Prior
from hscrisk.priors.summary import AnchorSummary, Summary
from hscrisk.priors.terms import Terms, load_terms

DOMINATES = 0.7
"""Share of all patients from which on one study is said to dominate."""
DISCLAIMER = "Research decision support, not a medical device."


def summary_lines(summary: Summary) -> Iterator[str]:
    """Yield a summary's lines: what it would tell a stranger, and nothing else is in it."""
    yield f"{summary.study}: what it shares (terms version {summary.terms_version})"
    for key, said in summary.about.items():
        yield f"  {key}: {said}"
    for name, anchors in summary.endpoints.items():
        for anchor in anchors:
            yield ""
            yield (
                f"{name} by day {anchor.day:g}: {anchor.n:,} patients, {anchor.n_events:,} events, "
                f"incidence {anchor.incidence:.3f} {_interval(anchor)}"
            )
            yield from _effects(load_terms(), anchor)
    for what, why in summary.left_out.items():
        yield f"not shared: {what}, because {why}"
    yield ""
    yield (
        "Incidence with a 95 % interval as of so many patients. Log-odds a unit of each term, with "
        "the error that the cohort alone leaves."
    )
    yield DISCLAIMER


def _interval(anchor: AnchorSummary) -> str:
    # Wilson, J Am Stat Assoc 1927;22:209. Weights for censoring make the truth a little wider.
    n, p, z = anchor.n, anchor.incidence, 1.96
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (middle - half) / (1 + z**2 / n), (middle + half) / (1 + z**2 / n)
    return f"[{low:.3f}, {high:.3f}]"


def _studies(n: int) -> str:
    return "1 study" if n == 1 else f"{n} studies"


def _effects(terms: Terms, anchor: AnchorSummary) -> Iterator[str]:
    known = np.flatnonzero(np.diag(anchor.information) > 0)
    inside = anchor.information[np.ix_(known, known)] + np.diag(np.r_[0.0, np.ones(len(known) - 1)])
    errors = np.sqrt(np.diag(np.linalg.inv(inside)))
    for place, error in zip(known[1:], errors[1:], strict=True):
        name = terms.names[place - 1]
        label = terms.terms[name].label
        yield f"  {label:<62} {_signed(anchor.point[place])}  (± {error:.2f})"


def prior_lines(prior: Prior) -> Iterator[str]:
    """Yield a prior's lines: each term's effect, its interval, and how far registries differ."""
    yield f"{prior.name}: a prior from {_studies(len(prior.studies))} ({', '.join(prior.studies)})"
    yield f"sha256 {prior.hash}"
    for name, anchors in prior.endpoints.items():
        for anchor in anchors:
            yield ""
            yield (
                f"{name} by day {anchor.day:g}: {_studies(len(anchor.studies))}, {anchor.n:,} "
                f"patients, {anchor.n_events:,} events"
            )
            yield from (f"  {word}" for word in warnings(prior, name, anchor))
            reach = 1.96 * np.sqrt(np.diag(anchor.pooled.covariance))
            for k, term in enumerate(prior.terms.names, start=1):
                if not anchor.pooled.n_cohorts[k]:
                    continue
                effect = anchor.pooled.mean[k]
                yield (
                    f"  {prior.terms.terms[term].label:<62} {_signed(effect)} "
                    f"[{_signed(effect - reach[k])}, {_signed(effect + reach[k])}]  "
                    f"spread {anchor.pooled.spread[k]:.2f}, "
                    f"{_studies(int(anchor.pooled.n_cohorts[k]))}"
                )
    yield ""
    yield (
        "Log-odds a unit of each term in a registry not seen yet; 95 % interval, with the spread "
        "between registries in it. Associations, not effects of treatment."
    )
    yield DISCLAIMER


def warnings(prior: Prior, endpoint: str, anchor: AnchorPrior) -> list[str]:
    """Return what to know before one anchor is relied on."""
    if len(anchor.studies) == 1:
        return [f"only {anchor.studies[0]} has it: how registries differ is assumed, not seen"]
    sizes = {
        s.study: a.n
        for s in prior.summaries
        for a in s.endpoints.get(endpoint, ())
        if a.day == anchor.day
    }
    if not sizes:
        return []
    largest = max(sizes, key=lambda study: (sizes[study], study))
    share = sizes[largest] / sum(sizes.values())
    return [f"{largest} has {share:.0%} of the patients"] if share > DOMINATES else []


def _signed(value: float) -> str:
    text = f"{value:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text.replace("-", "−")
