"""Load a bundle: compare every byte, then choose the reader, then build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from hscrisk.bundle.coding import parse_json
from hscrisk.bundle.contents import Contents
from hscrisk.bundle.explaining import explain_record
from hscrisk.bundle.manifest import SealedFiles, read_sealed, safe_word
from hscrisk.bundle.prediction import EndpointPrediction, predict
from hscrisk.bundle.readers import FORMAT, READERS
from hscrisk.errors import HscriskError, UntrustedBundle

if TYPE_CHECKING:
    import pandas as pd

    from hscrisk.explain import Explanation
    from hscrisk.schema import Records


@dataclass(frozen=True)
class Bundle(Contents):
    """Models of one cohort with all that scoring needs.

    Attributes
    ----------
    id : str
        SHA-256 of the manifest: names the whole content.
    format : int
        Number of the format that it was read from.
    """

    id: str
    format: int

    @property
    def model_version(self) -> str:
        """Return the name and the first twelve digits of the id, as written beside each risk."""
        return f"{self.name}@{self.id[:12]}"

    @property
    def schema_version(self) -> str:
        """Return the version of the data contract that the models were trained under."""
        return str(self.contract.version)

    def predict(
        self,
        data: pd.DataFrame | Records,
        *,
        endpoints: Sequence[str] | None = None,
        horizons: ArrayLike | None = None,
    ) -> dict[str, EndpointPrediction]:
        """Return risks with 90 % intervals and the null beside them, by endpoint.

        Parameters
        ----------
        data : DataFrame or Records
            One row a transplant, contract columns; one that is absent counts as missing.
        endpoints : sequence of str, optional
            All by default.
        horizons : array-like, optional
            Days; each model's own anchors by default.

        Raises
        ------
        MissingColumn
            If not one column of a model is there.
        HorizonOutOfRange
            If a horizon lies beyond a model's last anchor.
        """
        return predict(self, data, endpoints=endpoints, horizons=horizons)

    def explain(
        self,
        record: Mapping[str, Any] | pd.DataFrame,
        endpoint: str,
        horizon: float | None = None,
    ) -> Explanation:
        """Return one transplant's risk at one horizon, taken apart exactly.

        Where the endpoint is shown at the risk of a wider one, that one's model is explained.

        Parameters
        ----------
        record : mapping, or DataFrame of one row
            Contract fields; a mapping is checked first.
        endpoint : str
        horizon : float, optional
            Days from infusion; the endpoint's primary horizon by default.

        Raises
        ------
        InvalidRecord
            If the record breaks the data contract.
        InvalidConfiguration
            If the bundle has no such endpoint.
        HorizonOutOfRange
            If the horizon lies beyond the model's last anchor.
        """
        return explain_record(self, record, endpoint, horizon, model_version=self.model_version)


@dataclass(frozen=True)
class VerifiedBundle:
    """The title page of a bundle whose every byte was compared."""

    id: str
    name: str
    format: int
    endpoints: tuple[str, ...]
    n_files: int


def load_bundle(path: str | Path, expected_sha256: str | None = None) -> Bundle:
    """Return the bundle in a folder, after comparing every byte of it.

    Parameters
    ----------
    path : str or Path
        The bundle's folder.
    expected_sha256 : str, optional
        The id that it must have. Without it a bundle is known to be whole, not whose it is.

    Raises
    ------
    UntrustedBundle
        If anything is altered, missing, unlisted or unreadable, or its format is unknown.
    InputOutputFailed
        If there is no such folder.
    """
    sealed = read_sealed(path, expected_sha256)
    number = _head(sealed)["format"]
    try:
        contents = READERS[number](sealed.files)
    except UntrustedBundle:
        raise
    except (HscriskError, LookupError, TypeError, ValueError, AttributeError) as error:
        # Whole by its hashes, yet not what its format promises: made by a faulty or hostile hand.
        msg = f"the bundle does not hold what format {number} promises"
        raise UntrustedBundle(
            msg,
            mend="Have it written anew by this version of hscrisk.",
        ) from error
    return Bundle(**vars(contents), id=sealed.id, format=number)


def verify_bundle(path: str | Path, expected_sha256: str | None = None) -> VerifiedBundle:
    """Compare every byte of a bundle and read its title page; build nothing.

    Raises
    ------
    UntrustedBundle, InputOutputFailed
        As `load_bundle`.
    """
    sealed = read_sealed(path, expected_sha256)
    head = _head(sealed)
    return VerifiedBundle(
        id=sealed.id,
        name=head["name"],
        format=head["format"],
        endpoints=tuple(head["endpoints"]),
        n_files=len(sealed.files),
    )


def _head(sealed: SealedFiles) -> dict[str, Any]:
    if "bundle.json" not in sealed.files:
        msg = "the bundle is refused"
        raise UntrustedBundle(msg, offenders=["bundle.json: missing"])
    head = parse_json(sealed.files["bundle.json"], "bundle.json")
    number = head.get("format") if isinstance(head, dict) else None
    if type(number) is not int or number not in READERS:
        msg = f"the bundle's format {number!r} is unknown"
        raise UntrustedBundle(
            msg,
            mend=f"Known: {', '.join(map(str, READERS))}; today's is {FORMAT}. "
            "Use the version of hscrisk that wrote it, or a newer one.",
        )
    names = head.get("endpoints")
    if not isinstance(names, list) or not all(map(safe_word, [head.get("name"), *names])):
        msg = "a bundle and its endpoints have names of letters, digits, '.', '_' and '-'"
        raise UntrustedBundle(msg)
    return dict(head)
