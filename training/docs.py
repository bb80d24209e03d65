"""Write anew what is written from code and runs: docs/fields.md and the cards in model_cards/.

`python -m training.docs`
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from hscrisk.bundle import Bundle, load_bundle
from hscrisk.bundle.card import facts_of, render_model_card
from hscrisk.errors import HscriskError, told
from hscrisk.schema import load_contract, render_fields
from training.artefacts import emptied
from training.config import load_training
from training.inputs import ROOT
from training.pipeline import run
from training.progress import Progress

DEMO = ROOT / "configs" / "training" / "demo.yaml"

HEAD = """\
# Model cards

Written by `make docs` from the run of `configs/training/{config}`; never edited by hand. They are
the cards inside the bundle: without the day and the bundle's id, which `hscrisk card BUNDLE` adds.
The template is `hscrisk/bundle/card_template.md`. Research decision support, not a medical device.

| card | what was found |
|---|---|
"""


def write_fields(root: Path) -> None:
    """Write every field of the data contract as a page."""
    page = render_fields(load_contract())
    (root / "docs" / "fields.md").write_text(page, encoding="utf-8")


def write_cards(folder: Path, run_folder: Path, config: str) -> Bundle:
    """Write the cards of a run's bundle and the page that lists them with their verdicts."""
    bundle = load_bundle(run_folder / "bundle")
    cards = emptied(folder / bundle.name)
    lines = [HEAD.format(config=config)]
    for name in bundle.endpoints:
        figure = f"{name}_calibration.svg"
        drawn = run_folder / "cards" / figure
        facts = replace(facts_of(bundle, name), id=None, trained=None)
        card = render_model_card(facts, figure=figure if drawn.is_file() else None)
        (cards / f"{name}.md").write_text(card, encoding="utf-8")
        if drawn.is_file():
            shutil.copyfile(drawn, cards / figure)
        verdict = bundle.info["endpoints"][name]["verdict"]
        label = bundle.endpoints[name].label
        lines.append(f"| [{label}, {bundle.name}]({bundle.name}/{name}.md) | {verdict} |\n")
    (folder / "README.md").write_text("".join(lines), encoding="utf-8")
    return bundle


def main() -> int:
    """Run from the command line; return the exit code."""
    progress = Progress()
    write_fields(ROOT)
    progress.say("docs/fields.md")
    try:
        config = load_training(DEMO)
        run(config, progress)
        bundle = write_cards(ROOT / "model_cards", config.out, DEMO.name)
    except HscriskError as error:
        print(f"docs: {told(error)}", file=sys.stderr)
        return error.exit_code
    progress.say(f"model_cards/{bundle.name}: {len(bundle.cards)} cards")
    return 0


if __name__ == "__main__":
    sys.exit(main())
