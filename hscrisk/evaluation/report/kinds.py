"""How models are told apart in every figure of a report: by colour, by dashes, and by name."""

from __future__ import annotations

from collections.abc import Sequence

from hscrisk.evaluation.out_of_fold import NULL

LEAD = "default"
"""The model that a report is about, where there is one of this name."""
N_KINDS = 6


def lead_of(models: Sequence[str]) -> str:
    """Return the model that figures of one model show: the default, else the first but the null."""
    others = [m for m in models if m != NULL]
    return LEAD if LEAD in others or not others else others[0]


def kinds(models: Sequence[str]) -> dict[str, str]:
    """Return the class that each model is drawn with; the same in all figures of a report."""
    lead, found, k = lead_of(models), {}, 0
    for model in models:
        if model in (NULL, lead):
            found[model] = "null" if model == NULL else "lead"
            continue
        k += 1
        found[model] = f"other{(k - 1) % N_KINDS + 1}"
    return found


def lead_last(models: Sequence[str]) -> list[str]:
    """Return the models in the order in which lines are drawn: the lead on top of the others."""
    lead = lead_of(models)
    return [*(m for m in models if m != lead), *(m for m in models if m == lead)]
