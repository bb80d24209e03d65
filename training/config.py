"""What a training file may say. A typo is an error that names the nearest known word."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

import hscrisk.comparators
import hscrisk.models
from hscrisk.endpoints import Endpoint
from hscrisk.errors import InvalidConfiguration, nearest
from hscrisk.models.growing import TreeSettings
from hscrisk.schema.configuration import find_config, read_yaml, validated

KINDS = {
    "marginal": "MarginalIncidence",
    "logistic": "LogisticIncidence",
    "boosted": "BoostedIncidence",
    "linear_boosted": "LinearBoostedIncidence",
    "tuned_logistic": "TunedLogistic",
    "cause_specific_cox": "CauseSpecificCox",
    "fine_gray": "FineGray",
}
KEPT = ("marginal", "logistic", "boosted", "linear_boosted")
"""Kinds that can be kept in a bundle; the others are there to be compared with."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EvaluationSettings(_Strict):
    """How the models are judged."""

    splits: str = "5-fold"


class TrackingSettings(_Strict):
    """Where runs go; by default an SQLite file in the run's own folder."""

    uri: str | None = None
    alias: str = Field(default="candidate", pattern=r"^[a-z][a-z0-9_-]*$")


class ExplanationSettings(_Strict):
    """Which transplant is explained on its page: its position among the accepted rows."""

    position: int = Field(default=0, ge=0)


class CardSettings(_Strict):
    """What only the owner of the registry can say; blanks show as 'not reported'."""

    population: str | None = None
    centres: str | None = None
    years: str | None = None
    licence: str | None = None
    contact: str | None = None
    limits: tuple[str, ...] = ()
    tripod: dict[str, str] = Field(default_factory=dict)


class TrainingConfig(_Strict):
    """One training run.

    Attributes
    ----------
    cohort : str
        Name of the cohort; registered models are called `<cohort>-<endpoint>`.
    data, mapping : str
        A bundled cohort or a file, and how its columns map to ours (a name or a file).
    out : Path
        Folder that the run writes to; nothing is written outside it.
    endpoints : list of str or 'all'
        Endpoints to train; those that the cohort cannot carry are listed with the reason.
    model, comparators
        Names or files of model settings (`configs/models`): the model kept, and those beside it.
    """

    cohort: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    data: str
    mapping: str
    out: Path
    endpoints: tuple[str, ...] | Literal["all"] = "all"
    model: str = "default"
    comparators: tuple[str, ...] = ("logistic", "cause_specific_cox", "fine_gray")
    seed: int = Field(default=0, ge=0)
    evaluation: EvaluationSettings = EvaluationSettings()
    tracking: TrackingSettings = TrackingSettings()
    explanation: ExplanationSettings = ExplanationSettings()
    card: CardSettings = CardSettings()


class ModelConfig(_Strict):
    """An estimator by kind, and the settings that differ from its defaults.

    `trees` among the settings holds those of how trees are grown.
    """

    kind: Literal[
        "marginal",
        "logistic",
        "boosted",
        "linear_boosted",
        "tuned_logistic",
        "cause_specific_cox",
        "fine_gray",
    ]
    settings: dict[str, Any] = Field(default_factory=dict)

    def build(self, endpoint: Endpoint, seed: int, *, refits: bool) -> Any:
        """Return the estimator for `endpoint`, unfitted.

        Parameters
        ----------
        endpoint : Endpoint
            Its horizons are the candidate anchors.
        seed : int
        refits : bool
            Whether it will be asked for intervals: refitting for them inside folds is waste.

        Raises
        ------
        InvalidConfiguration
            When a setting is unknown; with the nearest known one.
        """
        room = hscrisk.models if self.kind in KEPT else hscrisk.comparators
        estimator = getattr(room, KINDS[self.kind])
        known = set(inspect.signature(estimator).parameters)
        _refuse_unknown(self.settings, known - {"endpoint", "random_state"}, self.kind)
        given = {"endpoint": endpoint, "random_state": seed, **self.settings}
        if "trees" in given:
            _refuse_unknown(given["trees"], {f.name for f in fields(TreeSettings)}, "trees")
            grown = dict(given["trees"])
            if "depths" in grown:
                grown["depths"] = tuple(grown["depths"])
            given["trees"] = TreeSettings(**grown)
        if not refits:
            given["n_refits"] = 0
        return estimator(**{key: value for key, value in given.items() if key in known})


def _refuse_unknown(settings: dict[str, Any], known: set[str], where: str) -> None:
    for word in settings:
        if word not in known:
            rule = f"'{where}' has no such setting"
            raise InvalidConfiguration(rule, field=word, mend=nearest(word, known))


def load_training(path: str | Path) -> TrainingConfig:
    """Return the training file at `path`, checked.

    Raises
    ------
    InvalidConfiguration
        When a key is unknown or a value is not allowed.
    InputOutputFailed
        When there is no such file.
    """
    found = find_config("training", Path(path))
    return validated(TrainingConfig, read_yaml(found), found.name)


def load_model_config(name_or_path: str) -> ModelConfig:
    """Return model settings by name (`configs/models/<name>.yaml`) or from a file."""
    found = find_config("models", name_or_path)
    return validated(ModelConfig, read_yaml(found), found.name)


def fingerprint(parts: Any) -> str:
    """Return the sha256 of `parts` (JSON-able), whatever the order of its keys."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def flattened(content: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings as one level: `evaluation.splits`.

    >>> flattened({"a": {"b": 1}, "c": [2, 3]})
    {'a.b': 1, 'c': '2, 3'}
    """
    flat: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            flat[f"{prefix}{key}"] = ", ".join(map(str, value))
        else:
            flat[f"{prefix}{key}"] = value
    return flat
