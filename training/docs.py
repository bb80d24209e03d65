"""Write anew what is written from code and runs: docs/fields.md and the cards in model_cards/.

`python -m training.docs`
"""

from __future__ import annotations

import sys
from pathlib import Path

from hscrisk.bundle import Bundle, load_bundle
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


def write_cards(folder: Path, bundle: Bundle, config: str) -> None:
    """Write the cards of a bundle and the page that lists them with their verdicts."""
    cards = emptied(folder / bundle.name)
    lines = [HEAD.format(config=config)]
    for name in bundle.endpoints:
        (cards / f"{name}.md").write_text(bundle.cards[name], encoding="utf-8")
        verdict = bundle.info["endpoints"][name]["verdict"]
        label = bundle.endpoints[name].label
        lines.append(f"| [{label}, {bundle.name}]({bundle.name}/{name}.md) | {verdict} |\n")
    (folder / "README.md").write_text("".join(lines), encoding="utf-8")


def main() -> int:
    """Run from the command line; return the exit code."""
    progress = Progress()
    write_fields(ROOT)
    progress.say("docs/fields.md")
    try:
        config = load_training(DEMO)
        run(config, progress)
        bundle = load_bundle(config.out / "bundle")
        write_cards(ROOT / "model_cards", bundle, DEMO.name)
    except HscriskError as error:
        print(f"docs: {told(error)}", file=sys.stderr)
        return error.exit_code
    progress.say(f"model_cards/{bundle.name}: {len(bundle.cards)} cards")
    return 0


if __name__ == "__main__":
    sys.exit(main())
