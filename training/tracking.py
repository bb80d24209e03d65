"""The run in MLflow: the only import of the tracker in the programs.

One experiment a cohort, one parent run a training, one child run and one registered model an
endpoint. What is logged describes cohorts and models; never a record's value or identifier.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# A hospital's package must not phone home, and the tracker reads these when it is imported.
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["DO_NOT_TRACK"] = "true"
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow
import pandas as pd
from mlflow.models import ModelSignature, get_model_info
from mlflow.types import ColSpec, DataType, Schema

import hscrisk
from hscrisk._version import __version__
from hscrisk.errors import InputOutputFailed, InvalidConfiguration, nearest

MODEL_CODE = Path(hscrisk.__file__).with_name("flavour.py")
"""The pyfunc is logged as this file, not as a pickled object."""


@dataclass(frozen=True)
class Version:
    """A registered model: `name` and `version`, and where it came from."""

    name: str
    version: str
    run_id: str


@dataclass(frozen=True)
class EndpointRecord:
    """What one endpoint's child run keeps.

    Attributes
    ----------
    bundle : Path
        The bundle that holds this endpoint alone.
    metrics : sequence of mapping
        Rows of the evaluation table: model, metric, horizon, estimate, low, high.
    files : mapping of str to path
        Artefacts by the folder that they are shown under ('' is the top).
    inputs, outputs : mapping of str to str
        Columns of the signature: name to 'double', 'string' or 'boolean'.
    example : DataFrame
        One made-up row.
    """

    endpoint: str
    bundle: Path
    bundle_id: str
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    metrics: Sequence[Mapping[str, Any]]
    files: Mapping[str, Sequence[Path]]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    example: pd.DataFrame
    requirements: Sequence[str] = field(default=(f"hscrisk=={__version__}",))


class Tracker:
    """Writes to one tracking store.

    Parameters
    ----------
    uri : str
        The store, for instance `sqlite:///runs/demo/mlflow.db`.
    artefacts : Path or None
        Folder for the artefacts of a new experiment; a server of one's own knows where.
    cohort : str
        Name of the experiment and first part of every registered model's name.
    """

    def __init__(self, uri: str, artefacts: Path | None, cohort: str) -> None:
        self.uri, self.cohort = uri, cohort
        location = artefacts.resolve().as_uri() if artefacts else None
        with _quiet(uri):
            found = mlflow.get_experiment_by_name(cohort)
            self.experiment_id: str = (
                found.experiment_id
                if found
                else mlflow.create_experiment(cohort, artifact_location=location)
            )

    def log_training(
        self,
        name: str,
        *,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        documents: Mapping[str, Any],
        endpoints: Sequence[EndpointRecord],
        alias: str,
    ) -> tuple[str, list[Version]]:
        """Log one training with its endpoints and give every registered version the alias.

        The alias moves only when every endpoint is in, so that it never names half a training.

        Returns
        -------
        run_id : str
        versions : list of Version
        """
        with (
            _quiet(self.uri),
            mlflow.start_run(
                experiment_id=self.experiment_id, run_name=name, tags=dict(tags)
            ) as parent,
        ):
            mlflow.log_params(dict(params))
            for file, content in documents.items():
                mlflow.log_dict(content, file)
            versions = [self._log_endpoint(record) for record in endpoints]
            client = mlflow.MlflowClient()
            for version in versions:
                client.set_registered_model_alias(version.name, alias, version.version)
            run_id: str = parent.info.run_id
        return run_id, versions

    def log_evaluation(
        self,
        name: str,
        *,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        metrics: Sequence[Mapping[str, Any]],
        files: Mapping[str, Sequence[Path]],
    ) -> str:
        """Log one evaluation, with its report as artefacts, and return the run's id."""
        with (
            _quiet(self.uri),
            mlflow.start_run(
                experiment_id=self.experiment_id, run_name=name, tags=dict(tags)
            ) as run,
        ):
            mlflow.log_params(dict(params))
            mlflow.log_metrics(metric_values(metrics))
            for folder, paths in files.items():
                for path in paths:
                    mlflow.log_artifact(str(path), folder or None)
            run_id: str = run.info.run_id
        return run_id

    def _log_endpoint(self, record: EndpointRecord) -> Version:
        with mlflow.start_run(
            experiment_id=self.experiment_id,
            run_name=record.endpoint,
            nested=True,
            tags={**record.tags, "endpoint": record.endpoint, "bundle_id": record.bundle_id},
        ) as run:
            mlflow.log_params(dict(record.params))
            mlflow.log_metrics(metric_values(record.metrics))
            for folder, paths in record.files.items():
                for path in paths:
                    mlflow.log_artifact(str(path), folder or None)
            logged = mlflow.pyfunc.log_model(
                name=record.endpoint,
                python_model=str(MODEL_CODE),
                artifacts={"bundle": str(record.bundle)},
                signature=signature(record.inputs, record.outputs),
                input_example=record.example,
                pip_requirements=list(record.requirements),
            )
            _refuse_without_signature(logged.model_uri)
            name = f"{self.cohort}-{record.endpoint}"
            return Version(name, _registered(name, logged, record), run.info.run_id)


def _registered(name: str, logged: Any, record: EndpointRecord) -> str:
    """Add a version to the registered model `name`, made where there is none; return its number."""
    client = mlflow.MlflowClient()
    if not client.search_registered_models(filter_string=f"name = '{name}'"):
        client.create_registered_model(name)
    version = client.create_model_version(
        name,
        source=logged.model_uri,
        run_id=logged.run_id,
        model_id=logged.model_id,
        tags={"bundle_id": record.bundle_id},
    )
    return str(version.version)


def signature(inputs: Mapping[str, str], outputs: Mapping[str, str]) -> ModelSignature:
    """Return the signature spelt out: inferring one fails on missing values, and silently."""
    if not inputs or not outputs:
        rule = "a model is not registered without its signature"
        raise InvalidConfiguration(rule)
    return ModelSignature(
        inputs=Schema([ColSpec(DataType[t], name, required=False) for name, t in inputs.items()]),
        outputs=Schema([ColSpec(DataType[t], name) for name, t in outputs.items()]),
    )


def metric_values(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return tracker metrics from evaluation rows: `ipa_100`, `ipa_100_low`, `null_brier_100` ...

    The model that is kept ('default') has the bare name. What is not estimable is left out here
    and stays, with its reason, in the table.
    """
    values = {}
    for row in rows:
        prefix = "" if row["model"] == "default" else f"{row['model']}_"
        name = f"{prefix}{row['metric']}_{row['horizon']:g}"
        for suffix, key in (("", "estimate"), ("_low", "low"), ("_high", "high")):
            value = row.get(key)
            if value is not None and abs(float(value)) < float("inf"):
                values[name + suffix] = float(value)
    return values


def download_bundles(uri: str, cohort: str, alias: str, into: Path) -> dict[str, Path]:
    """Fetch the bundle of every endpoint of `cohort` that carries `alias`, by endpoint.

    Raises
    ------
    InputOutputFailed
        When there is no such store, or no registered model of the cohort carries the alias.
    """
    found: dict[str, Path] = {}
    _require_store(uri)
    with _quiet(uri):
        client = mlflow.MlflowClient()
        models = client.search_registered_models(filter_string=f"name LIKE '{cohort}-%'")
        for model in models:
            if alias in model.aliases:
                endpoint = model.name.removeprefix(f"{cohort}-")
                where = mlflow.artifacts.download_artifacts(
                    artifact_uri=f"models:/{model.name}@{alias}", dst_path=str(into / endpoint)
                )
                found[endpoint] = next(Path(where).glob("artifacts/*/MANIFEST")).parent
    if not found:
        known = sorted({f"{m.name.rsplit('-', 1)[0]}@{a}" for m in models for a in m.aliases})
        rule = "no registered model carries this alias"
        mend = nearest(f"{cohort}@{alias}", known) if known else "Train first."
        raise InputOutputFailed(rule, value=f"{cohort}@{alias}", mend=mend)
    return found


def _require_store(uri: str) -> None:
    # The tracker would make an empty store where none is.
    file = uri.removeprefix("sqlite:///")
    if file != uri and not Path(file).is_file():
        rule = "there is no tracking store"
        mend = "Train first, or name another with --tracking-uri."
        raise InputOutputFailed(rule, field=uri, mend=mend)


def _refuse_without_signature(model_uri: str) -> None:
    if get_model_info(model_uri).signature is None:
        rule = "the tracker stored the model without its signature, so it is not registered"
        raise InputOutputFailed(rule, mend="Report this with the MLflow version.")


@contextmanager
def _quiet(uri: str) -> Iterator[None]:
    """Point the tracker at `uri` for a while, and keep its chatter out of our output."""
    before = mlflow.get_tracking_uri()
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    mlflow.set_tracking_uri(uri)
    try:
        with warnings.catch_warnings():
            # Deprecations between the tracker and its own dependencies; nothing of ours.
            warnings.simplefilter("ignore")
            yield
    finally:
        mlflow.set_tracking_uri(before)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
