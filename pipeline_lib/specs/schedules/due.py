"""Whether a schedule starts a run at a moment."""

from datetime import datetime

from pipeline_lib.specs.schedules.cron import CRON_OF_PRESETS, minutes_of_day


def is_due(schedule: str, moment: datetime) -> bool:
    """Whether a run of ``schedule`` starts at ``moment``.

    Args:
        schedule: A preset or a cron expression that is valid.
        moment: UTC, to the second.
    """
    cron = CRON_OF_PRESETS.get(schedule, schedule)
    if moment.second or moment.hour * 60 + moment.minute not in minutes_of_day(cron):
        return False
    _, _, *day_fields = cron.split()
    if day_fields == ["*", "*", "*"]:
        return True
    from croniter import croniter  # noqa: PLC0415 (most specs run every day)

    return bool(croniter.match(f"* * {' '.join(day_fields)}", moment))
