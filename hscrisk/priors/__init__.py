"""What other registries know: summaries that may be shared, priors pooled from them, and trust."""

from hscrisk.priors.pooling import Pooled, pool
from hscrisk.priors.prior import AnchorPrior, Prior
from hscrisk.priors.reading import load_prior, read_prior, read_summary
from hscrisk.priors.summary import AnchorSummary, Summary, summarise_cohorts, summarise_states
from hscrisk.priors.terms import Terms, TermsDesign, load_terms
from hscrisk.priors.trust import TrustedFit, fit_with_trust

__all__ = [
    "AnchorPrior",
    "AnchorSummary",
    "Pooled",
    "Prior",
    "Summary",
    "Terms",
    "TermsDesign",
    "TrustedFit",
    "fit_with_trust",
    "load_prior",
    "load_terms",
    "pool",
    "read_prior",
    "read_summary",
    "summarise_cohorts",
    "summarise_states",
]
