"""Donors: who gives, and what one knows of them."""

from __future__ import annotations

import numpy as np

from hscrisk.datasets.simulated.disease import nonmalignant
from hscrisk.datasets.simulated.draw import NOTHING, Draw
from hscrisk.datasets.simulated.hla import draw_hla

_GROUPS = ("O", "A", "B", "AB")


def draw_donors(draw: Draw) -> None:
    """Draw the donor of each transplant."""
    _type(draw)
    _person(draw)
    draw_hla(draw)


def _type(draw: Draw) -> None:
    late = (draw.era - 2014) / 5
    haplo = np.exp(0.62 * late + draw.habit("haploidentical"))
    child, spared = draw.child, nonmalignant(draw)
    cord = np.exp(-0.55 * late)
    draw.choose("donor_type", {
        "matched_sibling": np.where(child, 0.36, 0.33) * np.where(spared, 1.6, 1.0),
        "matched_unrelated": np.where(child, 0.25, 0.42),
        "mismatched_unrelated": np.where(child, 0.08, 0.07),
        "haploidentical": 0.10 * haplo,
        "other_related": 0.012,
        "cord_single": np.where(child, 0.16, 0.02) * cord,
        "cord_double": np.where(child, 0.02, 0.04) * cord,
        "syngeneic": np.where(spared, 0.0, 0.004),
    })  # fmt: skip


def _person(draw: Draw) -> None:
    age = draw["patient_age"]
    family = draw.has("donor_type", "matched_sibling", "syngeneic", "other_related")
    haplo = draw.has("donor_type", "haploidentical")
    cord = draw.has("donor_type", "cord_single", "cord_double")
    draw.choose("donor_relation", {
        "sibling": np.where(haplo, np.where(draw.child, 0.15, 0.42), family * 1.0),
        "parent": np.where(haplo, np.where(draw.child, 0.85, np.where(age < 40, 0.33, 0.0)), 0.0),
        "child": np.where(haplo & (age > 42), 0.55, 0.0),
        "cousin": haplo * 0.02, "other_relative": haplo * 0.02,
        "unrelated": ~(family | haplo) * 1.0,
    })  # fmt: skip
    other = draw.has("donor_type", "other_related")
    draw.set_level("donor_relation", "other_relative", other & draw.chance(0.6))
    twin = draw.has("donor_type", "syngeneic")
    near = np.clip(age + draw.noise(np.where(draw.child, 4.0, 7.0)), 1, 74)
    years = 19 + 36 * draw.rng.beta(1.4, 2.6, draw.n)
    years = np.where(family | draw.has("donor_relation", "sibling"), near, years)
    years = np.where(draw.has("donor_relation", "parent"), age + 28 + draw.noise(4), years)
    years = np.where(draw.has("donor_relation", "child"), age - 27 + draw.noise(4), years)
    draw.number("donor_age", np.where(twin, age, np.clip(years, 1, 74)))
    chosen = draw.has("donor_type", "matched_unrelated", "mismatched_unrelated")
    draw.choose("donor_sex", {"male": np.where(chosen, 0.66, 0.54),
                              "female": np.where(chosen, 0.34, 0.46)})  # fmt: skip
    woman = draw.has("donor_sex", "female")
    parous = woman & draw.chance(np.where(draw["donor_age"] > 30, 0.75, 0.25))
    codes = np.where(parous, 1, np.where(draw.chance(0.15), 2, 0)).astype(np.int8)
    draw.columns["donor_parity"] = np.where(woman & ~cord, codes, NOTHING).astype(np.int8)
    same = draw.has("patient_cmv_igg", "positive")
    positive = np.where(family | haplo, np.where(same, 0.62, 0.34), np.where(same, 0.43, 0.27))
    draw.choose("donor_cmv_igg", {"positive": np.where(cord, 0.03, positive),
                                  "negative": np.where(cord, 0.97, 1 - positive)})  # fmt: skip
    male = draw.has("donor_sex", "male")
    weight = np.where(male, 84.0, 70.0) * np.exp(draw.noise(0.17))
    young = np.minimum(4 + 2.9 * draw["donor_age"], weight)
    draw.number("donor_weight_kg", np.where(draw["donor_age"] < 18, young, weight))
    kin = (family | haplo) & draw.chance(np.where(twin, 1.0, 0.4))
    draw.choose("donor_abo", {"O": 0.47, "A": 0.39, "B": 0.10, "AB": 0.04})
    draw.columns["donor_abo"][kin] = draw["patient_abo"][kin]
    draw.choose("donor_rh", {"positive": 0.85, "negative": 0.15})
    draw.columns["donor_rh"][kin] = draw["patient_rh"][kin]
    draw.columns["donor_sex"][twin] = draw["patient_sex"][twin]
    draw.columns["donor_parity"][twin & ~draw.has("donor_sex", "female")] = NOTHING
    for name in ("donor_age", "donor_weight_kg"):
        draw.lose(name, cord)  # a newborn: the registry leaves them empty
