"""What holds for every explanation of every model, row and horizon."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from hscrisk.endpoints import load_endpoint
from hscrisk.errors import HorizonOutOfRange, InvalidRecord
from hscrisk.explain import CohortFacts, Context, Explanation, explain, paragraphs, with_text
from hscrisk.explain.words import TOP, factors
from hscrisk.models import BoostedIncidence, LogisticIncidence, MarginalIncidence
from hscrisk.schema import load_contract

CONTEXT = Context(CohortFacts("made-up", 200))
HORIZONS = (20.0, 30.0, 45.0, 100.0)
NAMED = re.compile(r"([^:;]+): ([^;]+?) \(([+−])(\d+\.\d+)\)")


@pytest.fixture(scope="module")
def models(trained: Any) -> dict[str, Any]:
    """One model of each kind, on the same made-up transplants."""
    endpoint = load_endpoint("acute_gvhd")
    duration = np.ceil(np.random.default_rng(2).exponential(90, len(trained.X)))
    event = np.where(duration < 150, np.arange(len(trained.X)) % 3, 0)
    y = {"event": event, "duration": np.minimum(duration, 400)}
    others = {
        "marginal": MarginalIncidence(endpoint=endpoint),
        "logistic": LogisticIncidence(endpoint=endpoint),
        "boosted": BoostedIncidence(endpoint=endpoint, n_refits=2),
    }
    fitted = {name: model.fit(trained.X, y) for name, model in others.items()}
    return {"linear_boosted": trained.models["acute_gvhd"], **fitted}


@pytest.fixture(scope="module")
def rows(trained: Any) -> pd.DataFrame:
    """Rows with gaps, with levels that nobody had, and with nothing at all."""
    frame = trained.X.iloc[:24].copy()
    frame["graft_source"] = frame["graft_source"].astype(object)
    frame.iloc[3, frame.columns.get_loc("graft_source")] = None
    frame.iloc[4, frame.columns.get_loc("graft_source")] = "<b>moonlight</b>"
    frame.loc[frame.index[5], :] = None
    frame["patient_age"] = frame["patient_age"].astype(float)
    frame["hctci_score"] = frame["hctci_score"].astype(float)
    return frame


Explain = Callable[[str, float], list[Explanation]]


@pytest.fixture(scope="module")
def explained(models: dict[str, Any], rows: pd.DataFrame) -> Explain:
    """Explain all rows, once for each kind of model and horizon."""
    endpoint, contract = load_endpoint("acute_gvhd"), load_contract()

    @cache
    def of(kind: str, horizon: float) -> list[Explanation]:
        how: dict[str, Any] = {"endpoint": endpoint, "contract": contract, "context": CONTEXT}
        model = models[kind]
        return [explain(model, rows.iloc[[i]], horizon, **how) for i in range(len(rows))]

    return of


KINDS = ["linear_boosted", "marginal", "logistic", "boosted"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("horizon", HORIZONS)
def test_it_adds_up_on_both_scales(
    kind: str, horizon: float, models: dict[str, Any], rows: pd.DataFrame, explained: Explain
) -> None:
    model = models[kind]
    risks = model.predict_cumulative_incidence(rows, [horizon])[:, 0]
    low, high = model.predict_interval(rows, [horizon], level=0.9)
    own = model.contributions(rows, horizon)
    for i, e in enumerate(explained(kind, horizon)):
        assert e.risk == risks[i]  # alone as in a batch, bit for bit
        assert (e.low, e.high) == (low[i, 0], high[i, 0])
        assert e.base_log_odds == own.bases[i]
        log_odds = sum(item.contribution_log_odds for item in e.items)
        assert e.base_log_odds + log_odds == pytest.approx(own.log_odds[i], abs=1e-12)
        points = sum(item.contribution_risk for item in e.items)
        assert points == pytest.approx(e.risk - expit(e.base_log_odds), abs=1e-12)
        assert e.base_risk == expit(e.base_log_odds)
        for item in e.items:  # what is shown is what the model says, but for single precision
            theirs = sum(own.values[i, own.feature_names.index(name)] for name in item.fields)
            assert item.contribution_log_odds == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_every_input_is_told_once_and_the_largest_first(
    kind: str, models: dict[str, Any], explained: Explain
) -> None:
    for e in explained(kind, 100.0):
        told = [name for item in e.items for name in item.fields]
        assert sorted(told) == sorted(models[kind].feature_names_in_)
        sizes = [abs(item.contribution_risk) for item in e.items]
        assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("horizon", HORIZONS)
def test_words_follow_the_numbers_in_every_row(
    kind: str, horizon: float, explained: Explain
) -> None:
    for e in explained(kind, horizon):
        by_label = {item.label: item for item in e.items}
        seen = set()
        for sentence in factors(e):
            if not sentence.startswith("Associated with"):
                continue
            sign = "+" if "a higher risk" in sentence else "−"
            found = NAMED.findall(sentence.split("(change in percentage points): ")[1])
            assert 1 <= len(found) <= TOP
            contributions = []
            for label, value, shown_sign, size in found:
                item = by_label[label.strip()]
                assert (item.state, item.value) == ("given", value)
                assert shown_sign == sign
                assert (item.contribution_risk > 0) == (sign == "+")
                assert float(size) == pytest.approx(abs(100 * item.contribution_risk), abs=0.0501)
                contributions.append(abs(item.contribution_risk))
                seen.add(item.field)
            assert contributions == sorted(contributions, reverse=True)
        # Nothing larger than what is named, in its direction, was passed over.
        for effect in ("raises", "lowers"):
            known = [i for i in e.items if i.effect == effect and i.state == "given"]
            assert {i.field for i in known[:TOP]} <= seen


def test_what_is_not_known_is_never_a_reason(explained: Explain) -> None:
    gap, strange, nothing = explained("logistic", 100.0)[3:6]
    assert {i.field: i.value for i in gap.items}["graft_source"] == "not recorded"
    assert {i.field: i.state for i in strange.items}["graft_source"] == "unknown"
    assert all(item.state == "missing" for item in nothing.items)
    assert factors(nothing) == (
        "No recorded value moves the risk by 0.1 percentage points or more.",
    )
    for e, words in ((gap, "Not recorded: "), (strange, "Hardly known to the model: graft source")):
        text = " ".join(paragraphs(e))
        assert words in text
        assert "moonlight" not in text
        assert "graft source:" not in " ".join(factors(e))


def test_levels_that_few_had_are_named_but_are_no_reason(
    models: dict[str, Any], rows: pd.DataFrame
) -> None:
    row = rows.iloc[[0]].assign(graft_source="bone_marrow")
    endpoint, contract = load_endpoint("acute_gvhd"), load_contract()
    told = {}
    for name, common in (("few", ()), ("many", ("bone_marrow",))):
        context = replace(CONTEXT, seen={"graft_source": common})
        e = explain(
            models["logistic"], row, 100, endpoint=endpoint, contract=contract, context=context
        )
        told[name] = {item.field: item for item in e.items}["graft_source"]
    assert told["few"].state == "rare"
    assert told["few"].value == "bone marrow (fewer than 5 training patients had it)"
    assert (told["many"].state, told["many"].value) == ("given", "bone marrow")
    assert told["few"].contribution_risk == told["many"].contribution_risk


def test_the_null_beside_it_is_the_cohorts_curve(
    models: dict[str, Any], explained: Explain
) -> None:
    model = models["linear_boosted"]
    for horizon in HORIZONS:
        e = explained("linear_boosted", horizon)[0]
        assert e.null_risk == model.null_.predict([horizon])[0]


def test_one_patient_at_a_time_and_no_day_beyond_the_last(
    models: dict[str, Any], rows: pd.DataFrame
) -> None:
    endpoint, contract = load_endpoint("acute_gvhd"), load_contract()
    how: dict[str, Any] = {"endpoint": endpoint, "contract": contract, "context": CONTEXT}
    with pytest.raises(InvalidRecord, match="not 2"):
        explain(models["logistic"], rows.iloc[:2], 100, **how)
    with pytest.raises(HorizonOutOfRange, match="day 100"):
        explain(models["logistic"], rows.iloc[[0]], 101, **how)


def test_plain_values_and_back(explained: Explain) -> None:
    e = explained("linear_boosted", 100.0)[0]
    kept = json.loads(json.dumps(with_text(e), allow_nan=False))
    assert Explanation.from_dict(kept) == e
    assert kept["text"] == list(paragraphs(e))
    assert kept["disclaimer"] == "Research decision support, not a medical device"
    with_years = replace(e, cohort=CohortFacts("x", 3, (1999, 2003)))
    assert Explanation.from_dict(json.loads(json.dumps(with_years.to_dict()))) == with_years
