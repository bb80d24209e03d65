"""The items of TRIPOD+AI, each with where the card answers it, or 'not reported'.

References
----------
Collins et al., BMJ 2024;385:e078378 (TRIPOD+AI, 27 items).
"""

from __future__ import annotations

from collections.abc import Mapping

BLANK = "not reported"

ITEMS: dict[str, tuple[str, str]] = {
    "1": ("Title", "title of this card"),
    "2": ("Abstract", BLANK),
    "3": ("Background, target population, health inequalities", BLANK),
    "4": ("Objectives", "Intended use"),
    "5": ("Data: source and dates", "Cohort"),
    "6": ("Participants: setting, eligibility, treatments", "Cohort"),
    "7": (
        "Data preparation",
        "data contract and mapping of the bundle; every broken rule is listed, no row is lost",
    ),
    "8": ("Outcome", "Endpoint"),
    "9": ("Predictors", "Predictors"),
    "10": ("Sample size", "Cohort: all transplants that there were; no calculation was made"),
    "11": ("Missing data", "Predictors"),
    "12": ("Analytical methods", "Kind, Performance, Calibration"),
    "13": ("Class imbalance", "no resampling: probabilities keep their meaning"),
    "14": ("Fairness", BLANK),
    "15": ("Model output", "cumulative incidence at each horizon with a 90 % interval"),
    "16": ("Training versus evaluation", "Performance: folds by patient; no other cohort"),
    "17": ("Ethical approval", BLANK),
    "18a": ("Funding", BLANK),
    "18b": ("Conflicts of interest", BLANK),
    "18c": ("Protocol", BLANK),
    "18d": ("Registration", BLANK),
    "18e": ("Data sharing", BLANK),
    "18f": ("Code sharing", "hscrisk, Apache-2.0"),
    "19": ("Patient and public involvement", BLANK),
    "20": ("Participants: flow and characteristics", "Cohort"),
    "21": ("Model development: participants and events", "Endpoint"),
    "22": ("Model specification", "the bundle itself: regression and trees in full"),
    "23a": ("Model performance", "Performance, Calibration"),
    "23b": ("Heterogeneity of performance", BLANK),
    "24": ("Model updating", BLANK),
    "25": ("Interpretation", "Verdict"),
    "26": ("Limitations", "Limits"),
    "27": ("Usability: poor input, user's skill, next steps", "Where it does not apply"),
}


def tripod_table(said: Mapping[str, str]) -> str:
    """Return the items as a Markdown table; what the registry's owner said comes first."""
    lines = ["| item | | where or what |", "|---|---|---|"]
    lines += [f"| {n} | {title} | {said.get(n) or where} |" for n, (title, where) in ITEMS.items()]
    return "\n".join(lines)
