"""The run's observation from the market as it stands, in an answer that all pipelines of the moment share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline_lib.archive import quarantine
from pipeline_lib.archive.snapshots import Snapshot
from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.errors import (
    InvalidQuoteError,
    MomentMismatchError,
    RefusedBeforeError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.market import CoinGecko, find_observation
from pipeline_lib.model.observation import MarketAnswer
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.specs.layout import Layout, shared_answers_folder
from pipeline_lib.specs.schedules.moments import is_due
from pipeline_lib.steps.fetching.shared_calls import SharedCalls
from pipeline_lib.steps.run import Run, Services
from pipeline_lib.store.cache.latest_answers import LatestAnswers
from pipeline_lib.store.cache.shared_answers import SharedAnswers

_UNSERVED = (
    UnknownCoinError,
    UnexpectedAnswerError,
    InvalidQuoteError,
    MomentMismatchError,
    RefusedBeforeError,
)
"""What is wrong with one coin of an answer; the others don't suffer from it."""


@dataclass(frozen=True, slots=True)
class TakenSnapshot:
    """What was taken from the market.

    Attributes:
        snapshot: The observation of the run's moment and where it comes from.
        waited_seconds: How long other processes were waited for, which asked or were about to.
    """

    snapshot: Snapshot
    waited_seconds: float = 0.0


def take_live_snapshot(spec: PipelineSpec, run: Run, services: Services) -> TakenSnapshot:
    """Take the current price as the observation of ``run``.

    The first task that needs it asks for the coins of all pipelines of the currency that are due at the
    moment; the others read the answer. The quote's own time decides whether it is the price of the moment,
    not the clock: an answer stays right for its moment however late a task reads it.

    Raises:
        MarketUnavailableError: No usable answer, after all tries.
        CallQuotaError: No call may be made for now.
        AnswerAwaitedError: Another process has been asking for too long.
        RequestRefusedError: CoinGecko refused the request.
        UnexpectedAnswerError: The answer is not what ``/coins/markets`` promises.
        UnknownCoinError: CoinGecko doesn't know the coin.
        InvalidQuoteError: The quote holds a value that can't be true.
        RefusedBeforeError: The quote is still the one that an earlier try of the run refused.
        MomentMismatchError: The quote is further than ``quality.max_age`` from the run's moment.
        OSError: The disk is full or read-only.
    """
    root = shared_answers_folder(services.settings)
    started = to_moment(services.now())
    answers = SharedAnswers.of(root, spec.vs_currency, run.moment, started)
    latest = LatestAnswers(root, spec.vs_currency)
    calls = SharedCalls(
        answers,
        latest,
        CoinGecko(services.open_transport(), services.now),
        asker=spec.name,
        # A task's own retry comes after retry_delay, and is to find out for itself.
        failure_age=min(services.settings.coingecko_shared_answer_age, spec.retry_delay),
    )
    while True:
        pages = answers.pages()
        numbers = [number for number, coins in enumerate(pages) if spec.coin in coins]
        if not numbers:
            known = _find_elsewhere(latest, spec, run, services)
            if known is not None:
                return TakenSnapshot(known, calls.waited_seconds)
            calls.plan(spec.coin, _due_coins(spec, run, services))
            continue
        for number in numbers:
            answer = calls.answer(number, pages[number], spec.vs_currency)
            try:
                snapshot = _read(answer, spec, run, services)
            except _UNSERVED as error:
                refusal = error
            else:
                return TakenSnapshot(snapshot, calls.waited_seconds)
        if _is_past(refusal) or _is_fresh(answer, services) or answer.requested_at >= started:
            raise refusal
        calls.plan_again(numbers[-1], len(pages))


def _read(answer: MarketAnswer, spec: PipelineSpec, run: Run, services: Services) -> Snapshot:
    snapshot = Snapshot(*find_observation(answer, spec.coin, run.moment, spec.quality.max_age))
    # A price that was refused for its jump is as bad in the same answer read again.
    folder = Layout.of(spec.name, services.settings).quarantine
    refused = quarantine.find(folder, run.moment, snapshot.provenance.answer.encode())
    if refused is not None:
        raise RefusedBeforeError(spec.coin, refused)
    return snapshot


def _find_elsewhere(
    latest: LatestAnswers, spec: PipelineSpec, run: Run, services: Services
) -> Snapshot | None:
    """The observation in an answer that was asked for on behalf of another moment.

    Raises:
        MomentMismatchError: The market has gone on already, so asking again can't help.
    """
    answer = latest.find(spec.coin)
    if answer is None:
        return None
    try:
        snapshot = _read(answer, spec, run, services)
    except _UNSERVED as error:
        if _is_past(error):
            raise
        return None
    # What was asked for before a scheduled moment belongs to the moment before it.
    is_of_moment = answer.requested_at >= run.moment or not is_due(spec.schedule, run.moment)
    return snapshot if is_of_moment and _is_fresh(answer, services) else None


def _is_past(error: Exception) -> bool:
    # Both times are written the same way, which sorts by time.
    return isinstance(error, MomentMismatchError) and error.last_updated > error.moment


def _is_fresh(answer: MarketAnswer, services: Services) -> bool:
    return services.now() - answer.requested_at < services.settings.coingecko_shared_answer_age


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
