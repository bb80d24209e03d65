"""Whom the bootstrap draws: patients, or centres where there are enough of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidConfiguration

ENOUGH_CENTRES = 20
"""Centres from which on they, not patients, are drawn unless asked otherwise."""
CHOICES = ("auto", "patient", "centre")


def whom_to_draw(patient: Any, centre: Any, cluster: str) -> NDArray[np.intp]:
    """Return a number for each row, shape (n_rows,); rows of one number are drawn together.

    Parameters
    ----------
    patient : array, shape (n_rows,)
    centre : array, shape (n_rows,), or None
        Missing where it is unknown; such rows are drawn by patient.
    cluster : {"auto", "patient", "centre"}
        "auto" draws centres where at least 20 are named, and patients otherwise.

    Raises
    ------
    InvalidConfiguration
        For another word, or centres that are asked for where none is named.

    References
    ----------
    Field & Welsh, J R Stat Soc B 2007;69:369-390.
    """
    if cluster not in CHOICES:
        message = f"whom to draw must be one of {', '.join(CHOICES)}"
        raise InvalidConfiguration(message, field="cluster", value=cluster)
    person, _ = pd.factorize(np.asarray(patient))
    place = np.full(len(person), -1)
    if centre is not None and cluster != "patient":
        place, _ = pd.factorize(pd.Series(centre))
    n_centres = int(place.max(initial=-1)) + 1
    if cluster == "centre" and not n_centres:
        message = "the cohort names no centre that could be drawn"
        raise InvalidConfiguration(message, field="cluster", value=cluster)
    if cluster == "auto" and n_centres < ENOUGH_CENTRES:
        return person
    return np.where(place >= 0, place, n_centres + person)
