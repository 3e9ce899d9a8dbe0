"""Moments as text: all times are UTC, to the second, and come from the run."""

from datetime import UTC, datetime

_ROW_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_KEY_FORMAT = "%Y%m%dT%H%M%SZ"


def to_moment(value: datetime) -> datetime:
    """The moment a run is keyed by: ``value`` in UTC, cut to the second.

    Raises:
        ValueError: ``value`` carries no time zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone")
    return value.astimezone(UTC).replace(microsecond=0)


def format_moment(moment: datetime) -> str:
    """``2018-02-05T14:00:00Z``: how a moment stands in rows, messages and logs."""
    return to_moment(moment).strftime(_ROW_FORMAT)


def format_key(moment: datetime) -> str:
    """``20180205T140000Z``: how a moment stands in file names and object keys; sorts by time."""
    return to_moment(moment).strftime(_KEY_FORMAT)


def parse_moment(text: str) -> datetime:
    """Read an ISO 8601 time that names its zone (``Z`` or an offset), cut to the second.

    Raises:
        ValueError: ``text`` is no such time.
    """
    return to_moment(datetime.fromisoformat(text))
