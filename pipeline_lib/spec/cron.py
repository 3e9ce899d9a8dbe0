"""Cron expressions: five fields that come true at some time."""

import re
from datetime import UTC, datetime

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


def _is_ordinary(fields: list[str]) -> bool:
    # Numbers, ranges and steps cover most schedules, and need no import of croniter.
    return all(
        _is_part(part, *allowed)
        for field, allowed in zip(fields, _ORDINARY_RANGES, strict=True)
        for part in field.split(",")
    )


def _is_part(part: str, lowest: int, highest: int) -> bool:
    match = _ORDINARY_PART.fullmatch(part)
    if match is None:
        return False
    step_of_all, first, last, step_of_range = match.groups()
    step = int(step_of_all or step_of_range or 1)
    bounds = (int(first), int(last or first)) if first else (lowest, highest)
    return 1 <= step <= highest - lowest and lowest <= bounds[0] <= bounds[1] <= highest


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
