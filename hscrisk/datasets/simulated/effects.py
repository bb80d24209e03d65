"""What moves the risks: terms of what is recorded, and their coefficients.

A term is centred on a fixed constant, so that a missing value has no effect: the truth is a
function of what is seen. Coefficients follow published contrasts where there are any (log-odds, or
log days for the two recoveries); they are plausible, not estimates.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hscrisk.datasets.simulated.curves import Array
from hscrisk.datasets.simulated.draw import Draw
from hscrisk.datasets.simulated.graft import TYPICAL_CD34

OUTCOMES = (
    "neutrophil_reach", "neutrophil_days", "platelet_reach", "platelet_days", "acute", "acute_2_4",
    "acute_3_4", "chronic", "extensive", "nrm", "relapse",
)  # fmt: skip
Term = Callable[[Draw], Array]


def _scaled(name: str, centre: float, unit: float, low: float, high: float) -> Term:
    def term(draw: Draw) -> Array:
        scaled = (np.clip(draw[name], low, high) - centre) / unit
        return np.asarray(np.nan_to_num(scaled), dtype=np.float64)

    return term


def _logarithm(name: str, centre: float) -> Term:
    def term(draw: Draw) -> Array:
        ratio = np.log(np.maximum(draw[name], 1e-3) / centre)
        return np.asarray(np.nan_to_num(np.clip(ratio, -1.5, 1.5)), dtype=np.float64)

    return term


def _levels(name: str, share: float, *levels: str) -> Term:
    def term(draw: Draw) -> Array:
        return np.where(draw.known(name), draw.has(name, *levels) - share, 0.0)

    return term


def _cd34(draw: Draw) -> Array:
    usual = np.ones(draw.n)
    for source, dose in TYPICAL_CD34.items():
        usual[draw.has("graft_source", source)] = dose
    ratio = np.clip(np.log(draw["cd34_dose_infused"] / usual), -1.2, 1.2)
    return np.asarray(np.nan_to_num(ratio), dtype=np.float64)


def _mismatches(draw: Draw) -> Array:
    chosen = draw.has("donor_type", "mismatched_unrelated", "other_related")
    return np.where(chosen, np.nan_to_num(8 - draw["hla_match_8"]), 0.0)


def _irradiated(draw: Draw) -> Array:
    return np.where(draw["tbi_gy"] >= 8, 0.8, -0.2)


def _era(draw: Draw) -> Array:
    return np.asarray((draw["_outcome_year"] - 2013) / 5, dtype=np.float64)


TERMS: dict[str, Term] = {
    "age": _scaled("patient_age", 50, 15, 0, 75),
    "child": lambda draw: draw.child.astype(np.float64),
    "donor_age": _scaled("donor_age", 35, 12, 5, 70),
    "comorbidity": _scaled("hctci_score", 1.7, 1.5, 0, 6),
    "frail": lambda draw: np.where(draw.known("performance_kps"),
                                   (draw["performance_kps"] < 90) - 0.35, 0.0),
    "active": _levels("disease_status", 0.17, "primary_induction_failure", "relapse",
                      "progressive"),
    "later": _levels("disease_status", 0.22, "CR2", "CR3_plus"),
    "adverse": _levels("cytogenetic_risk", 0.27, "adverse"),
    "favourable": _levels("cytogenetic_risk", 0.07, "favourable"),
    "residual": _levels("mrd_status", 0.24, "positive"),
    "MDS": _levels("primary_disease", 0, "MDS"), "MF": _levels("primary_disease", 0, "MF", "MPN"),
    "lymphoma": _levels("primary_disease", 0, "NHL", "HL", "CLL", "MM", "other_malignant"),
    "CML": _levels("primary_disease", 0, "CML"), "aplastic": _levels("primary_disease", 0, "AA"),
    "inherited": _levels("primary_disease", 0, "SCD", "TDT", "IMD", "other_nonmalignant"),
    "myeloablative": _levels("conditioning_intensity", 0.62, "MAC"),
    "nonmyeloablative": _levels("conditioning_intensity", 0.06, "NMA"),
    "irradiated": _irradiated,
    "mycophenolate": _levels("gvhd_prophylaxis", 0, "ciclosporin_mycophenolate",
                             "tacrolimus_mycophenolate"),
    "methotrexate": _levels("methotrexate_prophylaxis", 0.6, "yes"),
    "depleted": _levels("gvhd_prophylaxis", 0, "graft_t_cell_depletion"),
    "abatacept": _levels("abatacept", 0, "yes"),
    "mismatches": _mismatches, "twin": _levels("donor_type", 0, "syngeneic"),
    "nonpermissive": _levels("dpb1_tce", 0.3, "nonpermissive_gvh", "nonpermissive_hvg"),
    "female_to_male": _levels("female_donor_to_male", 0.2, "yes"),
    "cmv_patient": _levels("patient_cmv_igg", 0.6, "positive"),
    "cmv_donor_only": _levels("cmv_match", 0.1, "pos_neg"),
    "abo_major": _levels("abo_match", 0.2, "major", "bidirectional"),
    "abo_minor": _levels("abo_match", 0.2, "minor"),
    "antibodies": _levels("dsa_present", 0.02, "yes"),
    "cd34": _cd34, "frozen": _levels("cryopreserved", 0.2, "yes"),
    "gcsf": _levels("gcsf_post", 0.5, "yes"), "spleen": _levels("spleen_status", 0.1, "enlarged"),
    "fibrosis": _scaled("marrow_fibrosis_grade", 0.3, 1, 0, 3),
    "platelets_before": _logarithm("platelets_pre", 110), "easix": _logarithm("easix_pre", 1.6),
    "albumin": _scaled("albumin_g_dl", 3.8, 0.5, 2, 5),
    "ferritin": _logarithm("ferritin_ng_ml", 800), "again": _scaled("prior_allo_n", 0.03, 1, 0, 1),
    "infected": _levels("active_infection_pre", 0.1, "yes"),
    "era": _era,
}  # fmt: skip
"""Name of a term to its values, shape (n,)."""

COEFFICIENTS: dict[str, dict[str, float]] = {
    "neutrophil_reach": {"active": -0.4, "MDS": -0.35, "MF": -1.1, "aplastic": -0.9,
        "inherited": -0.9, "nonmyeloablative": -0.4, "myeloablative": 0.3, "mismatches": -0.5,
        "abo_major": -0.47,
        "antibodies": -1.4, "cd34": 0.55, "frozen": -0.2, "spleen": -0.7, "again": -0.6,
        "depleted": -0.6, "ferritin": -0.15, "age": -0.05, "female_to_male": -0.2},
    "neutrophil_days": {"cd34": -0.07, "gcsf": -0.10, "methotrexate": 0.08, "spleen": 0.06,
        "nonmyeloablative": -0.06, "fibrosis": 0.03, "active": 0.03, "frozen": 0.03, "MF": 0.08,
        "infected": 0.03, "mycophenolate": -0.03},
    "platelet_reach": {"active": -0.65, "MDS": -0.4, "MF": -0.9, "aplastic": -0.3, "frail": -0.4,
        "comorbidity": -0.15, "mismatches": -0.3, "abo_major": -0.25, "cd34": 0.45, "spleen": -0.5,
        "age": -0.15, "later": -0.1, "antibodies": -0.8, "ferritin": -0.15, "easix": -0.15,
        "inherited": -0.2, "lymphoma": -0.1},
    "platelet_days": {"active": 0.10, "frail": 0.05, "comorbidity": 0.03, "abo_major": 0.07,
        "cd34": -0.14, "spleen": 0.12, "fibrosis": 0.05, "platelets_before": -0.08, "MF": 0.18,
        "frozen": 0.06, "later": 0.04, "age": 0.03, "cmv_patient": 0.02, "MDS": 0.05,
        "myeloablative": 0.04, "lymphoma": 0.09},
    "acute": {"donor_age": 0.09, "myeloablative": 0.22, "irradiated": 0.15, "mismatches": 0.28,
        "nonpermissive": 0.14, "mycophenolate": 0.1, "aplastic": -0.9, "inherited": -0.9,
        "twin": -1.5, "depleted": -1.0, "child": 0.0, "cmv_donor_only": -0.1, "cd34": 0.08,
        "abatacept": -0.5, "abo_minor": 0.08, "age": -0.04, "MDS": 0.2},
    "acute_2_4": {"donor_age": 0.13, "myeloablative": 0.28, "irradiated": 0.18, "mismatches": 0.32,
        "nonpermissive": 0.18, "mycophenolate": 0.15, "aplastic": -1.0, "inherited": -1.0,
        "twin": -1.7, "depleted": -1.1, "cmv_donor_only": -0.15, "cd34": 0.10, "frail": 0.1,
        "abatacept": -0.6, "abo_minor": 0.12, "age": -0.06, "MF": 0.15, "MDS": 0.28,
        "era": -0.05},
    "acute_3_4": {"donor_age": 0.22, "myeloablative": 0.25, "irradiated": 0.15, "mismatches": 0.38,
        "nonpermissive": 0.2, "mycophenolate": 0.35, "aplastic": -1.0, "inherited": -1.0,
        "twin": -1.7, "depleted": -1.1, "frail": 0.15, "abatacept": -0.9, "comorbidity": 0.06,
        "MF": 0.3, "MDS": 0.32, "era": -0.1},
    "chronic": {"age": 0.12, "child": -0.35, "donor_age": 0.06, "female_to_male": 0.28,
        "myeloablative": 0.18, "mismatches": 0.15, "nonpermissive": 0.18, "aplastic": -0.8,
        "inherited": -0.8, "active": -0.35, "depleted": -1.0, "twin": -1.6, "cd34": 0.15,
        "irradiated": 0.1, "lymphoma": -0.1},
    "extensive": {"age": 0.12, "child": -0.35, "donor_age": 0.08, "female_to_male": 0.3,
        "myeloablative": 0.18, "mismatches": 0.2, "nonpermissive": 0.2, "aplastic": -0.8,
        "inherited": -0.8, "active": -0.35, "depleted": -1.0, "twin": -1.6, "cd34": 0.17,
        "irradiated": 0.1, "lymphoma": -0.1},
    "nrm": {"age": 0.32, "child": 0.25, "donor_age": 0.08, "comorbidity": 0.26, "frail": 0.35,
        "active": 0.35, "mismatches": 0.28, "nonpermissive": 0.2, "mycophenolate": 0.5,
        "abo_major": 0.15, "cmv_patient": 0.15, "easix": 0.22, "albumin": -0.15, "ferritin": 0.1,
        "again": 0.5, "infected": 0.3, "myeloablative": 0.45, "era": -0.2, "lymphoma": 0.1,
        "MF": 0.55, "aplastic": -0.2, "inherited": -0.2, "antibodies": 0.3, "twin": -0.8,
        "MDS": 0.2},
    "relapse": {"active": 1.5, "later": 0.2, "adverse": 0.5, "favourable": -0.4, "residual": 0.45,
        "myeloablative": -0.31, "irradiated": -0.1, "lymphoma": -0.25, "CML": -0.6, "MF": 0.38,
        "MDS": 0.3, "depleted": 0.25, "female_to_male": -0.12, "twin": 0.5, "again": 0.3,
        "era": -0.08, "frail": 0.12, "age": 0.05},
}  # fmt: skip
"""Outcome to term to coefficient."""

INTERACTIONS: dict[str, float] = {
    "neutrophil_reach": -1.13, "neutrophil_days": 0.07, "platelet_reach": -0.85,
    "platelet_days": 0.115, "acute": 0.66, "acute_2_4": 0.67, "acute_3_4": 0.80, "chronic": 1.15,
    "extensive": 1.09, "nrm": 2.13, "relapse": 0.75,
}  # fmt: skip
"""Coefficient of `interplay` in each outcome where interactions are switched on.

Tuned so that the best additive model of the log-odds loses 0.10 to 0.15 IPA to the truth at each
primary horizon (adults, no drift, no centre effects).
"""
CENTRE = {
    "neutrophil_days": "neutrophils", "platelet_days": "platelets", "acute": "acute",
    "acute_2_4": "acute", "acute_3_4": "acute", "chronic": "chronic", "extensive": "chronic",
    "nrm": "nrm", "relapse": "relapse",
}  # fmt: skip
"""Which effect of its centre an outcome has."""


def interplay(draw: Draw) -> Array:
    """Return what switched interactions add, about -2 to 2: products, no term of its own.

    The effect of donor age turns with the patient's CMV, that of patient age with sex.
    """
    donor = _scaled("donor_age", 33, 10, 15, 60)(draw)
    cmv = np.where(draw.known("patient_cmv_igg"),
                   np.where(draw.has("patient_cmv_igg", "positive"), 0.8, -1.2), 0.0)  # fmt: skip
    age = _scaled("patient_age", 48, 14, 10, 75)(draw)
    male = np.where(draw.has("patient_sex", "male"), 0.87, -1.13)
    return np.asarray(donor * cmv + age * male, dtype=np.float64)


def linear_predictors(draw: Draw, *, interactions: bool) -> dict[str, Array]:
    """Return for each outcome what its row adds to the intercept of its arm, shape (n,) each."""
    terms = {name: term(draw) for name, term in TERMS.items()}
    found = {}
    for outcome in OUTCOMES:
        total = np.zeros(draw.n)
        for name, coefficient in COEFFICIENTS[outcome].items():
            total += coefficient * terms[name]
        if outcome in CENTRE:
            total += draw.centres.effects[CENTRE[outcome]][draw.centre]
        if interactions:
            total += INTERACTIONS[outcome] * interplay(draw)
        found[outcome] = total
    return found
