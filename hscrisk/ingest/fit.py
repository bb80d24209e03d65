"""How well the values of a column fit a field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field


@dataclass(frozen=True)
class Fit:
    """How well a column's values fit a field.

    Attributes
    ----------
    share : float
        0 impossible, 1 nothing speaks against it.
    unit : str or None
        The unit guessed, where it is not the contract's.
    codes : mapping of str to str or None
        Codes whose meaning is plain; None where they must be told.
    sure : bool
        Whether reading it so needs no decision.
    evidence : str
    parts : mapping of str to str
        What else the mapping says of the field: key and YAML.
    mixed : tuple of (str, str, float) or None
        Two units that rows seem to be in, and the value that lies between them.
    reads : tuple of str
        Other columns that the mapping reads for the field.
    """

    share: float
    unit: str | None = None
    codes: dict[str, str] | None = None
    sure: bool = False
    evidence: str = ""
    parts: dict[str, str] = dataclass_field(default_factory=dict)
    mixed: tuple[str, str, float] | None = None
    reads: tuple[str, ...] = ()

    def doubted(self, why: str) -> Fit:
        """Return the fit as one to decide, with one more reason."""
        return replace(self, sure=False, evidence=f"{self.evidence}; {why}")


NO_FIT = Fit(0.0)
