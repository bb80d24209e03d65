"""Fields that follow from others: filled where absent, compared (softly) where present."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from hscrisk.schema.fields import Contract
from hscrisk.schema.findings import Findings
from hscrisk.schema.groupings import fill_groupings


@dataclass(frozen=True)
class _Rule:
    """`name` follows from `parts` by `combine`, which returns a column (missing where unknown)."""

    name: str
    parts: tuple[str, ...]
    combine: Callable[..., Any]
    tolerance: float = 0.0


def derive(frame: pd.DataFrame, contract: Contract, findings: Findings) -> pd.DataFrame:
    """Return `frame` with derived fields filled, in the contract's order.

    A given value is never overwritten; where it disagrees with its parts, a soft violation says so.
    """
    frame = frame.copy()
    for rule in RULES:
        if rule.name in contract and all(part in frame.columns for part in rule.parts):
            _apply(frame, rule, contract, findings)
    fill_groupings(frame, contract, findings)
    return frame[[name for name in contract if name in frame.columns]]


def _apply(frame: pd.DataFrame, rule: _Rule, contract: Contract, findings: Findings) -> None:
    field = contract[rule.name]
    derived = pd.Series(rule.combine(*(frame[part] for part in rule.parts)), index=frame.index)
    if field.is_categorical:
        derived = derived.astype(object).astype(pd.CategoricalDtype(list(field.levels)))
    if rule.name not in frame.columns:
        if derived.notna().any():
            frame[rule.name] = derived
        return
    given = frame[rule.name]
    both = (given.notna() & derived.notna()).to_numpy()
    if field.is_categorical:
        differs = both & (given.astype(object) != derived.astype(object)).to_numpy()
    else:
        with np.errstate(invalid="ignore"):
            differs = both & (np.abs(given - derived) > rule.tolerance * derived).to_numpy()
    parts = " and ".join(contract[part].label for part in rule.parts)
    text = f"{field.label} must agree with {parts}"
    findings.add(differs, rule.name, given, text, "Correct it, or leave it out.", "soft")
    frame[rule.name] = given.where(given.notna(), derived)


def _pair(first: pd.Series[Any], second: pd.Series[Any], code: dict[str, str], join: str) -> Any:
    left, right = first.astype(object).map(code), second.astype(object).map(code)
    return left + join + right


def _sex_match(donor: pd.Series[Any], patient: pd.Series[Any]) -> Any:
    return _pair(donor, patient, {"female": "F", "male": "M"}, "")


def _cmv_match(donor: pd.Series[Any], patient: pd.Series[Any]) -> Any:
    return _pair(donor, patient, {"negative": "neg", "positive": "pos"}, "_")


def _abo_match(donor: pd.Series[Any], patient: pd.Series[Any]) -> Any:
    """Return the match: minor where the graft's plasma meets foreign antigens, major vice versa."""
    pairs = {}
    for ours, theirs in product(("O", "A", "B", "AB"), repeat=2):
        major = not set(ours) - {"O"} <= set(theirs)
        minor = not set(theirs) - {"O"} <= set(ours)
        word = {(False, False): "matched", (True, False): "major", (False, True): "minor"}
        pairs[f"{ours}/{theirs}"] = word.get((major, minor), "bidirectional")
    return (donor.astype(object) + "/" + patient.astype(object)).map(pairs)


def _easix(ldh: pd.Series[Any], creatinine: pd.Series[Any], platelets: pd.Series[Any]) -> Any:
    return ldh * creatinine / platelets.where(platelets > 0)


def _transplant_type(donor_type: pd.Series[Any]) -> Any:
    kinds = dict.fromkeys(donor_type.cat.categories, "allogeneic") | {"self": "autologous"}
    return donor_type.astype(object).map(kinds)


def _bmi(weight: pd.Series[Any], height: pd.Series[Any]) -> Any:
    return weight / (height / 100) ** 2


RULES = (
    _Rule("sex_match", ("donor_sex", "patient_sex"), _sex_match),
    _Rule("cmv_match", ("donor_cmv_igg", "patient_cmv_igg"), _cmv_match),
    _Rule("abo_match", ("donor_abo", "patient_abo"), _abo_match),
    _Rule("rh_match", ("donor_rh", "patient_rh"), _cmv_match),
    _Rule("transplant_type", ("donor_type",), _transplant_type),
    _Rule("bmi", ("weight_kg", "height_cm"), _bmi, tolerance=0.02),
    _Rule("easix_pre", ("ldh_u_l", "creatinine_mg_dl", "platelets_pre"), _easix, tolerance=0.02),
)
