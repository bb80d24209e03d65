"""What models and numbers are called in a sentence: one place for tables, cards and pages."""

from __future__ import annotations

from collections.abc import Mapping

from hscrisk.evaluation.out_of_fold import NULL

NAMES: Mapping[str, str] = {
    NULL: "marginal curve",
    "default": "default model",
    "default_with_centres": "default with centre layer",
    "bundle": "the bundle's model",
    "recalibrated": "the same, recalibrated here",
    "logistic": "logistic regression",
    "boosted": "trees alone",
    "tuned_logistic": "tuned logistic",
    "cause_specific_cox": "cause-specific Cox",
    "fine_gray": "Fine-Gray",
    "hctci_score": "HCT-CI alone",
    "hctci_group": "HCT-CI alone",
    "hctci_group_3": "HCT-CI alone",
    "hctci_group_4": "HCT-CI alone",
    "dri_refined": "refined DRI alone",
    "disease_risk_group": "risk group alone",
    "tci_score": "TCI alone",
    "easix_pre": "EASIX alone",
}
WITH_ARTICLE = ("marginal curve", "default model", "default with centre layer")


def model_name(model: str) -> str:
    """Return what a model is called in a table or a figure.

    >>> model_name("null"), model_name("my_model")
    ('marginal curve', 'my model')
    """
    return NAMES.get(model, model.replace("_", " "))


def in_sentence(model: str) -> str:
    """Return what a model is called within a sentence.

    >>> in_sentence("default"), in_sentence("logistic")
    ('the default model', 'logistic regression')
    """
    name = model_name(model)
    return f"the {name}" if name in WITH_ARTICLE else name


def fixed(value: float, places: int = 3) -> str:
    """Return a number with so many places; what rounds to nothing has no sign.

    >>> fixed(-0.0004), fixed(-0.25, 1)
    ('0.000', '−0.2')
    """
    rounded = round(value, places) + 0.0
    return f"{'−' if rounded < 0 else ''}{abs(rounded):.{places}f}"
