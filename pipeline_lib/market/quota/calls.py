"""How often CoinGecko is asked by all processes together."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, cast

from pyrate_limiter import Rate, RateItem

from pipeline_lib.common.counting import counted
from pipeline_lib.common.waiting import LONGEST_SLEEP_SECONDS, LONGEST_WAIT, Wait, sleep
from pipeline_lib.market.quota.stores import QuotaStore

_SHORTEST_WAIT = 0.02
_MILLISECOND = timedelta(milliseconds=1)
_CALLS, _TURNS = "coingecko_calls", "coingecko_turns"
# Of turns there may be any number; they are forgotten once they are past.
_ANY_NUMBER = Rate(10**6, 1000)


class Quota(Protocol):
    """What every call of CoinGecko asks for leave."""

    def take_call(self) -> None:
        """Wait until a call may be made, and count it.

        Raises:
            WaitNeededError: It is to be made later, by whoever runs this again.
            MarketError: None may be made.
        """


@dataclass(frozen=True, slots=True)
class CallQuota:
    """The calls that may be made within any window of time, counted over all processes.

    Who can't call soon is given a turn, after those who wait already. A turn is a time to try again, when few
    others do; it promises no call, so one that nobody takes up costs none.

    Attributes:
        calls: How many there may be in one window.
        store: Where they are counted.
        window: Seconds.
        travel_time: Seconds. A call is counted when it starts and reaches CoinGecko later, one sooner than
            the other: without this much more room, two windows of ours could meet in one of theirs.
        wait: How to wait for a turn.
    """

    calls: int
    store: QuotaStore
    window: float = 60.0
    travel_time: float = 1.0
    wait: Wait = sleep

    def take_call(self) -> None:
        """Wait until a call may be made, and count it.

        Raises:
            WaitNeededError: It is to be made later, by whoever runs this again.
            CallQuotaError: The store can't be used.
            SettingsError: The store needs a package that isn't installed.
        """
        reason = f"the quota of {counted(self.calls, 'call')} of CoinGecko in {self.window:g} s is used up"
        while seconds := self._try_to_take():
            self.wait(seconds, reason)

    def _try_to_take(self) -> float:
        """Seconds until another try is worth it; 0.0 when the call may be made."""
        rate = Rate(self.calls, round((self.window + self.travel_time) * 1000))
        with self.store.open(rate, _CALLS) as bucket:
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
        if wait > LONGEST_SLEEP_SECONDS * 1000:
            wait = self._take_turn(now, now + wait) - now
        return max(wait / 1000, _SHORTEST_WAIT)

    def _take_turn(self, now: int, earliest: int) -> int:
        """A turn at ``earliest`` or after it; all times are milliseconds since 1970."""
        with self.store.open(_ANY_NUMBER, _TURNS) as bucket:
            last = cast("RateItem | None", bucket.peek(0))
            turn = earliest if last is None else max(earliest, last.timestamp + self._pace)
            if turn - now > LONGEST_WAIT // _MILLISECOND:
                # Nobody waits that long: those turns are of a faster clock, or of tasks that gave up.
                bucket.flush()
                turn = earliest
            bucket.leak(now)
            bucket.put(RateItem("turn", turn))
        return turn

    @property
    def _pace(self) -> int:
        """Milliseconds from one call to the next, when calls are spread evenly."""
        return round(self.window * 1000 / self.calls)
