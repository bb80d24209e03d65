"""One endpoint under one design: its scores, its groups, its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hscrisk.cohort import Cohort
from hscrisk.endpoints import Endpoint
from hscrisk.evaluation import EvaluationTable, evaluate
from hscrisk.evaluation.groupings import labels_of, standard_subgroups
from hscrisk.evaluation.recovery import judge_days
from hscrisk.evaluation.report import About, Bootstrap, Page, evaluation_page
from hscrisk.evaluation.subgroups import evaluate_subgroups
from hscrisk.schema import Records
from training.evaluated_models import BundleModel, before_and_after, models_for
from training.evaluation_config import EvaluationConfig
from training.evaluation_inputs import EXTERNAL, EvaluationInputs

SAME_DATA = (
    "The bundle was trained on these very data: what stands here is how well it fits them, not how "
    "well it will predict."
)


def judge(
    config: EvaluationConfig, inputs: EvaluationInputs, cohort: Cohort, design: str
) -> EvaluationTable:
    """Return the scores of every model under one design."""
    models: dict[str, Any]
    if inputs.bundle is None:
        models = models_for(config, inputs.models, cohort)
    elif design == EXTERNAL or config.bundle is None:
        models = {"bundle": BundleModel(inputs.bundle, cohort.endpoint.name)}
    else:
        models = before_and_after(inputs.bundle, cohort.endpoint.name, config.bundle.recalibrate)
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
    table: EvaluationTable,
    cohort: Cohort,
    groups: Mapping[str, pd.Series[Any]],
) -> tuple[Page, dict[str, pd.DataFrame]]:
    """Return the page of an evaluation, and the tables beside that of the scores."""
    others: dict[str, pd.DataFrame] = {}
    how: dict[str, Any] = {"n_draws": config.n_draws, "cluster": config.cluster}
    if cohort.endpoint.direction == "favourable":
        others["days"] = judge_days(table.predictions, cohort, random_state=config.seed, **how)
    subgroups = None
    if groups:
        subgroups = evaluate_subgroups(table, cohort, groups, random_state=config.seed, **how)
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


def groups_asked(
    config: EvaluationConfig, records: Records, cohort: Cohort
) -> dict[str, pd.Series[Any]]:
    """Return the labels of every group that was asked for, before anything is judged.

    Raises
    ------
    InvalidConfiguration
        For a field that divides nobody.
    """
    if config.subgroups == "standard":
        return standard_subgroups(cohort, records.frame)
    return {name: labels_of(cohort, name, records.frame) for name in config.subgroups}


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
