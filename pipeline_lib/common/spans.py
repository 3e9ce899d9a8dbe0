"""Spans of time."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from pipeline_lib.common.timestamps import BEGINNING, END


class Span(NamedTuple):
    """From one moment up to another one.

    Attributes:
        start: The first moment in it (UTC).
        end: The first one behind it (UTC).
    """

    start: datetime
    end: datetime

    def since(self, moment: datetime) -> "Span":
        """What is left of it from a moment on (UTC)."""
        return Span(max(self.start, moment), self.end)


EVER = Span(BEGINNING, END)
"""All moments that runs have."""

_ONE_MONTH_LATER = timedelta(days=31)


def day_of(day: date) -> Span:
    """A UTC day."""
    start = datetime.combine(day, time(), UTC)
    return Span(start, start + timedelta(days=1))


def month_of(moment: datetime) -> Span:
    """The UTC month of a moment."""
    start = datetime(moment.year, moment.month, 1, tzinfo=UTC)
    return Span(start, (start + _ONE_MONTH_LATER).replace(day=1))
