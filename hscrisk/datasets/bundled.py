"""Real cohorts that ship with the package, as plain CSV with a README each."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hscrisk.datasets.fetch import fetched_file, owned_cohorts
from hscrisk.errors import InputOutputFailed, InvalidConfiguration, nearest
from hscrisk.ingest import read_records
from hscrisk.places import require_outside
from hscrisk.schema import Records

_DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class BundledCohort:
    """A cohort that ships.

    Attributes
    ----------
    name, title : str
    n : int
        Transplants.
    sha256 : str
        Of the CSV file.
    """

    name: str
    title: str
    n: int
    sha256: str

    @property
    def path(self) -> Path:
        """Return its CSV file."""
        return _DATA / self.name / f"{self.name}.csv"


COHORTS = {
    "copelan1991": BundledCohort(
        "copelan1991",
        "137 bone marrow transplants for acute leukaemia (Copelan et al., Blood 1991;78:838-843)",
        137,
        "02e5d6fa01df45b01d7a86521034cc984df4697e2a1f8e47b84c45ed1d805e85",
    )
}


def bundled_cohort(name: str) -> BundledCohort:
    """Return the bundled cohort of that name; its mapping has the same name.

    Raises
    ------
    InvalidConfiguration
        When there is none.
    """
    if name not in COHORTS:
        rule = "no such bundled cohort"
        raise InvalidConfiguration(rule, value=name, mend=nearest(name, COHORTS))
    return COHORTS[name]


def data_file(name_or_path: str | Path) -> Path:
    """Return a file, or that of a bundled or fetched cohort called by its name.

    Raises
    ------
    InputOutputFailed
        When a cohort of another owner was not fetched yet.
    """
    name = str(name_or_path)
    if not Path(name_or_path).exists():
        if name in COHORTS:
            return COHORTS[name].path
        if name in owned_cohorts():
            found = fetched_file(name)
            if found is None:
                rule = f"{name} belongs to {owned_cohorts()[name].owner} and is not here yet"
                mend = f"See how to get it: hscrisk datasets fetch {name}"
                raise InputOutputFailed(rule, mend=mend)
            return found
    return Path(name_or_path)


def mapping_of(name_or_path: str | Path) -> str:
    """Return the mapping of a cohort called by its name, 'contract' for any other file."""
    name = str(name_or_path)
    named = (name in COHORTS or name in owned_cohorts()) and not Path(name_or_path).exists()
    return name if named or name in COHORTS else "contract"


def export_cohort(name: str, out: str | Path) -> Path:
    """Copy the CSV file of a bundled cohort to `out` and return where it is.

    Raises
    ------
    InputOutputFailed
        When it cannot be written.
    InvalidConfiguration
        When it would lie in a bundle.
    """
    cohort, path = bundled_cohort(name), Path(out)
    require_outside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(cohort.path, path)
    except OSError as error:
        raise InputOutputFailed(f"{path.name} cannot be written") from error
    return path


@lru_cache(maxsize=1)
def load_copelan1991() -> Records:
    """Return the 137 transplants of Copelan et al. (1991), read through their mapping.

    References
    ----------
    Copelan EA et al., Blood 1991;78:838-843. Klein JP, Moeschberger ML, Survival Analysis,
    Springer 1997, section 1.3.

    Examples
    --------
    >>> len(load_copelan1991())
    137
    """
    return read_records(bundled_cohort("copelan1991").path, "copelan1991").accepted
