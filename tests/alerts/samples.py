"""Events for tests, an hour's numbers at a time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pipeline_lib.model.events import Event, EventKind, RuleInfo

MOMENT = datetime(2018, 2, 5, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY_MOVE = RuleInfo("24h", Decimal(8), "%", "in 24h")
HOUR_MOVE = RuleInfo("1h", Decimal("3.0"), "%", "in 1h")
FIRED, GROWN, REMINDED, CLEARED = EventKind.FIRED, EventKind.GROWN, EventKind.REMINDED, EventKind.CLEARED


def at(hours: float) -> datetime:
    return MOMENT + hours * HOUR


def event(
    kind: EventKind,
    hours: float = 0,
    *,
    since: float | None = None,
    step: int = 1,
    value: str = "-8.5",
    rule: RuleInfo = DAY_MOVE,
) -> Event:
    """An event so many hours after ``MOMENT``, of an episode that began ``since`` hours after it."""
    began = at(hours if since is None else since)
    number = Decimal(value)
    return Event(kind, at(hours), began, -1 if number < 0 else 1, step, number, rule)
