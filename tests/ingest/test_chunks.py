"""Reading piece by piece gives what reading whole gives, whatever the size of the pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hscrisk.errors import InputOutputFailed
from hscrisk.ingest import ReadResult, load_mapping, read_records
from hscrisk.ingest.chunks import raw_chunks, read_in_chunks
from hscrisk.schema import load_contract

CONTRACT, MAPPING = load_contract(), load_mapping("contract")

CELLS = st.tuples(
    st.sampled_from(["a", "b", "c", "1", "1.0", "", " d "]),
    st.sampled_from(["30", "400", "", "x"]),
    st.sampled_from(["bone_marrow", "bone", ""]),
)
LINES = st.lists(
    CELLS.map(",".join) | st.sampled_from(["", "a,30", "a,30,bone_marrow,more", '"b",30,""']),
    max_size=8,
)


def _pieces(path: Path, rows: int) -> list[ReadResult]:
    return list(read_in_chunks(path, MAPPING, CONTRACT, rows=rows))


def _together(frames: list[pd.DataFrame]) -> list[tuple[object, ...]]:
    kept = [frame.astype(object).where(frame.notna(), None) for frame in frames if len(frame)]
    return [tuple(row) for frame in kept for row in frame.to_numpy(dtype=object)]


@given(LINES, st.sampled_from([1, 2, 3, 100]))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pieces_add_up_to_the_whole(tmp_path: Path, lines: list[str], rows: int) -> None:
    path = tmp_path / "in.csv"
    path.write_text("\n".join(["transplant_id,patient_age,graft_source", *lines]) + "\n")
    whole, pieces = read_records(path), _pieces(path, rows)
    assert sum(piece.n_read for piece in pieces) == whole.n_read
    for piece in pieces:
        assert piece.n_read == len(piece.accepted) + len(piece.quarantined)
    # A derived column is there where a piece knows any of its values.
    columns = list(whole.accepted.frame.columns)
    frames = [piece.accepted.frame.reindex(columns=columns) for piece in pieces]
    assert {name for piece in pieces for name in piece.accepted.frame} <= set(columns)
    assert _together(frames) == _together([whole.accepted.frame])
    # Of one row the violation that needs the whole file may stand in another place.
    found = _together([piece.violations for piece in pieces])
    assert sorted(map(str, found)) == sorted(map(str, _together([whole.violations])))
    at_once = _pieces(path, 1000)
    assert found == _together([piece.violations for piece in at_once])
    told = [[piece.quarantined[["row", "reasons"]] for piece in ps] for ps in (pieces, at_once)]
    assert _together(told[0]) == _together(told[1])


def test_long_identifiers_of_a_parquet_file_stay_whole(tmp_path: Path) -> None:
    ids = pd.array([2**60 + 1, None, 2**60 + 2, 5], dtype="Int64")
    path = tmp_path / "in.parquet"
    pd.DataFrame({"transplant_id": ids, "patient_age": [30.0, 31.0, np.nan, 33.0]}).to_parquet(path)
    for rows in (1, 3, 100):
        pieces = _pieces(path, rows)
        names = [name for piece in pieces for name in piece.accepted.frame["transplant_id"]]
        assert names == [str(2**60 + 1), str(2**60 + 2), "5"]
        assert [row for piece in pieces for row in piece.quarantined["row"]] == [2]


@pytest.mark.parametrize("name", ["in.csv", "in.parquet"])
def test_a_file_without_rows_is_one_empty_piece(tmp_path: Path, name: str) -> None:
    empty = pd.DataFrame(
        {"transplant_id": pd.Series(dtype=str), "patient_age": pd.Series(dtype=float)}
    )
    path = tmp_path / name
    empty.to_csv(path, index=False) if name.endswith("csv") else empty.to_parquet(path)
    pieces = _pieces(path, 10)
    assert [(piece.n_read, len(piece.accepted)) for piece in pieces] == [(0, 0)]
    assert "patient_age" in pieces[0].accepted.frame


def test_rows_without_names_of_their_own_are_numbered_through(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("patient_age,graft_source\n30,bone_marrow\n30,bone_marrow\n30,bone_marrow\n")
    names = [n for piece in _pieces(path, 2) for n in piece.accepted.frame["transplant_id"]]
    assert names == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,a\n1,2\n", "given twice"),
        (b"transplant_id,patient_age\n1,\xff\n", "not UTF-8"),
        (b'transplant_id,patient_age\n1,"30\n', "no well-formed CSV"),
        (b"PAR1 and nothing else", "no readable Parquet"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    with pytest.raises(InputOutputFailed, match=words):
        list(raw_chunks(path, rows=1))
    with pytest.raises(InputOutputFailed, match="cannot be read"):
        list(raw_chunks(tmp_path / "gone.csv"))


def test_several_tables_come_as_one_piece(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "registry: mine\n"
        "tables:\n"
        "  transplants: {file: t.csv, key: id}\n"
        "  patients: {file: p.csv, key: id, named_by: patient}\n"
        "fields: {transplant_id: id, patient_id: id, patient_age: age, graft_source: source}\n"
    )
    (tmp_path / "t.csv").write_text("id,patient,source\n1,x,bone_marrow\n2,y,bone_marrow\n3,z,\n")
    (tmp_path / "p.csv").write_text("id,age\nx,30\ny,40\n")
    mapping = load_mapping(tmp_path / "mine.yaml")
    pieces = list(read_in_chunks(tmp_path, mapping, CONTRACT, rows=1))
    assert [(p.n_read, len(p.accepted), len(p.quarantined)) for p in pieces] == [(3, 2, 1)]
