"""The run's observation from the market as it stands, in an answer that all pipelines of the moment share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.database.market import answers, quarantine
from pipeline_lib.database.market.answers import AnswerKey
from pipeline_lib.errors import (
    InvalidQuoteError,
    MomentMismatchError,
    RefusedBeforeError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.market import find_observation
from pipeline_lib.market.quotes.pages import Page
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.specs.schedules.moments import is_due
from pipeline_lib.steps.fetching.refused import show_command
from pipeline_lib.steps.fetching.sharing.calls import SharedCalls
from pipeline_lib.steps.run import Run, Services

_UNSERVED = (
    UnknownCoinError,
    UnexpectedAnswerError,
    InvalidQuoteError,
    MomentMismatchError,
    RefusedBeforeError,
)
"""What is wrong with one coin of an answer; the others don't suffer from it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken from the market.

    Attributes:
        snapshot: The observation of the run's moment and where it comes from.
        warnings: What operators should know of it.
    """

    snapshot: Snapshot
    warnings: tuple[str, ...] = ()


def take_live_snapshot(spec: PipelineSpec, run: Run, services: Services) -> Taken:
    """Take the current price as the observation of ``run``.

    The first task that needs it asks for the coins of all pipelines of the currency that are due at the
    moment; the others read the answer. The quote's own time decides whether it is the price of the moment,
    not the clock: an answer stays right for its moment however late a task reads it.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.

    Raises:
        MarketUnavailableError: No usable answer, after all tries.
        CallQuotaError: Nobody can say whether a call may be made.
        WaitNeededError: CoinGecko is to be asked later, or another process asks for long.
        RequestRefusedError: CoinGecko refused the request.
        UnexpectedAnswerError: The answer is not what ``/coins/markets`` promises.
        UnknownCoinError: CoinGecko doesn't know the coin.
        InvalidQuoteError: The quote holds a value that can't be true.
        RefusedBeforeError: The quote is still the one that an earlier try of the run refused.
        MomentMismatchError: The quote is further than ``quality.max_age`` from the run's moment.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    calls = SharedCalls(
        AnswerKey(spec.vs_currency, run.moment),
        services,
        asker=spec.name,
        # A task's own retry comes after retry_delay, and is to find out for itself.
        failure_age=min(services.settings.coingecko_shared_answer_age, spec.retry_delay),
    )
    reader = _Reader(spec, run, services, to_moment(services.now()))
    while True:
        pages = calls.pages_with(spec.coin)
        snapshot = reader.read_pages(calls, pages) if pages else reader.find_known()
        if snapshot is not None:
            return Taken(snapshot)
        if pages:
            calls.plan_again(max(pages))
        else:
            calls.plan(spec.coin, _due_coins(spec, run, services))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the price of one run in answers that serve many."""

    spec: PipelineSpec
    run: Run
    services: Services
    started: datetime

    def find_known(self) -> Snapshot | None:
        """The observation in an answer that was asked for on behalf of another moment, or None.

        Raises:
            MomentMismatchError: The market has gone on already, so asking again can't help.
        """
        now = to_moment(self.services.now())
        with self.services.database.reading() as connection:
            answer = answers.find_latest(connection, self.spec.vs_currency, self.spec.coin, now)
        if answer is None:
            return None
        try:
            snapshot = self._read(answer)
        except _UNSERVED as error:
            if _is_past(error):
                raise
            return None
        # What was asked for before a scheduled moment belongs to the moment before it.
        moment = self.run.moment
        is_of_moment = answer.requested_at >= moment or not is_due(self.spec.schedule, moment)
        return snapshot if is_of_moment and self._is_fresh(answer) else None

    def read_pages(self, calls: SharedCalls, pages: Mapping[int, Page]) -> Snapshot | None:
        """The observation in the first of ``pages`` that serves the run; None where asking anew may help."""
        for number, coins in pages.items():
            answer = calls.answer(number, coins)
            try:
                return self._read(answer)
            except _UNSERVED as error:
                refusal = error
        if _is_past(refusal) or self._is_fresh(answer) or answer.requested_at >= self.started:
            raise refusal
        return None

    def _read(self, answer: MarketAnswer) -> Snapshot:
        snapshot = find_observation(answer, self.spec.coin, self.run.moment, self.spec.quality.max_age)
        # A price that was refused for its jump is as bad in the same answer read again.
        text = snapshot.provenance.answer.encode()
        with self.services.database.reading() as connection:
            refused = quarantine.find(connection, self.spec.name, self.spec.coin, self.run.moment, text)
        if refused is not None:
            raise RefusedBeforeError(self.spec.coin, show_command(self.spec.name, refused))
        return snapshot

    def _is_fresh(self, answer: MarketAnswer) -> bool:
        age = self.services.now() - answer.requested_at
        return age < self.services.settings.coingecko_shared_answer_age


def _is_past(error: Exception) -> bool:
    # Both times are written the same way, which sorts by time.
    return isinstance(error, MomentMismatchError) and error.last_updated > error.moment


def _due_coins(spec: PipelineSpec, run: Run, services: Services) -> Callable[[], set[str]]:
    """Finds the coins to ask for with the pipeline's own: those of all pipelines due at the moment."""

    def find() -> set[str]:
        if not is_due(spec.schedule, run.moment):
            return {spec.coin}
        # Nothing is said about broken specs: they have no DAG, and their own place to be told.
        specs = Catalog(services.settings.dag_configs_dir, plan=None).load_all().specs
        return {spec.coin, *_coins_due(specs, spec.vs_currency, run.moment)}

    return find


def _coins_due(specs: tuple[PipelineSpec, ...], vs_currency: str, moment: datetime) -> set[str]:
    due = {schedule for schedule in {spec.schedule for spec in specs} if is_due(schedule, moment)}
    return {
        spec.coin
        for spec in specs
        if spec.vs_currency == vs_currency and spec.schedule in due and spec.start_date <= moment
    }
