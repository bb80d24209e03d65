"""The seal: what is refused, that everything wrong is named, and that nothing is read before."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import hscrisk.bundle.manifest as manifest_module
from hscrisk.bundle.manifest import MANIFEST, read_sealed, safe_name, seal
from hscrisk.bundle.writing import write_sealed
from hscrisk.errors import InputOutputFailed, UntrustedBundle
from hscrisk.places import SEAL

FILES = {"a.json": b"{}\n", "models/x/arrays.npz": bytes(range(256)), "models/x/empty.ubj": b""}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_sealed(tmp_path / "bundle", FILES)
    return tmp_path / "bundle"


def test_reads_back_what_was_sealed_and_names_it_by_the_manifest(folder: Path) -> None:
    sealed = read_sealed(folder)
    assert dict(sealed.files) == FILES
    assert sealed.id == hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    assert read_sealed(folder, expected_sha256=sealed.id.upper()) == sealed


def test_coreutils_agrees_with_the_seal(folder: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("sha256sum is not on this machine")
    for name in (MANIFEST, SEAL):
        subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", name], cwd=folder, check=True
        )


def test_the_expected_id_is_compared(folder: Path) -> None:
    for wrong in ("0" * 64, "", "é", read_sealed(folder).id[:-1]):
        with pytest.raises(UntrustedBundle, match="not the expected bundle"):
            read_sealed(folder, expected_sha256=wrong)


def _extra(folder: Path) -> None:
    (folder / "models" / "x" / "extra.ubj").write_bytes(b"x")


def _hidden(folder: Path) -> None:
    (folder / ".hidden").write_bytes(b"x")


def _gone(folder: Path) -> None:
    (folder / "a.json").unlink()


def _swapped(folder: Path) -> None:
    content = (folder / "a.json").read_bytes()
    shutil.copy(folder / "models/x/arrays.npz", folder / "a.json")
    (folder / "models/x/arrays.npz").write_bytes(content)


def _link_to_the_same_bytes(folder: Path) -> None:
    shutil.move(folder / "a.json", folder.parent / "outside.json")
    (folder / "a.json").symlink_to(folder.parent / "outside.json")


def _linked_folder(folder: Path) -> None:
    shutil.move(folder / "models", folder.parent / "models")
    (folder / "models").symlink_to(folder.parent / "models", target_is_directory=True)


def _pipe(folder: Path) -> None:
    (folder / "a.json").unlink()
    os.mkfifo(folder / "a.json")


def _too_deep(folder: Path) -> None:
    (folder / "1/2/3/4/5").mkdir(parents=True)
    (folder / "1/2/3/4/5/6").write_bytes(b"")


def _no_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()


def _no_seal(folder: Path) -> None:
    (folder / SEAL).unlink()


def _line_end(folder: Path) -> None:
    (folder / SEAL).write_bytes((folder / SEAL).read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_extra, ["models/x/extra.ubj: not listed"]),
        (_hidden, [".hidden"]),
        (_gone, ["a.json: missing"]),
        (_swapped, ["a.json: altered", "models/x/arrays.npz: altered"]),
        (_link_to_the_same_bytes, ["a.json': a symbolic link"]),
        (_linked_folder, ["models': a symbolic link"]),
        (_pipe, ["a.json: not a regular file"]),
        (_too_deep, ["1/2/3/4/5': not a safe name"]),
        (_no_manifest, ["MANIFEST: missing"]),
        (_no_seal, ["MANIFEST.sha256: missing"]),
        (_line_end, ["MANIFEST: its hash is not the one"]),
    ],
)
def test_refused(folder: Path, change: Callable[[Path], None], named: list[str]) -> None:
    change(folder)
    with pytest.raises(UntrustedBundle) as refused:
        read_sealed(folder)
    for words in named:
        assert any(words in offender for offender in refused.value.offenders), words
    assert refused.value.exit_code == 4


def test_every_offender_is_named_at_once(folder: Path) -> None:
    _extra(folder)
    _gone(folder)
    (folder / "models/x/empty.ubj").write_bytes(b"no longer")
    with pytest.raises(UntrustedBundle) as refused:
        read_sealed(folder)
    assert refused.value.offenders == (
        "a.json: missing",
        "models/x/empty.ubj: altered (its hash differs)",
        "models/x/extra.ubj: not listed in MANIFEST",
    )
    assert all(offender in str(refused.value) for offender in refused.value.offenders)


@pytest.mark.parametrize(
    "lines",
    [
        b"",
        b"\n",
        b"{h}  a.json",
        b"{h} *a.json\n",
        b"{h}  a.json\n{h}  a.json\n",
        b"{h}  b.json\n{h}  a.json\n",
        b"{h}  ../a.json\n",
        b"{h}  /a.json\n",
        b"{h}  models//a.json\n",
        b"{h}  models/../a.json\n",
        b"{h}  a\\nb.json\n",
        b"{H}  a.json\n",
        b"{h}  a.json\n\n",
        b"{h}  a.json\r\n",
        "{h}  é.json\n".encode(),
        b"{h}  1/2/3/4/5\n",
        b"# remark\n{h}  a.json\n",
    ],
)
def test_a_manifest_is_strict_even_with_a_right_seal(tmp_path: Path, lines: bytes) -> None:
    content = b"{}\n"
    digest = hashlib.sha256(content).hexdigest()
    manifest = lines.replace(b"{h}", digest.encode()).replace(b"{H}", digest.upper().encode())
    (tmp_path / "a.json").write_bytes(content)
    (tmp_path / MANIFEST).write_bytes(manifest)
    sealed = f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n"
    (tmp_path / SEAL).write_text(sealed)
    with pytest.raises(UntrustedBundle, match="sorted sha256sum lines"):
        read_sealed(tmp_path)


# ids and names that would leave the folder or mean something else on another system
TRAVERSAL = [
    prefix + middle + suffix
    for prefix in (
        "",
        "/",
        "./",
        "../",
        "..\\",
        "~/",
        "file://",
        "C:\\",
        "\\\\host\\",
        "%2e%2e/",
        " ",
    )
    for middle in ("..", "a/../b", "%2e%2e%2f", "a//b", "a\\b", "a:b", "a b", "a#b", "a?b", "é")
    for suffix in ("", "/", "\0", "\n")
]


def test_names_that_could_leave_the_folder_are_never_safe() -> None:
    assert len(TRAVERSAL) >= 200
    assert [name for name in TRAVERSAL if safe_name(name)] == []
    assert not safe_name("")
    assert not safe_name("a" * 121)
    assert safe_name("models/acute_gvhd_2_4/boosters/trees.ubj")


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "a\nb", ".a", MANIFEST, SEAL])
def test_what_could_not_be_loaded_is_not_saved(tmp_path: Path, name: str) -> None:
    with pytest.raises(UntrustedBundle):
        write_sealed(tmp_path / "bundle", {name: b""})
    assert list(tmp_path.iterdir()) == []


def test_limits_hold_both_ways(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_module, "MAX_FILE_BYTES", 255)
    with pytest.raises(UntrustedBundle, match=r"arrays\.npz: over 255 bytes"):
        seal(FILES)
    with pytest.raises(UntrustedBundle, match=r"arrays\.npz: larger than"):
        read_sealed(folder)
    monkeypatch.setattr(manifest_module, "MAX_FILE_BYTES", 1000)
    monkeypatch.setattr(manifest_module, "MAX_TOTAL_BYTES", 200)
    with pytest.raises(UntrustedBundle, match="200 bytes in all"):
        seal(FILES)
    with pytest.raises(UntrustedBundle, match="larger than"):
        read_sealed(folder)
    monkeypatch.setattr(manifest_module, "MAX_FILES", 2)
    with pytest.raises(UntrustedBundle, match="at most 2 files"):
        read_sealed(folder)


def test_a_folder_swapped_for_a_link_after_the_listing_is_caught(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = manifest_module._listing

    def list_then_swap(root: Path, wrong: list[str]) -> list[str]:
        names = list(listing(root, wrong))
        _link_to_the_same_bytes(root)
        (root / "models/x/empty.ubj").unlink()
        os.mkfifo(root / "models/x/empty.ubj")
        return names

    monkeypatch.setattr(manifest_module, "_listing", list_then_swap)
    with pytest.raises(UntrustedBundle) as refused:
        read_sealed(folder)
    assert "'a.json': a symbolic link" in refused.value.offenders
    assert "models/x/empty.ubj: not a regular file" in refused.value.offenders


def test_each_file_is_opened_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    really = os.open

    def counted(path: str | Path, *args: int) -> int:
        opened.append(str(path))
        return really(path, *args)

    monkeypatch.setattr(os, "open", counted)
    read_sealed(folder)
    assert len(opened) == len(set(opened)) == len(FILES) + 2


def test_a_file_that_vanishes_is_an_input_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = manifest_module._listing
    monkeypatch.setattr(
        manifest_module, "_listing", lambda root, wrong: [*listing(root, wrong), "gone.json"]
    )
    with pytest.raises(InputOutputFailed):
        read_sealed(folder)


def test_no_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputOutputFailed, match="no such bundle"):
        read_sealed(tmp_path / "nowhere")
