"""Fine and Gray's regression on the subdistribution hazard."""

from __future__ import annotations

from typing import Any

import numpy as np

from hscrisk.comparators.base import FloatArray, ProportionalHazards
from hscrisk.comparators.partial_likelihood import HazardFit, fit_hazard
from hscrisk.comparators.risk_sets import RiskSets
from hscrisk.survival import CensoringDistribution, Outcome


class FineGray(ProportionalHazards):
    r"""A ridge regression of the subdistribution hazard of event 1, Efron's way with ties.

    Whoever had a competing event on day s stays at risk with weight G(t-) / G(s-), G being the
    Kaplan-Meier of censoring; :math:`F(t|x) = 1 - \exp(-H_0(t)\, e^{x\beta})`.

    Attributes
    ----------
    fit_ : HazardFit

    References
    ----------
    Fine & Gray, JASA 1999;94:496-509. Weights as in Geskus, Biometrics 2011;67:39-49. Unpenalised
    equal to R's `survival::finegray` with `coxph`, and, with Breslow's way with ties and its own
    G, to `cmprsk::crr` (tests/reference/finegray.R).

    Examples
    --------
    >>> from hscrisk.datasets import simulate_cohort
    >>> cohort = simulate_cohort(300, seed=1)
    >>> model = FineGray().fit(cohort.X, cohort.y)
    >>> model.predict_cumulative_incidence(cohort.X, [30, 100]).shape
    (300, 2)
    """

    fit_: HazardFit

    def _fit(self, design: FloatArray, outcome: Outcome) -> None:
        g = CensoringDistribution().fit(outcome).survival_before
        self.fit_ = fit_hazard(design, subdistribution_sets(outcome, g), self.penalty)

    def _incidence(self, design: FloatArray, days: FloatArray) -> FloatArray:
        hazard = np.concatenate([[0.0], np.cumsum(self.fit_.jumps)])
        hazard = hazard[np.searchsorted(self.fit_.times, days, side="right")]
        risk: FloatArray = -np.expm1(-self.fit_.relative(design)[:, None] * hazard)
        return risk


def subdistribution_sets(
    outcome: Outcome, censoring_before: Any, *, efron: bool = True
) -> RiskSets:
    """Return the risk sets of event 1 in which competing events stay, weighted.

    Parameters
    ----------
    outcome : Outcome
    censoring_before : callable
        G(t-) of an array of days.
    efron : bool
        False is Breslow's way with ties, that of R's `crr`.
    """
    event, duration = outcome
    dead = event == 1
    return RiskSets.of(
        duration,
        dead,
        entry=np.where(event > 1, 1.0 / censoring_before(duration), 0.0),
        later=censoring_before(np.unique(duration[dead])),
        efron=efron,
    )
