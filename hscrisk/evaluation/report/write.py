"""A report in files: the page, the same in Markdown, and each figure by itself."""

from __future__ import annotations

from pathlib import Path

from hscrisk.errors import InputOutputFailed
from hscrisk.evaluation.report.blocks import Page
from hscrisk.evaluation.report.html import render_html, standalone
from hscrisk.evaluation.report.markdown import render_markdown


def write_report(folder: str | Path, page: Page) -> tuple[Path, ...]:
    """Write `report.html`, `report.md` and `figures/*.svg`; return what was written.

    Parameters
    ----------
    folder : str or Path
        Made where it is not there.
    page : Page

    Raises
    ------
    InputOutputFailed
        When something cannot be written.
    """
    out = Path(folder)
    content = {out / "report.html": render_html(page)}
    content[out / "report.md"] = render_markdown(page, "figures")
    for figure in page.figures:
        content[out / "figures" / f"{figure.name}.svg"] = standalone(figure)
    try:
        (out / "figures").mkdir(parents=True, exist_ok=True)
        for path, words in content.items():
            path.write_text(words, encoding="utf-8", newline="\n")
    except OSError as error:
        rule = f"the report cannot be written ({error.strerror})"
        raise InputOutputFailed(rule, value=str(out), mend="Check the folder.") from error
    return tuple(content)
