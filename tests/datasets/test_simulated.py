"""The simulated registry: its truth is what happens, and its rows are what a registry holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.optimize import minimize
from typer.testing import CliRunner

from hscrisk.cli import app
from hscrisk.cohort import build_cohort
from hscrisk.datasets import simulate_registry
from hscrisk.datasets.simulated import (
    SimulatedRegistry,
    simulate_in_portions,
    write_registry,
)
from hscrisk.datasets.simulated.blocks import BLOCK
from hscrisk.datasets.simulated.centres import draw_centres
from hscrisk.datasets.simulated.curves import LAST_DAY, before_death, then, through
from hscrisk.datasets.simulated.risks import ENDPOINTS
from hscrisk.datasets.simulated.timing import timing
from hscrisk.endpoints import load_endpoint
from hscrisk.errors import InvalidConfiguration
from hscrisk.ingest import read_records
from hscrisk.schema import load_contract
from hscrisk.survival import AalenJohansen

FEATURES = ["transplant_type", "patient_age", "performance_kps", "primary_disease", "donor_type",
            "donor_age", "graft_source", "ptcy"]  # fmt: skip


@pytest.fixture(scope="module")
def mixed() -> SimulatedRegistry:
    """Return 200,000 transplants of children and adults, followed to the end, without text."""
    whole = simulate_registry(200_000, 11, "allogeneic", interactions=True, censoring=False)
    outcomes = [c for c in whole.records.frame if c.endswith(("_status", "_day"))]
    frame = whole.records.frame[["transplant_id", "patient_id", *FEATURES, *outcomes]]
    return replace(whole, records=replace(whole.records, frame=frame))


@pytest.fixture(scope="module")
def usual() -> SimulatedRegistry:
    return simulate_registry(2 * BLOCK, 12, "allogeneic")


@pytest.mark.parametrize("name", ENDPOINTS)
def test_the_truth_is_what_happens(mixed: SimulatedRegistry, name: str) -> None:
    """Incidence of 200,000 rows equals the mean truth within 4 standard errors, in subgroups too.

    Without censoring Aalen-Johansen is a mean of events, which a test of its own proves.
    """
    endpoint = load_endpoint(name)
    cohort = build_cohort(mixed.records, endpoint)
    truth = mixed.truth(endpoint, endpoint.horizons, cohort.transplant_id)
    happened = (cohort.y["event"] == 1).to_numpy()
    X = cohort.X
    groups = {
        "all": np.ones(len(X), dtype=bool),
        "children": (X["patient_age"] < 18).to_numpy(),
        "haploidentical": (X["donor_type"] == "haploidentical").to_numpy(),
        "cord": (X["graft_source"] == "cord_blood").to_numpy(),
        "ptcy": (X["ptcy"] == "yes").to_numpy(),
        "donor age missing": X["donor_age"].isna().to_numpy(),
        "aplastic": (X["primary_disease"] == "AA").to_numpy(),
        "infirm": (X["performance_kps"] < 80).to_numpy(),
    }
    for column, day in enumerate(endpoint.horizons):
        risk = truth[:, column]
        state = happened & (cohort.y["duration"] <= day).to_numpy()
        for number, fifth in enumerate(np.array_split(np.argsort(risk, kind="stable"), 5)):
            groups[f"fifth {number + 1}"] = np.isin(np.arange(len(risk)), fifth)
        for group, who in groups.items():
            if name in ("relapse", "non_relapse_mortality") and group == "aplastic":
                continue  # they have none
            error = np.sqrt((risk[who] * (1 - risk[who])).sum()) / who.sum()
            gap = abs(state[who].mean() - risk[who].mean())
            assert gap < 4 * error, (group, day, gap / error)


def test_aalen_johansen_without_censoring_is_the_mean(mixed: SimulatedRegistry) -> None:
    cohort = build_cohort(mixed.records, "chronic_gvhd")
    y = cohort.y.iloc[:20_000]
    means = [((y["event"] == 1) & (y["duration"] <= day)).mean() for day in (180, 365, 730)]
    assert AalenJohansen().fit(y).predict([180, 365, 730]) == pytest.approx(means, abs=1e-12)


@pytest.mark.parametrize("name", ["platelet_engraftment", "acute_gvhd_2_4", "relapse", "death"])
def test_aalen_johansen_sees_the_truth_through_censoring(name: str) -> None:
    registry = simulate_registry(8 * BLOCK, 13)
    endpoint = load_endpoint(name)
    cohort = build_cohort(registry.records, endpoint)
    assert (cohort.y["event"] == 0).mean() > 0.01
    truth = registry.truth(endpoint, endpoint.horizons, cohort.transplant_id).mean(axis=0)
    fitted = AalenJohansen().fit(cohort.y)
    estimate = fitted.predict(endpoint.horizons)
    low, high = (np.asarray(side) for side in fitted.interval(endpoint.horizons, level=0.9999))
    assert (low <= truth).all()
    assert (truth <= high).all()
    assert estimate == pytest.approx(truth, abs=0.012)


def test_truths_are_incidences(usual: SimulatedRegistry) -> None:
    days = [10, 28, 60, 100, 180, 365, 730, 2000]
    F = {name: usual.truth(name, days) for name in ENDPOINTS if name != "primary_graft_failure"}
    for risk in F.values():
        known = risk[~np.isnan(risk[:, 0])]
        assert known.min() >= 0
        assert known.max() <= 1
        assert np.diff(known, axis=1).min() >= -1e-12
    malignant = ~np.isnan(F["relapse"][:, 0])
    both = F["relapse"] + F["non_relapse_mortality"]
    assert np.nanmax(both) <= 0.97 + 1e-6
    assert (F["death"] <= both + 1e-9)[malignant].all()
    nested = [("acute_gvhd_3_4", "acute_gvhd_2_4"), ("acute_gvhd_2_4", "acute_gvhd"),
              ("chronic_gvhd_extensive", "chronic_gvhd")]  # fmt: skip
    for narrow, wide in nested:
        assert (F[narrow] <= F[wide] + 1e-9).all()
    state = usual.truth("primary_graft_failure", [28])[:, 0]
    engrafted, dead = F["neutrophil_engraftment"][:, 1], F["death"][:, 1]
    assert (state <= 1 - engrafted + 1e-9).all()
    assert (state + engrafted + dead >= 1 - 1e-9).all()  # who engrafts and dies counts twice


def test_tables_are_distributions() -> None:
    table = timing()
    tables = [*table.events.values(), *table.delays.values(), table.nrm, table.relapse,
              table.after_relapse, table.death_after_relapse]  # fmt: skip
    for one in tables:
        assert one.shape[1] == LAST_DAY + 1
        assert np.diff(one, axis=1).min() >= -1e-12
        assert one.min() >= 0
        assert one.max() <= 1
    assert (table.nrm[:, 0] == 0).all()


def test_sums_of_waits_by_hand() -> None:
    first, wait = through({0: 0, 2: 0.5, 6: 1}), through({0: 0, 3: 0.5, 9: 1})
    p, q = np.diff(first, prepend=0)[:20], np.diff(wait, prepend=0)[:20]
    by_hand = [
        sum(p[i] * q[j] for i in range(20) for j in range(20) if i + j <= t) for t in range(20)
    ]
    assert then(first, wait)[:20] == pytest.approx(by_hand, abs=1e-9)
    earlier = [sum(p[s] * q[:s].sum() for s in range(t + 1)) for t in range(20)]
    assert before_death(first, wait)[:20] == pytest.approx(earlier, abs=1e-12)


@pytest.mark.parametrize("endpoint", ["grfs_failure", "acute_gvhd_4"])
def test_an_unknown_endpoint_is_refused(usual: SimulatedRegistry, endpoint: str) -> None:
    with pytest.raises(InvalidConfiguration, match="no truth is known"):
        usual.truth(endpoint, [100])


@pytest.mark.parametrize("day", [0, -3, 10.5, LAST_DAY + 1, float("nan")])
def test_a_horizon_is_a_whole_day_of_the_tables(usual: SimulatedRegistry, day: float) -> None:
    with pytest.raises(InvalidConfiguration, match="whole day"):
        usual.truth("death", [day])


def test_rows_do_not_depend_on_the_portion() -> None:
    whole = simulate_registry(BLOCK + 50, 3, "allogeneic")
    frame = whole.records.frame
    short = simulate_registry(120, 3, "allogeneic").records.frame
    assert_frame_equal(short, frame.iloc[:120])
    parts = list(simulate_in_portions(BLOCK + 50, 3, "allogeneic", rows=10))
    assert [len(part) for part in parts] == [BLOCK, 50]
    joined = pd.concat([part.records.frame for part in parts], ignore_index=True)
    assert joined.equals(frame)
    risk = np.concatenate([part.truth("relapse", [365]) for part in parts])
    assert np.array_equal(risk, whole.truth("relapse", [365]), equal_nan=True)
    other = simulate_registry(120, 4, "allogeneic").records.frame
    assert not other["patient_age"].equals(short["patient_age"])


def test_truth_follows_the_rows_of_a_cohort(usual: SimulatedRegistry) -> None:
    ids = usual.records.frame["transplant_id"].iloc[[7, 3, 7]]
    some = usual.truth("death", [365], ids)
    assert np.array_equal(some, usual.truth("death", [365])[[7, 3, 7]])
    with pytest.raises(InvalidConfiguration, match="not in this registry"):
        usual.truth("death", [365], ["SIM99999999"])


def test_every_field_that_applies_is_there(usual: SimulatedRegistry) -> None:
    contract, frame = load_contract(), usual.records.frame
    wanted = [
        name
        for name, field in contract.items()
        if field.population not in ("autologous", "gene_modified") and field.group != "landmark"
    ]
    assert list(frame.columns) == wanted
    assert len(wanted) >= 90
    empty = [name for name in wanted if frame[name].isna().all()]
    assert empty == []


def test_types_are_those_of_records(usual: SimulatedRegistry, tmp_path: Path) -> None:
    """What is written and read again is what was simulated, and nothing in it is refused."""
    short = simulate_registry(1500, 12, "allogeneic").records
    read = read_records(write_registry(1500, 12, "allogeneic", tmp_path / "x.parquet"))
    assert read.n_read == len(read.accepted) == 1500
    assert_frame_equal(read.accepted.frame, short.frame)
    assert set(read.violations["severity"]) <= {"soft"}
    doubts = read.violations.loc[~read.violations["rule"].str.contains("usually lies"), "rule"]
    assert doubts.tolist() == []


def test_nothing_happens_after_death_and_grades_nest(usual: SimulatedRegistry) -> None:
    f = simulate_registry(2 * BLOCK, 12, "allogeneic", missing=False).records.frame
    end = f["followup_day"]
    for name in [c.removesuffix("_status") for c in f if c.endswith("_status")]:
        if f"{name}_day" in f:
            assert (f[f"{name}_day"].dropna() <= end[f[f"{name}_day"].notna()]).all(), name
            alive = (f[f"{name}_status"] == 2) & (f["death_status"] == 0)
            assert not alive.any(), name
    for narrow, wide in [("acute_gvhd_3_4", "acute_gvhd_2_4"), ("acute_gvhd_2_4", "acute_gvhd"),
                         ("chronic_gvhd_extensive", "chronic_gvhd")]:  # fmt: skip
        has = f[f"{narrow}_status"] == 1
        assert (f.loc[has, f"{wide}_status"] == 1).all()
        assert (f.loc[has, f"{narrow}_day"] >= f.loc[has, f"{wide}_day"]).all()
    again = f["second_infusion_day"].notna()
    assert (f.loc[again, "neutrophil_engraftment_status"] == 3).all()
    assert f.loc[f["primary_disease"].isin(["AA", "SCD"]), "relapse_status"].isna().all()


def test_grades_follow_from_organs_by_the_magic_rules() -> None:
    f = simulate_registry(BLOCK, 12, missing=False).records.frame
    skin, liver, upper, lower = (
        f[f"acute_gvhd_{organ}_max"] for organ in ("skin", "liver", "upper_gi", "lower_gi")
    )
    grade = np.select(
        [(skin == 4) | (liver == 4) | (lower == 4), (liver >= 2) | (lower >= 2),
         (skin == 3) | (liver == 1) | (upper == 1) | (lower == 1), skin >= 1],
        [4, 3, 2, 1], 0)  # fmt: skip
    assert (grade == f["acute_gvhd_grade_max"]).all()
    assert sorted(set(grade)) == [0, 1, 2, 3, 4]


def test_days_of_events_are_those_of_the_files() -> None:
    """Quantiles 5/25/50/75/95 % in DS1302, blood without cyclophosphamide unless said otherwise."""
    f = simulate_registry(12 * BLOCK, 14, missing=False).records.frame
    acute = f["primary_disease"].isin(["AML", "ALL"]) & f["donor_type"].isin(
        ["matched_sibling", "matched_unrelated"]
    )
    blood, marrow = (f["graft_source"] == s for s in ("peripheral_blood", "bone_marrow"))
    bare = f["ptcy"] == "no"
    months = 30.4
    expected = {
        ("neutrophil_engraftment", "PB"): (9, 12, 14, 16, 21),
        ("neutrophil_engraftment", "BM"): (11, 14, 17, 21, 27),
        ("neutrophil_engraftment", "PTCy"): (12, 14, 16, 18, 24),
        ("platelet_engraftment", "PB"): (1, 14, 16, 20, 32),
        ("platelet_engraftment", "BM"): (14, 19, 24, 30, 47),
        ("acute_gvhd_2_4", "PB"): (12, 22, 32, 55, 150),
        ("acute_gvhd_3_4", "PB"): (10, 20, 30, 54, 168),
        ("chronic_gvhd", "PB"): tuple(m * months for m in (3.2, 4.4, 6.2, 9.4, 20.7)),
    }
    who = {"PB": acute & blood & bare, "BM": acute & marrow & bare,
           "PTCy": acute & blood & ~bare}  # fmt: skip
    for (name, group), quantiles in expected.items():
        days = f.loc[who[group] & (f[f"{name}_status"] == 1), f"{name}_day"]
        found = np.quantile(days, [0.25, 0.5, 0.75])
        assert found == pytest.approx(quantiles[1:4], rel=0.25), (name, group)


def test_practice_goes_together(usual: SimulatedRegistry) -> None:
    f = usual.records.frame
    haplo, cord = f["donor_type"] == "haploidentical", f["graft_source"] == "cord_blood"
    assert (f.loc[haplo, "ptcy"] == "yes").mean() > 0.6
    assert not (f.loc[cord, "ptcy"] == "yes").any()
    assert f.loc[haplo, "hla_match_8"].median() < 7
    assert (f.loc[f["donor_type"] == "matched_unrelated", "hla_match_8"].dropna() == 8).all()
    assert f.loc[cord, "cd34_dose_infused"].median() < 0.5
    assert f.loc[cord, "donor_age"].isna().all()
    mac = f["conditioning_intensity"] == "MAC"
    adult = f["patient_age"] >= 18
    assert f.loc[adult & mac, "patient_age"].mean() + 5 < f.loc[adult & ~mac, "patient_age"].mean()
    assert f[["patient_age", "hctci_score"]].corr().iloc[0, 1] > 0.15
    sibling = f["donor_type"] == "matched_sibling"
    assert f.loc[sibling, ["patient_age", "donor_age"]].corr().iloc[0, 1] > 0.7
    assert f.loc[f["primary_disease"] == "SCD", "disease_status"].isna().all()
    child = f[~adult]
    assert child[["patient_age", "weight_kg"]].corr().iloc[0, 1] > 0.8


def test_years_drift_only_when_asked() -> None:
    def slope(*, drift: bool) -> float:
        f = simulate_registry(2 * BLOCK, 15, drift=drift).records.frame
        late = f["year_of_hct"] >= 2018
        ptcy = f["ptcy"] == "yes"
        return float(ptcy[late].mean() - ptcy[f["year_of_hct"] <= 2012].mean())

    assert slope(drift=True) > 0.12
    assert abs(slope(drift=False)) < 0.03


def test_centres_differ_in_size_practice_and_gaps(usual: SimulatedRegistry) -> None:
    f = usual.records.frame
    sizes = f["centre_id"].value_counts()
    assert sizes.max() > 8 * sizes.median()
    large = f[f["centre_id"].isin(sizes.index[:15])]
    by_centre = large.groupby("centre_id")
    assert by_centre["gcsf_post"].agg(lambda s: (s == "yes").mean()).std() > 0.1
    assert by_centre["ferritin_ng_ml"].agg(lambda s: s.isna().mean()).std() > 0.05


def test_gaps_lie_between_3_and_about_45_percent_and_can_be_left_out(
    usual: SimulatedRegistry,
) -> None:
    f = usual.records.frame
    gaps = f[["weight_kg", "performance_kps", "ferritin_ng_ml", "kir_b_content", "donor_sex",
              "cd3_dose_infused", "mrd_status"]].isna().mean()  # fmt: skip
    assert gaps.min() > 0.02
    assert gaps.drop("mrd_status").max() < 0.5
    complete = simulate_registry(500, 12, missing=False).records.frame
    assert complete[["weight_kg", "ferritin_ng_ml", "donor_sex"]].notna().all().all()


def test_without_centre_effects_the_centre_says_nothing_more() -> None:
    """With the same features, risks differ between centres only where they have effects."""
    on = simulate_registry(3000, 16, missing=False)
    off = simulate_registry(3000, 16, missing=False, centre_effects=False)
    assert_frame_equal(on.records.frame[["patient_age", "ptcy"]],
                       off.records.frame[["patient_age", "ptcy"]])  # fmt: skip
    moved = (on.truth("acute_gvhd", [100]) - off.truth("acute_gvhd", [100]))[:, 0]
    drawn = draw_centres(16, effects=True).effects["acute"]
    code = on.records.frame["centre_id"].str.slice(1).astype(int) - 1
    assert np.corrcoef(moved, drawn[code])[0, 1] > 0.95


PRIMARY = {
    "neutrophil_engraftment": 28, "platelet_engraftment": 100, "primary_graft_failure": 28,
    "acute_gvhd": 100, "acute_gvhd_2_4": 100, "acute_gvhd_3_4": 100, "chronic_gvhd": 365,
    "chronic_gvhd_extensive": 365, "relapse": 365, "non_relapse_mortality": 365, "death": 365,
}  # fmt: skip


def _additive(truth: np.ndarray, design: np.ndarray) -> np.ndarray:
    """Return the best risk that is additive in log-odds: a logistic regression on the truth."""
    spread = design.std(axis=0)
    X = (design - design.mean(axis=0))[:, spread > 1e-9] / spread[spread > 1e-9]
    X = np.column_stack([np.ones(len(X)), X])

    def loss(beta: np.ndarray) -> tuple[float, np.ndarray]:
        line = X @ beta
        value = np.logaddexp(0, line) - truth * line
        slope = X.T @ (1 / (1 + np.exp(-line)) - truth) / len(X)
        return float(value.mean() + 1e-6 * (beta @ beta)), slope + 2e-6 * beta

    start = np.zeros(X.shape[1])
    start[0] = np.log(truth.mean() / (1 - truth.mean()))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return 1 / (1 + np.exp(-X @ found.x))


@pytest.mark.parametrize("interactions", [False, True])
def test_what_an_additive_model_can_lose(
    interactions: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IPA of the truth over that of its best additive fit: near 0, and .10 to .15 when switched."""
    from hscrisk.datasets.simulated import blocks, effects, risks
    from hscrisk.datasets.simulated.arms import ARMS
    from hscrisk.datasets.simulated.draw import Draw

    designs = []
    ours = risks.linear_predictors

    def kept(draw: Draw, *, interactions: bool) -> dict[str, np.ndarray]:
        arm = risks.arms_of(draw)
        columns = [term(draw) for term in effects.TERMS.values()]
        columns += [(arm == code) * 1.0 for code in range(1, len(ARMS))]
        columns += [draw.has("patient_sex", "male") * 1.0]
        designs.append(np.column_stack(columns))
        return ours(draw, interactions=interactions)

    monkeypatch.setattr(risks, "linear_predictors", kept)
    centres = draw_centres(31, effects=False)
    plan = blocks.Plan(31, "allogeneic_adults", centres, interactions, False, True, True)
    drawn = [blocks.draw_block(plan, number).risks for number in range(1)]
    design = np.concatenate(designs)
    for name, day in PRIMARY.items():
        truth = np.concatenate(
            [risks.true_incidence(r, name, np.array([day]))[:, 0] for r in drawn]
        )
        known = ~np.isnan(truth)
        truth, mean = truth[known], np.nanmean(truth)
        lost = ((truth - _additive(truth, design[known])) ** 2).mean() / (mean * (1 - mean))
        if interactions:
            assert 0.10 <= lost <= 0.15, name
        else:
            assert lost <= 0.01, name
            assert ((truth - mean) ** 2).mean() / (mean * (1 - mean)) > 0.015, name


@pytest.mark.parametrize("n", [0, 1])
def test_small_registries(n: int) -> None:
    registry = simulate_registry(n, 1)
    assert len(registry) == n
    assert registry.truth("death", [100, 365]).shape == (n, 2)


def test_refusals() -> None:
    with pytest.raises(InvalidConfiguration, match="number of transplants"):
        simulate_registry(-1, 1)
    with pytest.raises(InvalidConfiguration, match="seed"):
        simulate_registry(5, -1)
    with pytest.raises(InvalidConfiguration, match="population"):
        simulate_registry(5, 1, "allogeneic_adult")


def test_populations() -> None:
    ages = {p: simulate_registry(400, 2, p).records.frame["patient_age"]
            for p in ("allogeneic_adults", "allogeneic_children", "allogeneic")}  # fmt: skip
    assert ages["allogeneic_adults"].min() >= 18
    assert ages["allogeneic_children"].max() < 18
    assert 0.1 < (ages["allogeneic"] < 18).mean() < 0.3


def test_the_command_marks_what_it_writes(tmp_path: Path) -> None:
    out = tmp_path / "registry.csv"
    arguments = ["datasets", "simulate", "--n", "40", "--seed", "5", "--population",
                 "allogeneic_children", "--out", str(out)]  # fmt: skip
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert not out.exists()
    written = pd.read_csv(tmp_path / "registry-simulated.csv")
    assert len(written) == 40
    assert written["source"].str.startswith("simulated").all()
    assert "simulated" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["registry-simulated.csv"]


def test_the_command_refuses(tmp_path: Path) -> None:
    run = CliRunner().invoke
    wrong = ["datasets", "simulate", "--n", "4", "--seed", "5", "--out", str(tmp_path / "x.txt")]
    assert isinstance(run(app, wrong).exception, InvalidConfiguration)
    wrong[-1] = str(tmp_path / "x.csv")
    assert isinstance(run(app, [*wrong, "--population", "dogs"]).exception, InvalidConfiguration)
    assert list(tmp_path.iterdir()) == []
