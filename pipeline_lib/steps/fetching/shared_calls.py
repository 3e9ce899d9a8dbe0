"""One request for all that need its answer: who asks, who waits, and what becomes of those who wait."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.errors import AnswerAwaitedError, MarketError, StoreBusyError
from pipeline_lib.market import CoinGecko
from pipeline_lib.market.quotes.pages import Page, split_into_pages
from pipeline_lib.model.answers import MarketAnswer
from pipeline_lib.store.cache.latest_answers import LatestAnswers
from pipeline_lib.store.cache.shared_answers import SharedAnswers
from pipeline_lib.store.cache.shared_failures import find_failure, keep_failure
from pipeline_lib.store.files.durable_files import replace
from pipeline_lib.store.files.locking import exclusive

_LONGEST_WAIT_SECONDS = 120.0


class SharedCalls:
    """The calls of one task for the answers of its currency and moment.

    A page is asked for by the holder of its lock, once; whoever waited for the lock then finds the answer.
    The system drops the lock of a process that dies, and the next one asks.

    Attributes:
        waited_seconds: How long the task has waited for other processes.
    """

    def __init__(
        self,
        answers: SharedAnswers,
        latest: LatestAnswers,
        market: CoinGecko,
        asker: str,
        failure_age: timedelta,
    ) -> None:
        """Share ``answers``.

        Args:
            answers: Those of the currency and the moment.
            latest: Those of the currency.
            market: Who is asked.
            asker: The pipeline that asks, for those who wait for it.
            failure_age: For how long a failure is everybody's, before the next task tries again.
        """
        self.waited_seconds = 0.0
        self._answers = answers
        self._latest = latest
        self._market = market
        self._asker = asker
        self._failure_age = failure_age

    def pages_with(self, coin: str) -> Mapping[int, Page]:
        """The planned pages that hold ``coin``, by number in the order of planning; often none yet."""
        return {number: coins for number, coins in enumerate(self._answers.pages()) if coin in coins}

    def plan(self, coin: str, find_coins: Callable[[], set[str]]) -> None:
        """Plan pages for ``coin`` and all other coins that ``find_coins`` gives and no page has yet."""
        with self._turn(self._answers.pages_path, self._answers.folder / "planner.json"):
            planned = {known for page in self._answers.pages() for known in page}
            if coin not in planned:
                self._answers.add_pages(split_into_pages(find_coins() - planned))

    def plan_again(self, number: int) -> None:
        """Plan the page ``number`` once more, unless another process just has.

        All of it: what makes an answer useless for one coin often does for others too. The earlier answer
        stays, and stays right for those that it serves.
        """
        with self._turn(self._answers.pages_path, self._answers.folder / "planner.json"):
            known = self._answers.pages()
            if known[number] not in known[number + 1 :]:
                self._answers.add_pages((known[number],))

    def answer(self, number: int, coins: Page, vs_currency: str) -> MarketAnswer:
        """The answer for a page, asked for only if nobody has.

        Args:
            number: The page's number.
            coins: Its coins.
            vs_currency: The currency that prices are in.

        Raises:
            AnswerAwaitedError: Another process has been asking for too long.
            MarketError: The answer can't be had, or just couldn't be had by another process.
        """
        answer = self._find(number, coins)
        if answer is not None:
            return answer
        with self._turn(self._answers.answer_path(number), self._answers.asker_path(number)):
            return self._find(number, coins) or self._ask(number, coins, vs_currency)

    def _find(self, number: int, coins: Page) -> MarketAnswer | None:
        answer = self._answers.answer(number)
        if answer is not None and answer.coins == coins:
            return answer
        since = self._market.now() - self._failure_age
        failure = find_failure(self._answers.failure_path(number), since)
        if failure is not None:
            raise failure
        return None

    def _ask(self, number: int, coins: Page, vs_currency: str) -> MarketAnswer:
        try:
            answer = self._market.ask_quotes(coins, vs_currency)
        except MarketError as error:
            keep_failure(self._answers.failure_path(number), error, self._market.now())
            raise
        self._answers.keep_answer(number, answer)
        self._latest.add(self._answers.answer_path(number))
        self._answers.remove_old_days(self._market.now())
        return answer

    @contextmanager
    def _turn(self, path: Path, note: Path) -> Iterator[None]:
        """Hold the lock of ``path``; ``note`` tells those who wait who holds it."""
        started = time.monotonic()
        with ExitStack() as stack:
            try:
                stack.enter_context(exclusive(path, longest_wait=_LONGEST_WAIT_SECONDS))
            except StoreBusyError as error:
                raise AnswerAwaitedError(_read_note(note), _LONGEST_WAIT_SECONDS) from error
            finally:
                self.waited_seconds += time.monotonic() - started
            replace(note, _write_note(self._asker, self._market.now()))
            yield


def _write_note(asker: str, now: datetime) -> bytes:
    note = {
        "pipeline": asker,
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": format_moment(now),
    }
    return json.dumps(note).encode()


def _read_note(path: Path) -> str:
    try:
        note = json.loads(path.read_bytes())
        return (
            f"pipeline {note['pipeline']!r} (process {note['process']} on {note['host']},"
            f" since {note['since']})"
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return "another process"
