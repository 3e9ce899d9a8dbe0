"""One request for all that need its answer: what is planned, who asks, and who reads."""

import os
import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from pipeline_lib.common.timestamps import format_moment, to_moment
from pipeline_lib.database.market import answers
from pipeline_lib.database.market.answers import AnswerKey
from pipeline_lib.errors import MarketError, WaitNeededError
from pipeline_lib.market.quotes.pages import Page, split_into_pages
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.steps.fetching.sharing.work import SharedWork
from pipeline_lib.steps.run import Services

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SharedCalls:
    """The calls of one task for the answers of its currency and moment.

    Attributes:
        key: The currency and the moment.
        services: The access to the world.
        asker: The pipeline that asks, for those who wait for it.
        failure_age: For how long a failure is everybody's, before the next task tries again.
    """

    key: AnswerKey
    services: Services
    asker: str
    failure_age: timedelta

    def pages(self) -> Mapping[int, Page]:
        """The planned pages, by number in the order of planning; often none yet."""
        with self.services.database.reading() as connection:
            return answers.read_pages(connection, self.key)

    def pages_with(self, subject: str) -> Mapping[int, Page]:
        """The planned pages that name a coin, or a page by rank, in the order of planning."""
        return {number: page for number, page in self.pages().items() if subject in page}

    def plan(self, coins: Collection[str], find_coins: Callable[[], set[str]]) -> None:
        """Plan pages for ``coins`` and all other coins that ``find_coins`` gives and no page has yet."""

        def planned() -> set[str]:
            return {known for page in self.pages().values() for known in page}

        def add() -> bool:
            self._add_pages(split_into_pages(find_coins() - planned()))
            return True

        self._once("plan", find=lambda: True if planned().issuperset(coins) else None, work=add)

    def plan_page(self, page: Page) -> None:
        """Plan a page by rank, unless it is planned."""

        def add() -> bool:
            self._add_pages((page,))
            return True

        self._once("plan", find=lambda: True if self.pages_with(page[0]) else None, work=add)

    def plan_again(self, number: int) -> None:
        """Plan the page ``number`` once more, unless another process just has.

        All of it: what makes an answer useless for one coin often does for others too. The earlier answer
        stays, and stays right for those that it serves.
        """

        def is_planned() -> bool | None:
            known = self.pages()
            again = (later for later, coins in known.items() if coins == known.get(number))
            return True if any(later > number for later in again) else None

        def add() -> bool:
            page = self.pages().get(number)
            if page:
                self._add_pages((page,))
            return True

        self._once("plan", find=is_planned, work=add)

    def answer(self, number: int, coins: Page) -> MarketAnswer:
        """The answer for a page, asked for only if nobody has.

        Args:
            number: The page's number.
            coins: Its coins.

        Raises:
            WaitNeededError: CoinGecko is to be asked later, or another process asks for long.
            MarketError: The answer can't be had, or just couldn't be had by another process.
            DatabaseError: The database can't be used.
        """
        return self._once(
            str(number),
            find=lambda: self._find(number, coins),
            work=lambda: self._ask(number, coins),
            find_worker=lambda: self._find_asker(number),
        )

    def _once(
        self,
        subject: str,
        find: Callable[[], Result | None],
        work: Callable[[], Result],
        find_worker: Callable[[], Mapping[str, object]] = dict,
    ) -> Result:
        lock = f"answers {self.key.vs_currency} {format_moment(self.key.moment)} {subject}"
        return SharedWork(lock, find, work, find_worker).run(self.services)

    def _find(self, number: int, coins: Page) -> MarketAnswer | None:
        now = self._now()
        with self.services.database.reading() as connection:
            answer = answers.find_answer(connection, self.key, number, coins, now)
            if answer is not None:
                return answer
            failure = answers.find_failure(connection, self.key, number, now - self.failure_age, now)
        if failure is not None:
            raise failure
        return None

    def _ask(self, number: int, coins: Page) -> MarketAnswer:
        database, market = self.services.database, self.services.open_market()
        self._wait_for_turn(number)
        with database.writing() as connection:
            answers.note_asker(connection, self.key, number, self._name())
        database.close()
        try:
            answer = market.ask_quotes(coins, self.key.vs_currency)
        except WaitNeededError as needed:
            # The call has its turn: the others need none of their own.
            with database.writing() as connection:
                answers.postpone(connection, self.key, number, needed.until)
            raise
        except MarketError as error:
            with database.writing() as connection:
                answers.keep_failure(connection, self.key, number, error, self._now())
            raise
        with database.writing() as connection:
            answers.keep_answer(connection, self.key, number, answer)
            answers.remove_old(connection, self._now())
        return answer

    def _wait_for_turn(self, number: int) -> None:
        database = self.services.database
        with database.reading() as connection:
            until = answers.find_postponed(connection, self.key, number)
        database.close()
        seconds = 0.0 if until is None else (until - self.services.now()).total_seconds()
        if seconds > 0:
            self.services.wait(seconds, "the call that several pipelines share waits for its turn")

    def _add_pages(self, pages: tuple[Page, ...]) -> None:
        with self.services.database.writing() as connection:
            answers.add_pages(connection, self.key, pages, self._now())

    def _find_asker(self, number: int) -> Mapping[str, object]:
        with self.services.database.reading() as connection:
            return answers.find_asker(connection, self.key, number)

    def _name(self) -> Mapping[str, object]:
        return {
            "pipeline": self.asker,
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": format_moment(self._now()),
        }

    def _now(self) -> datetime:
        return to_moment(self.services.now())
