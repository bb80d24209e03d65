"""Treatment: graft source, conditioning, prophylaxis; each follows from what came before."""

from __future__ import annotations

import numpy as np

from hscrisk.datasets.simulated.curves import Array
from hscrisk.datasets.simulated.disease import nonmalignant
from hscrisk.datasets.simulated.draw import Draw, Mask, level_codes

_DOSES: dict[str, dict[str, dict[str, float]]] = {
    "MAC": {"BuCy": {"busulfan_mg_kg": 12.8, "cyclophosphamide_mg_kg": 120},
            "FluBu": {"busulfan_mg_kg": 12.8, "fludarabine_mg_m2": 160},
            "CyTBI": {"tbi_gy": 12, "cyclophosphamide_mg_kg": 120},
            "FluTreo": {"treosulfan_g_m2": 42, "fludarabine_mg_m2": 150},
            "other": {"thiotepa_mg_kg": 10, "busulfan_mg_kg": 9.6, "fludarabine_mg_m2": 150}},
    "RIC": {"FluBu": {"busulfan_mg_kg": 6.4, "fludarabine_mg_m2": 150},
            "FluMel": {"melphalan_mg_m2": 140, "fludarabine_mg_m2": 150},
            "FluTreo": {"treosulfan_g_m2": 30, "fludarabine_mg_m2": 150},
            "other": {"cyclophosphamide_mg_kg": 120, "fludarabine_mg_m2": 120}},
    "NMA": {"FluCyTBI": {"tbi_gy": 2, "cyclophosphamide_mg_kg": 29, "fludarabine_mg_m2": 150},
            "other": {"tbi_gy": 2, "fludarabine_mg_m2": 90}},
}  # fmt: skip
"""Total planned doses of each regimen by intensity."""
_DRUGS = (
    "tbi_gy", "busulfan_mg_kg", "melphalan_mg_m2", "fludarabine_mg_m2", "cyclophosphamide_mg_kg",
    "thiotepa_mg_kg", "treosulfan_g_m2", "carmustine_mg_m2", "etoposide_mg_m2", "cytarabine_mg_m2",
)  # fmt: skip
_TCI: dict[str, tuple[tuple[float, float], ...]] = {
    "tbi_gy": ((0.1, 1), (6, 2), (9, 3)),
    "busulfan_mg_kg": ((0.1, 1), (9.6, 2), (12.8, 3)),
    "treosulfan_g_m2": ((0.1, 1), (36, 2), (42, 3)),
    "melphalan_mg_m2": ((0.1, 1), (140, 2), (200, 3)),
    "thiotepa_mg_kg": ((0.1, 0.5), (10, 1), (20, 1.5)),
    "fludarabine_mg_m2": ((0.1, 0.5), (160.1, 1)),
    "cyclophosphamide_mg_kg": ((0.1, 0.5), (90, 1)),
}
"""Points from a dose on. Spyridonidis et al., Bone Marrow Transplant 2020;55:1114-1125."""


def logistic(value: Array) -> Array:
    """Return 1 / (1 + exp(-value))."""
    return np.asarray(1 / (1 + np.exp(-value)), dtype=np.float64)


def draw_treatment(draw: Draw) -> None:
    """Draw graft source, conditioning and prophylaxis."""
    cord = draw.has("donor_type", "cord_single", "cord_double")
    haplo = draw.has("donor_type", "haploidentical")
    late = (draw.era - 2014) / 5
    lean = np.where(nonmalignant(draw) | draw.child, -1.1, np.where(haplo, -0.2, 1.6))
    blood = draw.chance(logistic(lean + draw.habit("blood") + 0.35 * late)) & ~cord
    codes = level_codes("graft_source")
    draw.columns["graft_source"] = np.where(
        cord, codes["cord_blood"], np.where(blood, codes["peripheral_blood"], codes["bone_marrow"])
    ).astype(np.int8)
    draw.columns["transplant_type"] = np.full(
        draw.n, level_codes("transplant_type")["allogeneic"], dtype=np.int8
    )
    _conditioning(draw, haplo)
    _prophylaxis(draw, haplo, cord, late)
    _serotherapy(draw, haplo)


def _conditioning(draw: Draw, haplo: Mask) -> None:
    age, sick = draw["patient_age"], nonmalignant(draw)
    full = np.where(draw.child, 2.2, 2.2 - 0.10 * (age - 36))
    full = full - 0.8 * haplo - 1.6 * (sick & ~draw.child) + draw.habit("intensity")
    full = (
        full
        + 0.5 * draw.has("primary_disease", "ALL")
        - 0.7 * draw.has("primary_disease", "NHL", "CLL", "HL", "MM", "MF")
    )
    myelo = logistic(full)
    least = np.where(haplo, 0.6, np.where(sick, 0.15, 0.2))
    draw.choose("conditioning_intensity", {"MAC": myelo, "RIC": (1 - myelo) * (1 - least),
                                           "NMA": (1 - myelo) * least})  # fmt: skip
    mac, ric = (draw.has("conditioning_intensity", level) for level in ("MAC", "RIC"))
    nma = ~(mac | ric)
    lymph = draw.has("primary_disease", "ALL")
    radiated = np.where(lymph, 3.5, np.where(sick, 0.3, 1.0))
    draw.choose("conditioning_regimen", {
        "BuCy": mac * 0.28, "FluBu": mac * 0.36 + ric * np.where(sick, 0.1, 0.42),
        "CyTBI": mac * 0.24 * radiated, "FluMel": ric * 0.42, "FluTreo": mac * 0.04 + ric * 0.05,
        "FluCyTBI": nma * 0.78, "other": mac * 0.05 + ric * np.where(sick, 0.8, 0.03) + nma * 0.22,
    })  # fmt: skip
    total = {name: np.zeros(draw.n) for name in _DRUGS}
    for intensity, regimens in _DOSES.items():
        for regimen, drugs in regimens.items():
            who = draw.has("conditioning_intensity", intensity) & draw.has(
                "conditioning_regimen", regimen
            )
            for drug, dose in drugs.items():
                total[drug][who] = dose
    points = np.zeros(draw.n)
    for drug, given in total.items():
        worth = np.zeros(draw.n)
        for bound, score in _TCI.get(drug, ()):
            worth[given >= bound] = score
        points += worth
        draw.number(drug, given, 1)
    draw.number("tci_score", points, 1)
    tbi, busulfan = total["tbi_gy"], total["busulfan_mg_kg"]
    draw.number("tbi_fractions", np.select([tbi >= 8, tbi > 0], [6, 1], 0))
    oral = draw.chance(0.08)
    route = np.where(busulfan > 0, np.where(oral, 2, 1), 0)
    draw.columns["busulfan_route"] = route.astype(np.int8)
    exposure = busulfan / 12.8 * 78 * np.exp(draw.noise(0.14))
    draw.number("busulfan_auc", exposure, 1)
    draw.lose("busulfan_auc", busulfan == 0)


def _prophylaxis(draw: Draw, haplo: Mask, cord: Mask, late: Array) -> None:
    family = draw.has("donor_type", "matched_sibling", "syngeneic")
    rising = -3.0 + 1.15 * late + draw.habit("ptcy") - 0.6 * family - 0.8 * draw.child
    ptcy = np.where(haplo, logistic(2.2 + 0.5 * late - 1.2 * draw.child), logistic(rising)) * ~cord
    rest = 1 - ptcy
    swiss = logistic(-1.3 + draw.habit("ciclosporin") + 1.2 * draw.child)
    short = logistic(np.where(cord, 3.5, np.where(haplo, 1.0, -1.6)) + draw.habit("mycophenolate"))
    depleted = np.where(haplo, 0.35, 0.02)
    main = rest * (1 - depleted) * 0.88
    draw.choose("gvhd_prophylaxis", {
        "ptcy_based": ptcy, "graft_t_cell_depletion": rest * depleted,
        "ciclosporin_methotrexate": main * swiss * (1 - short),
        "tacrolimus_methotrexate": main * (1 - swiss) * (1 - short),
        "ciclosporin_mycophenolate": main * swiss * short,
        "tacrolimus_mycophenolate": main * (1 - swiss) * short,
        "tacrolimus_sirolimus": rest * 0.06, "tacrolimus_other": rest * 0.025,
        "ciclosporin_other": rest * 0.02, "other": rest * 0.01,
        "none": rest * 0.002 + draw.has("donor_type", "syngeneic") * 0.5,
    })  # fmt: skip
    given = draw.has("gvhd_prophylaxis", "ptcy_based")
    draw.flag("ptcy", given)
    draw.number("ptcy_dose_mg_kg", np.where(given, np.where(draw.chance(0.07), 40, 50), 0))
    draw.number("ptcy_days_n", np.where(given, 2, 0))
    mtx = draw.has("gvhd_prophylaxis", "ciclosporin_methotrexate", "tacrolimus_methotrexate")
    draw.flag("methotrexate_prophylaxis", mtx)
    siro = draw.has("gvhd_prophylaxis", "tacrolimus_sirolimus")
    draw.flag("sirolimus", siro | (given & draw.chance(0.05)))
    draw.flag("abatacept", (draw.era >= 2020) & mtx & draw.chance(0.12))
    draw.flag("ruxolitinib_prophylaxis", (draw.era >= 2019) & draw.chance(0.02))
    stimulated = draw.chance(logistic(np.where(given | cord, 1.3, -0.3) + draw.habit("gcsf")))
    draw.flag("gcsf_post", stimulated)
    draw.number("gcsf_post_start_day", np.where(given, 5, draw.rng.integers(1, 8, draw.n)))
    draw.lose("gcsf_post_start_day", ~stimulated)


def _serotherapy(draw: Draw, haplo: Mask) -> None:
    ptcy = draw.has("gvhd_prophylaxis", "ptcy_based")
    family = draw.has("donor_type", "matched_sibling", "syngeneic", "other_related")
    lean = np.where(family, -2.2, -0.8) + draw.habit("serotherapy")
    lean = lean + 0.9 * draw.child + 1.8 * nonmalignant(draw) + 0.7 * (haplo & ~ptcy)
    given = draw.chance(logistic(np.where(ptcy, -3.2, lean)))
    young = np.where(draw.child | nonmalignant(draw), 0.22, 0.06)
    lemtrada = given & draw.chance(young)
    draw.columns["serotherapy"] = np.where(lemtrada, 2, given).astype(np.int8)
    atg = given & ~lemtrada
    draw.choose("atg_type", {"thymoglobulin": 0.72, "atlg": 0.2, "horse": 0.08})
    draw.set_level("atg_type", "none", ~atg)
    planned = np.select([draw.has("atg_type", "atlg"), draw.has("atg_type", "horse")],
                        [draw.rng.choice([30.0, 45.0, 60.0], draw.n), 90.0],
                        draw.rng.choice([4.5, 6.0, 7.5, 10.0], draw.n))  # fmt: skip
    draw.number("atg_dose_mg_kg", np.where(atg, planned, 0.0), 1)
    campath = draw.rng.choice([30.0, 50.0, 60.0, 100.0], draw.n)
    draw.number("alemtuzumab_mg", np.where(lemtrada, campath, 0.0))
