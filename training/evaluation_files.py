"""What an evaluation run leaves behind: a folder for each evaluation, and a page of all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from hscrisk.errors import InvalidConfiguration
from hscrisk.evaluation import EvaluationTable
from hscrisk.evaluation.report import Page, render_html, render_markdown, write_report
from hscrisk.evaluation.report.blocks import Link, Section, Table
from hscrisk.evaluation.report.shown import uncounted
from hscrisk.evaluation.sharing import SMALL
from training.artefacts import claim, emptied, readable, write_json
from training.finished import NAME as TRAINING_RECORD

RECORD = "evaluation.json"


@dataclass(frozen=True)
class Evaluated:
    """One endpoint under one design, as it is kept in its folder.

    Attributes
    ----------
    key : str
        Hash of everything that it depends on.
    endpoint, label, design : str
    verdict : str
        The sentence.
    run_id : str
        In the tracker.
    files : tuple of str
        What lies in its folder.
    """

    key: str
    endpoint: str
    label: str
    design: str
    verdict: str
    run_id: str
    files: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Return where it is kept, below the run's folder."""
        return f"{self.endpoint}/{self.design}"


def claim_for_evaluation(folder: Path) -> None:
    """Make `folder` an evaluation run's own.

    Raises
    ------
    InvalidConfiguration
        If it holds what no run wrote, or a training.
    InputOutputFailed
        If it cannot be made.
    """
    if (folder / TRAINING_RECORD).is_file():
        mend = "Name a new or an empty folder."
        rule = "the folder holds a training"
        raise InvalidConfiguration(rule, field="out", value=str(folder), mend=mend)
    claim(folder)


def find(folder: Path, key: str) -> Evaluated | None:
    """Return what is kept in `folder` if its inputs had this key and nothing is missing."""
    try:
        kept = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        found = Evaluated(**{**kept, "files": tuple(kept["files"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None  # anything wrong with what is kept means: judge again
    whole = found.key == key and all((folder / file).is_file() for file in found.files)
    return found if whole else None


def keep_tables(
    folder: Path,
    table: EvaluationTable,
    page: Page,
    others: Mapping[str, pd.DataFrame],
) -> list[Path]:
    """Write the report and its tables into `folder`, emptied first; return what was written.

    Counts below 10 are not in them: they may leave the registry.
    """
    emptied(folder)
    written = list(write_report(folder, page))
    for name, frame in {"scores": table.frame, **others}.items():
        shown = shareable(frame)
        readable(shown).to_csv(folder / f"{name}.csv", index=False)
        records = json.loads(shown.to_json(orient="records"))
        write_json(folder / f"{name}.json", records)
        written += [folder / f"{name}.csv", folder / f"{name}.json"]
    return written


def shareable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with counts from 1 to 9 as '<10'."""
    shown = frame.assign(note=frame["note"].map(uncounted))
    for name in ("n", "n_events"):
        if not pd.api.types.is_numeric_dtype(shown[name]):
            continue  # groups come as they may be shared
        small = shown[name].between(1, SMALL - 1)
        if small.any():
            shown[name] = shown[name].astype(object).where(~small, f"<{SMALL}")
    return shown


def keep_record(folder: Path, done: Evaluated) -> None:
    """Write the record last and at once: its presence says that all the rest is there."""
    draft = folder / f".{RECORD}"
    write_json(draft, asdict(done))
    draft.replace(folder / RECORD)


def keep_index(
    out: Path, cohort: str, done: Sequence[Evaluated], refused: Mapping[str, str]
) -> None:
    """Write the page that lists all evaluations, and all their scores as one table."""
    rows = tuple((Link(d.label, f"{d.folder}/report.html"), d.design, d.verdict) for d in done)
    header = ("endpoint", "design", "what was found")
    sections = [Section("Evaluations", (Table("Each with its own page", header, rows, 3),))]
    if refused:
        missing = tuple((what, uncounted(why)) for what, why in refused.items())
        table = Table("With the reason", ("endpoint and design", "why"), missing, 2)
        sections.append(Section("Not estimable", (table,)))
    page = Page(
        eyebrow="Evaluations",
        title=cohort.replace("_", " "),
        verdict=f"{len(done)} evaluations, each with the marginal curve beside every model.",
        warnings=(),
        facts=(),
        sections=tuple(sections),
        footer=(),
    )
    (out / "index.html").write_text(render_html(page), encoding="utf-8")
    (out / "index.md").write_text(render_markdown(page, "figures"), encoding="utf-8")
    frames = [
        pd.read_csv(out / d.folder / "scores.csv", dtype={"n": str, "n_events": str}).assign(
            design=d.design
        )
        for d in done
    ]
    pd.concat(frames, ignore_index=True).to_csv(out / "scores.csv", index=False)
