"""A card says what is known, 'not reported' where nothing is, and shows no small cell."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from hscrisk.applicability import CohortProfile
from hscrisk.bundle.card import CardFacts, render_model_card
from hscrisk.bundle.card_tables import (
    interval,
    number,
    performance_table,
    suppressed_flow,
)
from hscrisk.bundle.tripod import ITEMS
from hscrisk.cohort import build_cohort
from hscrisk.datasets import load_copelan1991
from hscrisk.schema import load_contract


def row(model: str, metric: str, estimate: float | None, **more: Any) -> dict[str, Any]:
    return {
        "model": model,
        "metric": metric,
        "horizon": 365.0,
        "estimate": estimate,
        "low": None,
        "high": None,
        "note": "",
        **more,
    }


@pytest.fixture(scope="module")
def facts() -> CardFacts:
    cohort, contract = build_cohort(load_copelan1991(), "relapse"), load_contract()
    about = {
        "verdict": "No model beats the marginal curve.",
        "kind": "LinearBoostedIncidence",
        "left_out": {"730": "too few are followed"},
        "n": 137,
        "events": 42,
        "competing": {"death": 7},
        "censored": 54,
        "design": "5-fold cross-validation by patient",
        "calibration": {
            "horizon": 365.0,
            "rows": [{"risk": 0.1, "observed": 0.125, "low": 0.05, "high": 0.2}],
        },
        "subgroups": {
            "horizon": 365.0,
            "rows": [
                {
                    "variable": "sex",
                    "group": "female",
                    "n": 57,
                    "n_events": 15,
                    "note": "",
                    "oe_ratio": {"estimate": 1.2, "low": 0.8, "high": 1.7},
                },
                {
                    "variable": "age",
                    "group": "60 and over",
                    "n": "<10",
                    "n_events": "<10",
                    "note": "too few events by day 365 (10 needed)",
                },
            ],
            "sentence": "Furthest from calibrated in sex female.",
        },
        "mismatches": ["relapse rule: theirs; the endpoint means ours"],
    }
    return CardFacts(
        cohort="copelan1991",
        endpoint=cohort.endpoint,
        contract=contract,
        profile=CohortProfile.from_cohort(cohort.X, contract, "copelan1991"),
        metrics=[
            row("default", "ipa", 0.01234, low=-0.04, high=0.05),
            row("null", "ipa", 0.0),
            row("logistic", "ipa", None, note="nobody is followed"),
            row("logistic", "auc", None, note="nobody is followed"),
            row("default", "auc", 0.6),
        ],
        reference={"horizons": [365], "incidence": [0.2117], "low": [0.148], "high": [0.284]},
        info={
            "cohort": {"n": 137, "n_patients": 137, "follow_up_median": 1499.0},
            "inputs": {"data": "ab" * 32},
            "seed": 0,
            "card": {"tripod": {"17": "approved by the board"}, "limits": ["old practice"]},
            "endpoints": {"relapse": about},
        },
    )


def test_every_section_is_there_and_nothing_is_left_to_fill(facts: CardFacts) -> None:
    card = render_model_card(facts)
    for section in (
        "not a medical device",
        "## Intended use",
        "**Not for:**",
        "## Cohort",
        "## Endpoint",
        "## Predictors",
        "## Performance",
        "## Calibration",
        "## Groups of patients",
        "## Where it does not apply",
        "## Limits",
        "## Licence",
        "## TRIPOD+AI",
    ):
        assert section in card
    assert "$" not in card
    assert "None" not in card
    assert "nan" not in card.lower().split()


def test_it_states_what_the_run_found(facts: CardFacts) -> None:
    card = render_model_card(facts)
    assert "**Verdict.** No model beats the marginal curve." in card
    assert "Left out: day 730, because too few are followed." in card
    assert "Horizons used: day 100, day 365." in card
    assert "0.012 [−0.040, 0.050]" in card
    assert "penalised regression: not estimable, because nobody is followed." in card
    assert "| 365 | 0.212 [0.148, 0.284] |" in card
    assert "the endpoint means ours" in card
    assert "- old practice" in card
    assert re.search(r"\| patient age \| before conditioning \| \d+ to \d+ years \| 0% \|", card)


def test_groups_and_calibration_are_told(facts: CardFacts) -> None:
    card = render_model_card(facts, figure="relapse_calibration.svg")
    assert "| 0.100 | 0.125 [0.050, 0.200] |" in card
    assert "](relapse_calibration.svg)" in card
    assert "| sex | female | 57 | 15 | – | – | 1.200 [0.800, 1.700] |" in card
    assert "- age 60 and over cannot be judged: too few events by day 365 (10 needed)." in card
    assert "Furthest from calibrated in sex female." in card
    assert "](relapse" not in render_model_card(facts)
    blank = render_model_card(dataclasses.replace(facts, info={}))
    assert "No groups of patients, because none were recorded." in blank
    assert "No calibration curve, because none was recorded." in blank


def test_the_null_stands_first_in_the_table(facts: CardFacts) -> None:
    models = [
        line.split("|")[2].strip() for line in performance_table(facts.metrics).splitlines()[:4]
    ]
    assert models[2:] == ["marginal curve (null)", "this model"]


def test_blanks_are_said(facts: CardFacts) -> None:
    card = render_model_card(dataclasses.replace(facts, info={}, metrics=(), reference={}))
    assert card.count("not reported") >= 15
    assert "| Years | not reported |" in card
    assert "**Verdict.** not reported" in card


def test_every_tripod_item_is_answered_or_blank(facts: CardFacts) -> None:
    card = render_model_card(facts)
    numbers = {re.match(r"\d+", item).group() for item in ITEMS}  # type: ignore[union-attr]
    assert numbers == {str(n) for n in range(1, 28)}
    assert "| 17 | Ethical approval | approved by the board |" in card
    assert "| 18a | Funding | not reported |" in card


def test_small_cells_are_suppressed(facts: CardFacts) -> None:
    card = render_model_card(facts)
    assert "death (<10)" in card
    assert "(7)" not in card
    table = card.split("## Predictors")[1].split("## Performance")[0]
    counts = [int(n) for n in re.findall(r"[a-z_]+ (\d+)(?=[,;| ])", table.replace("to ", "to_"))]
    assert counts
    assert min(counts) >= 10


def test_id_and_day_are_shown_where_they_are_known(facts: CardFacts) -> None:
    inside = render_model_card(facts)
    assert "MANIFEST.sha256" in inside
    known = render_model_card(dataclasses.replace(facts, id="cd" * 32, trained="2026-01-02"))
    assert "cd" * 32 in known
    assert "| Trained on | 2026-01-02 |" in known
    assert "data `abababababab`" in known


def test_numbers_have_three_decimals_and_no_negative_zero() -> None:
    assert number(-0.00001) == "0.000"
    assert number(-0.1234) == "−0.123"
    assert interval({"estimate": 0.5, "low": float("nan"), "high": 1.0}) == "0.500"


def test_no_small_count_can_be_had_by_subtraction() -> None:
    assert suppressed_flow(120, {"death": 16, "second transplant": 0}, 1) == {
        "events": 120,
        "competing": {"death": "not told apart", "second transplant": "not told apart"},
        "censored": "17 with death and second transplant",
    }
    assert suppressed_flow(133, {"death": 3}, 1) == {
        "events": "over 127",
        "competing": {"death": "not told apart"},
        "censored": "<10 with death",
    }
