"""Moments as text: all times are UTC, to the second, and come from the run."""

from datetime import UTC, datetime, timedelta
from operator import attrgetter

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
"""Before any moment."""

END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""After any moment."""

FIRST_OF_A_RUN = datetime(1970, 1, 1, tzinfo=UTC)
"""The first moment that a run may have: CoinGecko counts time from there."""

LAST_OF_A_RUN = datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The last one; what is computed from a moment, such as when its confirmation is due, stays a time."""

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far clocks may differ: what is dated further ahead is of one that was fast, and counts for nothing."""

# Not strftime, whose %Y has four digits on some platforms only, nor isoformat, which takes longer.
_PARTS = attrgetter("year", "month", "day", "hour", "minute", "second")


def to_moment(value: datetime) -> datetime:
    """The moment a run is keyed by: ``value`` in UTC, cut to the second.

    Raises:
        ValueError: ``value`` carries no time zone, or lies outside the years 1 to 9999 in UTC.
    """
    if value.tzinfo is UTC and not value.microsecond:
        return value
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone")
    try:
        return value.astimezone(UTC).replace(microsecond=0)
    except OverflowError as error:
        raise ValueError(f"{value.isoformat()} is outside the years 1 to 9999 in UTC") from error


def format_moment(moment: datetime) -> str:
    """``2018-02-05T14:00:00Z``: how a moment stands in rows, messages and logs."""
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % _PARTS(to_moment(moment))  # noqa: UP031 (half the time)


def format_key(moment: datetime) -> str:
    """``20180205T140000Z``: how a moment stands in file names and object keys; sorts by time."""
    return "%04d%02d%02dT%02d%02d%02dZ" % _PARTS(to_moment(moment))  # noqa: UP031 (same)


def part_key(moment: datetime, part: int) -> str:
    """``20180205T140000Z``, and ``20180205T140000Z.2`` for the second part of a moment's snapshot."""
    return format_key(moment) if part == 1 else f"{format_key(moment)}.{part}"


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 time that names its zone (``Z`` or an offset), cut to the second.

    Raises:
        ValueError: ``text`` is no such time.
    """
    return to_moment(datetime.fromisoformat(text))
