"""No cohort is judged by what has seen it: a prior names its studies, and they are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hscrisk.errors import InvalidConfiguration
from hscrisk.priors import Prior, load_prior


def refuse_seen(models: Mapping[str, Any], cohort: Any) -> None:
    """Pass where no model starts from a prior that was pooled from the cohort.

    Parameters
    ----------
    models : mapping of str to estimator
    cohort : Cohort
        With its `source`.

    Raises
    ------
    InvalidConfiguration
        When a prior has seen the cohort, or studies that may hold the same patients.
    """
    source = getattr(cohort, "source", None)
    for name, model in models.items():
        for inner in ("estimator", "model"):  # what is tuned, or recalibrated
            model = getattr(model, inner, model)
        prior: Any = getattr(model, "prior", None)
        kept: Any = getattr(model, "prior_", None)
        if source is None or (prior in (None, "none") and kept is None):
            continue
        if prior in (None, "none"):  # a model read from a bundle keeps what its prior had seen
            told, seen = kept["name"], [source] if source in kept["studies"] else []
        else:
            known = prior if isinstance(prior, Prior) else load_prior(prior)
            told, seen = known.name, [source] if source in known.studies else []
            seen += sorted(known.sharing(source))
        if seen:
            rule = (
                f"the prior of '{name}' was pooled from {', '.join(seen)}, whose patients are "
                "judged here or may be"
            )
            mend = f"Pool it without them: prior.without({seen})."
            raise InvalidConfiguration(rule, field="prior", value=told, mend=mend)
