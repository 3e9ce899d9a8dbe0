"""How often, and how patiently, a call to another service is tried."""

import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from pipeline_lib.common.waiting import Wait, sleep
from pipeline_lib.errors import TemporaryError

Result = TypeVar("Result")

_SECONDS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Tries a call again when it fails with a ``TemporaryError``.

    Waits grow exponentially with jitter. What the other side asks for (Retry-After) is honoured up to
    ``longest_wait``; a longer one ends the tries at once, and the scheduler's own retry comes back later.

    Attributes:
        attempts: Tries in all.
        first_wait: Seconds before the second try, when the other side asks for none.
        longest_wait: Seconds that one wait may take.
        wait: How to wait for what the other side asks for.
    """

    attempts: int = 4
    first_wait: float = 1.0
    longest_wait: float = 30.0
    wait: Wait = sleep

    def call(self, function: Callable[[], Result], *, final: type[BaseException] | tuple[()] = ()) -> Result:
        """The result of ``function``, or its last exception.

        Args:
            function: What is tried.
            final: The kind of exception that ends the tries at once, though it is temporary.

        Raises:
            WaitNeededError: The call is to be made later, by whoever runs this again.
        """
        for attempt in range(1, self.attempts):
            try:
                return function()
            except TemporaryError as error:
                if isinstance(error, final) or (error.retry_after or 0) > self.longest_wait:
                    raise
                if error.retry_after is None:
                    time.sleep(self._backoff(attempt))
                else:
                    self.wait(error.retry_after, str(error))
        return function()

    def _backoff(self, attempt: int) -> float:
        jitter = random.uniform(0, self.first_wait)  # noqa: S311 (no secret)
        return min(self.first_wait * 2.0 ** (attempt - 1) + jitter, self.longest_wait)


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds to wait, from an HTTP ``Retry-After``: seconds or a date (RFC 9110, 10.2.3).

    None when the header is absent or unreadable; never negative.
    """
    if header is None:
        return None
    if _SECONDS.fullmatch(header.strip()):
        return float(header)
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (date - now).total_seconds()) if date.tzinfo else None
