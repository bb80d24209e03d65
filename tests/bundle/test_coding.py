"""Strict JSON and plain arrays: round trips, fixed bytes, and everything else refused."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hscrisk.bundle.coding import json_bytes, npz_bytes, parse_json, parse_npz, plain
from hscrisk.errors import UntrustedBundle

DTYPES = st.sampled_from(["f8", "f4", "i8", "i4", "u1", "?", "U3"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
def test_json_comes_back_the_same(value: object) -> None:
    assert parse_json(json_bytes(value), "x.json") == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")], {1, 2}, b"x"])
def test_what_json_cannot_hold_is_not_written(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        json_bytes(value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b'{"a": 1, "a": 1}',
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b"1" * 5000,
        b"{'a': 1}",
        b"[1,]",
        b"1 2",
    ],
)
def test_what_is_not_strict_json_is_refused(content: bytes) -> None:
    with pytest.raises(UntrustedBundle, match=r"x\.json"):
        parse_json(content, "x.json")


def test_tables_become_plain_json_with_absences() -> None:
    table = {
        "a": np.float64("nan"),
        2: (np.int64(1), np.array([1.5, np.inf])),
        "c": [np.bool_(True), None, "x"],
    }
    assert plain(table) == {"a": None, "2": [1, [1.5, None]], "c": [True, None, "x"]}


ARRAYS = st.dictionaries(
    st.from_regex(r"[a-z]{1,5}(/[a-z]{1,3})?", fullmatch=True),
    DTYPES.flatmap(lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0))),
    max_size=4,
)


@given(ARRAYS)
def test_arrays_come_back_bit_for_bit_and_own_their_memory(arrays: dict[str, np.ndarray]) -> None:
    content = npz_bytes(arrays)
    back = parse_npz(content, "arrays.npz")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()
        assert back[name].flags.writeable
    assert npz_bytes(dict(reversed(back.items()))) == content
    assert (
        npz_bytes({name: np.asfortranarray(a) if a.ndim else a for name, a in arrays.items()})
        == content
    )


def test_numpy_reads_the_same_arrays() -> None:
    arrays = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x", "yz"])}
    with np.load(io.BytesIO(npz_bytes(arrays)), allow_pickle=False) as read:
        assert {name: read[name].tolist() for name in read} == {
            n: a.tolist() for n, a in arrays.items()
        }


def test_objects_are_never_written() -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        npz_bytes({"a": np.array([{}])})


def _zip(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def _npy(
    array: np.ndarray, *, allow_pickle: bool = False, version: tuple[int, int] = (1, 0)
) -> bytes:
    target = io.BytesIO()
    np.lib.format.write_array(target, array, version=version, allow_pickle=allow_pickle)
    return target.getvalue()


class _Bomb:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (self.place,))  # type: ignore[return-value]


def test_hostile_arrays_are_refused(tmp_path: Path) -> None:
    good = _npy(np.arange(3.0))
    huge = good.replace(b"(3,)", b"(3000000000000,)").replace(b" " * 13, b" ", 1)
    bomb = _npy(np.array([_Bomb(tmp_path / "fired")], dtype=object), allow_pickle=True)
    code = good.replace(b"'<f8'", b"open ")
    for hostile in (
        b"",
        b"PK\x05\x06",
        pickle.dumps(np.arange(3)),
        _zip({"a.npy": bytes(10_000)}, zipfile.ZIP_DEFLATED),
        _zip({"a.npy": huge}),
        _zip({"a.npy": bomb}),
        _zip({"a.npy": code}),
        _zip({"a.npy": good[:-1]}),
        _zip({"a.npy": good + b"x"}),
        _zip({"a.npy": _npy(np.arange(3.0), version=(2, 0))}),
        _zip({"a.npy": _npy(np.asfortranarray(np.ones((2, 3))))}),
        _zip({"a.txt": good}),
        _zip({"a.npy": good})[:-30],
        _zip({"a.npy": good}).replace(good[-8:], b"changed!"),
    ):
        with pytest.raises(UntrustedBundle, match=r"arrays\.npz"):
            parse_npz(hostile, "arrays.npz")
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.npy", good)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", good)
    with pytest.raises(UntrustedBundle):
        parse_npz(target.getvalue(), "arrays.npz")
    assert not (tmp_path / "fired").exists()
