"""The door of `fit`: a frame, outcomes and groups become aligned arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InvalidOutcome, InvalidRecord
from hscrisk.features import FeaturePipeline
from hscrisk.models.centre import as_labels
from hscrisk.survival import Outcome, check_outcome


@dataclass(frozen=True)
class TrainingData:
    """Aligned arrays.

    Attributes
    ----------
    matrix : ndarray of float32, shape (n_samples, n_columns)
    y : Outcome
    groups : ndarray of int, shape (n_samples,)
        Rows of one label stay together in inner folds and refits.
    pipeline : FeaturePipeline
    centre : ndarray of object, shape (n_samples,), or None
        Labels of centres, None where missing.
    """

    matrix: NDArray[np.float32]
    y: Outcome
    groups: NDArray[np.intp]
    pipeline: FeaturePipeline
    centre: NDArray[np.object_] | None = None

    @classmethod
    def of(cls, X: pd.DataFrame, y: Any, groups: Any, centre: Any = None) -> TrainingData:
        """Check and align.

        Raises
        ------
        InvalidOutcome
            When outcomes are malformed, of another length, or in another order than `X`.
        InvalidRecord
            When the features cannot be encoded, or groups or centres are of another length or
            order.
        """
        outcome = check_outcome(y)
        pipeline = FeaturePipeline().fit(X)
        require_aligned(X, y, outcome)
        _refuse_other_order(X, groups, "groups", InvalidRecord)
        _refuse_other_order(X, centre, "centres", InvalidRecord)
        labels = None if centre is None else as_labels(centre)
        if labels is not None and labels.shape != (len(X),):
            raise InvalidRecord(
                f"there are {labels.size} centres for {len(X)} rows", mend="Give one for each row."
            )
        return cls(pipeline.transform(X), outcome, _labels(groups, len(X)), pipeline, labels)


def require_aligned(X: pd.DataFrame, y: Any, outcome: Outcome) -> None:
    """Pass where outcomes have the rows of `X`, in their order.

    Raises
    ------
    InvalidOutcome
        Otherwise.
    """
    if len(X) != len(outcome.event):
        raise InvalidOutcome(
            f"features have {len(X)} rows and outcomes {len(outcome.event)}",
            mend="Give one outcome for each row of X.",
        )
    _refuse_other_order(X, y, "outcomes", InvalidOutcome)


def _refuse_other_order(
    X: pd.DataFrame, other: Any, what: str, error: type[InvalidOutcome | InvalidRecord]
) -> None:
    index = getattr(other, "index", None)
    if not isinstance(index, pd.Index) or X.index.equals(index):
        return
    if set(X.index) == set(index):
        raise error(f"{what} have the rows of X in another order", mend="Take their .loc[X.index].")


def _labels(groups: Any, n: int) -> NDArray[np.intp]:
    if groups is None:
        return np.arange(n)
    labels = pd.Series(np.asarray(groups, dtype=object).ravel())
    if len(labels) != n:
        raise InvalidRecord(
            f"groups have {len(labels)} labels for {n} rows", mend="Give one label for each row."
        )
    codes, uniques = pd.factorize(labels)
    codes = np.asarray(codes, dtype=np.intp)
    unknown = codes < 0
    # A patient without a label is a group of one's own.
    codes[unknown] = len(uniques) + np.arange(int(unknown.sum()))
    return codes
