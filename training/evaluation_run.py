"""The steps of an evaluation run: every endpoint under every design, judged, written, tracked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

import training.evaluation_files as files
from hscrisk.cohort import Cohort, build_cohort
from hscrisk.endpoints import Endpoint
from hscrisk.errors import NotEstimable
from hscrisk.evaluation import EvaluationTable, evaluate
from hscrisk.evaluation.groupings import labels_of, standard_subgroups
from hscrisk.evaluation.recovery import judge_days
from hscrisk.evaluation.report import About, Bootstrap, Page, evaluation_page
from hscrisk.evaluation.subgroups import SubgroupTable, evaluate_subgroups
from hscrisk.ingest import read_records
from hscrisk.schema import Records
from training.evaluated_models import BundleModel, models_for
from training.evaluation_config import EvaluationConfig
from training.evaluation_inputs import EvaluationInputs, gather
from training.evaluation_track import track
from training.progress import Progress

SAME_DATA = (
    "The bundle was trained on these very data: what stands here is how well it fits them, not how "
    "well it will predict."
)


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
        table = judge(config, inputs, cohort, design)
        page, others = report(config, inputs, records, table, cohort)
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


def judge(
    config: EvaluationConfig, inputs: EvaluationInputs, cohort: Cohort, design: str
) -> EvaluationTable:
    """Return the scores of every model under one design."""
    models: dict[str, Any]
    if inputs.bundle is None:
        models = models_for(config, inputs.models, cohort)
    else:
        models = {"bundle": BundleModel(inputs.bundle, cohort.endpoint.name)}
    return evaluate(
        models,
        cohort,
        splits=design,
        random_state=config.seed,
        n_draws=config.n_draws,
        cluster=config.cluster,
        integrate=days_asked(config, cohort.endpoint),
    )


def days_asked(config: EvaluationConfig, endpoint: Endpoint) -> int:
    """Return over how many days scores are integrated.

    Of an event that is hoped for it is each day, so that days to it can be judged as well.
    """
    return max(endpoint.horizons) if endpoint.direction == "favourable" else config.integrate


def report(
    config: EvaluationConfig,
    inputs: EvaluationInputs,
    records: Records,
    table: EvaluationTable,
    cohort: Cohort,
) -> tuple[Page, dict[str, pd.DataFrame]]:
    """Return the page of an evaluation, and the tables beside that of the scores."""
    others: dict[str, pd.DataFrame] = {}
    how: dict[str, Any] = {"n_draws": config.n_draws, "cluster": config.cluster}
    if cohort.endpoint.direction == "favourable":
        others["days"] = judge_days(table.predictions, cohort, random_state=config.seed, **how)
    subgroups = subgroups_of(config, records, table, cohort)
    if subgroups is not None:
        others["subgroups"] = subgroups.shareable()
    page = evaluation_page(
        table,
        cohort,
        Bootstrap(config.cluster, config.n_draws, config.seed),
        about(config, inputs),
        subgroups=subgroups,
        days=others.get("days"),
    )
    return page, others


def subgroups_of(
    config: EvaluationConfig, records: Records, table: EvaluationTable, cohort: Cohort
) -> SubgroupTable | None:
    """Return the scores in every group that was asked for; None where there is none."""
    by: dict[str, Any]
    if config.subgroups == "standard":
        by = standard_subgroups(cohort, records.frame)
    else:
        by = {name: labels_of(cohort, name, records.frame) for name in config.subgroups}
    if not by:
        return None
    how: dict[str, Any] = {"n_draws": config.n_draws, "cluster": config.cluster}
    return evaluate_subgroups(table, cohort, by, random_state=config.seed, **how)


def about(config: EvaluationConfig, inputs: EvaluationInputs) -> About:
    """Return what the report says of data, mapping and bundle."""
    facts = {
        "Data": f"SHA-256 {inputs.hashes['data']}",
        "Mapping": f"SHA-256 {inputs.hashes['mapping']}",
        "Seed": str(config.seed),
    }
    warned: tuple[str, ...] = ()
    if inputs.bundle is not None:
        trained = inputs.bundle.info.get("inputs", {}).get("data")
        facts["Bundle"] = f"{inputs.bundle.name}, SHA-256 {inputs.bundle.id}"
        warned = (SAME_DATA,) if trained == inputs.hashes["data"] else ()
    return About(cohort=config.cohort, facts=facts, warnings=warned)
