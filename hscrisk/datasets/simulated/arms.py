"""Arms: donor, graft and prophylaxis together, and the intercepts of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hscrisk.datasets.simulated.draw import Draw

ARMS = (
    "msd_bm", "msd_bm_atg", "msd_pb", "msd_pb_atg", "msd_pb_ptcy", "mud_bm", "mud_bm_atg", "mud_pb",
    "mud_pb_atg", "mud_pb_ptcy", "matched_bm_ptcy", "haplo_bm_ptcy", "haplo_pb_ptcy", "haplo_other",
    "cord_single", "cord_double",
)  # fmt: skip
"""Family donors other than haploidentical count as siblings, mismatched unrelated as unrelated."""
EARLY_DEATHS = ("mud_bm_atg", "haplo_bm_ptcy", "haplo_pb_ptcy", "haplo_other", "cord_single",
                "cord_double", "mud_pb_ptcy", "matched_bm_ptcy", "msd_pb_ptcy")  # fmt: skip
"""Arms whose non-relapse deaths come early."""


def arms_of(draw: Draw) -> NDArray[np.int8]:
    """Return the arm of each row, shape (n,), from what is recorded."""
    number = {name: code for code, name in enumerate(ARMS)}
    blood, cord = (draw.has("graft_source", s) for s in ("peripheral_blood", "cord_blood"))
    ptcy, atg = draw.has("ptcy", "yes"), draw.has("serotherapy", "atg", "alemtuzumab")
    haplo = draw.has("donor_type", "haploidentical")
    chosen = draw.has("donor_type", "matched_unrelated", "mismatched_unrelated")
    rules = (
        (cord & draw.has("donor_type", "cord_double"), "cord_double"), (cord, "cord_single"),
        (haplo & ptcy & blood, "haplo_pb_ptcy"), (haplo & ptcy, "haplo_bm_ptcy"),
        (haplo, "haplo_other"), (ptcy & ~blood, "matched_bm_ptcy"),
        (ptcy & chosen, "mud_pb_ptcy"), (ptcy, "msd_pb_ptcy"),
        (chosen & blood & atg, "mud_pb_atg"), (chosen & blood, "mud_pb"),
        (chosen & atg, "mud_bm_atg"), (chosen, "mud_bm"),
        (blood & atg, "msd_pb_atg"), (blood, "msd_pb"), (atg, "msd_bm_atg"),
    )  # fmt: skip
    codes = np.select([who for who, _ in rules], [number[name] for _, name in rules],
                      number["msd_bm"])  # fmt: skip
    return codes.astype(np.int8)
