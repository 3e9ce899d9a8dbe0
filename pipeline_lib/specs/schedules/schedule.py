"""A schedule as a spec gives it: an expression, and the time zone that its times are in."""

from dataclasses import dataclass
from difflib import get_close_matches

UTC_NAME = "UTC"

# Short names that are nearly alike, such as PST and MST, are other zones.
_ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class Schedule:
    """When runs start.

    Attributes:
        expression: A preset or a cron expression of five fields.
        timezone: IANA name of the zone whose clock the expression means; the moments of runs are UTC.
    """

    expression: str
    timezone: str = UTC_NAME

    def __str__(self) -> str:
        return self.expression if self.timezone == UTC_NAME else f"{self.expression} ({self.timezone})"


def is_known_zone(name: str) -> bool:
    """Whether this machine knows a time zone of this name."""
    if name == UTC_NAME:
        return True
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 (most specs don't need it)

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def hint_at_zones(name: str) -> str:
    """What may be meant by a name that no time zone has."""
    from zoneinfo import available_timezones  # noqa: PLC0415 (as above)

    known = sorted(available_timezones())
    if not known:
        return "this machine has no time zones at all: install the package tzdata"
    # People know their city; on which continent the list of zones has it they don't.
    by_city = {zone.rpartition("/")[2].lower(): zone for zone in reversed(known)}
    by_name = by_city | {zone.lower(): zone for zone in known}
    close = [
        *get_close_matches(name.lower(), by_name, n=1, cutoff=_ALIKE),
        *get_close_matches(name.rpartition("/")[2].lower(), by_city, n=1, cutoff=_ALIKE),
    ]
    return f"did you mean {by_name[close[0]]!r}?" if close else "an IANA name, for example Europe/Berlin"
