"""Whether the service may be asked: one invented record, predicted by every way there is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from hscrisk.applicability import LevelsSeen
from hscrisk.bundle.record import read_record
from hscrisk.errors import HscriskError
from hscrisk.scoring import predict_one, score_table
from hscrisk.serving.served import Served

logger = logging.getLogger("hscrisk.serving")


class Readiness:
    """Becomes ready once the warm-up record gives the same bits alone and as a table.

    The first call of every model also loads what it loads late, so no patient waits for it.

    Attributes
    ----------
    is_ready : bool
    reason : str
        Why not, until it is.
    """

    def __init__(self, served: Served) -> None:
        self._served = served
        self.is_ready, self.reason = False, "the warm-up record is being predicted"

    @contextlib.asynccontextmanager
    async def lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        """Warm up beside the running service, so that it can say that it lives."""
        warming = asyncio.create_task(run_in_threadpool(self.warm_up))
        yield
        await warming

    def warm_up(self) -> None:
        """Predict the invented record; the service is ready if every answer is as it must be."""
        try:
            reason = unsound(self._served)
        except HscriskError as error:
            reason = error.rule
        except Exception as error:  # noqa: BLE001 - a warm-up that fails must say so, not vanish
            reason = f"unexpected error: {type(error).__name__}"
        self.is_ready, self.reason = not reason, reason
        if reason:
            logger.error("not ready: %s", reason)
        else:
            logger.info("ready: the warm-up record is reproduced")


def unsound(served: Served) -> str:
    """Return what is wrong with the predictions of the invented record, '' if nothing is."""
    record = example_record(served)
    for bundle in served.bundles:
        alone = predict_one(bundle, record)
        table = score_table(bundle, read_record(bundle.contract, record))
        columns = ("endpoint", "horizon_days", "risk", "low", "high", "null_risk")
        rows = [tuple(getattr(p, column) for column in columns) for p in alone]
        if rows != list(table[list(columns)].itertuples(index=False, name=None)):
            return f"{bundle.model_version} predicts a record otherwise alone than in a table"
        if not all(0 <= p.low <= p.risk <= p.high <= 1 and 0 <= p.null_risk <= 1 for p in alone):
            return f"{bundle.model_version} predicts what is no risk"
    return ""


def example_record(served: Served) -> dict[str, Any]:
    """Return an invented record: middles of the training ranges, the first usual level.

    It is nobody's: it is made from the bundle's profile, in which fewer than 5 patients never
    stand out.
    """
    record: dict[str, Any] = {}
    for name, endpoints in served.used_by().items():
        seen = served.by_endpoint[endpoints[0]].profiles[endpoints[0]].predictors.get(name)
        if isinstance(seen, LevelsSeen):
            usual = seen.common()
            record |= {name: usual[0]} if usual else {}
        elif seen is not None and seen.low is not None and seen.high is not None:
            record[name] = round((seen.low + seen.high) / 2)
    return record
