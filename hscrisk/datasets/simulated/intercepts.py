"""Intercepts of the arms: solved so that mean true incidences are the published ones.

Log-odds of ever, or log days. The reference of each arm is the population of its source: adults
with acute leukaemia 2008-2018; with MDS, 2012-2017, for haploidentical donors and for siblings with
cyclophosphamide; all malignant diseases 2013-2017 for cord blood. 245,760 transplants of seed 101.
docs/simulated-registry.md has the targets and their sources.
"""

from __future__ import annotations

import numpy as np

from hscrisk.datasets.simulated.arms import ARMS
from hscrisk.datasets.simulated.curves import Array

_COLUMNS = (
    "neutrophil_reach", "neutrophil_days", "platelet_reach", "platelet_days", "acute", "acute_2_4",
    "acute_3_4", "chronic", "extensive", "nrm", "relapse",
)  # fmt: skip
_TABLE = {
    "msd_bm": (7.73, 2.804, 3.36, 2.967, -0.46, -1.28, -2.74, -0.23, -1.07, -3.34, -0.52),
    "msd_bm_atg": (5.59, 2.801, 3.21, 2.962, -0.79, -1.66, -3.00, -0.93, -1.73, -2.63, -0.19),
    "msd_pb": (5.22, 2.608, 3.95, 2.843, -0.27, -1.03, -2.65, 0.75, -0.13, -2.10, -0.21),
    "msd_pb_atg": (6.70, 2.523, 4.87, 2.717, -0.77, -1.64, -2.97, -0.68, -1.40, -2.36, 0.43),
    "msd_pb_ptcy": (4.41, 2.821, 3.94, 3.095, 0.10, -0.68, -2.92, -0.16, -1.34, -2.03, -0.41),
    "mud_bm": (4.20, 2.802, 3.22, 3.161, 0.27, -0.44, -2.04, -0.05, -0.82, -1.89, -0.53),
    "mud_bm_atg": (4.78, 2.670, 2.92, 3.187, 0.44, -0.23, -2.08, -0.87, -1.71, -1.90, -0.18),
    "mud_pb": (4.67, 2.607, 3.52, 2.871, 0.50, -0.21, -1.85, 0.91, 0.09, -1.84, -0.33),
    "mud_pb_atg": (4.55, 2.526, 3.51, 2.764, 0.18, -0.57, -2.31, -0.18, -0.97, -1.88, -0.33),
    "mud_pb_ptcy": (4.68, 2.823, 4.40, 3.103, 0.35, -0.38, -3.18, -0.42, -1.45, -2.43, -0.39),
    "matched_bm_ptcy": (3.80, 2.994, 4.24, 3.315, 0.27, -0.46, -2.08, -0.14, -1.33, -2.46, -0.78),
    "haplo_bm_ptcy": (3.69, 2.899, 2.98, 3.275, -0.10, -0.89, -2.64, -0.49, -1.58, -1.54, -0.48),
    "haplo_pb_ptcy": (4.26, 2.905, 3.08, 3.208, 0.30, -0.47, -2.41, 0.04, -1.18, -1.56, -0.60),
    "haplo_other": (4.25, 2.673, 2.99, 3.056, 0.63, -0.11, -1.96, 0.54, -0.61, -1.32, -0.64),
    "cord_single": (6.62, 3.223, 4.06, 3.952, 0.37, -0.40, -2.26, -0.51, -1.47, -1.48, -0.81),
    "cord_double": (6.32, 3.255, 3.55, 4.062, 1.33, 0.50, -2.17, -0.40, -1.36, -1.55, -0.77),
}  # fmt: skip
INTERCEPTS: dict[str, Array] = {
    outcome: np.array([_TABLE[arm][number] for arm in ARMS])
    for number, outcome in enumerate(_COLUMNS)
}
"""Outcome to intercepts, in the order of `ARMS`."""
