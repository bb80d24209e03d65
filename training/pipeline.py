"""The whole run on one screen: `python -m training.pipeline configs/training/demo.yaml`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import training.artefacts as artefacts
import training.assemble as assemble
import training.closing as closing
import training.finished as finished
from hscrisk.cohort import CohortSummary, summarise
from hscrisk.errors import HscriskError, InputOutputFailed, NotEstimable, told
from hscrisk.ingest import ReadResult, read_records
from hscrisk.schema import load_contract
from training.config import TrainingConfig, load_training
from training.endpoint import Trained, train
from training.explaining import explain, require_row
from training.inputs import Inputs, gather
from training.progress import Progress
from training.track import track


def run(config: TrainingConfig, progress: Progress) -> finished.Finished:
    """Run it all: read, check, train every endpoint, explain, bundle, score, track.

    The same inputs are not trained twice: what an earlier run left is verified and kept.
    """
    inputs = gather(config)
    if (kept := finished.find(config.out, inputs.key)) is not None:
        progress.say(f"Nothing has changed since the training of {kept.trained}: nothing to train.")
        return kept
    artefacts.claim(config.out)
    read, summary = check(config, inputs, progress)
    trained = train_all(config, inputs, read, summary, progress)
    artefacts.keep_evaluation(config, trained)
    with progress.step("bundle, cards") as notes:
        contents = assemble.contents(config, load_contract(), summary, inputs.hashes, trained)
        figures = {t.endpoint.name: t.told.figure for t in trained}
        bundle = artefacts.keep_bundle(config, contents, figures)
        notes.append(bundle.model_version)
    with progress.step("explain") as notes:
        notes += explain(config, bundle, read.accepted, trained)
    with progress.step("score") as notes:
        n_scored = artefacts.score(config, bundle, read)
        notes.append(f"{len(read.accepted)} transplants, {n_scored} risks")
    with progress.step("track") as notes:
        run_id = track(config, inputs, summary, trained, contents, bundle.id)
        notes.append(f"{len(trained)} models registered as {config.tracking.alias}")
    return artefacts.keep_finished(config, inputs.key, read, summary, trained, bundle, run_id)


def check(
    config: TrainingConfig, inputs: Inputs, progress: Progress
) -> tuple[ReadResult, CohortSummary]:
    """Read the records, set aside what breaks a hard rule, and summarise the rest."""
    with progress.step("read and check") as notes:
        read = read_records(inputs.data, config.mapping)
        accepted, aside = len(read.accepted), len(read.quarantined)
        notes.append(f"{read.n_read} read = {accepted} accepted + {aside} quarantined")
        soft = int((read.violations["severity"] == "soft").sum())
        notes.append(f"{soft} warnings")
        require_row(config, accepted)
        summary = summarise(read.accepted, inputs.endpoints)
        artefacts.keep_check(config, read, summary)
    for name, reason in summary.refused.items():
        progress.say(f"not trained: {name}, because {reason}")
    return read, summary


def train_all(
    config: TrainingConfig,
    inputs: Inputs,
    read: ReadResult,
    summary: CohortSummary,
    progress: Progress,
) -> list[Trained]:
    """Train every endpoint that the cohort can carry; the others stay listed with the reason."""
    trained = []
    wanted = [e for e in inputs.endpoints if e.name not in summary.refused]
    for k, endpoint in enumerate(wanted, start=1):
        with progress.step(f"train {endpoint.name} ({k} of {len(wanted)})") as notes:
            try:
                found = train(read.accepted, endpoint, load_contract(), config, inputs.models)
            except NotEstimable as error:
                summary.refused[endpoint.name] = error.rule
                notes.append(f"not trained, because {error.rule}")
                continue
            trained.append(found)
            notes.append(found.headline())
    if not trained:
        rule = "the cohort can carry none of the endpoints"
        raise NotEstimable(rule, mend="The reasons are listed above.")
    return trained


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    progress = Progress()
    if len(given) != 1 or given[0].startswith("-"):
        progress.say("usage: python -m training.pipeline CONFIG")
        return 2
    try:
        config = load_training(given[0])
        closing.say(config, run(config, progress), progress)
    except HscriskError as error:
        print(f"training: {told(error)}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"training: {error.filename}: {error.strerror}", file=sys.stderr)
        return InputOutputFailed.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
