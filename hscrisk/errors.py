"""Errors as short reports: where, what came, which rule, and the mend.

Every part is an attribute, so quarantine writes a table and logs leave the value out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST_WORD = 200


class HscriskError(Exception):
    """Base of every error raised on purpose.

    Parameters
    ----------
    rule : str
        What is required, in words.
    row, field, value : optional
        Where the trouble is and what was found there; `value` never reaches logs.
    mend : str, optional
        What to do about it.
    """

    exit_code = 2

    def __init__(
        self,
        rule: str,
        *,
        row: int | str | None = None,
        field: str | None = None,
        value: object = None,
        mend: str | None = None,
    ) -> None:
        self.rule, self.row, self.field, self.value, self.mend = rule, row, field, value, mend
        super().__init__(rule)

    def __str__(self) -> str:
        """Return one line with every part that is known."""
        where = [f"row {self.row}"] if self.row is not None else []
        where += [f"field '{self.field}'"] if self.field is not None else []
        got = f" (got {self.value!r})" if self.value is not None else ""
        head = f"{', '.join(where)}: " if where else ""
        tail = f" {self.mend}" if self.mend else ""
        return f"{head}{self.rule}{got}.{tail}"

    def without_value(self) -> str:
        """Return the message without the value, fit for logs."""
        value, self.value = self.value, None
        try:
            return str(self)
        finally:
            self.value = value


class InvalidRecord(HscriskError):
    """A record breaks the data contract."""


class InvalidOutcome(HscriskError):
    """Outcomes (`event`, `duration`) are malformed."""


OF_RECORDS = (InvalidRecord, InvalidOutcome)
"""Errors whose value is one of a patient's."""


class MissingColumn(HscriskError):
    """A column that is needed is absent."""


class InvalidConfiguration(HscriskError):
    """A configuration file (endpoint, mapping, model, training) is wrong."""


class LeakedOutcome(HscriskError):
    """A column known only after the prediction time was offered as a feature."""


class NotEstimable(HscriskError):
    """A quantity cannot be estimated from these data; the rule says why."""


class HorizonOutOfRange(HscriskError):
    """A horizon lies outside what the model can answer."""


class InputOutputFailed(HscriskError):
    """A file could not be read or written."""

    exit_code = 3


class UntrustedBundle(HscriskError):
    """A bundle is altered, incomplete, of another format, or not the expected one.

    Parameters
    ----------
    rule : str
        What is required, in words.
    offenders : iterable of str, optional
        Every file found wrong, each with what is wrong about it.
    mend : str, optional
        What to do about it.
    """

    exit_code = 4

    def __init__(
        self, rule: str, *, offenders: Iterable[str] = (), mend: str | None = None
    ) -> None:
        self.offenders = tuple(offenders)
        listed = f": {'; '.join(self.offenders)}" if self.offenders else ""
        super().__init__(f"{rule}{listed}", mend=mend)


class MissingExtra(HscriskError):
    """An optional part needs packages that are not installed.

    Parameters
    ----------
    what : str
        The part, as a person calls it.
    extra : str
        The extra of hscrisk that brings the packages.
    module : str, optional
        The first one found missing.
    """

    def __init__(self, what: str, extra: str, module: str | None = None) -> None:
        found = f" ({module} is missing)" if module else ""
        super().__init__(
            f"{what} needs packages that are not installed{found}",
            mend=f'Install them: pip install "hscrisk[{extra}]"',
        )


def told(error: HscriskError) -> str:
    """Return an error as a command prints it: what is printed ends up in logs.

    What stood in a record is left out; a word of a configuration or an argument may be shown.
    """
    return error.without_value() if isinstance(error, OF_RECORDS) else str(error)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the mend for an unknown word: the nearest known one, or all of them.

    >>> nearest("acute_gvdh", ["acute_gvhd", "relapse"])
    "Did you mean 'acute_gvhd'?"
    """
    options = sorted(known)
    # A word of any length may come in; one as long as a page has no neighbour, and takes long.
    match = difflib.get_close_matches(word, options, n=1) if len(word) <= _LONGEST_WORD else []
    return f"Did you mean '{match[0]}'?" if match else f"Known: {', '.join(options) or 'none'}."
