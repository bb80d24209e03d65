"""The words a clinician reads: order, honesty, good news, and small numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from hscrisk.endpoints import endpoint_names, load_endpoint
from hscrisk.explain import CohortFacts, Explanation, paragraphs
from hscrisk.explain.explanation import DISCLAIMER, INTENDED_USE
from hscrisk.explain.words import (
    NO_CAUSE,
    NOT_APART,
    NOT_EVALUATED,
    counted,
    factors,
    headline,
    not_known,
    outcome_words,
    signed,
    title,
)

Make = Callable[..., Explanation]


def test_cohort_and_intended_use_stand_before_any_risk(make: Make) -> None:
    e = make()
    text = "\n".join(paragraphs(e))
    assert text.startswith(
        "Learned from 1,234 transplants of the cohort somewhere, 2001 to 2009: adults with "
        f"leukaemia. {DISCLAIMER}. {INTENDED_USE}"
    )
    assert text.index(INTENDED_USE) < text.index("Of 100 patients")


def test_the_risk_comes_with_interval_horizon_and_cohort(make_at: Make) -> None:
    e = make_at(0.34, low=0.25, high=0.44, null_risk=0.26)
    assert headline(e) == (
        "Of 100 patients like this one, about 34 (90\u00a0% interval 25 to 44) would be expected "
        "to have developed acute GVHD of any grade by day 100; in the whole cohort 26."
    )


def test_an_interval_that_holds_the_cohorts_figure_is_told(make_at: Make) -> None:
    inside = make_at(0.34, low=0.25, high=0.44, null_risk=0.26)
    outside = make_at(0.34, low=0.28, high=0.44, null_risk=0.26)
    assert NOT_APART in " ".join(paragraphs(inside))
    assert NOT_APART not in " ".join(paragraphs(outside))


def test_good_news_is_a_chance_and_not_a_risk(make: Make) -> None:
    e = make(
        endpoint="platelet_engraftment",
        label="Platelet engraftment",
        direction="favourable",
        horizon_days=28.0,
    )
    text = " ".join(paragraphs(e)[1:])
    assert "have reached platelet engraftment by day 28" in text
    assert "a higher number is the better news" in text
    assert "Associated with a higher chance" in text
    assert not re.search(r"\brisk\b", text)


def test_a_state_is_on_a_day_and_long_horizons_are_named(make: Make) -> None:
    state = make(
        endpoint="primary_graft_failure",
        label="Primary graft failure",
        kind="state_at_horizon",
        horizon_days=28.0,
    )
    assert title(state) == "Primary graft failure on day 28"
    assert title(make(horizon_days=365.0)) == "Acute GVHD of any grade by day 365 (1 year)"


@pytest.mark.parametrize("name", endpoint_names())
def test_every_shipped_endpoint_makes_a_sentence(name: str, make: Make) -> None:
    endpoint = load_endpoint(name)
    e = make(endpoint=name, label=endpoint.label)
    words = outcome_words(e)
    assert re.fullmatch(r"have (died|reached|developed|had) ?.*", words)
    assert "_" not in words
    assert "gVHD" not in words


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (0.004, "Of 1,000 patients like this one, about 4 "),
        (0.0001, "Of 1,000 patients like this one, fewer than 1 "),
        (0.014, "Of 1,000 patients like this one, about 14 "),
        (0.016, "Of 100 patients like this one, about 2 "),
        (0.5, "Of 100 patients like this one, about 50 "),
        (0.991, "Of 1,000 patients like this one, about 991 "),
        (0.9999, "Of 1,000 patients like this one, more than 999 "),
    ],
)
def test_small_and_large_risks_are_never_none_or_all(
    risk: float, words: str, make_at: Make
) -> None:
    assert headline(make_at(risk)).startswith(words)


def test_counts_never_say_none_or_all() -> None:
    for of in (100, 1000):
        for share in (0.0, 1e-9, 0.5 / of - 1e-9, 1 - 1e-9, 1.0):
            assert not re.match(rf"0$|{of}$", counted(share, of))


def test_a_verdict_is_told_and_its_absence_too(make: Make) -> None:
    bad = make(verdict="no model beats the marginal curve here")
    assert paragraphs(bad)[-1] == "No model beats the marginal curve here."
    assert paragraphs(make(verdict=""))[-1] == NOT_EVALUATED


def test_doubts_stand_before_the_number(make: Make) -> None:
    e = make(
        supported=False,
        reasons=("patient age is above the training range", "no donor is recorded"),
        notes=("shown at the risk of acute_gvhd, which includes it",),
    )
    text = "\n".join(paragraphs(e))
    doubt = "do not rely on this figure: patient age is above the training range; no donor"
    assert text.index(doubt) < text.index("Of 100 patients")
    assert "Shown at the risk of acute_gvhd, which includes it." in text
    assert "do not rely" not in " ".join(paragraphs(make()))


def test_factors_are_associations_and_never_causes(make: Make) -> None:
    for e in (make(), make(direction="favourable")):
        assert factors(e)[-1] == NO_CAUSE.format(noun=e.noun)
        assert not re.search(r"because|due to|causes the|leads to", " ".join(factors(e)))


def test_the_direction_of_the_largest_comes_first(make: Make) -> None:
    up = make({"a": 0.9, "b": -0.4})
    down = make({"a": 0.3, "b": -0.9})
    assert "higher" in factors(up)[0]
    assert "lower" in factors(up)[1]
    assert "lower" in factors(down)[0]


def test_what_moves_nothing_is_not_told(make: Make) -> None:
    e = make({"a": 1e-6, "b": -1e-6})
    assert factors(e) == ("No recorded value moves the risk by 0.1 percentage points or more.",)
    tiny = make({"a": 1e-6}, base=-6.0, null_risk=0.002)
    assert "by 0.01 percentage points" in factors(tiny)[0]


def test_a_gap_is_told_with_how_far_it_moves_the_risk(make: Make) -> None:
    e = make({"donor_age": 1.0, "patient_age": 0.2}, states={"donor_age": "missing"})
    assert not_known(e).startswith("Not recorded: donor age (+")
    assert "donor age" not in " ".join(factors(e))


def test_signs_are_read_aloud_rightly() -> None:
    assert signed(-0.0004, 1) == "0.0"
    assert signed(-0.034, 1) == "−3.4"
    assert signed(0.034, 1) == "+3.4"


def test_a_cohort_without_years_or_words_is_told_without_them(make: Make) -> None:
    e = make(cohort=CohortFacts("x", 137))
    assert paragraphs(e)[0].startswith("Learned from 137 transplants of the cohort x. Research")
