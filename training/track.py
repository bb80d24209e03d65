"""What of a run is logged: settings, hashes, metrics, figures, cards, models. No record's value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

import training.assemble as assemble
from hscrisk._version import __version__
from hscrisk.applicability import CohortProfile
from hscrisk.applicability.profile import LevelsSeen
from hscrisk.bundle.contents import Contents
from hscrisk.cohort import CohortSummary
from training.config import TrainingConfig, flattened
from training.endpoint import Trained
from training.inputs import Inputs, code_version


def track(
    config: TrainingConfig,
    inputs: Inputs,
    summary: CohortSummary,
    trained: Sequence[Trained],
    contents: Contents,
    bundle_id: str,
) -> str:
    """Log the run with a child run and a registered model an endpoint; return its id."""
    # The tracker takes seconds to import; a run that has nothing to train does without.
    from training.tracking import EndpointRecord, Tracker

    tags = {
        "cohort": config.cohort,
        "bundle_id": bundle_id,
        "code_version": code_version(),
        "hscrisk_version": __version__,
        **{f"{what}_sha256": value for what, value in inputs.hashes.items()},
    }
    own_store = config.out / "mlartifacts" if config.tracking.uri is None else None
    tracker = Tracker(store_of(config), own_store, config.cohort)
    with TemporaryDirectory(dir=config.out, prefix=".bundles.") as workplace:
        records = []
        for t in trained:
            name = t.endpoint.name
            folder = Path(workplace) / name / "bundle"
            records.append(
                EndpointRecord(
                    endpoint=name,
                    bundle=folder,
                    bundle_id=assemble.save(folder, assemble.only(contents, name)),
                    params=endpoint_params(t, config),
                    tags={key: tags[key] for key in tags if key != "bundle_id"},
                    metrics=t.table.to_records(),
                    files=files_of(config.out, name),
                    inputs=input_types(t.profile),
                    outputs=output_types(t.model.horizons_),
                    example=example(t.profile),
                )
            )
        run_id, _ = tracker.log_training(
            f"{config.cohort} {bundle_id[:12]}",
            params=flattened(config.model_dump(mode="json", exclude={"card"})),
            tags=tags,
            documents={"cohort.json": summary.to_dict()},
            endpoints=records,
            alias=config.tracking.alias,
        )
    return run_id


def store_of(config: TrainingConfig) -> str:
    """Return the tracking store: the one named, or SQLite in the run's folder."""
    return config.tracking.uri or f"sqlite:///{(config.out / 'mlflow.db').resolve()}"


def endpoint_params(t: Trained, config: TrainingConfig) -> dict[str, Any]:
    """Return the settings of an endpoint and of the model kept, flat."""
    estimator = {
        key: value
        for key, value in t.model.get_params(deep=False).items()
        if key not in ("endpoint", "horizons")
    }
    return flattened(
        {
            "seed": config.seed,
            "splits": config.evaluation.splits,
            "horizons": [f"{day:g}" for day in t.model.horizons_],
            "n": len(t.cohort),
            "events": int((t.cohort.y["event"] == 1).sum()),
            "features": t.cohort.X.shape[1],
            "model": {"kind": type(t.model).__name__, **estimator},
        }
    )


def files_of(out: Path, name: str) -> dict[str, list[Path]]:
    """Return the artefacts of an endpoint by the folder that the tracker shows them under."""
    found = {
        "card": [out / "cards" / f"{name}.md"],
        "evaluation": sorted((out / "evaluation").glob(f"{name}.csv"))
        + sorted((out / "evaluation").glob(f"{name}_marginal_curve.csv")),
        "explanation": sorted(p for p in (out / "explanation" / name).glob("*") if p.is_file()),
    }
    return {folder: paths for folder, paths in found.items() if paths}


def input_types(profile: CohortProfile) -> dict[str, str]:
    """Return the signature's columns: numbers are doubles, levels are strings; both may lack."""
    return {
        name: "string" if isinstance(seen, LevelsSeen) else "double"
        for name, seen in profile.predictors.items()
    }


def output_types(horizons: Sequence[float]) -> dict[str, str]:
    """Return the columns of `hscrisk.flavour.one_row_each`."""
    risks = [f"{w}_{day:g}" for day in horizons for w in ("risk", "low", "high", "null_risk")]
    words = {"supported": "boolean", "reasons": "string", "model_version": "string"}
    return {**dict.fromkeys(risks, "double"), **words}


def example(profile: CohortProfile) -> pd.DataFrame:
    """Return one made-up transplant: middle of each range, commonest level. Nobody is it."""
    row: dict[str, Any] = {}
    for name, seen in profile.predictors.items():
        if isinstance(seen, LevelsSeen):
            counts = {level: n for level, n in seen.levels.items() if isinstance(n, int)}
            row[name] = max(counts, key=lambda level: counts[level]) if counts else None
        elif seen.low is None or seen.high is None:
            row[name] = np.nan
        else:
            row[name] = float(np.round((seen.low + seen.high) / 2))
    return pd.DataFrame([row])
