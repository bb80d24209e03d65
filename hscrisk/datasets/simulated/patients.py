"""Patients: age, size, comorbidity, laboratory values, blood groups."""

from __future__ import annotations

import numpy as np

from hscrisk.datasets.simulated.curves import Array
from hscrisk.datasets.simulated.draw import Draw

_MEAN_AGE = {
    "AML": 51, "ALL": 40, "MDS": 60, "MPN": 57, "MF": 60, "CML": 45, "CLL": 57, "NHL": 53, "HL": 35,
    "MM": 53, "AA": 36, "SCD": 27, "TDT": 25, "other_malignant": 50, "IMD": 27,
    "other_nonmalignant": 30,
}  # fmt: skip
ITEMS = {
    "arrhythmia": (0.04, 1), "cardiac": (0.06, 1), "inflammatory_bowel_disease": (0.008, 1),
    "diabetes": (0.09, 1), "cerebrovascular": (0.02, 1), "psychiatric": (0.16, 1),
    "hepatic_mild": (0.11, 1), "infection": (0.06, 1), "rheumatologic": (0.02, 2),
    "peptic_ulcer": (0.012, 2), "renal_moderate_severe": (0.012, 2),
    "pulmonary_moderate": (0.20, 2), "prior_malignancy": (0.09, 3), "heart_valve": (0.02, 3),
    "pulmonary_severe": (0.09, 3),
    "hepatic_moderate_severe": (0.02, 3), "obesity": (0.0, 1),
}  # fmt: skip
"""Items of the HCT-CI: how often in an adult of 50, and their points. Obesity follows from size.

References
----------
Sorror et al., Blood 2005;106:2912-2919.
"""


def draw_patients(draw: Draw) -> None:
    """Draw who the patients are; their disease is there already."""
    _age_and_size(draw)
    _comorbidity(draw)
    _laboratory(draw)
    _blood(draw)


def _age_and_size(draw: Draw) -> None:
    mean = np.full(draw.n, 50.0)
    for disease, years in _MEAN_AGE.items():
        mean[draw.has("primary_disease", disease)] = years
    share = (np.clip(mean, 21, 70) - 18) / 60
    adult = 18 + 60 * draw.rng.beta(3.6 * share, 3.6 * (1 - share))
    young = 0.3 + 17.6 * draw.rng.beta(1.1, 1.25, draw.n)
    age = np.where(draw.child, young, adult)
    draw.number("patient_age", age, 1)
    draw.choose("patient_sex", {"male": 0.57, "female": 0.43})
    male = draw.has("patient_sex", "male")
    grown = np.where(male, 176.0, 163.0) + draw.noise(7)
    height = np.where(
        draw.child, np.minimum(70 + 6.3 * age, grown) * np.exp(draw.noise(0.04)), grown
    )
    slim = np.where(draw.child, 15.8 + 0.35 * np.maximum(age - 5, 0), 26.8)
    index = slim * np.exp(draw.noise(np.where(draw.child, 0.13, 0.18)))
    draw.number("height_cm", np.clip(height, 50, 205))
    draw.number("weight_kg", np.clip(index * (draw["height_cm"] / 100) ** 2, 3, 190), 1)
    draw.choose(
        "patient_ancestry_group",
        {"white": 0.72, "black": 0.07, "asian": 0.07, "hispanic": 0.10, "more_than_one": 0.02,
         "american_indian": 0.005, "pacific_islander": 0.005, "other": 0.01},
    )  # fmt: skip
    black = draw.has("primary_disease", "SCD")
    draw.set_level("patient_ancestry_group", "black", black & draw.chance(0.9))
    draw.choose("patient_cmv_igg", {"negative": np.where(draw.child, 0.5, 0.37), "positive": 0.6})


def _comorbidity(draw: Draw) -> None:
    age = draw["patient_age"]
    load = np.exp(0.02 * (age - 50) + draw.noise(0.5) - 0.125) * np.where(draw.child, 0.6, 1.0)
    hit = {name: draw.chance(np.minimum(often * load, 0.9)) for name, (often, _) in ITEMS.items()}
    bmi = draw["weight_kg"] / (draw["height_cm"] / 100) ** 2
    hit["obesity"] = bmi > np.where(draw.child, 25.0, 35.0)
    hit["hepatic_mild"] &= ~hit["hepatic_moderate_severe"]
    hit["pulmonary_moderate"] &= ~hit["pulmonary_severe"]
    for name, who in hit.items():
        draw.flag(f"hctci_item_{name}", who)
    lungs = np.select(
        [hit["pulmonary_severe"], hit["pulmonary_moderate"]],
        [draw.rng.uniform(45, 65, draw.n), draw.rng.uniform(66, 80, draw.n)],
        81 + 28 * draw.rng.beta(2, 2.5, draw.n),
    )
    draw.number("dlco_pct", lungs)
    draw.number("fev1_pct", np.clip(lungs + 6 + np.abs(draw.noise(8)), 30, 135))
    heart = np.where(hit["cardiac"], 51.0, 61.0) + draw.noise(5)
    draw.number("lvef_pct", np.clip(heart, 35, 75))
    sick = 0.35 * (load - 1) + 0.012 * (age - 50) + 0.25 * draw.has("disease_status", "relapse")
    _performance(draw, sick)


def _performance(draw: Draw, sick: Array) -> None:
    levels = np.array([100.0, 90, 80, 70, 60, 50])
    cuts = np.array([-0.75, 0.42, 1.28, 1.95, 2.6])
    state = draw.noise() + sick
    draw.number("performance_kps", levels[(state[:, None] > cuts).sum(axis=1)])


def _laboratory(draw: Draw) -> None:
    size = np.clip(draw["patient_age"] / 18, 0.35, 1.0)
    kidney = draw["hctci_item_renal_moderate_severe"] == 1
    creatinine = np.where(kidney, 2.4, 0.82 * size) * np.exp(draw.noise(0.22))
    draw.number("creatinine_mg_dl", np.where(kidney, np.maximum(creatinine, 2.1), creatinine), 2)
    mild = draw["hctci_item_hepatic_mild"] == 1
    bad = draw["hctci_item_hepatic_moderate_severe"] == 1
    liver = np.select([bad, mild], [2.6, 1.5], 1.0)
    draw.number("bilirubin_total_mg_dl", 0.5 * liver * np.exp(draw.noise(0.4)), 2)
    draw.number("alt_u_l", 25 * liver * np.exp(draw.noise(0.5)))
    draw.number("ast_u_l", 0.5 * draw["alt_u_l"] + 11 * np.exp(draw.noise(0.3)))
    draw.number("albumin_g_dl", np.clip(3.85 + draw.noise(0.45), 1.6, 5.4), 1)
    active = draw["_active"]
    draw.number("ldh_u_l", 205 * np.exp(0.28 * active + draw.noise(0.33)))
    draw.number("crp_mg_l", np.minimum(4.5 * np.exp(0.5 * active + draw.noise(1.0)), 400), 1)
    bled = draw["transfusions_rbc_n"]
    iron = 650 * np.exp(0.012 * np.minimum(bled, 80) + draw.noise(0.8))
    draw.number("ferritin_ng_ml", np.minimum(iron, 60000))


def _blood(draw: Draw) -> None:
    draw.choose("patient_abo", {"O": 0.45, "A": 0.40, "B": 0.11, "AB": 0.04})
    draw.choose("patient_rh", {"positive": 0.85, "negative": 0.15})
    woman = draw.has("patient_sex", "female") & ~draw.child
    draw.number("pregnancies_n", draw.rng.poisson(np.where(woman, 1.7, 0.0)))
    draw.lose("pregnancies_n", ~woman)
