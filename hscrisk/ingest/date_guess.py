"""Whether a column of an unseen file holds dates, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from hscrisk.ingest.dates import ISO, shown

FORMATS = (
    ISO,
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y%m%d",
    "%d%b%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%m/%Y",
    "%m.%Y",
    "%Y-%m",
    # Of these the century is open: they are told of, and no mapping reads them.
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
    "%d%b%y",
    "%d-%b-%y",
)
_LOOKS = re.compile(
    r"\d{1,4}[./-]\d{1,2}([./-]\d{2,4})?|\d{1,2}[./-]\d{4}|(19|20)\d{6}"
    r"|\d{1,2}[- ]?[A-Za-z]{3}[- ]?\d{2,4}"
)
_TIME = re.compile(r"[ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?$")
_SAMPLE = 200
_ENOUGH = 0.9


@dataclass(frozen=True)
class DateGuess:
    """The dates of a column.

    Attributes
    ----------
    formats : tuple of str
        As `strptime` has them: those that read most cells, several where no cell tells them apart.
    n, n_read : int
        Cells that hold something, and those that the first format reads.
    first, last : date
        The earliest and the latest.
    """

    formats: tuple[str, ...]
    n: int
    n_read: int
    first: date
    last: date

    @property
    def form(self) -> str:
        """Return the format, the first of them where there are several."""
        return self.formats[0]

    @property
    def is_readable(self) -> bool:
        """Return whether a mapping can read the format: the century and the day are told."""
        return "%Y" in self.form and "%d" in self.form

    @property
    def is_plain(self) -> bool:
        """Return whether nothing is left to decide."""
        return len(self.formats) == 1 and self.is_readable

    @property
    def words(self) -> str:
        """Return what was seen."""
        forms = " or ".join(shown(form).replace("%y", "YY") for form in self.formats)
        said = f"dates written {forms}, {self.first.year} to {self.last.year}"
        if self.n_read < self.n:
            said += f"; {self.n - self.n_read:,} of {self.n:,} are not so written"
        if len(self.formats) > 1:
            said += "; no number tells whether day or month comes first"
        if "%y" in self.form:
            said += "; two digits leave the century open: have the years written in full"
        elif "%d" not in self.form:
            said += "; without a day: which one stands for all (imputed_day)?"
        return said


def guess_dates(cells: Mapping[str, int]) -> DateGuess | None:
    """Return how dates are written, or None where they are none.

    At least nine cells of ten must be dates of one format. Serial numbers of spreadsheets look like
    any other number and are never taken for dates.

    Parameters
    ----------
    cells : mapping of str to int
        Distinct cells and how often each is met.

    Examples
    --------
    >>> guess_dates({"29.02.2012": 3, "1.3.2012": 1}).words
    'dates written DD.MM.YYYY, 2012 to 2012'
    >>> guess_dates({"3/4/2012": 1}).is_plain
    False
    """
    texts = {_TIME.sub("", text): n for text, n in cells.items()}
    n = sum(texts.values())
    alike = sum(n for text, n in texts.items() if _LOOKS.fullmatch(text))
    if alike == 0 or alike < _ENOUGH * n:
        return None
    sample = list(texts)[:_SAMPLE]
    few = [form for form in FORMATS if sum(bool(_read(t, form)) for t in sample) * 2 >= len(sample)]
    read = {form: {text: found for text in texts if (found := _read(text, form))} for form in few}
    counts = {form: sum(texts[text] for text in found) for form, found in read.items()}
    most = max(counts.values(), default=0)
    if most < _ENOUGH * n:
        return None
    best = tuple(form for form in few if counts[form] == most)
    days = read[best[0]].values()
    return DateGuess(best, n=n, n_read=most, first=min(days), last=max(days))


def read_dates(texts: list[str], form: str) -> list[date | None]:
    """Return the dates of cells, None where one is no date of that format."""
    return [_read(_TIME.sub("", text), form) for text in texts]


def _read(text: str, form: str) -> date | None:
    try:
        found = datetime.strptime(text, form).date()
    except ValueError:
        return None
    if not 1900 <= found.year <= 2100 or (form == "%Y%m%d" and len(text) != 8):
        return None
    return found
