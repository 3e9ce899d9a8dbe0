"""The run's observations from the market as it stands, in answers that all pipelines of the moment share."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline_lib.common.timestamps import CLOCK_TOLERANCE, to_moment
from pipeline_lib.database.market import answers, quarantine
from pipeline_lib.database.market.answers import AnswerKey
from pipeline_lib.database.market.quarantine import RefusedBefore
from pipeline_lib.errors import (
    InvalidQuoteError,
    MarketError,
    MomentMismatchError,
    RefusedBeforeError,
    UnexpectedAnswerError,
    UnknownCoinError,
)
from pipeline_lib.market import Quotes
from pipeline_lib.market.quotes.pages import Page, page_by_rank
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.model.call_plan import COINS_PER_CALL, pages_of
from pipeline_lib.model.observation import Snapshot
from pipeline_lib.specs import Catalog, PipelineSpec, TopCoins
from pipeline_lib.specs.schedules.moments import is_due
from pipeline_lib.steps.fetching.refused import show_command
from pipeline_lib.steps.fetching.sharing.calls import SharedCalls
from pipeline_lib.steps.fetching.taken import Taken
from pipeline_lib.steps.run import Run, Services

_UNSERVED = (
    UnknownCoinError,
    UnexpectedAnswerError,
    InvalidQuoteError,
    MomentMismatchError,
    RefusedBeforeError,
)
"""What is wrong with one coin of an answer; the others don't suffer from it."""


def take_live(spec: PipelineSpec, run: Run, services: Services, coins: Collection[str]) -> Taken:
    """Take current prices as the observations of ``run``.

    The first task that needs it asks for the coins of all pipelines of the currency that are due at the
    moment; the others read the answer. The quote's own time decides whether it is the price of the moment,
    not the clock: an answer stays right for its moment however late a task reads it.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        coins: CoinGecko ids.

    Returns:
        What came; a coin is refused where there is no usable answer after all tries, or its part of it isn't
        usable for the run.

    Raises:
        WaitNeededError: CoinGecko is to be asked later, or another process asks for long.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    calls = _shared_calls(spec, run, services)

    def plan(unplanned: Collection[str]) -> None:
        calls.plan(unplanned, _due_coins(spec, run, services, unplanned))

    return _Reader.of(spec, run, services, calls).read(coins, lambda coin: coin, plan)


def take_live_top(spec: PipelineSpec, run: Run, services: Services, top: TopCoins) -> Taken:
    """Take the current prices of the coins of the greatest market caps as the observations of ``run``.

    Args:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        top: Which ranks.

    Returns:
        What came, of as many coins as CoinGecko lists.

    Raises:
        MarketError: The list can't be had.
        WaitNeededError: CoinGecko is to be asked later, or another process asks for long.
        DatabaseError: The database can't be used.
        OSError: The disk is full or read-only.
    """
    calls = _shared_calls(spec, run, services)
    reader = _Reader.of(spec, run, services, calls)
    subjects: dict[str, str] = {}
    for number in pages_of(top.first, top.count):
        (subject,) = page = page_by_rank(number)
        if not calls.pages_with(subject):
            calls.plan_page(page)
        newest = max(calls.pages_with(subject))
        first = (number - 1) * COINS_PER_CALL + 1
        for rank, coin in enumerate(reader.quotes(newest, page).texts, start=first):
            if top.first <= rank < top.first + top.count:
                subjects.setdefault(coin, subject)
    if not subjects:
        raise UnexpectedAnswerError("CoinGecko lists no coin of these ranks")
    return reader.read(subjects, subjects.__getitem__, lambda _: None)


def _shared_calls(spec: PipelineSpec, run: Run, services: Services) -> SharedCalls:
    return SharedCalls(
        AnswerKey(spec.vs_currency, run.moment),
        services,
        asker=spec.name,
        # A task's own retry comes after retry_delay, and is to find out for itself.
        failure_age=min(services.settings.coingecko_shared_answer_age, spec.retry_delay),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the prices of one run in answers that serve many.

    Attributes:
        spec: The pipeline.
        run: Its run.
        services: The access to the world.
        calls: Gets the answers.
        started: When the task began to read, by the real clock (UTC).
        refused_before: What earlier tries of the run refused.
        read_pages: Each page's quotes by its number, or why there are none.
    """

    spec: PipelineSpec
    run: Run
    services: Services
    calls: SharedCalls
    started: datetime
    refused_before: RefusedBefore
    read_pages: dict[int, Quotes | MarketError] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: PipelineSpec, run: Run, services: Services, calls: SharedCalls) -> "_Reader":
        with services.database.reading() as connection:
            refused_before = quarantine.find_refused(connection, spec.name, run.moment)
        return cls(spec, run, services, calls, to_moment(services.now()), refused_before)

    def read(
        self,
        coins: Collection[str],
        subject_of: Callable[[str], str],
        plan: Callable[[Collection[str]], None],
    ) -> Taken:
        """Read until each coin has a price, or a reason why it has none.

        Args:
            coins: CoinGecko ids.
            subject_of: What a coin's pages name: the coin itself, or its page by rank.
            plan: Plans pages for coins that none has.
        """
        taken = Taken()
        while left := sorted({*coins} - taken.coins):
            pages = _by_subject(self.calls.pages())
            planned = {coin: pages[subject_of(coin)] for coin in left if subject_of(coin) in pages}
            unplanned = [coin for coin in left if coin not in planned]
            taken = taken.joined(self._read_known(unplanned)).joined(self._read_planned(planned))
            if still_unplanned := [coin for coin in unplanned if coin not in taken.coins]:
                plan(still_unplanned)
            for number in sorted({max(own) for coin, own in planned.items() if coin not in taken.coins}):
                self.calls.plan_again(number)
        return taken

    def quotes(self, number: int, page: Page) -> Quotes:
        """The quotes of a page.

        Raises:
            MarketError: There are none.
        """
        if number not in self.read_pages:
            try:
                self.read_pages[number] = Quotes.of(self.calls.answer(number, page))
            except MarketError as error:
                self.read_pages[number] = error
        found = self.read_pages[number]
        if isinstance(found, MarketError):
            raise found
        return found

    def _read_planned(self, planned: Mapping[str, Mapping[int, Page]]) -> Taken:
        snapshots, refused = {}, {}
        for coin, pages in planned.items():
            try:
                if snapshot := self._read_pages(coin, pages):
                    snapshots[coin] = snapshot
            except MarketError as error:
                refused[coin] = error
        return Taken(snapshots, refused)

    def _read_pages(self, coin: str, pages: Mapping[int, Page]) -> Snapshot | None:
        """The observation in the first of ``pages`` that serves the run; None where asking anew may help."""
        for number, page in pages.items():
            quotes = self.quotes(number, page)
            try:
                return self._read(quotes, coin)
            except _UNSERVED as error:
                refusal = error
        answer = quotes.answer
        if _is_past(refusal) or self._is_fresh(answer) or answer.requested_at >= self.started:
            raise refusal
        return None

    def _read_known(self, coins: Sequence[str]) -> Taken:
        """What answers hold that were asked for on behalf of other moments.

        A coin is refused where the market has gone on already, so that asking again can't help.
        """
        if not coins:
            return Taken()
        now = to_moment(self.services.now())
        longest_age = max(self.spec.of_coin(coin).quality.max_age for coin in coins)
        # What was asked for before that holds no quote that is near enough to the moment.
        since = self.run.moment - longest_age - CLOCK_TOLERANCE
        with self.services.database.reading() as connection:
            latest = answers.find_latest(connection, self.spec.vs_currency, coins, since=since, now=now)
        known: dict[int, Quotes] = {}
        snapshots, refused = {}, {}
        for coin, answer in latest.items():
            try:
                quotes = known.setdefault(id(answer), known.get(id(answer)) or Quotes.of(answer))
                snapshot = self._read(quotes, coin)
            except _UNSERVED as error:
                if _is_past(error):
                    refused[coin] = error
                continue
            # What was asked for before a scheduled moment belongs to the moment before it.
            moment = self.run.moment
            is_of_moment = answer.requested_at >= moment or not is_due(self.spec.schedule, moment)
            if is_of_moment and self._is_fresh(answer):
                snapshots[coin] = snapshot
        return Taken(snapshots, refused)

    def _read(self, quotes: Quotes, coin: str) -> Snapshot:
        snapshot = quotes.observe(coin, self.run.moment, self.spec.of_coin(coin).quality.max_age)
        # A price that was refused for its jump is as bad in the same answer read again.
        refused = self.refused_before.find(coin, snapshot.provenance.answer.encode())
        if refused is not None:
            raise RefusedBeforeError(coin, show_command(self.spec.name, refused))
        return snapshot

    def _is_fresh(self, answer: MarketAnswer) -> bool:
        age = self.services.now() - answer.requested_at
        return age < self.services.settings.coingecko_shared_answer_age


def _by_subject(pages: Mapping[int, Page]) -> Mapping[str, Mapping[int, Page]]:
    """The pages that name each coin, or each page by rank, in the order of planning."""
    found: dict[str, dict[int, Page]] = {}
    for number, page in pages.items():
        for subject in page:
            found.setdefault(subject, {})[number] = page
    return found


def _is_past(error: Exception) -> bool:
    # Both times are written the same way, which sorts by time.
    return isinstance(error, MomentMismatchError) and error.last_updated > error.moment


def _due_coins(
    spec: PipelineSpec, run: Run, services: Services, own: Collection[str]
) -> Callable[[], set[str]]:
    """Finds the coins to ask for with the pipeline's own: those of all pipelines due at the moment."""

    def find() -> set[str]:
        if not is_due(spec.schedule, run.moment):
            return {*own}
        # Nothing is said about broken specs: they have no DAG, and their own place to be told.
        specs = Catalog(services.settings.dag_configs_dir, plan=None).load_all().specs
        return {*own, *_coins_due(specs, spec.vs_currency, run.moment)}

    return find


def _coins_due(specs: tuple[PipelineSpec, ...], vs_currency: str, moment: datetime) -> set[str]:
    due = {schedule for schedule in {spec.schedule for spec in specs} if is_due(schedule, moment)}
    return {
        coin
        for spec in specs
        if spec.vs_currency == vs_currency and spec.schedule in due and spec.start_date <= moment
        for coin in spec.coins.named
    }
