"""Steps of cron expressions that are longer than what they step through, and so leave one time of it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from pipeline_lib.common.counting import counted
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.model.diagnostic import Diagnostic, Severity
from pipeline_lib.specs.model import PipelineSpec
from pipeline_lib.specs.schedules.cron import cron_of
from pipeline_lib.specs.schedules.moments import moments_between
from pipeline_lib.specs.schedules.schedule import Schedule

# In the order of a cron expression; the last is what a start without an end counts up to.
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
_STEP = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)/(?P<step>[0-9]+)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NUMBERS = {name: str(number) for number, name in (*enumerate(_MONTHS, 1), *enumerate(_WEEKDAYS))}
_SHOWN = 3
# Three 29 Februaries take so long where a century's last year is no leap year.
_LONGEST = timedelta(days=17 * 366)


def find_long_steps(specs: Iterable[PipelineSpec], now: datetime) -> Iterator[tuple[str, Diagnostic]]:
    """Each pipeline that runs more often than its schedule seems to say, with when it does.

    Args:
        specs: Valid specs.
        now: From when on runs are named (UTC).
    """
    for spec in specs:
        cron = cron_of(spec.schedule.expression)
        for message in _long_steps(cron) if "/" in cron else ():
            hint = f"the next runs: {', '.join(_next_runs(spec.schedule, max(now, spec.start_date)))}"
            yield spec.name, Diagnostic(("schedule",), message, hint, severity=Severity.WARNING)


def _long_steps(cron: str) -> Iterator[str]:
    for field, (unit, lowest, highest) in zip(cron.split(), _FIELDS, strict=True):
        for part in field.split(","):
            match = _STEP.fullmatch(part)
            if match is None:
                continue
            first = _number(match["first"]) if match["first"] else lowest
            times = (_number(match["last"]) if match["last"] else highest) - first + 1
            # A step as long as its field, such as */60, does what it says.
            if int(match["step"]) > times > 0:
                left = f"{unit} {match['first'] or first}"
                yield f"the step of {part} is longer than its {counted(times, unit)}: only {left} is left"


def _number(written: str) -> int:
    return int(_NUMBERS.get(written.lower(), written))


def _next_runs(schedule: Schedule, now: datetime) -> Sequence[str]:
    upcoming = moments_between(schedule, now + timedelta(seconds=1), now + _LONGEST)
    return [format_moment(moment) for moment in islice(upcoming, _SHOWN)]
