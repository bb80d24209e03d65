"""What an evaluation file may say. A typo is an error that names the nearest known word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hscrisk.errors import nearest
from hscrisk.schema.configuration import find_config, read_yaml, validated

Comparator = Literal["tuned_logistic", "cause_specific_cox", "fine_gray", "published_score"]

_DESIGN = re.compile(r"(repeated-\d{1,3}x)?\d{1,3}-fold|leave-centres-out|temporal-\d{4}")


def _known_design(design: str) -> str:
    if not _DESIGN.fullmatch(design):
        known = ("5-fold", "repeated-5x5-fold", "leave-centres-out", "temporal-2015")
        msg = f"no such design. {nearest(design, known)}"
        raise ValueError(msg)
    return design


Design = Annotated[str, AfterValidator(_known_design)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BundleSettings(_Strict):
    """A bundle that is judged on this cohort, and the id that it must have.

    With `recalibrate` its models are judged once more in five folds, as they came and recalibrated
    on the other four, so that what recalibration would bring here is seen before it is done.
    """

    folder: Path
    recalibrate: Literal["intercept", "slope", "refit", "closed-test"] | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class StoreSettings(_Strict):
    """Where evaluations are tracked; by default an SQLite file in the run's own folder."""

    uri: str | None = None


class EvaluationConfig(_Strict):
    """One evaluation run: every endpoint under every design.

    Attributes
    ----------
    cohort : str
        Name of the cohort, as reports and the tracker call it.
    data, mapping : str
        A bundled cohort or a file, and how its columns map to ours (a name or a file).
    out : Path
        Folder that the run writes to; nothing is written outside it.
    endpoints : list of str or 'all'
        With a bundle, 'all' are those of the bundle.
    models : list of str
        Names or files of model settings (`configs/models`).
    comparators : list of str
        Judged beside them in the same folds; `published_score` where a score is recorded.
    designs : list of str
        As `splits` of `hscrisk.evaluation.evaluate`.
    bundle : BundleSettings, optional
        Judge its models as they are, instead of fitting any.
    subgroups : list of str or 'standard'
        Fields that divide the cohort; an empty list for none.
    seed, n_draws : int
        Of folds and bootstrap.
    cluster : {'auto', 'patient', 'centre'}
        Whom the bootstrap draws.
    integrate : int
        Days over which integrated scores are computed; 0 for none.
    """

    cohort: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$")
    data: str
    mapping: str
    out: Path
    endpoints: tuple[str, ...] | Literal["all"] = "all"
    models: tuple[str, ...] = ()
    comparators: tuple[Comparator, ...] = ()
    designs: tuple[Design, ...] = ()
    bundle: BundleSettings | None = None
    subgroups: tuple[str, ...] | Literal["standard"] = "standard"
    seed: int = Field(default=0, ge=0)
    n_draws: int = Field(default=500, ge=20)
    cluster: Literal["auto", "patient", "centre"] = "auto"
    integrate: int = Field(default=0, ge=0, le=365)
    tracking: StoreSettings = StoreSettings()

    @model_validator(mode="after")
    def _fits_or_judges(self) -> Self:
        if self.bundle is None and not (self.models and self.designs):
            rule = "models and designs must be named, or a bundle that is judged as it is"
            raise ValueError(rule)
        if self.bundle is not None and (self.models or self.comparators or self.designs):
            rule = "a bundle is judged as it is: name neither models, comparators nor designs"
            raise ValueError(rule)
        for what in ("designs", "models", "comparators", "endpoints"):
            named = getattr(self, what)
            if not isinstance(named, str) and len(set(named)) < len(named):
                raise ValueError(f"one of the {what} is named twice")
        return self


def load_evaluation(path: str | Path) -> EvaluationConfig:
    """Return the evaluation file at `path`, checked.

    Raises
    ------
    InvalidConfiguration
        When a key is unknown or a value is not allowed.
    InputOutputFailed
        When there is no such file.
    """
    found = find_config("evaluation", Path(path))
    return validated(EvaluationConfig, read_yaml(found), found.name)
