"""Nobody ever sees half a bundle, and nothing that is no bundle is ever replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hscrisk.bundle.manifest import read_sealed
from hscrisk.bundle.writing import write_sealed
from hscrisk.errors import InputOutputFailed

ONE, OTHER = {"a.json": b"1"}, {"a.json": b"2", "b/c.json": b"3"}


def test_the_same_content_has_the_same_id_anywhere(tmp_path: Path) -> None:
    one = write_sealed(tmp_path / "deep" / "one", OTHER)
    other = write_sealed(tmp_path / "other", dict(reversed(OTHER.items())))
    assert one == other == read_sealed(tmp_path / "other").id
    assert write_sealed(tmp_path / "third", ONE) != one


def test_an_identical_bundle_is_left_alone(tmp_path: Path) -> None:
    write_sealed(tmp_path / "b", ONE)
    before = (tmp_path / "b").stat().st_ino
    write_sealed(tmp_path / "b", ONE)
    write_sealed(tmp_path / "b", ONE, overwrite=True)
    assert (tmp_path / "b").stat().st_ino == before


def test_another_bundle_is_replaced_only_when_asked(tmp_path: Path) -> None:
    one = write_sealed(tmp_path / "b", ONE)
    with pytest.raises(InputOutputFailed, match="another bundle"):
        write_sealed(tmp_path / "b", OTHER)
    assert read_sealed(tmp_path / "b").id == one
    assert write_sealed(tmp_path / "b", OTHER, overwrite=True) == read_sealed(tmp_path / "b").id
    assert [entry.name for entry in tmp_path.iterdir()] == ["b"]


def test_an_altered_bundle_is_replaced_when_asked(tmp_path: Path) -> None:
    one = write_sealed(tmp_path / "b", ONE)
    (tmp_path / "b" / "a.json").write_bytes(b"9")
    assert write_sealed(tmp_path / "b", ONE, overwrite=True) == one
    assert read_sealed(tmp_path / "b").id == one


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    assert write_sealed(tmp_path / "b", ONE) == read_sealed(tmp_path / "b").id


def test_what_is_no_bundle_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    (tmp_path / "file").write_text("dear")
    write_sealed(tmp_path / "b", ONE)
    (tmp_path / "link").symlink_to(tmp_path / "b", target_is_directory=True)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("home", "file", "link", "dangling"):
        with pytest.raises(InputOutputFailed, match="no bundle"):
            write_sealed(tmp_path / name, OTHER, overwrite=True)
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


def test_a_failing_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write_sealed(tmp_path / "b", ONE)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputOutputFailed, match="No space left"):
        write_sealed(tmp_path / "b", OTHER, overwrite=True)
    with pytest.raises(InputOutputFailed):
        write_sealed(tmp_path / "new", OTHER)
    monkeypatch.undo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["b"]
    assert read_sealed(tmp_path / "b").id == one


def test_the_old_bundle_comes_back_when_the_new_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write_sealed(tmp_path / "b", ONE)
    rename = Path.rename

    def stubborn(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stubborn)
    with pytest.raises(InputOutputFailed, match="Permission denied"):
        write_sealed(tmp_path / "b", OTHER, overwrite=True)
    assert read_sealed(tmp_path / "b").id == one
    assert [entry.name for entry in tmp_path.iterdir()] == ["b"]


def test_the_folder_is_readable_by_others_as_the_umask_says(tmp_path: Path) -> None:
    write_sealed(tmp_path / "b", OTHER)
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o777 & ~mask
    assert (tmp_path / "b" / "b" / "c.json").stat().st_mode & 0o777 == 0o666 & ~mask
