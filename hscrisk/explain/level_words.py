"""How a reader calls the levels and units whose codes do not speak for themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping

LEVEL_WORDS: Mapping[str, Mapping[str, str]] = {
    "primary_disease": {
        "AML": "acute myeloid leukaemia (AML)",
        "ALL": "acute lymphoblastic leukaemia (ALL)",
        "MDS": "myelodysplasia (MDS)",
        "MPN": "myeloproliferative neoplasm (MPN)",
        "MF": "myelofibrosis (MF)",
        "CML": "chronic myeloid leukaemia (CML)",
        "CLL": "chronic lymphocytic leukaemia (CLL)",
        "NHL": "non-Hodgkin lymphoma (NHL)",
        "HL": "Hodgkin lymphoma (HL)",
        "MM": "myeloma (MM)",
        "AA": "aplastic anaemia (AA)",
        "SCD": "sickle cell disease (SCD)",
        "TDT": "thalassaemia (TDT)",
        "IMD": "immune or metabolic disease (IMD)",
        "other_malignant": "another malignant disease",
        "other_nonmalignant": "another non-malignant disease",
    },
    "disease_status": {
        "CR1": "first complete remission (CR1)",
        "CR2": "second complete remission (CR2)",
        "CR3_plus": "third or later complete remission",
    },
    "sex_match": {
        "MM": "male donor, male patient",
        "MF": "male donor, female patient",
        "FM": "female donor, male patient",
        "FF": "female donor, female patient",
    },
    "cmv_match": {
        "neg_neg": "donor negative, patient negative",
        "neg_pos": "donor negative, patient positive",
        "pos_neg": "donor positive, patient negative",
        "pos_pos": "donor positive, patient positive",
    },
    "conditioning_intensity": {
        "NMA": "non-myeloablative (NMA)",
        "RIC": "reduced intensity (RIC)",
        "MAC": "myeloablative (MAC)",
    },
    "gvhd_prophylaxis": {"ptcy_based": "based on post-transplant cyclophosphamide"},
    "donor_type": {"self": "the patient's own cells"},
    "serotherapy": {"atg": "ATG"},
}

_RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_COUNTED = {"years": "year", "days": "day", "points": "point", "alleles": "allele"} | {
    "transplants": "transplant"
}


def level_words(field: str, level: str) -> str:
    """Return a level as a reader writes it.

    >>> level_words("cmv_match", "neg_pos"), level_words("graft_source", "bone_marrow")
    ('donor negative, patient positive', 'bone marrow')
    """
    return LEVEL_WORDS.get(field, {}).get(level, level.replace("_", " "))


def number_words(value: float, unit: str | None) -> str:
    """Return a number with its unit.

    >>> number_words(1, "years"), number_words(34.5, "years"), number_words(3.14159, "10^6/kg")
    ('1 year', '34.5 years', '3.14 × 10⁶/kg')
    >>> number_words(1720.0, "days"), number_words(0.00312, None), number_words(90, "%")
    ('1,720 days', '0.00312', '90 %')
    """
    value += 0.0  # no negative zero
    small = 0 < abs(value) < 0.1
    text = f"{value:.3g}" if small else f"{value:,.2f}".rstrip("0").rstrip(".")
    text = text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text
    if not unit:
        return text
    written = _COUNTED.get(unit, unit) if value == 1 else unit
    written = re.sub(r"\^([+-]?\d+)", lambda m: m.group(1).translate(_RAISED), written)
    written = re.sub(r"(?<=[a-z])2\b", "²", written)
    return f"{text} {'× ' if unit.startswith('10^') else ''}{written}"
