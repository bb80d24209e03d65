"""HLA of patient and donor, and every count of matches that follows from the two.

Alleles come from short lists of common ones; counts are those of the pair actually drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hscrisk.datasets.simulated.draw import Draw, Mask

ALLELES = {
    locus: tuple(names.split())
    for locus, names in {
        "a": "01:01 02:01 03:01 24:02 11:01 02:05 02:06 26:01 29:02 68:01",
        "b": "07:02 08:01 44:02 44:03 35:01 15:01 51:01 40:01 18:01 57:01",
        "c": "07:01 07:02 04:01 06:02 05:01 03:04 03:03 12:03 02:02 16:01",
        "drb1": "15:01 03:01 07:01 04:01 01:01 13:01 11:01 04:04 13:02 14:01",
        "dqb1": "06:02 02:01 03:01 05:01 03:02 02:02 06:03 03:03 06:04 05:03",
        "dpb1": "04:01 02:01 04:02 03:01 01:01 05:01 10:01 09:01 06:01 17:01",
    }.items()
}
_OFTEN = np.array([0.24, 0.19, 0.14, 0.11, 0.09, 0.07, 0.06, 0.04, 0.03, 0.03])
_TCE = np.array([3, 3, 3, 2, 3, 3, 1, 1, 2, 1])
_CORE = np.array([True, True, True, False, False, False, False, False, False, False])
"""T-cell epitope groups of the DPB1 alleles above (IPD-IMGT/HLA 3.60.0), and whether group 3 core.

References
----------
Fleischhauer et al., Lancet Oncol 2012;13:366-374.
"""
Pair = NDArray[np.int8]


def draw_hla(draw: Draw) -> None:
    """Draw both typings and count matches of 6, 8, 10 and 12 and their directions."""
    haplo = draw.has("donor_type", "haploidentical")
    related = draw.has("donor_type", "matched_sibling", "syngeneic")
    counts = _mismatches_wanted(draw)
    matched = np.zeros((6, draw.n), dtype=np.int8)
    gvh, hvg = np.zeros(draw.n, dtype=np.int64), np.zeros(draw.n, dtype=np.int64)
    antigen, allele = np.zeros(draw.n, dtype=np.int64), np.zeros(draw.n, dtype=np.int64)
    for number, (locus, names) in enumerate(ALLELES.items()):
        first = np.array([name.split(":")[0] for name in names])
        patient = _two(draw)
        donor = patient.copy()
        swap = haplo | (counts > draw.rng.random(draw.n) * (4 - min(number, 3)))
        if locus == "dqb1":
            swap = haplo | (~related & draw.chance(0.06))
        if locus == "dpb1":
            swap = ~related
            both = swap & ~haplo & draw.chance(0.45)
            donor[both, 0] = _one(draw)[both]
        if number < 4:
            counts = counts - swap
        fresh = _one(draw)
        same = (fresh == patient[:, 0]) | (fresh == patient[:, 1])
        if number < 4:  # a wanted mismatch is one
            fresh = np.where(same & ~haplo, _other(patient), fresh).astype(np.int8)
        donor[swap, 1] = fresh[swap]
        draw.columns[f"_patient_{locus}"], draw.columns[f"_donor_{locus}"] = patient, donor
        matched[number] = _shared(patient, donor)
        gvh += _absent(patient, donor)
        hvg += _absent(donor, patient)
        if locus != "dpb1":
            lost = 2 - matched[number]
            kinds = _shared(_groups(patient, first), _groups(donor, first)) - matched[number]
            allele += np.minimum(kinds, lost)
            antigen += lost - np.minimum(kinds, lost)
    draw.number("hla_match_6", matched[[0, 1, 3]].sum(axis=0))
    draw.number("hla_match_8", matched[:4].sum(axis=0))
    draw.number("hla_match_10", matched[:5].sum(axis=0))
    draw.number("hla_match_12", matched.sum(axis=0))
    draw.number("hla_mm_gvh_n", gvh)
    draw.number("hla_mm_hvg_n", hvg)
    draw.number("hla_antigen_mismatches_n", antigen)
    draw.number("hla_allele_mismatches_n", allele)
    draw.columns["hla_mm_class"] = np.where(antigen > 0, 2, allele > 0).astype(np.int8)
    _epitopes(draw)
    _antibodies(draw, mismatched=antigen + allele > 0)


def _mismatches_wanted(draw: Draw) -> NDArray[np.int64]:
    """Return mismatches of 8 for donors that are chosen by their match."""
    cord = draw.has("donor_type", "cord_single", "cord_double")
    one = draw.has("donor_type", "mismatched_unrelated", "other_related")
    more = cord * draw.rng.choice(4, draw.n, p=[0.12, 0.28, 0.35, 0.25])
    return np.asarray(one * (1 + draw.chance(0.12)) + more, dtype=np.int64)


def _one(draw: Draw) -> NDArray[np.int8]:
    return np.searchsorted(np.cumsum(_OFTEN[:-1]), draw.rng.random(draw.n)).astype(np.int8)


def _two(draw: Draw) -> Pair:
    return np.stack([_one(draw), _one(draw)], axis=1)


def _other(pair: Pair) -> NDArray[np.int64]:
    """Return an allele that is neither of the two."""
    step = (pair[:, 1].astype(np.int64) + 1) % 10
    clash = step == pair[:, 0]
    return np.where(clash, (step + 1) % 10, step)


def _shared(one: NDArray[Any], two: NDArray[Any]) -> NDArray[np.int8]:
    """Return how many alleles match, as multisets."""
    straight = (one[:, 0] == two[:, 0]).astype(np.int8) + (one[:, 1] == two[:, 1])
    crossed = (one[:, 0] == two[:, 1]).astype(np.int8) + (one[:, 1] == two[:, 0])
    return np.asarray(np.maximum(straight, crossed), dtype=np.int8)


def _absent(ours: Pair, theirs: Pair) -> NDArray[np.int64]:
    """Return how many distinct alleles of `ours` the other side lacks."""
    lacks = [(ours[:, i] != theirs[:, 0]) & (ours[:, i] != theirs[:, 1]) for i in (0, 1)]
    twice = ours[:, 0] == ours[:, 1]
    return np.asarray(lacks[0] + (lacks[1] & ~twice).astype(np.int64), dtype=np.int64)


def _groups(pair: Pair, first: NDArray[np.str_]) -> NDArray[np.int64]:
    return np.unique(first, return_inverse=True)[1][pair]


def _epitopes(draw: Draw) -> None:
    patient, donor = draw["_patient_dpb1"], draw["_donor_dpb1"]
    ours, theirs = _TCE[patient].min(axis=1), _TCE[donor].min(axis=1)
    core = _CORE[patient].all(axis=1) & _CORE[donor].all(axis=1)
    # Levels in order: match, permissive_core, permissive, nonpermissive_gvh, nonpermissive_hvg.
    codes = np.select([_shared(patient, donor) == 2, ours < theirs, theirs < ours, core],
                      [0, 3, 4, 1], 2)  # fmt: skip
    draw.columns["dpb1_tce"] = codes.astype(np.int8)


def _antibodies(draw: Draw, mismatched: Mask) -> None:
    carried = np.nan_to_num(draw["pregnancies_n"])
    risk = np.where(mismatched, 0.03 + 0.04 * np.minimum(carried, 4), 0.0)
    found = draw.chance(risk + 0.05 * (mismatched & (draw["transfusions_rbc_n"] > 20)))
    draw.flag("dsa_present", found)
    strength = np.minimum(2500 * np.exp(draw.noise(0.9)), 25000) + 1000
    draw.number("dsa_max_mfi", np.where(found, strength, 500 * draw.rng.random(draw.n)))
    draw.number("kir_b_content", draw.rng.binomial(4, 0.3, draw.n))
