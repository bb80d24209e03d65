"""What of an evaluation is logged: settings, hashes, scores with intervals, the report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hscrisk._version import __version__
from hscrisk.cohort import Cohort
from hscrisk.evaluation import EvaluationTable
from training.config import flattened
from training.evaluation_config import EvaluationConfig
from training.evaluation_inputs import EvaluationInputs
from training.inputs import code_version


def track(
    config: EvaluationConfig,
    inputs: EvaluationInputs,
    cohort: Cohort,
    design: str,
    table: EvaluationTable,
    written: Sequence[Path],
) -> str:
    """Log one evaluation as one run and return its id."""
    # The tracker takes seconds to import; a run that has nothing to judge does without.
    from training.tracking import Tracker

    endpoint = cohort.endpoint.name
    folder = config.out / endpoint / design
    own_store = config.out / "mlartifacts" if config.tracking.uri is None else None
    tracker = Tracker(store_of(config), own_store, config.cohort)
    by_folder: dict[str, list[Path]] = {}
    for path in written:
        where = path.parent.relative_to(folder).as_posix()
        by_folder.setdefault("" if where == "." else where, []).append(path)
    tags = {
        "kind": "evaluation",
        "cohort": config.cohort,
        "endpoint": endpoint,
        "design": design,
        "code_version": code_version(),
        "hscrisk_version": __version__,
        **{f"{what}_sha256": value for what, value in inputs.hashes.items()},
    }
    if inputs.bundle is not None:
        tags["bundle_id"] = inputs.bundle.id
    said = config.model_dump(mode="json", include={"models", "comparators", "subgroups"})
    params = flattened(
        {
            **said,
            "seed": config.seed,
            "n_draws": config.n_draws,
            "cluster": config.cluster,
            "design": design,
            "horizons": [f"{day:g}" for day in cohort.endpoint.horizons],
        }
    )
    return tracker.log_evaluation(
        f"{config.cohort} {endpoint} {design}",
        params=params,
        tags=tags,
        metrics=table.to_records(),
        files=by_folder,
    )


def store_of(config: EvaluationConfig) -> str:
    """Return the tracking store: the one named, or SQLite in the run's folder."""
    return config.tracking.uri or f"sqlite:///{(config.out / 'mlflow.db').resolve()}"
