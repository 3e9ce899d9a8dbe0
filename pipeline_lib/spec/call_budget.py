"""What all schedules together ask of CoinGecko, against what the plan allows.

Runs are counted over one month that never changes, January 2024: 31 days from a Monday on, with the first of
a week, a month, a quarter and a year in it. So the count depends on the specs alone.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from pipeline_lib.call_plan import CallPlan
from pipeline_lib.spec.cron import minutes_of_day
from pipeline_lib.spec.findings import Finding
from pipeline_lib.spec.model import PipelineSpec

_START = datetime(2024, 1, 1, tzinfo=UTC)
_END = datetime(2024, 2, 1, tzinfo=UTC)
_HOUR, _DAY = 60, 24 * 60
_MINUTES = (_END - _START) // timedelta(minutes=1)
_FIRST_SUNDAY = 6 * _DAY
_PRESET_MINUTES = {
    "@hourly": range(0, _MINUTES, _HOUR),
    "@daily": range(0, _MINUTES, _DAY),
    "@weekly": range(_FIRST_SUNDAY, _MINUTES, 7 * _DAY),
    "@monthly": range(1),
    "@quarterly": range(1),
    "@yearly": range(1),
}
_HEAVIEST = 3

Demand = Mapping[tuple[str, str], int]
"""How many pipelines share a schedule and a currency."""


def calls_for(pipelines_by_currency: Mapping[str, int]) -> int:
    """The calls of CoinGecko that pipelines due at the same minute make: each run makes one."""
    return sum(pipelines_by_currency.values())


def check_call_budget(specs: Iterable[PipelineSpec], plan: CallPlan) -> Iterator[Finding]:
    """What of the plan ``specs`` together exceed."""
    demand = Counter((spec.schedule, spec.vs_currency) for spec in specs)
    calls = _calls_by_minute(demand)
    peak = max(calls.values(), default=0)
    if peak > plan.per_minute:
        minute = min(moment for moment, count in calls.items() if count == peak)
        due = {group: count for group, count in demand.items() if minute in run_minutes(group[0])}
        yield Finding(
            (),
            f"up to {peak:,} calls of CoinGecko in one minute, and the plan allows {plan.per_minute:,}",
            f"due together: {_heaviest(due, lambda _: 1)};"
            " spread the schedules over the hour, or set COINGECKO_CALLS_PER_MINUTE",
        )
    total = sum(calls.values())
    if total > plan.per_month:
        yield Finding(
            (),
            f"{total:,} calls of CoinGecko in a month of 31 days, and the plan allows {plan.per_month:,}",
            f"heaviest: {_heaviest(demand, lambda schedule: len(run_minutes(schedule)))};"
            " run less often, or set COINGECKO_CALLS_PER_MONTH",
        )


@cache
def run_minutes(schedule: str) -> Sequence[int]:
    """When runs start, in minutes from the start of the month, in order.

    Args:
        schedule: A preset or a cron expression that is valid.
    """
    if schedule in _PRESET_MINUTES:
        return _PRESET_MINUTES[schedule]
    # Days are few and asked for one by one; the minutes of a day follow from the first two fields.
    _, _, *day_fields = schedule.split()
    of_day = sorted(minutes_of_day(schedule))
    return tuple(day * _DAY + minute for day in _run_days(" ".join(day_fields)) for minute in of_day)


@cache
def _run_days(day_fields: str) -> Sequence[int]:
    if day_fields == "* * *":
        return range(_MINUTES // _DAY)
    from croniter import croniter  # noqa: PLC0415 (most specs run every day)

    midnights = croniter(f"0 0 {day_fields}", _START - timedelta(minutes=1), ret_type=datetime)
    days = []
    for midnight in iter(midnights.get_next, None):
        if midnight >= _END:
            break
        days.append((midnight - _START).days)
    return tuple(days)


def _calls_by_minute(demand: Demand) -> dict[int, int]:
    due: dict[str, Counter[int]] = defaultdict(Counter)
    for (schedule, currency), pipelines in demand.items():
        minutes = run_minutes(schedule)
        # Counting each minute once is what Counter does fastest.
        due[currency].update(minutes if pipelines == 1 else dict.fromkeys(minutes, pipelines))
    return {
        minute: calls_for({currency: minutes[minute] for currency, minutes in due.items()})
        for minute in set().union(*due.values())
    }


def _heaviest(demand: Demand, count_runs: Callable[[str], int]) -> str:
    """The schedules that make the most calls, each for itself."""
    calls: Counter[str] = Counter()
    pipelines: Counter[str] = Counter()
    for (schedule, currency), count in demand.items():
        calls[schedule] += count_runs(schedule) * calls_for({currency: count})
        pipelines[schedule] += count
    shown = (
        f"{pipelines[schedule]:,} with {schedule} make {count:,}"
        for schedule, count in calls.most_common(_HEAVIEST)
    )
    return ", ".join(shown)
