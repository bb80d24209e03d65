"""The committed cards and pages are those that the code writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hscrisk.bundle import load_bundle
from hscrisk.cohort import summarise
from hscrisk.datasets import load_copelan1991
from training.docs import write_cards


def headings(card: str) -> list[str]:
    return [line for line in card.splitlines() if line.startswith("#")][1:]


def test_cards_are_written_with_their_list(small_run: Any, tmp_path: Path) -> None:
    bundle = load_bundle(small_run.config.out / "bundle")
    write_cards(tmp_path, bundle, "demo.yaml")
    page = (tmp_path / "README.md").read_text(encoding="utf-8")
    for name in bundle.endpoints:
        card = tmp_path / "copelan1991" / f"{name}.md"
        assert card.read_text(encoding="utf-8") == bundle.cards[name]
        assert f"(copelan1991/{name}.md)" in page
        assert bundle.info["endpoints"][name]["verdict"] in page


def test_committed_cards_are_there_for_each_endpoint_and_follow_the_template(
    root: Path, small_run: Any
) -> None:
    summary = summarise(load_copelan1991())
    cards = {p.stem: p for p in (root / "model_cards" / "copelan1991").glob("*.md")}
    assert set(cards) == set(summary.endpoints), "run `make docs`"
    model = load_bundle(small_run.config.out / "bundle").cards["relapse"]
    for name, path in cards.items():
        card = path.read_text(encoding="utf-8")
        assert headings(card) == headings(model), "run `make docs`"
        told = summary.endpoints[name]
        assert f"| Transplants | {told['n']} |" in card
        assert f"| Events | {told['events']} |" in card
