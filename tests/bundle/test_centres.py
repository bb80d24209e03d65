"""A model that tells centres apart, kept in a bundle and asked with and without a centre."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hscrisk.bundle import load_bundle, save_bundle
from hscrisk.models import LogisticIncidence
from hscrisk.scoring import score_table
from tests.conftest import Trained


@pytest.fixture(scope="module")
def frame(trained: Trained) -> pd.DataFrame:
    names = [f"T{i}" for i in range(len(trained.X))]
    centre = np.where(np.arange(len(names)) % 3 == 0, "Aarau", "Basel")
    return trained.X.assign(transplant_id=names, centre_id=centre)


@pytest.fixture(scope="module")
def folder(trained: Trained, frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(2)
    often = np.where(frame["centre_id"] == "Aarau", 0.8, 0.3)
    event = np.where(rng.random(len(frame)) < often, 1, 2)
    y = {"event": event, "duration": np.ceil(rng.uniform(5, 95, len(frame)))}
    models = {
        name: LogisticIncidence(endpoint=endpoint, centre_intercepts=True).fit(
            trained.X, y, centre=frame["centre_id"]
        )
        for name, endpoint in trained.arguments["endpoints"].items()
    }
    path = tmp_path_factory.mktemp("centres") / "bundle"
    save_bundle(path, **{**trained.arguments, "models": models})
    return path


def test_the_centre_of_a_record_counts(folder: Path, frame: pd.DataFrame) -> None:
    bundle = load_bundle(folder)
    known, unknown = (score_table(bundle, f) for f in (frame, frame.drop(columns="centre_id")))
    at = np.repeat((frame["centre_id"] == "Aarau").to_numpy(), len(known) // len(frame))
    assert (known["risk"] > unknown["risk"])[at].all()
    assert (known["risk"] < unknown["risk"])[~at].all()
    # A record whose centre is missing, or was never seen, has the average centre's risk.
    for centre in (None, "Chur"):
        moved = score_table(bundle, frame.assign(centre_id=centre))
        pd.testing.assert_frame_equal(moved, unknown)


def test_one_record_is_explained_from_its_centres_level(folder: Path, frame: pd.DataFrame) -> None:
    bundle = load_bundle(folder)
    for row in (0, 1):
        one = frame.iloc[[row]]
        there = bundle.explain(one, "acute_gvhd")
        anywhere = bundle.explain(one.drop(columns="centre_id"), "acute_gvhd")
        table = score_table(bundle, one)
        at = (table["endpoint"] == "acute_gvhd") & (table["horizon_days"] == there.horizon_days)
        assert there.risk == table.loc[at, "risk"].item()
        assert abs(there.base_log_odds - anywhere.base_log_odds) > 0.1
        assert [i.contribution_log_odds for i in there.items] == pytest.approx(
            [i.contribution_log_odds for i in anywhere.items]
        )
