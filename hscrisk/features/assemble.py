"""One frame in, one float32 matrix out, the same columns whatever the order they came in."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from hscrisk.errors import InvalidConfiguration, InvalidRecord, MissingColumn
from hscrisk.features.encode import Column, learn_column


class FeaturePipeline(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Encode a data frame of numbers, flags and categories.

    A number keeps its raw value (NaN where missing); a category becomes one 0/1 column a level,
    all 0 where the level is unknown; every input column has a missing indicator. Output columns
    follow the *sorted* names of the input columns, so neither fitting nor applying depends on
    the order of columns.

    Attributes
    ----------
    feature_names_in_ : ndarray of str, shape (n_features_in_,)
        Input columns in the order met in `fit`.
    columns_ : tuple of Column
        The layout, by sorted name.
    groups_ : ndarray of int, shape (n_output_columns,)
        For each output column the index of its input column in `feature_names_in_`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [34.0, None], "sex": ["f", "m"]})
    >>> pipeline = FeaturePipeline().fit(frame)
    >>> pipeline.get_feature_names_out().tolist()
    ['age', 'age__missing', 'sex=f', 'sex=m', 'sex__missing']
    >>> pipeline.transform(frame)[1].tolist()
    [nan, 1.0, 0.0, 1.0, 0.0]
    """

    feature_names_in_: NDArray[np.object_]
    n_features_in_: int
    columns_: tuple[Column, ...]
    groups_: NDArray[np.intp]

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn the layout of `X`, shape (n_samples, n_features).

        Raises
        ------
        InvalidRecord
            When `X` is no data frame, has no row or column, repeats or does not name its
            columns, or holds what is neither number nor word.
        """
        names = _column_names(X)
        if len(X) == 0 or not names:
            raise InvalidRecord(
                f"features need at least one row and one column (shape {X.shape})",
                mend="Check the cohort.",
            )
        order = sorted(names)
        self._learn(names, tuple(learn_column(X[name], name) for name in order))
        return self

    def _learn(self, names: list[str], columns: tuple[Column, ...]) -> None:
        position = {name: i for i, name in enumerate(names)}
        self.feature_names_in_ = np.array(names, dtype=object)
        self.n_features_in_ = len(names)
        self.columns_ = columns
        self.groups_ = np.concatenate(
            [np.full(column.width, position[column.name], dtype=np.intp) for column in columns]
        )

    def transform(self, X: pd.DataFrame) -> NDArray[np.float32]:
        """Return the matrix, shape (n_samples, n_output_columns), C-ordered.

        Raises
        ------
        MissingColumn
            Naming the training column that `X` lacks; further columns are ignored.
        InvalidRecord
            Where a number is infinite or a word stands in a column of numbers.
        """
        check_is_fitted(self, "columns_")
        present = set(_column_names(X))
        for column in self.columns_:
            if column.name not in present:
                raise MissingColumn(
                    "this column was used in training and is absent",
                    field=column.name,
                    mend="Add it, with empty cells where the value is unknown.",
                )
        out = np.zeros((len(X), len(self.groups_)), dtype=np.float32)
        start = 0
        for column in self.columns_:
            column.write(X[column.name], out[:, start : start + column.width])
            start += column.width
        return out

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the names of the output columns."""
        check_is_fitted(self, "columns_")
        names = [name for column in self.columns_ for name in column.output_names()]
        return np.array(names, dtype=object)

    def to_dict(self) -> dict[str, Any]:
        """Return the layout as plain values (JSON)."""
        check_is_fitted(self, "columns_")
        return {
            "feature_names_in": [str(name) for name in self.feature_names_in_],
            "columns": [
                {"name": c.name, "levels": None if c.levels is None else list(c.levels)}
                for c in self.columns_
            ],
        }

    @classmethod
    def from_dict(cls, layout: dict[str, Any]) -> Self:
        """Rebuild a pipeline from `to_dict`.

        Raises
        ------
        InvalidConfiguration
            When the layout is not one that `to_dict` wrote.
        """
        try:
            names = [str(name) for name in layout["feature_names_in"]]
            columns = tuple(
                Column(
                    str(c["name"]),
                    None if c["levels"] is None else tuple(str(level) for level in c["levels"]),
                )
                for c in layout["columns"]
            )
        except (KeyError, TypeError) as error:
            raise InvalidConfiguration("the layout of the features is malformed") from error
        if sorted(names) != [c.name for c in columns] or len(set(names)) != len(names):
            raise InvalidConfiguration("the layout of the features contradicts its names")
        pipeline = cls()
        pipeline._learn(names, columns)
        return pipeline


def _column_names(X: Any) -> list[str]:
    if not isinstance(X, pd.DataFrame):
        raise InvalidRecord(
            f"features must come in a pandas data frame, not {type(X).__name__}",
            mend="Wrap them: pandas.DataFrame(values, columns=names).",
        )
    for name in X.columns:
        if not isinstance(name, str):
            raise InvalidRecord(
                "every column needs a name that is a word", value=name, mend="Name the columns."
            )
    names = list(X.columns)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidRecord("a column name occurs twice", field=twice, mend="Rename one of them.")
    return names
