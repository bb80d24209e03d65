"""Judge models on a cohort: `python -m training.evaluate configs/evaluation/demo.yaml`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from hscrisk.errors import HscriskError, InputOutputFailed, told
from training.closing import peak_megabytes
from training.evaluation_config import EvaluationConfig, load_evaluation
from training.evaluation_run import Done, run
from training.progress import Progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    progress = Progress()
    if len(given) != 1 or given[0].startswith("-"):
        progress.say("usage: python -m training.evaluate CONFIG")
        return 2
    try:
        config = load_evaluation(given[0])
        say(config, run(config, progress), progress)
    except HscriskError as error:
        print(f"evaluation: {told(error)}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"evaluation: {error.filename}: {error.strerror}", file=sys.stderr)
        return InputOutputFailed.exit_code
    return 0


def say(config: EvaluationConfig, done: Done, progress: Progress) -> None:
    """Print what was found, and where it is."""
    progress.say()
    progress.say(f"What was found in {config.cohort}:")
    for one in done.evaluated:
        progress.say(f"  {one.endpoint}, {one.design}: {one.verdict}")
        progress.say(f"      {config.out / one.folder / 'report.html'}")
    if done.refused:
        progress.say()
        progress.say("Not judged:")
        for what, why in done.refused.items():
            progress.say(f"  {what}: {why}")
    progress.say()
    progress.say(f"All on one page: {config.out / 'index.html'}")
    progress.say(f"All scores: {config.out / 'scores.csv'}")
    progress.say("Research decision support, not a medical device.")
    progress.say(f"{progress.seconds:.0f} s, {peak_megabytes():.0f} MB at most.")


if __name__ == "__main__":
    sys.exit(main())
