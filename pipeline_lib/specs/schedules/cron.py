"""Cron expressions of five fields, and presets, which stand for such expressions."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
"""Airflow's presets; croniter has no @quarterly."""

LONGEST_PAUSE_DAYS = 8 * 366
"""Two 29 Februaries are as far apart where a century's last year is no leap year."""

_FIELDS = 5
# Day 29 and later don't come in every month, so they aren't ordinary.
_ORDINARY_RANGES = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 6))
_NUMBER = r"(0|[1-9][0-9]?)"
_ORDINARY_PART = re.compile(rf"\*(?:/{_NUMBER})?|{_NUMBER}(?:-{_NUMBER}(?:/{_NUMBER})?)?")
_ANY_TIME = datetime(2024, 1, 1, tzinfo=UTC)


def is_cron(schedule: str) -> bool:
    """Whether ``schedule`` is a cron expression of five fields that names some time."""
    fields = schedule.split()
    if len(fields) != _FIELDS:
        return False
    return _is_ordinary(fields) or _croniter_accepts(schedule, fields)


def cron_of(schedule: str) -> str:
    """The cron expression of a schedule, which is a preset or one itself."""
    return PRESETS.get(schedule, schedule)


def minutes_of_day(schedule: str) -> frozenset[int]:
    """When runs start on a day that has any, in minutes from midnight (UTC).

    Args:
        schedule: A preset or a cron expression that is valid.
    """
    cron = cron_of(schedule)
    minute_field, hour_field, *_ = cron.split()
    minutes, hours = _ordinary_values(minute_field, 0, 59), _ordinary_values(hour_field, 0, 23)
    if minutes is None or hours is None:
        from croniter import croniter  # noqa: PLC0415 (most specs don't need it)

        expanded, _ = croniter.expand(cron)
        minutes, hours = _all(expanded[0], 60), _all(expanded[1], 24)
    return frozenset(hour * 60 + minute for hour in hours for minute in minutes)


def has_runs_on(schedule: str, day: date) -> bool:
    """Whether any run starts on a day (UTC).

    Args:
        schedule: A preset or a cron expression that is valid.
        day: The day.
    """
    _, _, *day_fields = cron_of(schedule).split()
    if day_fields == ["*", "*", "*"]:
        return True
    days, months, weekdays = (
        _ordinary_values(field, *allowed)
        for field, allowed in zip(day_fields, ((1, 31), (1, 12), (0, 6)), strict=True)
    )
    if days is None or months is None or weekdays is None or "*" not in {day_fields[0], day_fields[2]}:
        from croniter import croniter  # noqa: PLC0415 (most specs don't need it)

        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return bool(croniter.match(f"* * {' '.join(day_fields)}", midnight))
    # Cron's week begins on Sunday, with 0.
    return day.day in days and day.month in months and day.isoweekday() % 7 in weekdays


def _all(field: Sequence[int | str], count: int) -> frozenset[int]:
    return frozenset(range(count)) if "*" in field else frozenset(int(value) for value in field)


def _is_ordinary(fields: list[str]) -> bool:
    # Numbers, ranges and steps cover most schedules, and need no import of croniter.
    return all(
        _ordinary_values(field, *allowed) is not None
        for field, allowed in zip(fields, _ORDINARY_RANGES, strict=True)
    )


@cache
def _ordinary_values(field: str, lowest: int, highest: int) -> frozenset[int] | None:
    parts = [_part_values(part, lowest, highest) for part in field.split(",")]
    return None if None in parts else frozenset(value for part in parts if part for value in part)


def _part_values(part: str, lowest: int, highest: int) -> range | None:
    match = _ORDINARY_PART.fullmatch(part)
    if match is None:
        return None
    step_of_all, first, last, step_of_range = match.groups()
    step = int(step_of_all or step_of_range or 1)
    start, end = (int(first), int(last or first)) if first else (lowest, highest)
    is_ordinary = 1 <= step <= highest - lowest and lowest <= start <= end <= highest
    return range(start, end + 1, step) if is_ordinary else None


def _croniter_accepts(schedule: str, fields: list[str]) -> bool:
    from croniter import croniter  # noqa: PLC0415 (most specs don't need it)
    from croniter.croniter import CroniterBadDateError  # noqa: PLC0415 (as above)

    # croniter's R draws a random minute, another one at each start.
    if any(field[0] in "rR" for field in fields) or not croniter.is_valid(schedule):
        return False
    try:
        croniter(schedule, _ANY_TIME).get_next()
    except CroniterBadDateError:  # a day that never comes, such as 30 February
        return False
    return True
