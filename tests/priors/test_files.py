"""Files from strangers: what is written is read, and no mutation crashes or slips through."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hscrisk.errors import HscriskError, InputOutputFailed, InvalidConfiguration
from hscrisk.priors import Prior, Summary, load_prior, read_prior, read_summary
from hscrisk.priors.writing import prior_to_dict, summary_to_dict, write


def test_a_summary_is_read_as_it_was_written(summaries: list[Summary], tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    write(path, summary_to_dict(summaries[1]))
    again = read_summary(path)
    assert again.study == "study_1"
    assert summary_to_dict(again) == summary_to_dict(summaries[1])
    for ours, theirs in zip(
        summaries[1].endpoints["acute_gvhd_2_4"], again.endpoints["acute_gvhd_2_4"], strict=True
    ):
        assert theirs.information == pytest.approx(ours.information, rel=1e-5, abs=1e-4)
        assert (theirs.n, theirs.n_events, theirs.day) == (ours.n, ours.n_events, ours.day)


def test_nothing_of_a_patient_is_in_it(summaries: list[Summary]) -> None:
    content = summary_to_dict(summaries[0])
    size = 1 + len(Prior.of(summaries[:1], name="x").terms.names)
    for anchors in content["endpoints"].values():
        for anchor in anchors:
            assert set(anchor) == {
                "day", "n", "n_events", "incidence", "point", "gradient", "information",
            }  # fmt: skip
            assert len(anchor["point"]) == len(anchor["gradient"]) == size
            assert anchor["n"] - anchor["n_events"] >= 10 <= anchor["n_events"]


@pytest.mark.parametrize("with_summaries", [True, False])
def test_a_prior_is_read_as_it_was_written(
    summaries: list[Summary], tmp_path: Path, with_summaries: bool
) -> None:
    prior = Prior.of(summaries, name="made_up", overlaps={"study_1": {"study_0": 0.25}})
    path = tmp_path / "p.json"
    write(path, prior_to_dict(prior, with_summaries=with_summaries))
    again = read_prior(path)
    assert again.studies == prior.studies
    assert again.overlaps == prior.overlaps
    for ours, theirs in zip(
        prior.endpoints["acute_gvhd_2_4"], again.endpoints["acute_gvhd_2_4"], strict=True
    ):
        assert theirs.pooled.mean == pytest.approx(ours.pooled.mean, abs=1e-4)
        assert theirs.pooled.covariance == pytest.approx(ours.pooled.covariance, abs=1e-4)
    if with_summaries:
        assert "study_2" not in load_prior(path, without=["study_2"]).studies
    else:
        with pytest.raises(InvalidConfiguration, match="without its summaries"):
            again.without(["study_2"])


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in children:
        found += places(value, (*path, key))
    return found


ODD = [None, True, -1, 0, 1e308, -1e9, 3.7, "", "x" * 5000, "../../etc", [], {}, [[]], {"a": 1},
       float("nan"), float("inf"), 10**400]  # fmt: skip


def mutated(content: dict[str, Any], chooser: random.Random) -> Any:
    changed = copy.deepcopy(content)
    where = chooser.choice(places(changed))
    at: Any = changed
    for key in where[:-1]:
        at = at[key]
    kind = chooser.randrange(5)
    if kind == 0:
        at[where[-1]] = chooser.choice(ODD)
    elif kind == 1:
        del at[where[-1]]
    elif kind == 2 and isinstance(at[where[-1]], int | float):
        at[where[-1]] = at[where[-1]] * chooser.choice([-1, 0, 1e3, 1e-3, 1.0000001])
    elif kind == 3 and isinstance(at, dict):
        at[f"{where[-1]}_"] = at[where[-1]]
    elif isinstance(at, list):
        at.append(at[where[-1]])
    return changed


def test_a_thousand_mutations_are_refused_or_harmless(
    summaries: list[Summary], tmp_path: Path
) -> None:
    chooser, refused, harmless = random.Random(7), 0, 0
    content = json.loads(json.dumps(summary_to_dict(summaries[3])))
    others = [s for s in summaries if s.study != "study_3"]
    before = Prior.of(summaries, name="made_up").endpoints["acute_gvhd_2_4"]
    path = tmp_path / "s.json"
    for _ in range(1000):
        changed = mutated(content, chooser)
        path.write_text(json.dumps(changed), encoding="utf-8")
        try:
            found = read_summary(path)
        except HscriskError:
            refused += 1
            continue
        harmless += 1
        if harmless % 8:  # pooling takes a while; one in eight is looked at to the end
            continue
        try:
            after = Prior.of([*others, found], name="made_up").endpoints["acute_gvhd_2_4"]
        except InvalidConfiguration:  # the name of another study
            continue
        for anchor in after:
            assert np.isfinite(anchor.pooled.mean).all()
            assert np.linalg.eigvalsh(anchor.pooled.covariance)[0] > 0
            ours = next((a for a in before if a.day == anchor.day), None)
            if ours is not None:
                # One study of six cannot carry the mean of effects away.
                assert np.abs(anchor.pooled.mean[1:] - ours.pooled.mean[1:]).max() < 0.6
    assert refused > 600
    assert harmless > 50


def test_mutated_bytes_never_crash(summaries: list[Summary], tmp_path: Path) -> None:
    chooser, path = random.Random(3), tmp_path / "s.json"
    whole = json.dumps(summary_to_dict(summaries[0])).encode()
    for _ in range(300):
        cut = bytearray(whole)
        for _ in range(chooser.randrange(1, 4)):
            cut[chooser.randrange(len(cut))] = chooser.randrange(256)
        path.write_bytes(
            bytes(cut[: chooser.randrange(1, len(cut))] if chooser.random() < 0.3 else cut)
        )
        try:
            read_summary(path)
        except HscriskError:
            continue


def test_what_is_no_file_of_ours_is_refused(tmp_path: Path, summaries: list[Summary]) -> None:
    with pytest.raises(InputOutputFailed):
        read_prior(tmp_path / "none.json")
    path = tmp_path / "s.json"
    write(path, summary_to_dict(summaries[0]))
    with pytest.raises(InvalidConfiguration):
        read_prior(path)
    path.write_text('{"a": 1, "a": 2}', encoding="utf-8")
    with pytest.raises(InvalidConfiguration, match="strict JSON"):
        read_summary(path)
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(InvalidConfiguration, match="strict JSON"):
        read_summary(path)
    with pytest.raises(InvalidConfiguration, match="no such prior"):
        load_prior("publik")
