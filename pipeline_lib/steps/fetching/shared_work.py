"""One process does what others need as well: who does it, and who waits."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline_lib.database.engine.locks import try_lock
from pipeline_lib.errors import AnswerAwaitedError
from pipeline_lib.steps.run import Services

_SHORTEST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Finished(Generic[Result]):
    """What came of it.

    Attributes:
        result: What was found or made.
        waited_seconds: How long another process was waited for.
    """

    result: Result
    waited_seconds: float


@dataclass(frozen=True, slots=True)
class SharedWork(Generic[Result]):
    """Work of which one process at a time is enough, since it leaves what all others look for.

    The lock only saves work: it goes with a process that dies, and two that do the work at once must leave
    the same.

    Attributes:
        key: Names the work in the database's locks.
        find: Gives what the work leaves; None before it is done. May raise, which ends the wait.
        work: Does it.
        longest_wait: Seconds.
        find_worker: Gives what names the process that is at work, where that is known.
    """

    key: str
    find: Callable[[], Result | None]
    work: Callable[[], Result]
    longest_wait: float
    find_worker: Callable[[], Mapping[str, Any]] = dict

    def run(self, services: Services) -> Finished[Result]:
        """What the work leaves: done already, done by another process while this one waits, or done here.

        Raises:
            AnswerAwaitedError: Another process has been at it for too long.
            DatabaseError: The database can't be used.
            OSError: The lock's file can't be made.
        """
        started = time.monotonic()
        pause = _SHORTEST_PAUSE_SECONDS
        while (found := self.find()) is None:
            services.database.close()
            waited = time.monotonic() - started
            with try_lock(services.settings.database_url, self.key) as held:
                if held:
                    # Who held the lock before may have done it since.
                    found = self.find()
                    return Finished(self.work() if found is None else found, waited)
            if waited > self.longest_wait:
                raise AnswerAwaitedError(_describe(self.find_worker()), self.longest_wait)
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
        return Finished(found, time.monotonic() - started)


def _describe(worker: Mapping[str, Any]) -> str:
    try:
        return (
            f"pipeline {worker['pipeline']!r} (process {worker['process']} on {worker['host']},"
            f" since {worker['since']})"
        )
    except KeyError:
        return "another process"
