"""The brute-force functions against examples worked by hand, R, and the notes on the data."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import copelan1991_facts as copelan
import ds1302_facts as ds1302
from brute_force import (
    aalen_johansen,
    auc,
    brier,
    ipcw_weight,
    kaplan_meier_censoring_before,
)

HERE = Path(__file__).resolve().parent
R: dict[str, Any] = json.loads((HERE / "copelan1991_r.json").read_text(encoding="utf-8"))
ROWS = [dict(zip(R["bmt"], values, strict=True)) for values in zip(*R["bmt"].values(), strict=True)]
STUDIES = [*R["copelan1991"], "tied"]


def exactly(value: float | list[float]) -> Any:
    return pytest.approx(value, rel=0, abs=1e-10)


# Six subjects, with an event and a censoring on one day (2).
#
#   day  at risk  event 1  event 2  censored   S(day-)  added to CIF1    added to CIF2
#    1      6        1        0        0         1       1 * 1/6 = 1/6
#    2      5        1        0        1        5/6     5/6 * 1/5 = 1/6
#    3      3        0        1        0        2/3                       2/3 * 1/3 = 2/9
#    4      2        0        0        1        4/9
#    5      1        1        0        0        4/9     4/9 * 1/1 = 4/9
#
# Censoring: on day 2 one of 4 (the event of day 2 has left): 3/4; on day 4 one of 2: 3/8.
EVENT = [1, 1, 0, 2, 0, 1]
DURATION = [1, 2, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("horizon", "first", "second"),
    [
        (0, 0, 0),
        (1, 1 / 6, 0),
        (2, 1 / 3, 0),
        (3, 1 / 3, 2 / 9),
        (4, 1 / 3, 2 / 9),
        (5, 7 / 9, 2 / 9),
    ],
)
def test_incidence_by_hand(horizon: int, first: float, second: float) -> None:
    assert aalen_johansen(EVENT, DURATION, horizon, 1) == exactly(first)
    assert aalen_johansen(EVENT, DURATION, horizon, 2) == exactly(second)


def test_censoring_curve_by_hand() -> None:
    by_day = {1: 1, 2: 1, 2.5: 3 / 4, 3: 3 / 4, 4: 3 / 4, 5: 3 / 8, 9: 3 / 8}
    for day, expected in by_day.items():
        assert kaplan_meier_censoring_before(EVENT, DURATION, day) == exactly(expected)


def test_weights_by_hand() -> None:
    def weights(horizon: float, clip: float = 0.05) -> list[float]:
        return [
            ipcw_weight(e, t, horizon, EVENT, DURATION, clip)
            for e, t in zip(EVENT, DURATION, strict=True)
        ]

    # Day 2: the subject censored on day 2 was followed through it; G(2-) = 1.
    assert weights(2) == exactly([1, 1, 1, 1, 1, 1])
    # Day 4: censored on day 2 is lost; the other three weigh 1 / (3/4).
    assert weights(4) == exactly([1, 1, 0, 4 / 3, 4 / 3, 4 / 3])
    # Day 5: the event of day 5 weighs 1 / (3/8); the subject censored on day 4 is lost.
    assert weights(5) == exactly([1, 1, 0, 4 / 3, 0, 8 / 3])
    # A floor of 1/2 under G caps that weight at 2.
    assert weights(5, clip=0.5) == exactly([1, 1, 0, 4 / 3, 0, 2])


def test_brier_by_hand() -> None:
    # Day 4, weights (1, 1, 0, 4/3, 4/3, 4/3), outcomes (1, 1, lost, 0, 0, 0):
    # 1 * .5^2 + 1 * .8^2 + 4/3 * (.4^2 + .2^2 + .1^2) = .25 + .64 + .28 = 1.17; 1.17 / 6 = .195.
    risk = [0.5, 0.2, 0.9, 0.4, 0.2, 0.1]
    assert brier(EVENT, DURATION, risk, 4) == exactly(0.195)


def test_auc_by_hand() -> None:
    # Day 4: cases .5 and .2 (weight 1 each), controls .4 (competing event), .2 and .1 (4/3 each).
    # .5 beats all three: 3 * 4/3 = 4. .2 loses, ties, wins: 0 + 2/3 + 4/3 = 2. Pairs: 6 * 4/3 = 8.
    risk = [0.5, 0.2, 0.9, 0.4, 0.2, 0.1]
    assert auc(EVENT, DURATION, risk, 4) == exactly(6 / 8)


def test_uncensored_is_plain_counting() -> None:
    # Ten subjects, nobody censored: shares of ten, mean squared error, share of pairs.
    event = [1, 2, 1, 1, 2, 1, 1, 2, 1, 1]
    duration = [3, 3, 3, 7, 7, 8, 9, 9, 9, 20]
    risk = [0.9, 0.1, 0.4, 0.4, 0.4, 0.3, 0.2, 0.2, 0.1, 0.0]
    assert aalen_johansen(event, duration, 8, 1) == exactly(0.4)
    assert aalen_johansen(event, duration, 8, 2) == exactly(0.2)
    # Cases by day 8: .9 .4 .4 .3: (.01 + .36 + .36 + .49) = 1.22.
    # Others: .1 .4 .2 .2 .1 .0: (.01 + .16 + .04 + .04 + .01 + 0) = .26. Sum 1.48, mean .148.
    assert brier(event, duration, risk, 8) == exactly(0.148)
    # Of 24 pairs: .9 wins 6; each .4 wins 5 and ties 1 (5.5 twice); .3 wins 5: 22 / 24.
    assert auc(event, duration, risk, 8) == exactly(22 / 24)


@pytest.mark.parametrize("study", STUDIES)
def test_agrees_with_r(study: str) -> None:
    stored = R["tied"] if study == "tied" else R["copelan1991"][study]
    risk = R["tied_risk"] if study == "tied" else R["bmt_risk"]
    event, duration = stored["event"], stored["duration"]
    for k, day in enumerate(stored["horizons"]):
        incidence = aalen_johansen(event, duration, day, 1)
        assert incidence == exactly(stored["incidence_survival"][k])
        assert incidence == exactly(stored["incidence_cmprsk"][k])
        before = kaplan_meier_censoring_before(event, duration, day)
        assert before == exactly(stored["censoring_before"][k])
        weights = [
            ipcw_weight(e, t, day, event, duration) for e, t in zip(event, duration, strict=True)
        ]
        assert sum(weights) == exactly(stored["weight_sum"][k])
        assert sum(w * w for w in weights) == exactly(stored["weight_square_sum"][k])
        score, area = brier(event, duration, risk, day), auc(event, duration, risk, day)
        assert score == exactly(stored["brier"][k])
        assert area == exactly(stored["auc"][k])
        # riskRegression weighs survivors by G(t): G(t-) where nobody is censored on day t.
        if stored["brier_riskregression"][k] is not None:
            assert score == exactly(stored["brier_riskregression"][k])
            assert area == exactly(stored["auc_riskregression"][k])


def test_r_covers_both_kinds_of_horizon() -> None:
    on_a_censoring_day = [
        (name, value is None)
        for name, stored in {**R["copelan1991"], "tied": R["tied"]}.items()
        for value in stored["brier_riskregression"]
    ]
    assert ("tied", True) in on_a_censoring_day
    assert ("tied", False) in on_a_censoring_day
    assert ("relapse", True) in on_a_censoring_day


@pytest.mark.parametrize("study", STUDIES)
def test_weighted_counts_are_the_incidence(study: str) -> None:
    # With these tie rules (1/n) * sum of the weights of cause-1 events is the Aalen-Johansen
    # estimate, and all weights add up to n (Satten & Datta 2001), as long as G has no floor.
    stored = R["tied"] if study == "tied" else R["copelan1991"][study]
    event, duration = stored["event"], stored["duration"]
    n = len(event)
    for day in stored["horizons"]:
        weights = [
            ipcw_weight(e, t, day, event, duration, clip=0.0)
            for e, t in zip(event, duration, strict=True)
        ]
        for cause in (1, 2):
            total = sum(
                w
                for w, e, t in zip(weights, event, duration, strict=True)
                if e == cause and t <= day
            )
            assert total / n == exactly(aalen_johansen(event, duration, day, cause))
        assert sum(weights) == exactly(n)


def test_copelan_published_facts() -> None:
    assert copelan.count_published(ROWS) == copelan.PUBLISHED


@pytest.mark.parametrize("endpoint", list(copelan.HORIZONS))
def test_copelan_endpoints_agree_with_r(endpoint: str) -> None:
    event, duration = copelan.endpoint_rows(ROWS, endpoint)
    stored = R["copelan1991"][endpoint]
    assert event == stored["event"]
    assert duration == stored["duration"]
    by_day = dict(zip(stored["horizons"], stored["incidence_survival"], strict=True))
    for day, incidence in copelan.incidences(ROWS)[endpoint].items():
        assert incidence == exactly(by_day[day])


def test_copelan_late_chronic_gvhd() -> None:
    # Row 127 died on day 168 with a chronic GVHD dated 200: the death counts.
    event, duration = copelan.endpoint_rows(ROWS, "chronic_gvhd")
    assert (ROWS[126]["t1"], ROWS[126]["tc"], ROWS[126]["dc"]) == (168, 200, 1)
    assert (event[126], duration[126]) == (2, 168)
    assert event.count(1) == 60
    assert aalen_johansen(event, duration, 365, 1) == pytest.approx(0.4246, abs=5e-5)
    event[126], duration[126] = 1, 200
    assert aalen_johansen(event, duration, 180, 1) == pytest.approx(0.2993, abs=5e-5)
    assert aalen_johansen(event, duration, 365, 1) == pytest.approx(0.4319, abs=5e-5)
    assert aalen_johansen(event, duration, 730, 1) == pytest.approx(0.4468, abs=5e-5)


def test_copelan_reads_a_file(tmp_path: Path) -> None:
    path = tmp_path / "bmt.csv"
    header = [*copelan.COLUMNS, "unused"]
    lines = [",".join(str(row.get(name, "")) for name in header) for row in ROWS]
    path.write_text("\n".join([",".join(header), *lines]) + "\n", encoding="utf-8")
    assert copelan.read_rows(path) == ROWS


def test_ds1302_counts_as_noted(shared_data: Path) -> None:
    rows = ds1302.read_rows(shared_data / "cibmtr_ds1302" / "DS1302.csv")
    assert ds1302.noted_counts(rows) == ds1302.NOTED
    for endpoint, expected in ds1302.NOTED_N_BY_ABO.items():
        assert ds1302.n_by_abo(rows, endpoint, timed=False) == expected
    larger = [
        (endpoint, group)
        for endpoint, paper in ds1302.PAPER_N_BY_ABO.items()
        for group, (there, here) in enumerate(
            zip(paper, ds1302.NOTED_N_BY_ABO[endpoint], strict=True)
        )
        if there > here
    ]
    assert larger == [("neutrophils", 0), ("neutrophils", 2)]


def test_ds1302_relapse_and_death_add_up(shared_data: Path) -> None:
    facts = ds1302.facts(shared_data / "cibmtr_ds1302" / "DS1302.csv")
    relapse, nrm, dfs = (facts[name]["incidence"] for name in ("relapse", "nrm", "dfs"))
    assert isinstance(relapse, dict)
    assert isinstance(nrm, dict)
    assert isinstance(dfs, dict)
    for day, either in dfs.items():
        assert relapse[day] + nrm[day] == exactly(either)
