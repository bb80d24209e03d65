"""Diseases: which, in what state, how risky, and what they did to the marrow."""

from __future__ import annotations

from typing import Any

import numpy as np

from hscrisk.datasets.simulated.draw import NOTHING, Draw, Mask

ADULT = {
    "AML": 0.36, "ALL": 0.14, "MDS": 0.16, "MPN": 0.015, "MF": 0.045, "CML": 0.03, "CLL": 0.03,
    "NHL": 0.11, "HL": 0.025, "MM": 0.02, "AA": 0.035, "SCD": 0.006, "TDT": 0.002,
    "other_malignant": 0.006, "other_nonmalignant": 0.004,
}  # fmt: skip
CHILD = {
    "AML": 0.20, "ALL": 0.31, "MDS": 0.06, "CML": 0.01, "NHL": 0.03, "AA": 0.11, "SCD": 0.07,
    "TDT": 0.06, "IMD": 0.13, "other_nonmalignant": 0.01, "other_malignant": 0.01,
}  # fmt: skip
NONMALIGNANT = ("AA", "SCD", "TDT", "IMD", "other_nonmalignant")
_ACUTE = ("AML", "ALL")
_MYELOID = ("MDS", "MPN", "MF")
_LYMPHOID = ("NHL", "HL", "CLL", "MM", "other_malignant")
_STATUS = {
    _ACUTE: {"CR1": 0.58, "CR2": 0.22, "CR3_plus": 0.03, "primary_induction_failure": 0.08,
             "relapse": 0.09},
    _MYELOID: {"untreated": 0.34, "CR1": 0.16, "partial_response": 0.10, "stable": 0.30,
               "primary_induction_failure": 0.04, "progressive": 0.06},
    ("CML",): {"CR1": 0.35, "CR2": 0.25, "partial_response": 0.20, "stable": 0.12,
               "progressive": 0.08},
    _LYMPHOID: {"CR1": 0.20, "CR2": 0.28, "CR3_plus": 0.08, "partial_response": 0.30,
                "stable": 0.05, "progressive": 0.09},
}  # fmt: skip
_LEVELS = ("low", "intermediate", "high", "very_high")


def draw_diseases(draw: Draw) -> None:
    """Draw the disease and everything that the patient brings along because of it."""
    every = {*ADULT, *CHILD}
    mixed = {d: np.where(draw.child, CHILD.get(d, 0.0), ADULT.get(d, 0.0)) for d in sorted(every)}
    draw.choose("primary_disease", mixed)
    _status(draw)
    _risk(draw)
    _history(draw)
    _marrow(draw)


def nonmalignant(draw: Draw) -> Mask:
    """Return whose disease cannot relapse."""
    return draw.has("primary_disease", *NONMALIGNANT)


def _status(draw: Draw) -> None:
    states: dict[str, Any] = {}
    for diseases, shares in _STATUS.items():
        who = draw.has("primary_disease", *diseases)
        for level, share in shares.items():
            states[level] = states.get(level, 0.0) + who * share
    draw.choose("disease_status", {k: v + 1e-12 for k, v in states.items()})
    draw.columns["disease_status"][nonmalignant(draw)] = NOTHING
    active = ("primary_induction_failure", "relapse", "progressive")
    part = draw.has("disease_status", "CR3_plus", "partial_response", "stable", "untreated")
    draw.columns["_active"] = draw.has("disease_status", *active) + 0.4 * part


def _risk(draw: Draw) -> None:
    acute, aml = draw.has("primary_disease", *_ACUTE), draw.has("primary_disease", "AML")
    graded = acute | draw.has("primary_disease", *_MYELOID)
    favourable = np.where(aml, 0.09, 0.02)
    draw.choose("cytogenetic_risk", {"favourable": favourable, "intermediate": 0.56,
                                     "adverse": 0.27, "unknown": 0.09})  # fmt: skip
    draw.lose("cytogenetic_risk", ~graded)
    remission = draw.has("disease_status", "CR1", "CR2", "CR3_plus")
    draw.choose("mrd_status", {"negative": 0.52, "positive": 0.24, "not_done": 0.24})
    draw.lose("mrd_status", ~(acute & remission))
    score = 1.0 * np.ones(draw.n)
    score += 1.0 * draw.has("cytogenetic_risk", "adverse")
    score -= draw.has("cytogenetic_risk", "favourable")
    score += draw["_active"] >= 1
    score += draw.has("primary_disease", "ALL") & draw.has("disease_status", "CR2", "CR3_plus")
    score -= draw.has("primary_disease", "CLL", "HL", "CML") & remission
    codes = np.clip(score, 0, 3).astype(np.int8)
    top = 3 - draw.has("primary_disease", "MDS").astype(np.int8)  # never very high in the files
    draw.columns["dri_refined"] = np.minimum(codes, top).astype(np.int8)
    outside = nonmalignant(draw) | draw.child
    draw.set_level("dri_refined", "not_applicable", outside)
    draw.columns["disease_risk_group"] = draw["dri_refined"].copy()
    draw.set_level("disease_risk_group", "ungraded", outside)
    draw.flag("fab_m4_m5", aml & draw.chance(0.35))


def _history(draw: Draw) -> None:
    chronic = draw.has("primary_disease", "MF", "CML", "CLL", "NHL", "HL", "MM", "SCD", "TDT")
    wait = np.where(chronic, 1100.0, np.where(draw.has("disease_status", "CR1"), 175.0, 420.0))
    days = wait * np.exp(draw.noise(0.55))
    draw.number("interval_dx_hct_days", np.clip(days, 30, 9000))
    lymphoid = draw.has("primary_disease", *_LYMPHOID)
    auto = lymphoid & draw.chance(0.35)
    allo = draw.chance(np.where(draw["_active"] >= 1, 0.06, 0.02))
    draw.number("prior_auto_n", auto)
    draw.number("prior_allo_n", allo)
    draw.number("prior_hct_n", auto.astype(np.int64) + allo)
    draw.flag("transplant_after_relapse", (auto | allo) & (draw["_active"] > 0))
    treated = ~nonmalignant(draw) & ~draw.has("disease_status", "untreated")
    lines = draw.rng.poisson(np.where(lymphoid, 2.4, 1.0 + draw["_active"])) + 1
    draw.number("prior_chemo_lines_n", np.where(treated, np.minimum(lines, 12), 0))
    myeloma = draw.has("primary_disease", "MM")
    draw.number("prior_lenalidomide_cycles", np.where(myeloma, draw.rng.poisson(6, draw.n), 0))
    draw.flag("prior_alkylator", treated & draw.chance(np.where(lymphoid, 0.7, 0.12)))
    purine = draw.has("primary_disease", "CLL") | (draw["_active"] >= 1)
    draw.flag("prior_purine_analogue", treated & draw.chance(np.where(purine, 0.5, 0.10)))
    draw.flag("prior_platinum", treated & draw.chance(np.where(lymphoid, 0.45, 0.02)))
    radiated = lymphoid & draw.chance(0.25)
    share = 5 + 50 * draw.rng.beta(1.5, 3, draw.n)
    draw.number("prior_radiation_marrow_pct", np.where(radiated, share, 0.0))
    draw.number("radiation_exposure_gy", 0.0)


def _marrow(draw: Draw) -> None:
    aplastic = draw.has("primary_disease", "AA")
    fibrotic = draw.has("primary_disease", "MF")
    low = aplastic | draw.has("primary_disease", "MDS") | fibrotic | (draw["_active"] >= 1)
    cell = np.where(aplastic, 10.0, np.where(fibrotic, 70.0, 40.0)) * np.exp(draw.noise(0.4))
    draw.number("marrow_cellularity_pct", np.clip(cell, 2, 100))
    blasts = np.where(draw["_active"] >= 1, 18.0, np.where(low, 3.0, 0.8))
    blasts = blasts * draw.rng.gamma(1.2, 1 / 1.2, draw.n)
    draw.number("marrow_blast_pct", np.where(nonmalignant(draw), 0.0, np.minimum(blasts, 95)), 1)
    spread = np.where(fibrotic | (draw["_active"] >= 1), 25.0, 3.0) * draw.rng.gamma(1.0, 1, draw.n)
    draw.number(
        "marrow_infiltration_pct", np.where(nonmalignant(draw), 0.0, np.minimum(spread, 95))
    )
    grade = np.where(
        fibrotic, 1.2 + 1.8 * draw.rng.random(draw.n), draw.rng.exponential(0.3, draw.n)
    )
    draw.number("marrow_fibrosis_grade", np.minimum(grade, 3))
    inherited = draw.has("primary_disease", "IMD", "other_nonmalignant")
    invaded = draw["marrow_infiltration_pct"] > 20
    draw.choose("marrow_failure_cause", {
        "none": np.where(aplastic | invaded, 0.0, 0.72), "infiltration": invaded * 1.0,
        "chemotherapy": np.where(nonmalignant(draw), 0.0, 0.22), "radiation": 0.005,
        "secondary_other": 0.01, "immune": np.where(aplastic, 0.78, 0.0),
        "inherited": np.where(aplastic, 0.17, np.where(inherited, 0.2, 0.0)),
        "pnh": np.where(aplastic, 0.05, 0.0), "other_nonmalignant": 0.005,
    })  # fmt: skip
    dependent = draw.chance(np.where(low, 0.5, 0.12))
    draw.flag("transfusion_dependent", dependent)
    heavy = draw.has("primary_disease", "TDT", "SCD")
    bags = np.where(heavy, 60.0, np.where(dependent, 25.0, 8.0)) * draw.rng.gamma(1.0, 1, draw.n)
    draw.number("transfusions_rbc_n", np.minimum(bags, 400))
    plates = np.where(heavy, 0.5, np.where(dependent, 18.0, 7.0)) * draw.rng.gamma(0.9, 1, draw.n)
    draw.number("transfusions_plt_n", np.minimum(plates, 300))
    short = draw.rng.gamma(1.0, 1, draw.n) * np.where(aplastic, 150.0, np.where(low, 30.0, 6.0))
    draw.number("cytopenia_duration_days", np.minimum(short, 3000))
    draw.flag("gcsf_dependent_pre", draw.chance(np.where(aplastic, 0.15, 0.03)))
    draw.number(
        "anc_pre", np.where(aplastic, 0.4, np.where(low, 1.5, 2.8)) * np.exp(draw.noise(0.6)), 2
    )
    pre = np.where(aplastic, 22.0, np.where(low, 75.0, 150.0)) * np.exp(draw.noise(0.55))
    draw.number("platelets_pre", np.clip(pre, 5, 900))
    haem = np.where(low | heavy, 9.2, 11.0) + draw.noise(1.4)
    draw.number("haemoglobin_pre", np.clip(haem, 6, 17), 1)
    enlarged = draw.chance(np.where(fibrotic, 0.7, np.where(heavy, 0.3, 0.07)))
    draw.columns["spleen_status"] = enlarged.astype(np.int8)
    draw.set_level(
        "spleen_status", "removed", enlarged & draw.chance(np.where(fibrotic, 0.15, 0.2))
    )
    draw.set_level("spleen_status", "irradiated", enlarged & fibrotic & draw.chance(0.04))
    large = draw.has("spleen_status", "enlarged", "irradiated")
    draw.number("spleen_below_margin_cm", np.where(large, draw.rng.gamma(2.2, 2.5, draw.n), 0.0), 1)
    draw.flag("active_infection_pre", draw.chance(np.where(low, 0.14, 0.06)))
