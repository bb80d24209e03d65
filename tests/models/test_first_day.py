"""No model answers for a day of which its registry cannot tell."""

from __future__ import annotations

import pytest

from hscrisk.datasets import simulate_cohort
from hscrisk.endpoints import Endpoint, load_endpoint
from hscrisk.errors import HorizonOutOfRange
from hscrisk.models import LogisticIncidence, MarginalIncidence, from_state
from hscrisk.models.base import IncidenceModel


@pytest.mark.parametrize("kind", [LogisticIncidence, MarginalIncidence])
@pytest.mark.parametrize("horizons", [(100,), (100, 200)])
def test_an_earlier_day_is_refused(kind: type[IncidenceModel], horizons: tuple[int, ...]) -> None:
    body = load_endpoint("acute_gvhd_2_4").to_dict()
    body |= {"horizons": horizons, "primary_horizon": 100, "first_day": 100}
    cohort = simulate_cohort(200, seed=1)
    fitted = kind(endpoint=Endpoint.from_dict(body)).fit(cohort.X, cohort.y)
    for model in (fitted, from_state(fitted.to_state())):
        for ask in (
            model.predict_cumulative_incidence, model.predict_all_causes, model.predict_event_free,
            model.predict_interval,
        ):  # fmt: skip
            assert ask(cohort.X[:2], [100.0]) is not None
            with pytest.raises(HorizonOutOfRange, match="before day 100") as caught:
                ask(cohort.X[:2], [100.0, 99.0])
            assert "Ask for day 100" in str(caught.value.mend)
        with pytest.raises(HorizonOutOfRange, match="before day 100"):
            model.contributions(cohort.X[:2], 60)
