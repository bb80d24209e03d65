"""What is left blank: by field, by panel of fields, and by the habits of the centre."""

from __future__ import annotations

import numpy as np

from hscrisk.datasets.simulated.draw import Draw, Mask

_CHEMISTRY = ("creatinine_mg_dl", "bilirubin_total_mg_dl", "ast_u_l", "alt_u_l")
_PANELS: tuple[tuple[float, tuple[str, ...]], ...] = (
    (0.08, _CHEMISTRY),
    (0.12, ("albumin_g_dl", "ldh_u_l")),
    (0.28, ("crp_mg_l", "ferritin_ng_ml")),
    (0.09, ("anc_pre", "platelets_pre", "haemoglobin_pre")),
    (0.15, ("dlco_pct", "fev1_pct", "lvef_pct")),
    (0.30, ("marrow_blast_pct", "marrow_cellularity_pct", "marrow_infiltration_pct",
            "marrow_fibrosis_grade")),
    (0.25, ("transfusions_rbc_n", "transfusions_plt_n")),
    (0.20, ("spleen_status", "spleen_below_margin_cm")),
    (0.35, ("pb_cd34_peak_per_ul", "pb_cd34_day4_per_ul", "cd34_collected", "apheresis_days_n")),
    (0.05, ("donor_abo", "donor_rh")),
    (0.06, ("hla_match_10", "hla_match_12", "hla_mm_gvh_n", "hla_mm_hvg_n", "hla_match_6")),
    (0.10, ("hla_antigen_mismatches_n", "hla_allele_mismatches_n", "hla_mm_class")),
    (0.35, ("dsa_present", "dsa_max_mfi")),
    (0.04, ("serotherapy", "atg_type", "atg_dose_mg_kg", "alemtuzumab_mg")),
    (0.15, ("prior_alkylator", "prior_purine_analogue", "prior_platinum",
            "prior_radiation_marrow_pct")),
)  # fmt: skip
"""Chance that a panel is blank; each of its fields is blank alone with a third of that chance."""
_FIELDS = {
    "weight_kg": 0.03, "height_cm": 0.06, "performance_kps": 0.04, "hctci_score": 0.05,
    "patient_cmv_igg": 0.03, "patient_ancestry_group": 0.10, "pregnancies_n": 0.35,
    "patient_abo": 0.03, "patient_rh": 0.03, "transfusion_dependent": 0.15,
    "active_infection_pre": 0.08, "disease_status": 0.03, "disease_risk_group": 0.05,
    "dri_refined": 0.06, "fab_m4_m5": 0.20, "interval_dx_hct_days": 0.04, "prior_hct_n": 0.03,
    "mrd_status": 0.25, "cytogenetic_risk": 0.10, "prior_chemo_lines_n": 0.15,
    "prior_lenalidomide_cycles": 0.20, "radiation_exposure_gy": 0.40,
    "cytopenia_duration_days": 0.40, "gcsf_dependent_pre": 0.20, "marrow_failure_cause": 0.10,
    "donor_age": 0.08, "donor_sex": 0.03, "donor_parity": 0.15, "donor_weight_kg": 0.25,
    "donor_cmv_igg": 0.04, "donor_relation": 0.03, "hla_match_8": 0.04, "dpb1_tce": 0.20,
    "kir_b_content": 0.40, "tbi_fractions": 0.10, "busulfan_route": 0.06, "busulfan_auc": 0.35,
    "tci_score": 0.08, "gcsf_post": 0.05, "gcsf_post_start_day": 0.10, "cd34_dose_infused": 0.07,
    "tnc_dose_infused": 0.15, "cd3_dose_infused": 0.30, "cryopreserved": 0.05,
    "viability_pct": 0.30, "product_manipulation": 0.05, "rbc_depleted": 0.08,
    "buffy_coat_prepared": 0.15, "plasma_reduced": 0.08, "abatacept": 0.05, "sirolimus": 0.04,
    "ruxolitinib_prophylaxis": 0.05, "ptcy_dose_mg_kg": 0.06, "ptcy_days_n": 0.06,
    "mobilisation_regimen": 0.15, "conditioning_regimen": 0.03,
    "poor_mobiliser_status": 0.3, "mobilisation_attempt_n": 0.2,
}  # fmt: skip
OUTCOMES = {
    "neutrophil_engraftment": 0.03, "platelet_engraftment": 0.05, "platelet_engraftment_50": 0.25,
    "acute_gvhd": 0.04, "acute_gvhd_2_4": 0.03, "acute_gvhd_3_4": 0.03, "chronic_gvhd": 0.05,
    "chronic_gvhd_extensive": 0.08, "chronic_gvhd_moderate_severe": 0.30,
    "secondary_graft_failure": 0.15, "poor_graft_function": 0.30, "relapse": 0.03,
}  # fmt: skip
"""Outcomes whose status nobody reported; death is always known."""


def leave_gaps(draw: Draw) -> None:
    """Hide values; what decides the arm of a transplant is always known."""
    blank = np.exp(draw.habit("gaps"))
    for rate, names in _PANELS:
        together = draw.chance(np.minimum(rate * blank, 0.9))
        for name in names:
            draw.lose(name, together | draw.chance(np.minimum(rate * blank / 3, 0.9)))
    for name, rate in _FIELDS.items():
        draw.lose(name, draw.chance(np.minimum(rate * blank, 0.9)))
    items = draw.chance(np.minimum(0.10 * blank, 0.9))
    for name in [name for name in draw.columns if name.startswith("hctci_item_")]:
        draw.lose(name, items | draw.chance(0.01))
    typed = draw.chance(np.minimum(0.12 * blank, 0.9))
    draw.columns["_untyped"] = typed


def unreported(draw: Draw, rate: float) -> Mask:
    """Return whose outcome is not reported, by the habit of the centre alone."""
    return draw.chance(np.minimum(rate * np.exp(draw.habit("gaps")), 0.9))
