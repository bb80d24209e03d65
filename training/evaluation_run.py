"""The steps of an evaluation run: every endpoint under every design, judged, written, tracked."""

from __future__ import annotations

from dataclasses import dataclass, field

import training.evaluation_files as files
from hscrisk.cohort import Cohort, build_cohort
from hscrisk.errors import NotEstimable
from hscrisk.ingest import read_records
from hscrisk.schema import Records
from training.evaluation_config import EvaluationConfig
from training.evaluation_inputs import EvaluationInputs, gather
from training.evaluation_judging import groups_asked, judge, report
from training.evaluation_track import track
from training.progress import Progress


@dataclass
class Done:
    """What a run has come to: evaluations, and what could not be estimated, with the reason."""

    evaluated: list[files.Evaluated] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def run(config: EvaluationConfig, progress: Progress) -> Done:
    """Judge every endpoint under every design; what is kept of the same inputs stays.

    Raises
    ------
    NotEstimable
        When nothing at all could be judged.
    """
    inputs = gather(config)
    files.claim_for_evaluation(config.out)
    done = Done()
    records = _read(config, inputs, progress)
    for endpoint in inputs.endpoints:
        try:
            cohort = build_cohort(records, endpoint)
        except NotEstimable as error:
            done.refused[endpoint.name] = error.rule
            progress.say(f"{endpoint.name}: not judged, because {error.rule}")
            continue
        for design in inputs.designs:
            key = inputs.key(config, endpoint, design)
            kept = files.find(config.out / endpoint.name / design, key)
            if kept is not None:
                progress.say(f"{endpoint.name}, {design}: nothing has changed, kept")
                done.evaluated.append(kept)
                continue
            try:
                done.evaluated.append(_one(config, inputs, records, cohort, design, key, progress))
            except NotEstimable as error:
                done.refused[f"{endpoint.name}, {design}"] = error.rule
                progress.say(f"{endpoint.name}, {design}: not judged, because {error.rule}")
    if not done.evaluated:
        rule = "the cohort can carry none of the evaluations"
        raise NotEstimable(rule, mend="The reasons are listed above.")
    files.keep_index(config.out, config.cohort, done.evaluated, done.refused)
    return done


def _read(config: EvaluationConfig, inputs: EvaluationInputs, progress: Progress) -> Records:
    with progress.step("read and check") as notes:
        read = read_records(inputs.data, config.mapping)
        accepted, aside = len(read.accepted), len(read.quarantined)
        notes.append(f"{read.n_read} read = {accepted} accepted + {aside} quarantined")
    return read.accepted


def _one(
    config: EvaluationConfig,
    inputs: EvaluationInputs,
    records: Records,
    cohort: Cohort,
    design: str,
    key: str,
    progress: Progress,
) -> files.Evaluated:
    endpoint = cohort.endpoint
    folder = config.out / endpoint.name / design
    with progress.step(f"{endpoint.name}, {design}") as notes:
        groups = groups_asked(config, records, cohort)
        table = judge(config, inputs, cohort, design)
        page, others = report(config, inputs, table, cohort, groups)
        written = files.keep_tables(folder, table, page, others)
        run_id = track(config, inputs, cohort, design, table, written)
        notes.append(page.verdict.partition(". ")[0])
        done = files.Evaluated(
            key=key,
            endpoint=endpoint.name,
            label=endpoint.label,
            design=design,
            verdict=page.verdict,
            run_id=run_id,
            files=tuple(sorted(str(path.relative_to(folder)) for path in written)),
        )
        files.keep_record(folder, done)
    return done
