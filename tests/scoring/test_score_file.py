"""A whole file: rows conserved, the same answers in any order and any pieces, nothing half done."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from hscrisk.bundle import Bundle, load_bundle
from hscrisk.errors import InputOutputFailed, InvalidConfiguration, MissingColumn
from hscrisk.ingest import load_mapping
from hscrisk.scoring import predict_one, score_file, score_table
from hscrisk.scoring.contributions import BASE

BAD = [
    "x1,400,1,allogeneic,bone_marrow",
    "x2,30,1,allogeneic,bone",
    "t3,30,1,allogeneic,bone_marrow",
]


N = 14
NUMBERS = ("risk", "low", "high", "null_risk", "contribution_log_odds")


def _read(path: str | Path) -> pd.DataFrame:
    """Read a written CSV by Python's own numbers, which come back to the last bit."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for name in table.columns.intersection(NUMBERS):
        table[name] = [float(cell) for cell in table[name]]
    if "horizon_days" in table:
        table["horizon_days"] = table["horizon_days"].astype("int64")
    if "supported" in table:
        table["supported"] = table["supported"] == "True"
    return table


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path) -> Bundle:
    return load_bundle(bundle_folder)


@pytest.fixture(scope="module")
def lines(trained: Any) -> tuple[str, list[str]]:
    """Return header and rows of a file of N transplants, 4 of its rows bad (t3 is twice there)."""
    frame = trained.X.head(N).copy()
    frame.insert(0, "transplant_id", [f"t{i}" for i in range(N)])
    header, *rows = frame.to_csv(index=False).splitlines()
    return header, rows + BAD


@pytest.fixture
def source(lines: tuple[str, list[str]], tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("\n".join([lines[0], *lines[1]]) + "\n")
    return path


def test_read_is_scored_plus_quarantined(bundle: Bundle, source: Path) -> None:
    out = source.with_name("out.csv")
    summary = score_file(bundle, source, out)
    assert (summary.n_read, summary.n_scored, summary.n_quarantined) == (N + 3, N - 1, 4)
    assert summary.n_risks == (N - 1) * 9
    table = _read(out)
    assert len(table) == summary.n_risks
    assert set(table["transplant_id"]) == {f"t{i}" for i in range(N)} - {"t3"}
    assert summary.n_nested == table["reasons"].str.contains("shown at the risk of").sum() > 0
    aside = pd.read_csv(source.with_name("out.quarantine.csv"), keep_default_na=False)
    assert aside["row"].tolist() == [4, N + 1, N + 2, N + 3]
    assert aside["transplant_id"].tolist() == ["t3", "x1", "x2", "t3"]
    assert aside["reasons"].str.contains("must be given once").tolist() == [
        True,
        False,
        False,
        True,
    ]
    assert f"read {N + 3} = scored {N - 1} + quarantined 4" in summary.sentences()
    assert json.loads(json.dumps(summary.to_dict()))["n_scored"] == N - 1


def test_the_file_holds_what_the_table_and_one_record_say(
    bundle: Bundle, source: Path, trained: Any
) -> None:
    out = source.with_name("out.csv")
    score_file(bundle, source, out)
    read = _read(out)
    frame = trained.X.head(N).assign(transplant_id=[f"t{i}" for i in range(N)])
    whole = score_table(bundle, frame[frame["transplant_id"] != "t3"])
    pd.testing.assert_frame_equal(read, whole, check_dtype=False, check_exact=True)
    record = frame.iloc[5].dropna().to_dict()
    alone = [p.risk.hex() for p in predict_one(bundle, record)]
    assert [v.hex() for v in read.loc[read["transplant_id"] == "t5", "risk"]] == alone


def test_neither_the_order_nor_the_pieces_matter(
    bundle: Bundle, lines: tuple[str, list[str]], tmp_path: Path
) -> None:
    header, rows = lines
    found = []
    for seed, pieces in ((0, 1), (1, 7), (2, 1000), (3, 5)):
        order = np.random.default_rng(seed).permutation(len(rows))
        source, out = tmp_path / f"{seed}.csv", tmp_path / f"{seed}.out.csv"
        source.write_text("\n".join([header, *(rows[i] for i in order)]) + "\n")
        summary = score_file(bundle, source, out, explain=True, chunk_rows=pieces)
        assert (summary.n_scored, summary.n_quarantined) == (N - 1, 4)
        more = tmp_path / f"{seed}.out.contributions.csv"
        found.append(
            (sorted(out.read_bytes().split(b"\n")), sorted(more.read_bytes().split(b"\n")))
        )
    assert all(other == found[0] for other in found[1:])


def test_parquet_in_and_out_says_the_same(bundle: Bundle, source: Path) -> None:
    table = pd.read_csv(source, dtype=str, keep_default_na=False)
    parquet = source.with_suffix(".parquet")
    table.to_parquet(parquet)
    outs = [source.with_name(name) for name in ("a.csv", "b.parquet", "c.csv", "d.parquet")]
    for origin, out in zip((source, source, parquet, parquet), outs, strict=True):
        score_file(bundle, origin, out, explain=True, chunk_rows=7)
    assert outs[0].read_bytes() == outs[2].read_bytes()
    frames = [_read(outs[0])]
    frames += [pd.read_parquet(out) for out in (outs[1], outs[3])]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0], check_dtype=False, check_exact=True)
    more = [
        pd.read_parquet(outs[1].with_name("b.contributions.parquet")),
        _read(outs[0].with_name("a.contributions.csv")),
    ]
    pd.testing.assert_frame_equal(*more, check_dtype=False, check_exact=True)


def test_contributions_sum_to_the_log_odds_shown(bundle: Bundle, source: Path) -> None:
    out = source.with_name("out.csv")
    summary = score_file(bundle, source, out, explain=True)
    assert summary.contributions is not None
    parts = _read(summary.contributions)
    keys = ["transplant_id", "endpoint", "horizon_days"]
    sums = parts.groupby(keys)["contribution_log_odds"].sum()
    shown = _read(out).set_index(keys)
    assert sums.index.sort_values().equals(shown.index.sort_values())
    np.testing.assert_allclose(sums, logit(shown["risk"]).reindex(sums.index), atol=1e-4)
    assert set(parts["variable"]) == {
        BASE, "patient_age", "hctci_score", "transplant_type", "graft_source"
    }  # fmt: skip
    nested = parts[parts["from_endpoint"] != parts["endpoint"]]
    noted = shown.index[shown["reasons"].str.contains("shown at the risk of")]
    assert set(map(tuple, nested[keys].to_numpy())) == set(noted)


def test_all_rows_bad_still_gives_both_files(bundle: Bundle, source: Path) -> None:
    lines = source.read_text().splitlines()
    source.write_text("\n".join([lines[0], BAD[0]]))
    for name in ("out.csv", "out.parquet"):
        summary = score_file(bundle, source, source.with_name(name), explain=True)
        assert (summary.n_read, summary.n_scored, summary.n_quarantined) == (1, 0, 1)
    assert len(pd.read_csv(source.with_name("out.csv"))) == 0
    assert len(pd.read_parquet(source.with_name("out.parquet"))) == 0


def test_the_quarantine_file(bundle: Bundle, source: Path) -> None:
    lines = source.read_text().splitlines()
    clean, out = source.with_name("clean.csv"), source.with_name("out.csv")
    clean.write_text("\n".join(lines[:4]))
    beside = source.with_name("out.quarantine.csv")
    assert score_file(bundle, clean, out).quarantine is None
    assert not beside.exists()
    score_file(bundle, source, out)
    assert len(pd.read_csv(beside)) == 4
    # A second, clean run must not leave the first one's quarantine beside its own scores.
    assert score_file(bundle, clean, out).quarantine == str(beside)
    assert len(pd.read_csv(beside)) == 0
    named = source.with_name("aside.parquet")
    assert score_file(bundle, clean, out, quarantine=named).quarantine == str(named)
    assert len(pd.read_parquet(named)) == 0
    source.write_text("\n".join([*lines[:3], lines[3] + ',"=1+1",z', lines[4] + "", lines[5][:2]]))
    score_file(bundle, source, out, quarantine=named, chunk_rows=2)
    aside = pd.read_parquet(named)
    assert aside["row"].tolist() == ["3", "5"]
    assert aside["surplus"].tolist() == ["=1+1,z", ""]


def test_outcomes_unknown_and_absent_columns_are_told_once(bundle: Bundle, source: Path) -> None:
    table = pd.read_csv(source, dtype=str).head(3).drop(columns="hctci_score")
    source.with_name("more.csv").write_text(
        table.assign(acute_gvhd_status="7", death_status="dead", shoe_size="43").to_csv(index=False)
    )
    summary = score_file(bundle, source.with_name("more.csv"), source.with_name("out.csv"))
    assert summary.n_quarantined == 0
    assert summary.ignored_outcomes == ("acute_gvhd_status", "death_status")
    assert summary.unknown_columns == ("shoe_size",)
    assert summary.absent_columns == ("hctci_score",)
    assert summary.sentences().count("acute_gvhd_status") == 1


def test_a_mapping_of_a_registry(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "registry: mine\nfields:\n  transplant_id: id\n"
        "  patient_age: {column: months, unit: months}\n"
        "  graft_source: {column: src, codes: {1: bone_marrow, 2: peripheral_blood}}\n"
        "  transplant_type: {constant: allogeneic}\n  acute_gvhd_status: agvhd\n"
    )
    (tmp_path / "in.csv").write_text("id,months,src,agvhd\na,360,1,\nb,360,3,9\nc,12x,2,\n")
    summary = score_file(
        bundle, tmp_path / "in.csv", tmp_path / "out.csv", mapping=tmp_path / "mine.yaml"
    )
    assert (summary.n_scored, summary.n_quarantined) == (1, 2)
    assert summary.ignored_outcomes == ("agvhd",)
    table = _read(tmp_path / "out.csv")
    record = {"patient_age": 30, "graft_source": "bone_marrow", "transplant_type": "allogeneic"}
    assert table["risk"].tolist() == [p.risk for p in predict_one(bundle, record)]
    loaded = load_mapping(tmp_path / "mine.yaml")
    again = score_file(bundle, tmp_path / "in.csv", tmp_path / "out3.csv", mapping=loaded)
    assert again.n_scored == 1
    (tmp_path / "in.csv").write_text("id,months\na,360\n")
    with pytest.raises(MissingColumn, match="src"):
        score_file(
            bundle, tmp_path / "in.csv", tmp_path / "out2.csv", mapping=tmp_path / "mine.yaml"
        )
    assert not (tmp_path / "out2.csv").exists()


def test_a_failure_leaves_nothing_behind_and_the_old_file_in_place(
    bundle: Bundle, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = source.with_name("out.csv")
    out.write_text("the old one")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    before = sorted(path.name for path in source.parent.iterdir())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputOutputFailed, match="No space left"):
        score_file(bundle, source, out, explain=True)
    monkeypatch.undo()
    source.write_bytes(source.read_bytes() + b"\xff,1,1,1,1\n")
    with pytest.raises(InputOutputFailed, match="UTF-8"):
        score_file(bundle, source, out)
    with pytest.raises(InputOutputFailed, match="could not be written"):
        score_file(bundle, _clean(source), source.parent / "nowhere" / "out.csv")
    with pytest.raises(InputOutputFailed, match="cannot be read"):
        score_file(bundle, source.with_name("gone.csv"), out)
    assert sorted(path.name for path in source.parent.iterdir()) == [*before]
    assert out.read_text() == "the old one"


def _clean(source: Path) -> Path:
    source.write_bytes(source.read_bytes().replace(b"\xff", b""))
    return source


def test_files_that_would_destroy_each_other_are_refused(
    bundle: Bundle, source: Path, bundle_folder: Path
) -> None:
    for output, quarantine in (
        (source, None),
        (source.with_name("out.csv"), source),
        (source.with_name("out.csv"), source.with_name("x") / ".." / "out.csv"),
    ):
        with pytest.raises(InvalidConfiguration, match="different files"):
            score_file(bundle, source, output, quarantine=quarantine)
    with pytest.raises(InvalidConfiguration, match="into a bundle"):
        score_file(bundle, source, bundle_folder / "cards" / "out.csv")
    with pytest.raises(InvalidConfiguration, match=r"\.csv or \.parquet"):
        score_file(bundle, source, source.with_name("out.xlsx"))


def test_a_file_of_something_else_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    with pytest.raises(MissingColumn):
        score_file(bundle, tmp_path / "in.csv", tmp_path / "out.csv")
    (tmp_path / "in.csv").write_text("transplant_id,weight_kg\n1,70\n")
    with pytest.raises(MissingColumn, match="none of the columns that the model"):
        score_file(bundle, tmp_path / "in.csv", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_no_value_and_no_name_reaches_a_log_or_the_summary(
    bundle: Bundle,
    source: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    canary = "CANARY"
    rows = [f"{canary}1,40.123,1,allogeneic,bone_marrow", f"{canary}2,{canary},1,{canary},{canary}"]
    source.write_text("\n".join([source.read_text().splitlines()[0], *rows, rows[0]]))
    with caplog.at_level(logging.DEBUG):
        summary = score_file(bundle, source, source.with_name("out.csv"), explain=True)
    printed = capfd.readouterr()
    told = caplog.text + printed.out + printed.err + str(summary.to_dict()) + summary.sentences()
    assert summary.n_quarantined == 2  # the broken row, and the second copy of the sound one
    assert canary not in told
    assert "40.123" not in told
