"""How often CoinGecko is asked by all processes together."""

import time
from dataclasses import dataclass
from typing import Protocol, cast

from pyrate_limiter import Rate, RateItem

from pipeline_lib.errors import CallQuotaError
from pipeline_lib.market.quota.stores import QuotaStore

_SHORTEST_WAIT = 0.02


class Quota(Protocol):
    """What every call of CoinGecko asks for leave."""

    def take_call(self) -> None:
        """Wait until a call may be made, and count it.

        Raises:
            MarketError: None may be made for now.
        """


@dataclass(frozen=True, slots=True)
class CallQuota:
    """The calls that may be made within any window of time, counted over all processes.

    Attributes:
        calls: How many there may be in one window.
        store: Where they are counted.
        window: Seconds.
        travel_time: Seconds. A call is counted when it starts and reaches CoinGecko later, one sooner than
            the other: without this much more room, two windows of ours could meet in one of theirs.
        longest_wait: Seconds that a call may wait for its turn. More than a window, so a process that is
            alone always gets through.
    """

    calls: int
    store: QuotaStore
    window: float = 60.0
    travel_time: float = 1.0
    longest_wait: float = 75.0

    def take_call(self) -> None:
        """Wait until a call may be made, and count it.

        Raises:
            CallQuotaError: Others use up the calls, or the store can't be used.
            SettingsError: The store needs a package that isn't installed.
        """
        deadline = time.monotonic() + self.longest_wait
        while wait := self._try_to_take():
            if time.monotonic() + wait > deadline:
                raise CallQuotaError(
                    f"the {self.calls} calls of CoinGecko that {self.window:g} s allow are used up",
                    # Not the wait for the next free place, which as many others wait for.
                    retry_after=self.window,
                    hint="spread the pipelines over the hour, or set COINGECKO_CALLS_PER_MINUTE",
                )
            time.sleep(wait)

    def _try_to_take(self) -> float:
        """Seconds until another try is worth it; 0.0 when the call may be made."""
        rate = Rate(self.calls, round((self.window + self.travel_time) * 1000))
        with self.store.open(rate) as bucket:
            now: int = bucket.now()  # type: ignore[no-untyped-call] # the library's own gap
            call = RateItem("call", now)
            if bucket.put(call):
                bucket.leak(now)
                return 0.0
            # An awaitable only from a bucket that was opened for asyncio.
            wait = cast("int", bucket.waiting(call))
            if wait > 2 * rate.interval:
                # The call that is waited for lies far in the future: the clock was set back since.
                bucket.flush()
                return _SHORTEST_WAIT
        return max(wait / 1000, _SHORTEST_WAIT)
