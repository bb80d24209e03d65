"""Figures through the shap package: the same numbers, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import InvalidConfiguration
from hscrisk.explain import Explanation, plots
from hscrisk.models.contributions import fold


@pytest.fixture(autouse=True)
def _no_open_figures() -> Iterator[None]:
    plt.close("all")
    yield
    plt.close("all")


def test_the_object_holds_the_models_own_contributions(trained: Any) -> None:
    model = trained.models["acute_gvhd"]
    held = plots.shap_explanation(model, trained.X, 100)
    own = model.contributions(trained.X, 100)
    total = held.base_values + held.values.sum(axis=1)
    np.testing.assert_allclose(total, own.log_odds, rtol=0, atol=1e-4)
    assert list(held.feature_names)[:2] == ["Patient age", "Comorbidity index (HCT-CI)"]
    np.testing.assert_array_equal(held.data[:, 0], trained.X["patient_age"].to_numpy())
    assert np.isnan(held.data[:, 3]).all()  # graft source has no order


def test_our_trees_explain_as_the_shap_package_does(trained: Any) -> None:
    """The trees of the join against shap's own TreeSHAP, run on the resolved booster."""
    import shap

    model = trained.models["acute_gvhd"]
    matrix = model.pipeline_.transform(trained.X)
    part = next(term.part for term in model.engine_.terms if term.name == "trees")
    assert part.boosters
    for k, booster in enumerate(part.boosters):
        explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
        explainer.model.model_type = "internal"  # shap's own code, not XGBoost asked again
        theirs = np.asarray(explainer.shap_values(matrix, check_additivity=False))
        _, ours = part.explain(matrix, k)
        assert np.abs(ours).max() > 1e-3  # there is something to agree on
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


def test_our_backbone_explains_as_the_shap_package_does(trained: Any) -> None:
    import shap

    model = trained.models["acute_gvhd_2_4"]
    (term,) = model.engine_.terms
    design, k = term.part.design.standardise(model.pipeline_.transform(trained.X)), 0
    coef = (term.part.coef[1:, k], term.part.coef[0, k])
    explainer = shap.LinearExplainer(
        coef, shap.maskers.Independent(design, max_samples=len(design))
    )
    theirs = explainer.shap_values(design)
    own = model.contributions(trained.X, model.horizons_[k])
    folded = fold(np.asarray(theirs), model.pipeline_.groups_, model.n_features_in_)
    # shap centres on the rows given; so does the design, on those of the training.
    np.testing.assert_allclose(own.values, folded, rtol=0, atol=1e-4)


def test_the_join_is_the_weighted_sum_of_what_shap_says(trained: Any) -> None:
    import shap

    model = trained.models["acute_gvhd"]
    matrix, total = model.pipeline_.transform(trained.X), 0.0
    k = len(model.horizons_) - 1
    for term in model.engine_.terms:
        if term.name == "trees":
            explainer = shap.TreeExplainer(term.part.boosters[k])
            values = np.asarray(explainer.shap_values(matrix))
        else:
            values = term.part.design.standardise(matrix) * term.part.coef[1:, k]
        total = total + term.weight[k] * values
    own = model.contributions(trained.X, model.horizons_[k])
    free = own.bases == own.base  # rows where no earlier anchor binds
    assert free.any()
    folded = fold(total, model.pipeline_.groups_, model.n_features_in_)
    np.testing.assert_allclose(own.values[free], folded[free], rtol=0, atol=1e-4)


def draw(kind: str, trained: Any, make: Callable[..., Explanation]) -> Any:
    if kind == "waterfall":
        return plots.waterfall(make({f"v{i}": 0.1 * (i - 5) for i in range(15)}))
    X = trained.X.assign(own=pd.Categorical(["a", "b"] * 100))
    y = {"event": np.arange(200) % 2, "duration": np.arange(200) + 1}
    from hscrisk.models import LogisticIncidence

    return plots.beeswarm(
        LogisticIncidence(horizons=[100]).fit(X, y), X, 100, heading="Acute GVHD, made-up cohort"
    )


@pytest.mark.parametrize("kind", ["beeswarm", "waterfall"])
def test_nothing_of_the_users_is_touched(
    kind: str, trained: Any, make: Callable[..., Explanation]
) -> None:
    mine = plt.figure()
    other = plt.figure()
    plt.figure(mine.number)
    settings, backend = dict(matplotlib.rcParams), matplotlib.get_backend()
    np.random.seed(7)
    expected = np.random.RandomState(7).random_sample(3)
    figure = draw(kind, trained, make)
    np.testing.assert_array_equal(np.random.random_sample(3), expected)
    assert dict(matplotlib.rcParams) == settings
    assert matplotlib.get_backend() == backend
    assert plt.get_fignums() == [mine.number, other.number]
    assert plt.gcf() is mine
    assert not mine.axes
    assert figure.axes


@pytest.mark.parametrize("kind", ["beeswarm", "waterfall"])
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_figure_is_the_same_bytes(
    kind: str,
    suffix: str,
    trained: Any,
    make: Callable[..., Explanation],
    tmp_path: Path,
) -> None:
    paths = [plots.save(draw(kind, trained, make), tmp_path / f"{i}{suffix}") for i in range(2)]
    first, again = (path.read_bytes() for path in paths)
    assert first == again
    if suffix == ".png":
        assert first.startswith(b"\x89PNG\r\n")
        image = plt.imread(paths[0])
        assert image.shape[0] > 300
        assert image.std() > 0.05  # something was drawn
    else:
        assert ET.fromstring(first.decode()).tag.endswith("svg")


def test_whom_it_was_learned_from_and_what_for_is_in_the_picture(
    trained: Any, make: Callable[..., Explanation]
) -> None:
    for kind, words in (
        ("beeswarm", ("Acute GVHD, made-up cohort", "200 transplants")),
        ("waterfall", ("Acute GVHD of any grade by day 100", "1234 transplants of somewhere")),
    ):
        figure = draw(kind, trained, make)
        texts = [t.get_text() for axes in figure.axes for t in axes.texts]
        texts += [axes.get_title(loc="left") for axes in figure.axes]
        for word in (*words, "not a medical device"):
            assert any(word in text for text in texts), (kind, word)


def test_a_name_must_say_the_form(make: Callable[..., Explanation], tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match=r"\.png or \.svg"):
        plots.save(plots.waterfall(make()), tmp_path / "figure.pdf")


def test_without_the_extra_a_sentence_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['shap'] = None\n"
        "import hscrisk.explain\n"
        "from hscrisk.errors import MissingExtra\n"
        "try:\n    import hscrisk.explain.plots\n"
        "except MissingExtra as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "hscrisk[explain]"' in done.stdout


def test_explaining_loads_neither_shap_nor_matplotlib() -> None:
    code = "import hscrisk.explain, sys; print({'shap', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
