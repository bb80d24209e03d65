"""What matters in the cohort, endpoint by endpoint, and the page of one patient."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from hscrisk.bundle import Bundle
from hscrisk.bundle.explaining import primary_horizon
from hscrisk.errors import InvalidConfiguration, MissingExtra, NotEstimable
from hscrisk.explain import importance_table, write_explanations
from hscrisk.schema import Records
from training.artefacts import emptied, write_json
from training.config import TrainingConfig
from training.endpoint import Trained


def explain(
    config: TrainingConfig, bundle: Bundle, records: Records, trained: Sequence[Trained]
) -> list[str]:
    """Write importances, figures and one patient's page; return what is worth saying."""
    folder = emptied(config.out / "explanation")
    said = []
    for t in trained:
        try:
            matter(folder / t.endpoint.name, bundle, t)
        except MissingExtra as error:
            said = [f"no figures: {error}"]
    record = record_of(records, config.explanation.position, bundle)
    write_json(folder / "patient.json", record)
    one_patient(folder / "patient", bundle, record)
    return [*said, f"{len(trained)} endpoints, one patient"]


def require_row(config: TrainingConfig, n_accepted: int) -> None:
    """Refuse a position that no accepted row has, before anything is trained.

    Raises
    ------
    InvalidConfiguration
        With the last position that there is.
    """
    position = config.explanation.position
    if position >= n_accepted:
        rule = f"there are only {n_accepted} accepted rows"
        mend = f"Ask for 0 to {n_accepted - 1}." if n_accepted else "Check the mapping first."
        raise InvalidConfiguration(rule, field="explanation.position", value=position, mend=mend)


def matter(folder: Path, bundle: Bundle, t: Trained) -> None:
    """Write what a model uses, as a table and as a figure with a dot a transplant."""
    folder.mkdir(parents=True)
    model, day = bundle.models[t.endpoint.name], primary_horizon(bundle, t.endpoint.name)
    table = importance_table(model, t.cohort.X, day, contract=bundle.contract)
    table.to_csv(folder / "importance.csv", index=False)
    write_json(folder / "importance.json", {"horizon": day, "rows": table.to_dict("records")})

    # Drawing takes seconds to import, and a run that has nothing to train does without.
    from hscrisk.explain.plots import beeswarm, save

    heading = f"{t.endpoint.label} by day {day:g}, {bundle.name}"
    figure = beeswarm(model, t.cohort.X, day, contract=bundle.contract, heading=heading)
    save(figure, folder / "beeswarm.png")


def one_patient(folder: Path, bundle: Bundle, record: Mapping[str, Any]) -> None:
    """Write the pages of one patient, an endpoint each, and the page that links them."""
    explained, refused = [], {}
    for name in bundle.endpoints:
        try:
            explained.append(bundle.explain(record, name))
        except NotEstimable as error:
            refused[name] = error.rule
    write_explanations(folder, explained, refused)


def record_of(records: Records, position: int, bundle: Bundle) -> dict[str, Any]:
    """Return what is known of a transplant before it happens, and who it is not."""
    row = records.frame.iloc[position]
    wanted = [name for name in bundle.contract.predictors("at_infusion") if name in row.index]
    known = {name: row[name] for name in wanted if not pd.isna(row[name])}
    plain: dict[str, Any] = json.loads(json.dumps(known, default=float))
    return plain
