"""Cohorts of other owners: known by their checksum, else by their columns, and never half there."""

from __future__ import annotations

import csv
import hashlib
import re
from pathlib import Path

import pytest

from hscrisk.cli import main
from hscrisk.datasets import data_file, fetch_cohort, mapping_of, owned_cohorts
from hscrisk.datasets.fetch import data_folder, fetched_file, how_to_fetch
from hscrisk.errors import InputOutputFailed, InvalidConfiguration
from hscrisk.ingest.arff import read_arff

STUDIES = ("lk1801", "ib1904", "in1801", "ck1803", "ck2001", "hs1802")
NAMES = ("cibmtr_ds1302", "uci_bmt_children", *(f"cibmtr_{study}" for study in STUDIES))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HSCRISK_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr("sys.argv", ["hscrisk", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        main()
    return int(caught.value.code or 0)


def made_up(path: Path, name: str, *, rows: int | None = None, columns: int = 0) -> Path:
    """Write a CSV with a cohort's columns and rows, and none of its values."""
    cohort = owned_cohorts()[name]
    header = [*cohort.columns, *(f"more_{i}" for i in range(columns))]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows([["1"] * len(header)] * (cohort.rows if rows is None else rows))
    return path


def test_the_list_has_owner_page_citation_licence_and_checksum_and_no_address_of_a_file() -> None:
    assert set(owned_cohorts()) == set(NAMES)
    for cohort in owned_cohorts().values():
        assert all((cohort.title, cohort.owner, cohort.page, cohort.citation, cohort.licence))
        assert len(cohort.columns) == len(set(cohort.columns))
        assert not re.search(r"https?://\S+\.(csv|zip|arff|xlsx?)", cohort.page)


@pytest.mark.parametrize("name", NAMES)
def test_the_owners_file_is_known_by_its_checksum(
    name: str, shared_data: Path, folder: Path
) -> None:
    cohort = owned_cohorts()[name]
    folder_of = "cibmtr_studies" if name.removeprefix("cibmtr_") in STUDIES else name
    source = shared_data / folder_of / cohort.file
    assert fetched_file(name) is None
    fetched = fetch_cohort(name, source)
    assert (fetched.checked_by, fetched.warning) == ("checksum", None)
    assert fetched.path == folder / name / cohort.kept_as == fetched_file(name) == data_file(name)
    with fetched.path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    assert (len(rows) - 1, tuple(rows[0])) == (cohort.rows, cohort.columns)
    assert sorted(path.name for path in fetched.path.parent.iterdir()) == [cohort.kept_as]


def test_an_arff_file_is_kept_as_csv_cell_by_cell(shared_data: Path) -> None:
    source = shared_data / "uci_bmt_children" / "bone-marrow.arff"
    path = fetch_cohort("uci_bmt_children", source).path
    body = source.read_text(encoding="utf-8").split("@data")[1].split()
    assert path.read_text(encoding="utf-8").splitlines()[1:] == body


def test_a_copy_as_csv_is_kept_byte_by_byte(shared_data: Path) -> None:
    source = shared_data / "cibmtr_ds1302" / "DS1302.csv"
    path = fetch_cohort("cibmtr_ds1302", source).path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == owned_cohorts()["cibmtr_ds1302"].sha256


@pytest.mark.parametrize("name", NAMES)
def test_another_release_is_kept_with_a_warning(name: str, tmp_path: Path) -> None:
    fetched = fetch_cohort(name, made_up(tmp_path / "x.csv", name), tmp_path / "out")
    assert fetched.checked_by == "columns and counts"
    assert fetched.warning is not None
    assert "SHA-256" in fetched.warning
    assert fetched.path.parent == tmp_path / "out" / name
    assert fetched_file(name) is None  # it lies elsewhere


@pytest.mark.parametrize(
    ("rows", "columns", "told"), [(5, 0, "5 rows"), (None, 2, "2 are unknown")]
)
def test_another_file_is_refused_and_leaves_nothing(
    rows: int | None, columns: int, told: str, tmp_path: Path, folder: Path
) -> None:
    source = made_up(tmp_path / "x.csv", "uci_bmt_children", rows=rows, columns=columns)
    with pytest.raises(InputOutputFailed, match=told) as caught:
        fetch_cohort("uci_bmt_children", source)
    assert "10.24432/C5NP6Z" in str(caught.value.mend)
    assert not folder.exists()


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"a,b\n1,2\n", b"@attribute a numeric\n@data\n1,2\n"]
)
def test_rubbish_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InputOutputFailed) as caught:
        fetch_cohort("uci_bmt_children", tmp_path / "x")
    assert caught.value.mend


def test_an_unreadable_file_and_an_unwritable_folder(tmp_path: Path) -> None:
    with pytest.raises(InputOutputFailed, match="cannot be read"):
        fetch_cohort("cibmtr_ds1302", tmp_path / "absent.csv")
    (tmp_path / "out").write_text("a file")
    source = made_up(tmp_path / "x.csv", "cibmtr_ds1302")
    with pytest.raises(InputOutputFailed, match="cannot be written"):
        fetch_cohort("cibmtr_ds1302", source, tmp_path / "out")


def test_a_failed_copy_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = made_up(tmp_path / "x.csv", "uci_bmt_children")
    path = fetch_cohort("uci_bmt_children", source).path
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputOutputFailed, match="cannot be written"):
        fetch_cohort("uci_bmt_children", source)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_arff_with_quotes_comments_and_errors() -> None:
    head = "% c\n@RELATION r\n@attribute 'a b' {x, y}\n@Attribute c numeric\n"
    assert read_arff(f"{head}@DATA\n'x, y', 1\n% c\n?,2", "a") == [
        ["a b", "c"],
        ["x, y", "1"],
        ["?", "2"],
    ]
    for wrong in ("a,b\n1,2", "@data\n1", "@attribute a numeric\n@data\n{0 1}"):
        with pytest.raises(InputOutputFailed):
            read_arff(wrong, "a")


def test_the_data_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HSCRISK_DATA")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "hscrisk"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_folder() == Path.home() / ".local" / "share" / "hscrisk"
    monkeypatch.setattr("sys.platform", "darwin")
    assert data_folder() == Path.home() / "Library" / "Application Support" / "hscrisk"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert data_folder() == tmp_path / "hscrisk"


def test_names() -> None:
    with pytest.raises(InvalidConfiguration, match="no such cohort") as caught:
        how_to_fetch("cibmtr_ds1303")
    assert "cibmtr_ds1302" in str(caught.value.mend)
    with pytest.raises(InputOutputFailed, match="is not here yet") as absent:
        data_file("uci_bmt_children")
    assert "datasets fetch uci_bmt_children" in str(absent.value.mend)
    assert mapping_of("uci_bmt_children") == "uci_bmt_children"
    assert mapping_of("copelan1991") == "copelan1991"
    assert mapping_of("mine.csv") == "contract"


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "datasets", "fetch", "uci_bmt_children") == 0
    told = capsys.readouterr().out
    for words in (
        "10.24432/C5NP6Z",
        "CC BY 4.0",
        "--from bone-marrow.arff",
        "Nothing is downloaded",
    ):
        assert words in told
    assert run(monkeypatch, "datasets", "list") == 0
    assert "copelan1991" in (told := capsys.readouterr().out)
    assert told.count("not here yet") == len(NAMES)
    source = made_up(tmp_path / "x.csv", "uci_bmt_children")
    assert run(monkeypatch, "datasets", "fetch", "uci_bmt_children", "--from", source) == 0
    written = capsys.readouterr()
    assert "columns and counts" in written.out
    assert "SHA-256" in written.err
    assert run(monkeypatch, "datasets", "list") == 0
    assert capsys.readouterr().out.count("not here yet") == len(NAMES) - 1
    assert run(monkeypatch, "datasets", "fetch", "nonsense") == 2
    assert run(monkeypatch, "check", "cibmtr_ds1302") == 3
    assert "datasets fetch cibmtr_ds1302" in capsys.readouterr().err
