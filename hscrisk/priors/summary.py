"""What one cohort may share: its likelihood near its best fit, and no record of any patient.

It is not anonymous by itself: where two-valued terms meet, information and gradient can be solved
for the numbers of patients and events in small cells. Whoever shares it decides by the rules of
the registry (`docs/decisions/0020-a-prior-from-summaries.md`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.errors import NotEstimable
from hscrisk.features import FeaturePipeline
from hscrisk.priors.terms import Terms, TermsDesign, load_terms
from hscrisk.survival import CensoringDistribution, check_outcome
from hscrisk.survival.ipcw_logistic import GaussianPrior, fit_ipcw_logistic

if TYPE_CHECKING:
    from hscrisk.cohort import Cohort

FloatArray = NDArray[np.float64]
_TOO_FEW = re.compile(r"\bonly \d+( of \d+)?\b")
FEWEST_PATIENTS = 50
FEWEST_EVENTS = 10
FEWEST_OF_A_TERM = 10
"""A term on which fewer patients differ from the rest is left out of the fit."""


@dataclass(frozen=True)
class AnchorSummary:
    """The likelihood of one endpoint by one day, to second order around `point`.

    log L(b) = log L(point) + gradient (b - point) - (b - point) information (b - point) / 2, of
    the regression on the terms weighted for censoring, the intercept first.

    Attributes
    ----------
    day : float
    n, n_events : int
        Patients whose state is known, and events among them.
    incidence : float
        Weighted for censoring.
    point, gradient : ndarray, shape (1 + n_terms,)
    information : ndarray, shape (1 + n_terms, 1 + n_terms)
        Zero in rows of terms that the cohort lacks.
    """

    day: float
    n: int
    n_events: int
    incidence: float
    point: FloatArray
    gradient: FloatArray
    information: FloatArray

    def linear(self) -> FloatArray:
        """Return information @ point + gradient: the likelihood's linear term around zero."""
        return np.asarray(self.information @ self.point + self.gradient)


@dataclass(frozen=True)
class Summary:
    """Everything that a cohort shares.

    Attributes
    ----------
    study : str
    population : str
        Of the terms, and of the cohort.
    terms_version, terms_hash :
        Of the terms: others do not pool with these.
    definitions : mapping
        What the registry declares about its outcomes.
    endpoints : mapping of str to tuple of AnchorSummary
        By day.
    left_out : mapping of str to str
        Endpoints, or endpoints and days, that are not shared, and why.
    about : mapping
        Source, citation and years, in words.
    """

    study: str
    population: str
    terms_version: int
    terms_hash: str
    definitions: Mapping[str, Any]
    endpoints: Mapping[str, tuple[AnchorSummary, ...]]
    left_out: dict[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


def summarise_cohorts(
    cohorts: Iterable[Cohort],
    *,
    study: str,
    terms: Terms | None = None,
    about: Mapping[str, Any] | None = None,
) -> Summary:
    """Return what the cohorts of one registry, one an endpoint, may share.

    Parameters
    ----------
    cohorts : iterable of Cohort
    study : str
    terms : Terms, optional
        The shipped ones by default.
    about : mapping, optional

    Raises
    ------
    NotEstimable
        When nothing may be shared; the rule says why.
    """
    chosen = load_terms() if terms is None else terms
    endpoints: dict[str, tuple[AnchorSummary, ...]] = {}
    left_out: dict[str, str] = {}
    definitions: dict[str, Any] = {}
    for cohort in cohorts:
        name = cohort.endpoint.name
        definitions |= dict(cohort.definitions)
        found, why = _anchors(cohort, chosen)
        left_out |= {f"{name} day {day:g}": reason for day, reason in why.items()}
        if found:
            endpoints[name] = found
    if not endpoints:
        reasons = "; ".join(f"{what}: {why}" for what, why in left_out.items()) or "no endpoint"
        raise NotEstimable(f"nothing can be shared ({reasons})")
    return Summary(
        study=study,
        population=chosen.population,
        terms_version=chosen.version,
        terms_hash=chosen.hash,
        definitions=definitions,
        endpoints=endpoints,
        left_out=left_out,
        about=dict(about or {}),
    )


def _anchors(cohort: Cohort, terms: Terms) -> tuple[tuple[AnchorSummary, ...], dict[float, str]]:
    pipeline = FeaturePipeline().fit(cohort.X)
    columns = TermsDesign.of(terms, pipeline).columns(pipeline.transform(cohort.X))
    y = check_outcome(cohort.y)
    censoring = CensoringDistribution().fit(y)
    found, why = [], {}
    for day in map(float, cohort.endpoint.horizons):
        target = ((y.event == 1) & (y.duration <= day)).astype(np.float64)
        weight = censoring.weights_at(y, day)
        unsupported = censoring.why_unsupported(day, FEWEST_EVENTS)
        try:
            if unsupported:
                raise NotEstimable(unsupported)
            found.append(summarise_states(columns, target, weight, day))
        except NotEstimable as error:
            why[day] = without_counts(error.rule)
    return tuple(found), why


def summarise_states(
    columns: FloatArray, target: FloatArray, weight: FloatArray, day: float
) -> AnchorSummary:
    """Return the likelihood of states at one day, expanded at a weakly penalised fit.

    Parameters
    ----------
    columns : ndarray, shape (n_samples, n_terms)
    target, weight : ndarray, shape (n_samples,)

    Raises
    ------
    NotEstimable
        With fewer than 50 patients, 10 events or 10 known without one.

    References
    ----------
    Weights scaled by sum w / sum w^2: Kish, Survey Sampling, 1965. N(0, 1) a term keeps the point
    of expansion finite where a term separates; it is not part of what is shared.
    """
    known = weight > 0
    n, events = int(known.sum()), int(target[known].sum())
    if n < FEWEST_PATIENTS or events < FEWEST_EVENTS or n - events < FEWEST_EVENTS:
        # The reason is shared too, so it tells no count.
        rule = (
            f"fewer than {FEWEST_PATIENTS} patients known by day {day:g}, {FEWEST_EVENTS} events, "
            f"or {FEWEST_EVENTS} without one"
        )
        raise NotEstimable(rule)
    shared = _told_by_enough(columns[known])
    prior = GaussianPrior.independent(int(shared.sum()), 1.0)
    fit = fit_ipcw_logistic(columns[:, shared], target, weight, prior)
    place = np.concatenate([[0], 1 + np.flatnonzero(shared)])
    size = 1 + columns.shape[1]
    point, gradient = np.zeros((2, size))
    information = np.zeros((size, size))
    point[place] = fit.coef
    information[np.ix_(place, place)] = fit.information
    # At the maximum a posteriori the likelihood's slope is the prior's pull.
    gradient[place] = prior.precision * fit.coef
    incidence = float((weight * target).sum() / weight.sum())
    return AnchorSummary(day, n, events, incidence, point, gradient, information)


def without_counts(reason: str) -> str:
    """Return why something is not shared, without the count that was too small.

    >>> without_counts("only 3 of 419 transplants have the event, and 10 are needed")
    'too few transplants have the event, and 10 are needed'
    """
    return _TOO_FEW.sub("too few", reason)


def _told_by_enough(columns: FloatArray) -> NDArray[np.bool_]:
    """Return the terms on which at least 10 patients differ from the most frequent value."""
    enough = np.zeros(columns.shape[1], dtype=bool)
    for j, column in enumerate(columns.T):
        _, counts = np.unique(column, return_counts=True)
        enough[j] = len(column) - int(counts.max()) >= FEWEST_OF_A_TERM
    return enough
