"""Which range of time to ask CoinGecko's history for, so that few calls serve many runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_RANGE = timedelta(days=89)
"""The widest range asked for. Up to 90 days CoinGecko gives a point an hour, beyond that one a day."""

# Runs that are started at once come in no order.
_BEHIND = timedelta(days=2)
_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class HistoryRange:
    """A range of time to ask for, both ends included (UTC, to the second)."""

    start: datetime
    end: datetime


def range_needed(moment: datetime, tolerance: timedelta) -> HistoryRange:
    """What a moment's price and both its moves are read from."""
    return HistoryRange(moment - _DAY - tolerance, moment)


def range_to_ask(
    needed: HistoryRange, earliest: datetime, now: datetime, known: Iterable[datetime]
) -> HistoryRange:
    """The range that also serves most of the runs that will need history next.

    89 days wide, so that one call gives hourly points for as many moments as it can. All but two of them lie
    ahead of the moment, since backfills go forward, up to now or to where a range that is at hand already
    begins; the rest lies behind it, which is what a backfill that goes backwards will need.

    Args:
        needed: What must be in it.
        earliest: Where the plan's history begins.
        now: By the real clock.
        known: Where the ranges at hand begin.
    """
    ends = [needed.start + LONGEST_RANGE - _BEHIND, now, *(start for start in known if start > needed.start)]
    end = max(needed.end, min(ends))
    return HistoryRange(max(end - LONGEST_RANGE, earliest), end)
