"""The terms that cohorts share: read from `terms.yaml`, and computed from encoded features."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hscrisk.features import FeaturePipeline
from hscrisk.schema.configuration import read_yaml, validated

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]
SHIPPED = Path(__file__).with_name("terms.yaml")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """One way to come by a term's value: a number, perhaps bent, or a score for each level."""

    field: str
    scores: dict[str, float] | None = None
    cap: float | None = None
    above: float | None = None
    below: float | None = None
    above_zero: bool = False

    def bent(self, x: FloatArray) -> FloatArray:
        """Return the value of a number as the term takes it."""
        if self.above is not None:
            return np.maximum(x - self.above, 0.0)
        if self.below is not None:
            return (x < self.below).astype(np.float64)
        if self.above_zero:
            return (x > 0).astype(np.float64)
        return x if self.cap is None else np.minimum(x, self.cap)


class Term(_Strict):
    """(value - centre) / unit of the first source that is known, or the product of two terms."""

    label: str
    sources: tuple[Source, ...] = ()
    product: tuple[str, str] | None = None
    centre: float = 0.0
    unit: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _either(self) -> Term:
        if bool(self.sources) == (self.product is not None):
            msg = "a term has sources or is a product"
            raise ValueError(msg)
        return self


class Terms(_Strict):
    """All terms of one version, in their order."""

    version: int
    population: str
    terms: dict[str, Term]

    @model_validator(mode="after")
    def _known_factors(self) -> Terms:
        for name, term in self.terms.items():
            for factor in term.product or ():
                if factor not in self.terms or self.terms[factor].product is not None:
                    msg = f"'{name}' is a product of what is no simple term"
                    raise ValueError(msg)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the terms, in order."""
        return tuple(self.terms)

    @property
    def hash(self) -> str:
        """SHA-256 of the content: summaries pool only under the same terms."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    def fields(self) -> set[str]:
        """Return every contract field that a term may read."""
        return {source.field for term in self.terms.values() for source in term.sources}


@cache
def load_terms() -> Terms:
    """Return the shipped terms."""
    return validated(Terms, read_yaml(SHIPPED), SHIPPED.name)


@dataclass(frozen=True)
class _Read:
    """A source in an encoded matrix: the columns of a number, or of levels with their scores."""

    source: Source
    columns: NDArray[np.intp]
    scores: FloatArray | None

    def of(self, matrix: Matrix) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return the values and who has one, both of shape (n_samples,)."""
        values = matrix[:, self.columns].astype(np.float64)
        if self.scores is None:
            known: NDArray[np.bool_] = np.isfinite(values[:, 0])
            return self.source.bent(np.where(known, values[:, 0], 0.0)), known
        return (values * self.scores).sum(axis=1), np.asarray(values.any(axis=1))


@dataclass(frozen=True)
class TermsDesign:
    """The terms as columns computed from a pipeline's encoded matrix.

    Attributes
    ----------
    terms : Terms
    n_columns : int
        Of the encoded matrix.
    """

    terms: Terms
    n_columns: int
    _reads: Mapping[str, tuple[_Read, ...]]
    _owner: Mapping[str, int]

    @classmethod
    def of(cls, terms: Terms, pipeline: FeaturePipeline) -> TermsDesign:
        """Find each term's sources among a pipeline's columns; what is not there stays out."""
        start: dict[str, int] = {}
        place = 0
        columns = {column.name: column for column in pipeline.columns_}
        for name, own in columns.items():
            start[name] = place
            place += own.width
        reads: dict[str, tuple[_Read, ...]] = {}
        owner: dict[str, int] = {}
        for name, term in terms.terms.items():
            found = []
            for source in term.sources:
                column = columns.get(source.field)
                if column is None or (column.levels is None) != (source.scores is None):
                    continue
                first = start[source.field]
                if source.scores is None:
                    found.append(_Read(source, np.array([first]), None))
                    continue
                levels = [
                    k for k, level in enumerate(column.levels or ()) if level in source.scores
                ]
                scores = [source.scores[(column.levels or ())[k]] for k in levels]
                if levels:
                    at = np.array(levels, dtype=np.intp) + first
                    found.append(_Read(source, at, np.array(scores)))
            reads[name] = tuple(found)
            if found:
                owner[name] = int(found[0].columns[0])
        return cls(terms, place, reads, owner)

    def columns(self, matrix: Matrix) -> FloatArray:
        """Return the terms, shape (n_samples, n_terms); zero where nothing is known."""
        out = np.zeros((len(self.terms.terms), matrix.shape[0]))
        places = {name: k for k, name in enumerate(self.terms.names)}
        for name, term in self.terms.terms.items():
            if term.product is None:
                out[places[name]] = self._simple(name, term, matrix)
        for name, term in self.terms.terms.items():
            if term.product is not None:
                a, b = term.product
                out[places[name]] = out[places[a]] * out[places[b]]
        return out.T

    def _simple(self, name: str, term: Term, matrix: Matrix) -> FloatArray:
        value = np.zeros(matrix.shape[0])
        open_ = np.ones(matrix.shape[0], dtype=bool)
        for read in self._reads[name]:
            found, known = read.of(matrix)
            here = open_ & known
            value[here] = (found[here] - term.centre) / term.unit
            open_ &= ~known
        return value

    def to_columns(self, contributions: FloatArray) -> FloatArray:
        """Return contributions of terms as contributions of encoded columns.

        A term belongs to the column of its first source, a product half to either factor: what a
        product adds is shared evenly between the two, as Shapley values share it.
        """
        out = np.zeros((contributions.shape[0], self.n_columns))
        for k, (name, term) in enumerate(self.terms.terms.items()):
            owners = [name] if term.product is None else list(term.product)
            for owner in owners:
                if owner in self._owner:
                    out[:, self._owner[owner]] += contributions[:, k] / len(owners)
        return out
