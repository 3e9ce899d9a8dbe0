"""Waiting for one's turn and for what others do: here, or by coming back later."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from pipeline_lib.common.timestamps import to_moment
from pipeline_lib.errors import WaitedTooLongError, WaitNeededError

Wait: TypeAlias = Callable[[float, str], None]
"""Waits for some seconds, for a reason that people can read; or raises, so that the caller comes back later.

Whoever waits this way may be run again from the start, and keeps in the database what must not be lost.
"""

LONGEST_SLEEP_SECONDS = 5.0
"""What a task sleeps at most, altogether, before it gives its slot back."""

LONGEST_WAIT = timedelta(hours=1)
"""How long a task waits at most, altogether."""

# The scheduler takes a task that is queued again before it has read of its last end for one that was killed.
_SHORTEST_ABSENCE_SECONDS = 15.0
# Doubled with each reschedule, so that a task that finds nothing done comes back less and less often.
_JITTER_SECONDS = 5.0
_MOST_DOUBLINGS = 6


def sleep(seconds: float, _reason: str) -> None:
    """Wait here."""
    time.sleep(seconds)


@dataclass(slots=True)
class Rescheduling:
    """How a task waits: for a few seconds in its slot, else by being run again.

    Attributes:
        now: The real clock.
        count: How often the try was rescheduled before.
        since: When it was first (UTC); None when it wasn't.
    """

    now: Callable[[], datetime]
    count: int = 0
    since: datetime | None = None
    _slept: float = field(default=0.0, init=False)

    def __call__(self, seconds: float, reason: str) -> None:
        """See ``Wait``.

        Args:
            seconds: How long to wait.
            reason: For what.

        Raises:
            WaitNeededError: The task is to be run again, at the time that it says.
            WaitedTooLongError: That would be more than an hour after the first time.
        """
        if self._slept + seconds <= LONGEST_SLEEP_SECONDS:
            self._slept += seconds
            time.sleep(seconds)
            return
        now = self.now()
        since = self.since or now
        until = to_moment(now + timedelta(seconds=max(seconds, _SHORTEST_ABSENCE_SECONDS) + self._jitter()))
        if until - since > LONGEST_WAIT:
            raise WaitedTooLongError(reason, to_moment(since), LONGEST_WAIT)
        raise WaitNeededError(reason, until)

    def _jitter(self) -> float:
        longest = _JITTER_SECONDS * 2 ** min(self.count, _MOST_DOUBLINGS)
        return random.uniform(longest / 2, longest)  # noqa: S311 (no secret)
