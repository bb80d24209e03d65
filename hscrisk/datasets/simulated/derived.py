"""Fields that follow from others, on codes: fast, and equal to what the schema derives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hscrisk.datasets.simulated.draw import NOTHING, Draw, level_codes
from hscrisk.datasets.simulated.patients import ITEMS
from hscrisk.schema import load_contract


def comorbidity_score(draw: Draw) -> None:
    """Add up the items of the HCT-CI."""
    total = sum(
        points * draw[f"hctci_item_{name}"].astype(int) for name, (_, points) in ITEMS.items()
    )
    draw.number("hctci_score", total)


def blood_group_match(draw: Draw) -> None:
    """Compare blood groups: the codes O, A, B, AB are sets of antigens in binary."""
    donor, patient = draw["donor_abo"], draw["patient_abo"]
    major, minor = (donor & ~patient) > 0, (patient & ~donor) > 0
    code = np.where(major & minor, 3, np.where(major, 2, minor)).astype(np.int8)
    unknown = (donor == NOTHING) | (patient == NOTHING)
    draw.columns["abo_match"] = np.where(unknown, NOTHING, code).astype(np.int8)
    draw.columns["_major"] = major


def derive_fields(draw: Draw) -> None:
    """Fill what follows from other fields, missing where they are."""
    with np.errstate(divide="ignore", invalid="ignore"):
        draw.number("bmi", draw["weight_kg"] / (draw["height_cm"] / 100) ** 2, 1)
        easix = draw["ldh_u_l"] * draw["creatinine_mg_dl"] / draw["platelets_pre"]
    draw.number("easix_pre", easix, 3)
    _pair(draw, "sex_match", 1 - draw["donor_sex"], 1 - draw["patient_sex"], "patient_sex")
    _pair(draw, "cmv_match", draw["donor_cmv_igg"], draw["patient_cmv_igg"], "patient_cmv_igg")
    _pair(draw, "rh_match", draw["donor_rh"], draw["patient_rh"], "patient_rh")
    unknown = draw["donor_sex"] == NOTHING
    draw.columns["sex_match"][unknown] = NOTHING
    blood_group_match(draw)
    for name, field in load_contract().items():
        if field.coarsens is None or field.coarsens not in draw.columns:
            continue
        whole = draw[field.coarsens]
        if field.bounds:
            draw.columns[name] = _banded(whole, list(field.bounds.values()))
        else:
            codes = level_codes(field.coarsens)
            table = np.full(len(codes) + 1, NOTHING, dtype=np.int8)
            for level, parts in field.merges.items():
                table[[codes[part] for part in parts]] = level_codes(name)[level]
            draw.columns[name] = table[whole]


def _pair(
    draw: Draw, name: str, donor: NDArray[np.int8], patient: NDArray[np.int8], known: str
) -> None:
    code = (2 * donor + patient).astype(np.int8)
    unknown = (donor == NOTHING) | ~draw.known(known)
    draw.columns[name] = np.where(unknown, NOTHING, code).astype(np.int8)


def _banded(values: NDArray[np.float64], bounds: list[tuple[float, float]]) -> NDArray[np.int8]:
    codes = np.full(len(values), NOTHING, dtype=np.int8)
    for code, (low, high) in enumerate(bounds):
        codes[(values >= low) & (values < high)] = code
    return codes
