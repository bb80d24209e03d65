"""One patient's explanations as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hscrisk.errors import InputOutputFailed, NotEstimable
from hscrisk.explain import Explanation, render_figure, render_page, write_explanations

Make = Callable[..., Explanation]


def test_pages_figures_json_and_an_index_that_links_them(tmp_path: Path, make: Make) -> None:
    both = [make(), make(endpoint="relapse", label="Relapse or progression")]
    written = write_explanations(tmp_path / "new" / "folder", both, {"death": "no event"})
    assert sorted(path.name for path in written) == sorted(
        ["index.html"]
        + [f"{e.endpoint}{suffix}" for e in both for suffix in (".html", ".svg", ".json")]
    )
    assert written[0].name == "index.html"
    assert all(path.is_file() for path in written)
    index = written[0].read_text("utf-8")
    for e in both:
        assert f'href="{e.endpoint}.html"' in index
        folder = written[0].parent
        assert (folder / f"{e.endpoint}.html").read_text("utf-8") == render_page(
            e, index="index.html"
        )
        assert (folder / f"{e.endpoint}.svg").read_text("utf-8") == render_figure(e)
        kept = json.loads((folder / f"{e.endpoint}.json").read_text("utf-8"))
        assert Explanation.from_dict(kept) == e
    assert "death: no event" in index


def test_writing_again_writes_the_same_bytes(tmp_path: Path, make: Make) -> None:
    first = {p.name: p.read_bytes() for p in write_explanations(tmp_path, [make()])}
    again = {p.name: p.read_bytes() for p in write_explanations(tmp_path, [make()])}
    assert first == again


def test_nothing_to_explain_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotEstimable, match="relapse: no event by day 3"):
        write_explanations(tmp_path / "out", [], {"relapse": "no event by day 3"})
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_an_output_failure(tmp_path: Path, make: Make) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(InputOutputFailed, match="could not be written") as caught:
        write_explanations(tmp_path / "out", [make()])
    assert caught.value.exit_code == 3
