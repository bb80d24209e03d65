"""One model on one split: fitted on the training rows, or come fitted from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from hscrisk.errors import HorizonOutOfRange, InvalidConfiguration, MissingColumn, NotEstimable
from hscrisk.models.era import YEAR
from hscrisk.survival import AalenJohansen

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]


class CohortLike(Protocol):
    """What evaluation needs of a cohort."""

    @property
    def X(self) -> Any:
        """Features, a data frame."""

    @property
    def y(self) -> Any:
        """`event` and `duration`, a data frame."""

    @property
    def endpoint(self) -> Any:
        """`name`, `horizons` and `primary_horizon`."""

    @property
    def patient(self) -> Any:
        """Whose transplant each row is."""

    @property
    def centre(self) -> Any:
        """Where, or None."""


class MarginalCurve:
    """The null that fitted models bring with them: the curve of the cohort they were fitted on."""

    def __init__(self, curve: AalenJohansen, last: float) -> None:
        self.curve, self.last = curve, last

    def predict_cumulative_incidence(self, X: Any, horizons: Any) -> FloatArray:
        """Return the curve for each row, shape (n_samples, n_horizons).

        Raises
        ------
        HorizonOutOfRange
            Beyond the last day that the models or their events reach.
        """
        if max(horizons) > self.last:
            raise HorizonOutOfRange(f"the marginal curve is known up to day {self.last:g}")
        return np.tile(self.curve.predict(horizons), (len(X), 1))


def common_null(models: Iterable[Any]) -> MarginalCurve:
    """Return the marginal curve of the cohort on which all fitted models were fitted.

    Raises
    ------
    InvalidConfiguration
        When a model has no `null_`, or they were fitted on different cohorts.
    """
    curves = [getattr(model, "null_", None) for model in models]
    if not curves or any(curve is None for curve in curves):
        rule = "an external evaluation needs fitted models, with the marginal curve as `null_`"
        raise InvalidConfiguration(rule, field="models")
    first: Any = curves[0]
    same = [
        np.array_equal(first.times_, c.times_)
        and np.array_equal(first.cumulative_incidence_[0], c.cumulative_incidence_[0])
        for c in curves[1:]
        if c is not None
    ]
    if not all(same):
        rule = "the models were fitted on different cohorts, so that they share no marginal curve"
        mend = "Evaluate those of one cohort at a time."
        raise InvalidConfiguration(rule, field="models", mend=mend)
    anchors = [np.max(getattr(model, "horizons_", [0.0]), initial=0.0) for model in models]
    # Once nobody is left at risk, the curve is known for good.
    known = np.inf if (first.event_free_ <= 0).any() else np.max(first.times_, initial=0.0)
    return MarginalCurve(first, float(max(known, *anchors)))


def fitted_clone(model: Any, cohort: CohortLike, rows: IntArray) -> Any:
    """Return a clone of `model` fitted on `rows`, told the centres if it has a layer for them.

    Raises
    ------
    NotEstimable
        When the rows cannot carry the model, or it needs centres and the cohort names none.
    MissingColumn
        When the cohort lacks a column that the model names.
    """
    more = {}
    if wants_centres(model):
        if cohort.centre is None:
            raise NotEstimable("the cohort names no centre, which the model's centre layer needs")
        more["centre"] = np.asarray(cohort.centre)[rows]
    patient = np.asarray(cohort.patient)[rows]
    x, y = _dated(model, cohort, rows), cohort.y.iloc[rows]
    return clone(model).fit(x, y, groups=patient, **more)


def _dated(model: Any, cohort: CohortLike, rows: IntArray) -> Any:
    """Return the features, with the calendar year for a model that may use it."""
    x, year = cohort.X.iloc[rows], getattr(cohort, "year", None)
    if year is None or not getattr(model, "calendar_year", False):
        return x
    return x.assign(**{YEAR: np.asarray(year, dtype=np.float64)[rows]})


def wants_centres(model: Any) -> bool:
    """Return whether a model is to be told the centre beside the features."""
    return bool(getattr(model, "centre_intercepts", False))


def predicted(
    model: Any, cohort: CohortLike, rows: IntArray, days: FloatArray
) -> tuple[FloatArray, dict[float, str]]:
    """Return risks of shape (n_rows, n_days), NaN with the reason where there is none on a day.

    All days are asked for at once, and one by one only if that is refused. A column that the
    model was fitted on and the cohort lacks is missing throughout, as when a bundle scores.

    Raises
    ------
    MissingColumn
        When the cohort has none of the model's columns.
    """
    x = _columns(model, _dated(model, cohort, rows))
    more = {}
    if wants_centres(model):
        more["centre"] = None if cohort.centre is None else np.asarray(cohort.centre)[rows]
    risk, why = _asked(model, x, days, more)
    if not why or len(days) == 1:
        return risk, dict.fromkeys(map(float, days), why) if why else {}
    found, notes = np.full((len(rows), len(days)), np.nan), {}
    for k, day in enumerate(days):
        risk, why = _asked(model, x, days[k : k + 1], more)
        if why:
            notes[float(day)] = why
        else:
            found[:, k] = risk[:, 0]
    return found, notes


def _columns(model: Any, x: Any) -> Any:
    names = [str(name) for name in getattr(model, "feature_names_in_", x.columns)]
    absent = [name for name in names if name not in x.columns]
    if absent and len(absent) == len(names):
        rule = "the cohort has none of the columns that the model was fitted on"
        raise MissingColumn(rule, mend=f"Build it with some of: {', '.join(names)}.")
    return x.reindex(columns=names) if absent else x


def _asked(model: Any, x: Any, days: FloatArray, more: dict[str, Any]) -> tuple[FloatArray, str]:
    none = np.full((len(x), len(days)), np.nan)
    try:
        risk = model.predict_cumulative_incidence(x, days.tolist(), **more)
    except (HorizonOutOfRange, NotEstimable) as error:
        return none, error.rule
    risk = np.asarray(risk, dtype=np.float64)
    if risk.shape != none.shape or not ((risk >= 0) & (risk <= 1)).all():
        return none, f"risks must be {len(x)} numbers from 0 to 1 for each horizon"
    return risk, ""
