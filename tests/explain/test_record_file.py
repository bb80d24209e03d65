"""One record from a file: strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from hscrisk.errors import HscriskError, InputOutputFailed, InvalidRecord
from hscrisk.explain.record_file import load_record


def test_a_record_is_read(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(b'\xef\xbb\xbf{"patient_age": 42, "donor_sex": null}')
    assert load_record(path) == {"patient_age": 42, "donor_sex": None}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "line 1"),
        (b"{", "line 1"),
        (b'{"patient_age": NaN}', "NaN is no number"),
        (b'{"patient_age": -Infinity}', "-Infinity is no number"),
        (b'{"patient_age": 1, "patient_age": 2}', "a field stands twice"),
        (b'[{"patient_age": 1}]', "holds list"),
        (b'"text"', "holds str"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"a":' * 100_000, "no JSON record"),
    ],
)
def test_anything_else_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(InvalidRecord, match="Write one object") as caught:
        load_record(path)
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_absent_file_is_an_input_failure(tmp_path: Path) -> None:
    with pytest.raises(InputOutputFailed) as caught:
        load_record(tmp_path / "absent.json")
    assert isinstance(caught.value, HscriskError)
    assert caught.value.exit_code == 3
