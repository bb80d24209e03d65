"""The last words of a run: what was found, where each thing is, how to look at it."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from training.config import TrainingConfig
from training.finished import Finished
from training.progress import Progress

SHORT = {
    "bundle": "the models, ready to score, explain and serve",
    "scores.csv": "risks of every accepted row, with interval and the marginal curve beside it",
    "evaluation.csv": "the whole table: every model, horizon and metric with its interval",
    "cards": "a model card for each endpoint",
    "explanation": "what matters in the cohort, and the page of one patient",
    "cohort.json": "the cohort: missingness, events, incidences",
    "violations.csv": "every rule that a row breaks, with its mend",
    "mlflow.db": "runs, figures and registered versions",
}


def say(config: TrainingConfig, finished: Finished, progress: Progress) -> None:
    """Print verdicts, refusals, places and commands."""
    out = config.out
    progress.say()
    progress.say(f"What was found in {config.cohort} ({finished.counts['accepted']} transplants):")
    for name, verdict in finished.verdicts.items():
        first, _, rest = verdict.partition(". ")
        progress.say(f"  {name}: {first}.")
        progress.say(f"      {rest}" if rest else "")
    if finished.refused:
        progress.say()
        progress.say("Not trained:")
        for name, reason in finished.refused.items():
            progress.say(f"  {name}: {reason}")
    progress.say()
    progress.say("Where it is:")
    for name, what in SHORT.items():
        if (out / name).exists():
            progress.say(f"  {out / name!s:<32} {what}")
    progress.say()
    progress.say("Look at it:")
    for command in commands(config, finished):
        progress.say(f"  {command}")
    progress.say()
    progress.say(f"Bundle {finished.bundle_id[:12]}, trained {finished.trained}.")
    progress.say("Research decision support, not a medical device.")
    progress.say(f"{progress.seconds:.0f} s, {peak_megabytes():.0f} MB at most.")


def commands(config: TrainingConfig, finished: Finished) -> list[str]:
    """Return one-line commands that work from where the run was started."""
    scripts = Path(sys.executable).parent
    inside = scripts.is_relative_to(Path.cwd())
    at = f"{scripts.relative_to(Path.cwd())}/" if inside else ""
    bundle, explanation = config.out / "bundle", config.out / "explanation"
    first = next(iter(finished.verdicts), "")
    store = config.tracking.uri or f"sqlite:///{config.out}/mlflow.db"
    return [
        f"{at}mlflow ui --backend-store-uri {store}",
        f"{at}hscrisk serve {bundle}",
        f"{at}hscrisk explain {bundle} {explanation}/patient.json --out {config.out}/explained",
        f"{at}hscrisk card {bundle} --endpoint {first}",
    ]


def peak_megabytes() -> float:
    """Return the largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
