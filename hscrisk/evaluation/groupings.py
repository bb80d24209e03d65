"""Groups of patients whom a model must serve alike: age, sex, donor, ancestry, year, centre."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.evaluation.fitting import CohortLike

UNKNOWN = "not recorded"
OTHERS = "smaller centres"
LARGE_CENTRE = 50
"""Transplants from which on a centre is a group of its own."""
YEARS = 5
"""Calendar years of a band, counted from multiples of it so that registries have the same."""
AGES = ("under 18", "18 to 39", "40 to 59", "60 and over")
FIELDS = {
    "age": ("patient_age", "patient_age_band"),
    "sex": ("patient_sex",),
    "donor type": ("donor_type",),
    "ancestry": ("patient_ancestry_group",),
}


def standard_subgroups(
    cohort: CohortLike, records_frame: pd.DataFrame | None = None
) -> dict[str, pd.Series[Any]]:
    """Return the labels of every standard grouping that the cohort records.

    Age (under 18, 18 to 39, 40 to 59, 60 and over), sex, donor type, ancestry, year of transplant
    (bands of five) and centre (those with at least 50 transplants; the smaller ones together).
    One that would put everybody into a single group is left out.

    Parameters
    ----------
    cohort : Cohort
    records_frame : DataFrame, optional
        The records that the cohort was built from, for fields that are no features of it.

    Returns
    -------
    dict of str to Series
        Ordered categories, aligned with the cohort; `not recorded` where nothing is known.
    """
    found = {
        name: labels_of(cohort, name, records_frame)
        for name in (*FIELDS, "year of transplant", "centre")
        if _source(cohort, name, records_frame) is not None
    }
    return {name: labels for name, labels in found.items() if labels.nunique() > 1}


def labels_of(
    cohort: CohortLike, name: str, records_frame: pd.DataFrame | None = None
) -> pd.Series[Any]:
    """Return the labels of one grouping: a standard one, or a categorical field of the cohort.

    Raises
    ------
    InvalidConfiguration
        When the cohort records no such thing, or numbers that are no groups.
    """
    source = _source(cohort, name, records_frame)
    if source is None:
        known = [*FIELDS, "year of transplant", "centre", *map(str, cohort.X.columns)]
        rule = "the cohort records nothing of this name that divides it"
        raise InvalidConfiguration(rule, field="by", value=name, mend=nearest(name, known))
    if source.name in ("patient_age", "patient_age_band"):
        return _ages(source)
    if name == "year of transplant":
        return _years(source)
    if name == "centre":
        return _centres(source)
    if pd.api.types.is_numeric_dtype(source) and not pd.api.types.is_bool_dtype(source):
        rule = "numbers are no groups; give labels of your own"
        raise InvalidConfiguration(rule, field="by", value=name)
    return in_order(source)


def in_order(labels: pd.Series[Any]) -> pd.Series[Any]:
    """Return labels as ordered categories: in the order they have, else as sorted; unknown last."""
    words = labels.astype(object).where(labels.notna(), UNKNOWN).map(_words)
    if isinstance(labels.dtype, pd.CategoricalDtype):
        order = [_words(level) for level in labels.cat.categories]
    else:
        order = sorted(set(words) - {UNKNOWN, OTHERS})
    order = [word for word in dict.fromkeys(order) if (words == word).any()]
    last = [word for word in (OTHERS, UNKNOWN) if word not in order and (words == word).any()]
    return pd.Series(
        pd.Categorical(words, categories=[*order, *last], ordered=True),
        index=labels.index,
        name=labels.name,
    )


def _words(level: Any) -> str:
    return str(level).replace("_", " ")


def _source(
    cohort: CohortLike, name: str, records_frame: pd.DataFrame | None
) -> pd.Series[Any] | None:
    """Return the column behind a grouping, aligned with the cohort, or None."""
    own = {"centre": cohort.centre, "year of transplant": getattr(cohort, "year", None)}
    if name in own:
        given = own[name]
        return None if given is None else pd.Series(np.asarray(given), index=cohort.X.index)
    column: pd.Series[Any]
    for field in FIELDS.get(name, (name,)):
        if field in cohort.X.columns:
            column = cohort.X[field]
        elif records_frame is not None and field in records_frame.columns:
            column = _aligned(records_frame, field, cohort)
        else:
            continue
        if column.notna().any():
            return column
    return None


def _aligned(records_frame: pd.DataFrame, field: str, cohort: Any) -> pd.Series[Any]:
    """Return a field of the records in the order of the cohort."""
    whose = records_frame.set_index("transplant_id")[field]
    return whose.reindex(np.asarray(cohort.transplant_id)).set_axis(cohort.X.index)


def _ages(source: pd.Series[Any]) -> pd.Series[Any]:
    if source.name == "patient_age_band":
        words = source.astype(object).map(
            dict(zip(("0_17", "18_39", "40_59", "60_plus"), AGES, strict=True))
        )
    else:
        bands = [-np.inf, 18, 40, 60, np.inf]
        words = pd.cut(source, bands, right=False, labels=list(AGES)).astype(object)
    return in_order(words.astype(pd.CategoricalDtype(list(AGES))))


def _years(source: pd.Series[Any]) -> pd.Series[Any]:
    first = source.astype(float) // YEARS * YEARS
    words = first.map(lambda y: f"{y:.0f} to {y + YEARS - 1:.0f}", na_action="ignore")
    return in_order(words)


def _centres(source: pd.Series[Any]) -> pd.Series[Any]:
    words = source.astype(object).where(source.notna(), None)
    size = words.map(words.value_counts())
    return in_order(words.where(words.isna() | (size >= LARGE_CENTRE), OTHERS))
