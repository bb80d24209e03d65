from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hscrisk.errors import InvalidConfiguration
from hscrisk.features import FeaturePipeline
from hscrisk.priors.terms import Terms, TermsDesign, load_terms
from hscrisk.schema import load_contract
from hscrisk.schema.configuration import validated


def columns_of(frame: pd.DataFrame, terms: Terms | None = None) -> pd.DataFrame:
    chosen = terms or load_terms()
    pipeline = FeaturePipeline().fit(frame)
    found = TermsDesign.of(chosen, pipeline).columns(pipeline.transform(frame))
    return pd.DataFrame(found, columns=list(chosen.names))


def test_every_source_is_a_field_known_before_conditioning_and_every_score_a_level() -> None:
    contract = load_contract()
    for name, term in load_terms().terms.items():
        for source in term.sources:
            field = contract[source.field]
            assert field.role == "predictor", name
            assert field.when == "before_conditioning", name
            assert field.is_numeric == (source.scores is None), name
            if source.scores is not None:
                assert set(source.scores) <= set(field.levels or ("no", "yes")), name


def test_values_are_centred_contrasts() -> None:
    frame = pd.DataFrame(
        {
            "patient_age": [50.0, 65.0, 17.0, np.nan],
            "hctci_score": [2.0, 9.0, 0.5, np.nan],
            "graft_source": ["peripheral_blood", "bone_marrow", "cord_blood", None],
            "conditioning_intensity": ["MAC", "RIC", "NMA", None],
        }
    )
    found = columns_of(frame)
    assert found["age"].tolist() == [0.0, 1.0, -2.2, 0.0]
    assert list(found["age_over_60"] * 8) == pytest.approx([-1.5, 3.5, -1.5, 0.0])
    assert found["child"].tolist() == [0, 0, 1, 0]
    assert found["comorbidity"].tolist() == [0.0, 2.0, -1.0, 0.0]
    assert list(found["peripheral_blood"]) == pytest.approx([0.2, -0.8, -0.8, 0.0])
    assert list(found["cord_blood"]) == pytest.approx([-0.03, -0.03, 0.97, 0.0])
    assert list(found["non_myeloablative"]) == pytest.approx([-0.08, -0.08, 0.92, 0.0])
    assert found["age_and_myeloablative"].to_numpy() == pytest.approx(
        (found["age"] * found["myeloablative"]).to_numpy()
    )
    # What nothing is known of contributes nothing.
    assert (found[["male", "donor_age", "serotherapy", "ciclosporin"]] == 0).all().all()


def test_the_first_source_that_is_known_counts() -> None:
    frame = pd.DataFrame(
        {
            "patient_age": [np.nan, 40.0, np.nan],
            "patient_age_band": ["18_39", "60_plus", None],
            "hctci_group": pd.Categorical(["3_plus", "0", "1"], ["0", "1", "2", "3_plus"]),
        }
    )
    found = columns_of(frame)
    assert list(found["age"]) == pytest.approx([(30 - 50) / 15, (40 - 50) / 15, 0.0])
    assert list(found["comorbidity"]) == pytest.approx([(4 - 2) / 1.5, -2 / 1.5, -1 / 1.5])


def test_an_unlisted_level_contributes_nothing() -> None:
    frame = pd.DataFrame({"gvhd_prophylaxis": ["other", "graft_t_cell_depletion", "ptcy_based"]})
    found = columns_of(frame)
    assert found["ciclosporin"].tolist() == [0, 0, -0.2]
    assert list(found["post_transplant_cyclophosphamide"]) == pytest.approx([0, 0, 0.88])


def test_contributions_go_to_the_columns_of_their_fields() -> None:
    frame = pd.DataFrame(
        {
            "patient_age": [70.0, 20.0],
            "conditioning_intensity": pd.Categorical(["MAC", "RIC"], ["NMA", "RIC", "MAC"]),
        }
    )
    pipeline = FeaturePipeline().fit(frame)
    design = TermsDesign.of(load_terms(), pipeline)
    terms = design.columns(pipeline.transform(frame))
    coef = np.random.default_rng(0).normal(size=terms.shape[1])
    spread = design.to_columns(terms * coef)
    assert spread.shape == (2, len(pipeline.groups_))
    assert spread.sum(axis=1) == pytest.approx(terms @ coef)
    names = list(load_terms().names)
    age = [names.index(n) for n in ("age", "age_over_60", "child")]
    both = names.index("age_and_myeloablative")
    own = spread[:, pipeline.groups_ == 0].sum(axis=1)
    expected = (terms[:, age] * coef[age]).sum(axis=1) + terms[:, both] * coef[both] / 2
    assert own == pytest.approx(expected)


def test_malformed_terms_are_refused() -> None:
    base = {"version": 1, "population": "allogeneic"}
    both = {"label": "x", "sources": [{"field": "patient_age"}], "product": ["a", "b"]}
    for terms in ({"a": both}, {"a": {"label": "x"}}, {"a": {"label": "x", "product": ["b", "c"]}}):
        with pytest.raises(InvalidConfiguration):
            validated(Terms, {**base, "terms": terms}, "made up")
