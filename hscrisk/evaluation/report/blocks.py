"""What a report is made of, before it is a page: the same words in HTML and in Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from hscrisk.cohort.markup import Markup


@dataclass(frozen=True)
class Link:
    """Words that lead to a file beside the page."""

    words: str
    href: str


Cells = tuple[str | Link, ...]


@dataclass(frozen=True)
class Table:
    """Rows of text under a header.

    Attributes
    ----------
    caption : str
    header : tuple of str
    rows : tuple of tuple of str or Link
    words : int
        So many first columns are text; the others are numbers.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[Cells, ...]
    words: int = 1


@dataclass(frozen=True)
class Figure:
    """A drawing with what it shows.

    Attributes
    ----------
    name : str
        Of its file, without suffix.
    drawing : Markup
        SVG; its title and description are inside.
    alt : str
        What who cannot see it is told.
    caption : str
    """

    name: str
    drawing: Markup
    alt: str
    caption: str


@dataclass(frozen=True)
class Listing:
    """Sentences that are read one by one."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; a text is a paragraph."""

    title: str
    parts: tuple[str | Table | Figure | Listing, ...]


@dataclass(frozen=True)
class Page:
    """A whole report.

    Attributes
    ----------
    eyebrow, title : str
    verdict : str
        The sentence that comes first.
    warnings : tuple of str
        What must be known before any number is read.
    facts : tuple of (str, str)
        Terms and what is said of them.
    sections : tuple of Section
    footer : tuple of str
    """

    eyebrow: str
    title: str
    verdict: str
    warnings: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: tuple[str, ...]

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Return the drawings in the order in which they stand."""
        return tuple(p for s in self.sections for p in s.parts if isinstance(p, Figure))
