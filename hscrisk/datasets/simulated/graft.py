"""The graft: what was collected, what was done to it, what was infused."""

from __future__ import annotations

import numpy as np

from hscrisk.datasets.simulated.draw import NOTHING, Draw, Mask

TYPICAL_CD34 = {"peripheral_blood": 6.0, "bone_marrow": 2.8, "cord_blood": 0.13}
"""Median CD34 dose, 10^6 per kg, by source."""


def draw_graft(draw: Draw) -> None:
    """Draw mobilisation, collection, manipulation and doses."""
    blood, marrow = (
        draw.has("graft_source", level) for level in ("peripheral_blood", "bone_marrow")
    )
    cord = ~(blood | marrow)
    weight = draw["weight_kg"]
    light = np.log(np.maximum(weight, 6) / 75)
    noise = draw.noise(0.42)
    per_kg = np.select([blood, marrow], [6.0, 2.8], 0.13) * np.exp(
        noise - np.where(cord, 0.55, 0.22) * light
    )
    double = draw.has("donor_type", "cord_double")
    per_kg = per_kg * np.where(double, 1.5, 1.0)
    draw.number("cd34_dose_infused", np.minimum(per_kg, 30), 2)
    cells = np.select([blood, marrow], [9.0, 2.7], 0.37) * np.exp(
        0.6 * noise + draw.noise(0.3) - np.where(cord, 0.6, 0.2) * light
    )
    draw.number("tnc_dose_infused", np.minimum(cells * np.where(double, 1.45, 1.0), 40), 2)
    depleted = draw.has("gvhd_prophylaxis", "graft_t_cell_depletion")
    lymph = np.select([blood, marrow], [24.0, 4.0], 0.5) * np.exp(0.3 * noise + draw.noise(0.4))
    draw.number("cd3_dose_infused", np.where(depleted, 0.01, np.minimum(lymph, 120)), 2)
    recent = (draw.era >= 2020) & (draw.era < 2022)
    draw.flag("cryopreserved", cord | draw.chance(np.where(recent, 0.55, 0.12)))
    viable = np.where(draw["cryopreserved"] == 1, 82.0, 96.5) + draw.noise(5)
    draw.number("viability_pct", np.clip(viable, 55, 100))
    _manipulation(draw, depleted, cord)
    draw.number("cord_units_n", np.where(double, 2, 1))
    draw.lose("cord_units_n", ~cord)
    draw.number("infusion_n", draw["prior_hct_n"] + 1)
    _mobilisation(draw, blood)


def _manipulation(draw: Draw, depleted: Mask, cord: Mask) -> None:
    major = draw["_major"]
    draw.choose("product_manipulation", {
        "none": np.where(depleted, 0.0, np.where(major, 0.45, 0.85)),
        "rbc_depleted": np.where(depleted, 0.0, np.where(major, 0.45, 0.03)),
        "plasma_reduced": np.where(depleted, 0.0, 0.1), "cd34_selected": depleted * 0.45,
        "tcrab_depleted": depleted * 0.55, "expanded": cord * 0.01, "other": 0.01,
    })  # fmt: skip
    red = draw.has("product_manipulation", "rbc_depleted")
    draw.flag("rbc_depleted", red)
    draw.flag("buffy_coat_prepared", red & draw.chance(0.3))
    draw.flag("plasma_reduced", draw.has("product_manipulation", "plasma_reduced"))


def _mobilisation(draw: Draw, blood: Mask) -> None:
    draw.choose("mobilisation_regimen", {"gcsf": 0.985, "gcsf_plerixafor": 0.015})
    draw.set_level("mobilisation_regimen", "none", ~blood)
    extra = draw.has("mobilisation_regimen", "gcsf_plerixafor")
    draw.flag("plerixafor_used", extra)
    draw.flag("motixafortide_used", np.zeros(draw.n))
    peak = 75 * np.exp(draw.noise(0.5) - 0.008 * np.nan_to_num(draw["donor_age"] - 35))
    draw.number("pb_cd34_peak_per_ul", np.clip(peak, 3, 600), 1)
    draw.number("pb_cd34_day4_per_ul", np.clip(peak * 0.6 * np.exp(draw.noise(0.3)), 1, 400), 1)
    poor = blood & (peak < 20)
    draw.columns["poor_mobiliser_status"] = np.where(poor, 2, 0).astype(np.int8)
    draw.number("mobilisation_attempt_n", 1)
    draw.number("apheresis_days_n", 1 + draw.chance(np.where(poor, 0.8, 0.25)))
    collected = draw["cd34_dose_infused"] * (1 + draw.rng.exponential(0.12, draw.n))
    draw.number("cd34_collected", collected, 2)
    for name in ("pb_cd34_peak_per_ul", "pb_cd34_day4_per_ul", "mobilisation_attempt_n",
                 "apheresis_days_n", "poor_mobiliser_status"):  # fmt: skip
        draw.lose(name, ~blood)
    draw.columns["mobilisation_regimen"][draw.has("donor_type", "cord_single", "cord_double")] = (
        NOTHING
    )
