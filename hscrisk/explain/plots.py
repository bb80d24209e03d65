"""Figures of the shap package, from our exact contributions. Needs the extra `explain`.

The contributions are the models' own; shap only holds and draws them. Neither the figures that a
user has open, nor the settings of Matplotlib, nor NumPy's random state are touched.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hscrisk.errors import InputOutputFailed, InvalidConfiguration, MissingExtra
from hscrisk.explain.explanation import DISCLAIMER, Explanation
from hscrisk.explain.variables import fold, groups, label_of
from hscrisk.explain.words import sentence_case, title
from hscrisk.schema import Field, load_contract

try:
    import matplotlib
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        # shap uses what newer versions of Matplotlib only announce to drop.
        warnings.simplefilter("ignore")
        import shap
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
except ImportError as error:
    raise MissingExtra("the figures of a cohort", "explain", error.name) from error

if TYPE_CHECKING:
    from hscrisk.models.base import IncidenceModel

SUFFIXES = (".png", ".svg")


def shap_explanation(
    model: IncidenceModel,
    X: pd.DataFrame,
    horizon: float,
    *,
    contract: Mapping[str, Field] | None = None,
) -> Any:
    """Return the contributions of a cohort as an object of the shap package.

    Parameters
    ----------
    model : estimator
        Fitted.
    X : DataFrame, shape (n_samples, n_features)
    horizon : float
        Days.
    contract : mapping of str to Field, optional
        Gives the labels; the shipped one by default.

    Returns
    -------
    shap.Explanation
        Values in log-odds, shape (n_samples, n_variables), one column a clinical variable; its
        data are numbers for colours (NaN for a variable of more than two levels).
    """
    known = load_contract() if contract is None else contract
    found = model.contributions(X, horizon)
    members = groups(found.feature_names)
    data = np.stack([_colour(X[name]) for name in members], axis=1)
    return shap.Explanation(
        values=fold(found.values, members),
        base_values=found.bases.copy(),
        data=data,
        feature_names=[sentence_case(label_of(name, known)) for name in members],
    )


def beeswarm(
    model: IncidenceModel,
    X: pd.DataFrame,
    horizon: float,
    *,
    contract: Mapping[str, Field] | None = None,
    heading: str = "",
    shown: int = 12,
) -> Figure:
    """Return what each variable adds, one dot a patient.

    Parameters
    ----------
    model, X, horizon, contract
        As in `shap_explanation`.
    heading : str
        What is predicted, in which cohort: a figure travels without its page.
    shown : int
        Variables drawn one by one.
    """
    swarm = shap_explanation(model, X, horizon, contract=contract)
    at_work = int((np.abs(swarm.values) > 0).any(axis=0).sum())
    lines = _lines(at_work, swarm.values.shape[1], shown)
    with _drawing(width=9.0) as figure:
        shap.plots.beeswarm(
            swarm,
            max_display=lines,
            show=False,
            plot_size=None,
            ax=figure.add_subplot(),
            color_bar_label="value of the variable",
        )
        figure.axes[0].set_xlabel(f"Added to the log-odds by day {horizon:g} (right: more likely)")
        figure.set_size_inches(9.0, 1.6 + 0.42 * lines)
        _frame(
            figure, heading, f"{len(X)} transplants. Grey: levels without an order. {DISCLAIMER}."
        )
    return figure


def waterfall(explanation: Explanation, *, shown: int = 12) -> Figure:
    """Return one patient's steps from the base to the log-odds, as the shap package draws them."""
    items = explanation.items
    one = shap.Explanation(
        values=np.array([item.contribution_log_odds for item in items]),
        base_values=explanation.base_log_odds,
        data=np.array([item.value for item in items], dtype=object),
        feature_names=[sentence_case(item.label) for item in items],
    )
    e = explanation
    at_work = sum(item.contribution_log_odds != 0 for item in items)
    lines = _lines(at_work, len(items), shown)
    with _drawing(width=9.0) as figure:
        shap.plots.waterfall(one, max_display=lines, show=False)
        figure.set_size_inches(9.0, 1.6 + 0.45 * lines)
        foot = f"Log-odds; learned from {e.cohort.n} transplants of {e.cohort.name}. {DISCLAIMER}."
        _frame(figure, title(e), foot)
    return figure


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure as PNG or SVG, by the name of the file; the same figure, the same bytes.

    Raises
    ------
    InvalidConfiguration
        If the name ends otherwise.
    InputOutputFailed
        If the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        rule = "the form of a figure follows from its name"
        raise InvalidConfiguration(rule, field=str(path), mend="End the name in .png or .svg.")
    note = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
    try:
        with matplotlib.rc_context({"svg.hashsalt": "hscrisk", "svg.fonttype": "path"}):
            figure.savefig(path, dpi=160, metadata=note, bbox_inches="tight", pad_inches=0.2)
    except OSError as error:
        rule = f"the figure could not be written ({error.strerror or 'write failed'})"
        raise InputOutputFailed(rule, field=str(path)) from error
    return path


@contextmanager
def _drawing(width: float) -> Iterator[Figure]:
    """Give shap a current figure of its own, and put everything back as it was."""
    current = plt.gcf().number if plt.get_fignums() else None
    state = np.random.get_state()
    with matplotlib.rc_context(), warnings.catch_warnings():
        # shap looks for percentiles of variables that have no numbers.
        warnings.simplefilter("ignore")
        figure = plt.figure(figsize=(width, 6.0))
        np.random.seed(0)  # where dots lie above one another is drawn by lot
        try:
            yield figure
        finally:
            np.random.set_state(state)
            plt.close(figure)
            FigureCanvasAgg(figure)
            if current is not None:
                plt.figure(current)


def _lines(at_work: int, total: int, shown: int) -> int:
    """Return how many lines are drawn: what never moves anything is told together."""
    return max(2, min(at_work + 1, total, shown))


def _frame(figure: Figure, heading: str, foot: str) -> None:
    axes = figure.axes[0]
    if heading:
        axes.set_title(heading, loc="left", pad=28, fontsize=13, fontweight="bold")
    axes.annotate(
        foot,
        xy=(0, 0),
        xycoords="axes fraction",
        xytext=(0, -48),
        textcoords="offset points",
        fontsize=9,
        color="#56616d",
        va="top",
    )


def _colour(column: pd.Series[Any]) -> NDArray[np.float64]:
    """Return numbers that order a column's values: its own, or 0 and 1 for two levels."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        if len(column.cat.categories) != 2:
            return np.full(len(column), np.nan)
        codes = column.cat.codes.to_numpy(dtype=np.float64)
        return np.where(codes < 0, np.nan, codes)
    numbers = pd.to_numeric(column, errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
