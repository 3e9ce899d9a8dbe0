"""How often, and how patiently, a call to another service is tried."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_exponential, wait_random

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
    """

    attempts: int = 4
    first_wait: float = 1.0
    longest_wait: float = 30.0

    def call(self, function: Callable[[], Result], *, final: type[BaseException] | tuple[()] = ()) -> Result:
        """The result of ``function``, or its last exception.

        Args:
            function: What is tried.
            final: The kind of exception that ends the tries at once, though it is temporary.
        """
        return Retrying(
            retry=retry_if_exception(
                lambda error: self._is_worth_waiting(error) and not isinstance(error, final)
            ),
            stop=stop_after_attempt(self.attempts),
            wait=self._wait,
            reraise=True,
        )(function)

    def _is_worth_waiting(self, error: BaseException) -> bool:
        return isinstance(error, TemporaryError) and (error.retry_after or 0) <= self.longest_wait

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, TemporaryError) and error.retry_after is not None:
            return error.retry_after
        backoff = wait_exponential(multiplier=self.first_wait) + wait_random(0, self.first_wait)
        return min(backoff(state), self.longest_wait)


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
