"""The calls for the past that one run may make."""

from dataclasses import dataclass, replace
from datetime import datetime

from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.database.market import history_calls
from pipeline_lib.errors import HistoryCallsError
from pipeline_lib.market import CoinGecko
from pipeline_lib.market.quota.calls import Quota
from pipeline_lib.steps.run import Run, Services


def open_market(pipeline: str, run: Run, services: Services) -> CoinGecko:
    """CoinGecko, with no more calls than the run has left; its calls raise HistoryCallsError beyond that.

    Args:
        pipeline: Name of the pipeline.
        run: Its run.
        services: The access to the world.
    """
    market, limit = services.open_market(), services.settings.history_calls_per_run
    if limit is None:
        return market
    transport = market.transport
    moment = run.confirms or run.moment
    quota = _CallsOfRun(pipeline, moment, services, limit, transport.quota)
    return replace(market, transport=replace(transport, quota=quota))


@dataclass(frozen=True, slots=True)
class _CallsOfRun:
    """Counts the calls of a run in the database: its next try, and its next process, go on from there.

    Attributes:
        pipeline: Name of the pipeline.
        moment: The run's moment (UTC).
        services: The access to the world.
        limit: How many calls there may be.
        others: What every call of CoinGecko waits for.
    """

    pipeline: str
    moment: datetime
    services: Services
    limit: int
    others: Quota | None

    def take_call(self) -> None:
        """See :class:`Quota`.

        Raises:
            HistoryCallsError: The run has made all its calls.
        """
        database, now = self.services.database, to_moment(self.services.now())
        with database.reading() as connection:
            made = history_calls.read(connection, self.pipeline, self.moment, now)
        database.close()
        if made >= self.limit:
            raise HistoryCallsError(self.pipeline, format_moment(self.moment), self.limit)
        if self.others:
            self.others.take_call()
        # Not before: a call that has to wait for its turn in another try isn't made.
        with database.writing() as connection:
            history_calls.count(connection, self.pipeline, self.moment, now)
        database.close()
