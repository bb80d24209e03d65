"""What a run writes into its folder, and where."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import training.assemble as assemble
from hscrisk.bundle import Bundle, load_bundle
from hscrisk.bundle.card import facts_of, render_model_card
from hscrisk.bundle.contents import Contents
from hscrisk.cohort import CohortSummary
from hscrisk.errors import InputOutputFailed, InvalidConfiguration
from hscrisk.evaluation.out_of_fold import NULL
from hscrisk.ingest import ReadResult
from hscrisk.scoring import score_table
from training.config import TrainingConfig
from training.endpoint import Trained, curve
from training.finished import NAME as RECORD
from training.finished import Finished, keep

MARK = ".hscrisk-run"
"""An empty file, which says that a run may empty the folders beside it."""

OUTPUTS = (
    "cohort.json",
    "violations.csv",
    "quarantined.csv",
    "evaluation.csv",
    "evaluation",
    "explanation",
    "bundle",
    "cards",
    "scores.csv",
    "mlflow.db",
)


def claim(folder: Path) -> None:
    """Make `folder` a run's own: nothing that somebody else put somewhere is ever emptied.

    Raises
    ------
    InvalidConfiguration
        If it holds what no run wrote.
    InputOutputFailed
        If it cannot be made.
    """
    try:
        ours = any((folder / name).is_file() for name in (MARK, RECORD))
        if folder.is_dir() and any(folder.iterdir()) and not ours:
            rule = "the folder holds what no run wrote"
            mend = "Name a new or an empty folder."
            raise InvalidConfiguration(rule, field="out", value=str(folder), mend=mend)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
    except OSError as error:
        rule = f"the folder cannot be made ({error.strerror})"
        mend = "Check its name and rights."
        raise InputOutputFailed(rule, field="out", value=str(folder), mend=mend) from error


def keep_check(config: TrainingConfig, read: ReadResult, summary: CohortSummary) -> None:
    """Write the summary of the cohort, every violation, and the rows set aside."""
    write_json(config.out / "cohort.json", summary.to_dict())
    read.violations.to_csv(config.out / "violations.csv", index=False)
    read.quarantined.to_csv(config.out / "quarantined.csv", index=False)


def keep_bundle(
    config: TrainingConfig, contents: Contents, figures: Mapping[str, str | None]
) -> Bundle:
    """Write the bundle and the cards, which name its id and the day; return it as loaded.

    Parameters
    ----------
    config : TrainingConfig
    contents : Contents
    figures : mapping of str to str or None
        The calibration figure of each endpoint, which lies beside its card.
    """
    assemble.save(config.out / "bundle", contents)
    bundle = load_bundle(config.out / "bundle")
    cards = emptied(config.out / "cards")
    for name in bundle.endpoints:
        facts, figure = facts_of(bundle, name, trained=assemble.today()), None
        if (drawn := figures.get(name)) is not None:
            figure = f"{name}_calibration.svg"
            (cards / figure).write_text(drawn, encoding="utf-8")
        card = render_model_card(facts, figure=figure)
        (cards / f"{name}.md").write_text(card, encoding="utf-8")
    return bundle


def keep_evaluation(config: TrainingConfig, trained: Sequence[Trained]) -> None:
    """Write the evaluation tables as one, and each endpoint's own with its marginal curve."""
    folder = emptied(config.out / "evaluation")
    for t in trained:
        name = t.endpoint.name
        readable(t.table.frame).to_csv(folder / f"{name}.csv", index=False)
        curve(t.cohort).to_csv(folder / f"{name}_marginal_curve.csv", index=False)
    whole = pd.concat([t.table.frame for t in trained], ignore_index=True)
    readable(whole).to_csv(config.out / "evaluation.csv", index=False)


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose model `null` is told by a word that readers of CSV files keep."""
    # Readers of CSV files take the bare word 'null' for a missing value.
    return table.replace({"model": {NULL: "null_model"}})


def score(config: TrainingConfig, bundle: Bundle, read: ReadResult) -> int:
    """Score the accepted transplants from the bundle as loaded; return the number of risks."""
    table = score_table(bundle, read.accepted)
    table.to_csv(config.out / "scores.csv", index=False)
    return len(table)


def keep_finished(
    config: TrainingConfig,
    key: str,
    read: ReadResult,
    summary: CohortSummary,
    trained: Sequence[Trained],
    bundle: Bundle,
    run_id: str,
) -> Finished:
    """Write the run's own record, by which the next run knows that nothing has changed."""
    done = Finished(
        key=key,
        bundle_id=bundle.id,
        trained=assemble.today(),
        run_id=run_id,
        verdicts={t.endpoint.name: t.verdict for t in trained},
        refused=dict(summary.refused),
        counts={
            "read": read.n_read,
            "accepted": len(read.accepted),
            "quarantined": len(read.quarantined),
        },
        files=tuple(
            sorted(
                str(path.relative_to(config.out))
                for name in OUTPUTS
                for path in [config.out / name, *(config.out / name).rglob("*")]
                if path.is_file()
            )
        ),
    )
    keep(config.out, done)
    return done


def emptied(folder: Path) -> Path:
    """Return `folder`, there and empty: nothing of an earlier run is left beside the new."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def write_json(path: Path, content: Any) -> None:
    """Write plain values as JSON that people can read."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
