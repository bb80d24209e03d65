"""Made-up registries that share effects, some fields being absent in some of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from hscrisk.endpoints import load_endpoint
from hscrisk.priors import Summary, summarise_cohorts

EFFECTS = {"age": 0.02, "comorbidity": 0.15, "pb": 0.4, "female": 0.3, "mac": 0.5}


def registry(
    n: int,
    seed: int,
    *,
    sign: float = 1.0,
    level: float = -0.6,
    censored: float = 0.2,
    without: tuple[str, ...] = (),
) -> Any:
    """Return a cohort in contract fields whose acute GVHD follows `EFFECTS`."""
    rng = np.random.default_rng(seed)
    age, hctci = rng.uniform(18, 72, n), rng.integers(0, 6, n).astype(float)
    source = rng.random(n) < 0.8
    pair, mac = rng.integers(0, 4, n), rng.random(n) < 0.55
    eta = level + sign * (
        EFFECTS["age"] * (age - 50)
        + EFFECTS["comorbidity"] * (hctci - 2)
        + EFFECTS["pb"] * (source - 0.8)
        + EFFECTS["female"] * (pair == 2)
        + EFFECTS["mac"] * (mac - 0.55)
    )
    happens = rng.random(n) < expit(eta)
    onset = np.ceil(rng.uniform(5, 99, n))
    death = np.ceil(rng.exponential(900, n)) + 1
    end = np.where(rng.random(n) < censored, np.ceil(rng.uniform(20, 120, n)), 400)
    first = np.minimum(np.minimum(np.where(happens, onset, np.inf), death), end)
    event = np.select([happens & (onset <= first), death <= first], [1, 2], 0)
    X = pd.DataFrame(
        {
            "patient_age": age,
            "hctci_score": hctci,
            "graft_source": pd.Categorical(
                np.where(source, "peripheral_blood", "bone_marrow"),
                ["bone_marrow", "peripheral_blood", "cord_blood", "gene_product"],
            ),
            "sex_match": pd.Categorical.from_codes(pair, ["MM", "MF", "FM", "FF"]),
            "conditioning_intensity": pd.Categorical(
                np.where(mac, "MAC", "RIC"), ["NMA", "RIC", "MAC"]
            ),
        }
    ).drop(columns=list(without))
    return SimpleNamespace(
        X=X,
        y=pd.DataFrame({"event": event, "duration": first}),
        endpoint=load_endpoint("acute_gvhd_2_4"),
        definitions={"acute_gvhd_grading": "made up"},
        patient=pd.Series([f"p{i}" for i in range(n)]),
        centre=None,
        year=None,
    )


def shared(n: int, seed: int, study: str, **more: Any) -> Summary:
    return summarise_cohorts([registry(n, seed, **more)], study=study)


@pytest.fixture(scope="session")
def summaries() -> list[Summary]:
    absent = [(), ("sex_match",), (), ("hctci_score",), (), ()]
    return [shared(900, 50 + k, f"study_{k}", without=gone) for k, gone in enumerate(absent)]
