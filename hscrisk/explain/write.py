"""The explanations of one patient as files: pages, figures and JSON in one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from hscrisk.errors import InputOutputFailed, NotEstimable
from hscrisk.explain.explanation import Explanation
from hscrisk.explain.figure import render_figure
from hscrisk.explain.overview import render_overview
from hscrisk.explain.page import render_page
from hscrisk.explain.words import with_text

INDEX = "index.html"


def write_explanations(
    folder: Path,
    explanations: Sequence[Explanation],
    refused: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write `<endpoint>.html`, `.svg` and `.json` of each, and `index.html`, which links them.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    explanations : sequence of Explanation
        One an endpoint, all of one patient.
    refused : mapping of str to str, optional
        Endpoints that cannot be explained, with the reason.

    Returns
    -------
    list of Path
        What was written, the index first.

    Raises
    ------
    NotEstimable
        If there is no explanation to write.
    InputOutputFailed
        If a file cannot be written.
    """
    if not explanations:
        rule = "; ".join(f"{name}: {why}" for name, why in (refused or {}).items())
        raise NotEstimable(rule or "there is nothing to explain")
    pages = {e.endpoint: f"{e.endpoint}.html" for e in explanations}
    texts = {INDEX: render_overview(explanations, pages, refused)}
    for e in explanations:
        texts[pages[e.endpoint]] = render_page(e, index=INDEX)
        texts[f"{e.endpoint}.svg"] = render_figure(e)
        kept = json.dumps(with_text(e), ensure_ascii=True, allow_nan=False, indent=1)
        texts[f"{e.endpoint}.json"] = f"{kept}\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        rule = f"the explanation could not be written ({error.strerror or 'write failed'})"
        mend = "Check that it is a folder, its rights and the free space."
        raise InputOutputFailed(rule, field=str(folder), mend=mend) from error
    return [folder / name for name in texts]
