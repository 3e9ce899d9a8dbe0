"""One process does what others need as well: who does it, and who waits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline_lib.database.engine.locks import try_lock
from pipeline_lib.steps.run import Services

_SHORTEST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class SharedWork(Generic[Result]):
    """Work of which one process at a time is enough, since it leaves what all others look for.

    The lock only saves work: it goes with a process that dies, and two that do the work at once must leave
    the same.

    Attributes:
        key: Names the work in the database's locks.
        find: Gives what the work leaves; None before it is done. May raise, which ends the wait.
        work: Does it.
        find_worker: Gives what names the process that is at work, where that is known.
    """

    key: str
    find: Callable[[], Result | None]
    work: Callable[[], Result]
    find_worker: Callable[[], Mapping[str, Any]] = dict

    def run(self, services: Services) -> Result:
        """What the work leaves: done already, done by another process while this one waits, or done here.

        Raises:
            WaitNeededError: Another process is at it for longer than a task may keep its slot.
            DatabaseError: The database can't be used.
            OSError: The lock's file can't be made.
        """
        pause = _SHORTEST_PAUSE_SECONDS
        while (found := self.find()) is None:
            services.database.close()
            with try_lock(services.settings.database_url, self.key) as held:
                if held:
                    # Who held the lock before may have done it since.
                    found = self.find()
                    return self.work() if found is None else found
            reason = f"{_describe(self.find_worker())} asks CoinGecko for the same"
            services.database.close()
            services.wait(pause, reason)
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
        return found


def _describe(worker: Mapping[str, Any]) -> str:
    try:
        return (
            f"pipeline {worker['pipeline']!r} (process {worker['process']} on {worker['host']},"
            f" since {worker['since']})"
        )
    except KeyError:
        return "another process"
