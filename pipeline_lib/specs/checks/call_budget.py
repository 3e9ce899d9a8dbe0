"""What all schedules together ask of CoinGecko, against what the plan allows."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline_lib.common.counting import counted
from pipeline_lib.model.call_plan import COINS_PER_CALL, CallPlan, pages_of
from pipeline_lib.model.diagnostic import Diagnostic, Severity
from pipeline_lib.specs.model import PipelineSpec, TopCoins
from pipeline_lib.specs.schedules.monthly_runs import DAYS, count_runs, has_run_at, monthly_runs
from pipeline_lib.specs.schedules.schedule import Schedule

_HEAVIEST = 3

Demand = Mapping[tuple[Schedule, str], int]
"""How many coins are asked for by schedule and currency."""


def calls_for(coins_by_currency: Mapping[str, int]) -> int:
    """The most calls of CoinGecko for coins that are due at one minute: those of a currency share."""
    return sum(-(-coins // COINS_PER_CALL) for coins in coins_by_currency.values())


def check_call_budget(specs: Iterable[PipelineSpec], plan: CallPlan) -> Iterator[Diagnostic]:
    """What of the plan ``specs`` together exceed."""
    specs = list(specs)
    demand, coins = _demand(specs), _coins_by_schedule(specs)
    days = list(_different_days(demand))
    peak, day, minute = _busiest_minute(days)
    if peak > plan.per_minute:
        due = {
            (schedule, currency): count
            for (schedule, currency), count in demand.items()
            if has_run_at(schedule, day, minute)
        }
        yield Diagnostic(
            (),
            f"up to {peak:,} calls of CoinGecko in one minute, and the plan allows {plan.per_minute:,}",
            f"due together: {_heaviest(due, coins, lambda _: 1)};"
            " spread the schedules over the hour, or set COINGECKO_CALLS_PER_MINUTE",
            severity=Severity.WARNING,
        )
    total = sum(day.times * sum(day.calls.values()) for day in days)
    if total > plan.per_month:
        yield Diagnostic(
            (),
            f"{total:,} calls of CoinGecko in a month of 31 days, and the plan allows {plan.per_month:,}",
            f"heaviest: {_heaviest(demand, coins, count_runs)};"
            " let pipelines run at the same minutes, which share calls, or less often, or set"
            " COINGECKO_CALLS_PER_MONTH",
            severity=Severity.WARNING,
        )


def _demand(specs: Iterable[PipelineSpec]) -> Demand:
    coins: dict[tuple[Schedule, str], set[str]] = defaultdict(set)
    pages: dict[tuple[Schedule, str], set[int]] = defaultdict(set)
    for spec in specs:
        terms = (spec.schedule, spec.vs_currency)
        coins[terms].update(spec.coins.named)
        if isinstance(spec.coins, TopCoins):
            pages[terms].update(pages_of(spec.coins.first, spec.coins.count))
    # A page of the market by rank is a call of its own, however few of its coins are wanted.
    return {terms: len(named) + len(pages[terms]) * COINS_PER_CALL for terms, named in coins.items()}


def _coins_by_schedule(specs: Iterable[PipelineSpec]) -> Mapping[Schedule, int]:
    coins: Counter[Schedule] = Counter()
    for spec in specs:
        match spec.coins:
            case TopCoins(count):
                coins[spec.schedule] += count
            case coins_of_spec:
                coins[spec.schedule] += len(coins_of_spec.named)
    return coins


@dataclass(frozen=True, slots=True)
class _Day:
    """A day, and how many more of the month are like it.

    Attributes:
        day: The first such day, from 0.
        times: How many there are.
        calls: By minute of the day.
    """

    day: int
    times: int
    calls: Mapping[int, int]


_Due = Mapping[str, Mapping[int, int]]
"""How many coins are due, by currency and minute of the day."""


def _different_days(demand: Demand) -> Iterator[_Day]:
    due_by_days: dict[frozenset[int], dict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    for (schedule, currency), coins in demand.items():
        for times in monthly_runs(schedule):
            # Counting each minute once is what Counter does fastest.
            due = times.minutes if coins == 1 else dict.fromkeys(times.minutes, coins)
            due_by_days[times.days][currency].update(due)
    # Nearly all schedules run every day: most days are the same, and are counted once.
    alike: dict[tuple[frozenset[int], ...], list[int]] = defaultdict(list)
    for day in range(DAYS):
        alike[tuple(days for days in due_by_days if day in days)].append(day)
    for groups, days in alike.items():
        yield _Day(days[0], len(days), _calls_by_minute([due_by_days[group] for group in groups]))


def _busiest_minute(days: Iterable[_Day]) -> tuple[int, int, int]:
    """The most calls in one minute, and the first day and minute that see them."""
    busiest = (0, 0, 0)
    for day in days:
        for minute, calls in day.calls.items():
            if calls > busiest[0]:
                busiest = (calls, day.day, minute)
    return busiest


def _calls_by_minute(parts: Iterable[_Due]) -> dict[int, int]:
    due: dict[str, Counter[int]] = defaultdict(Counter)
    for part in parts:
        for currency, minutes in part.items():
            due[currency].update(minutes)
    return {
        minute: calls_for({currency: minutes[minute] for currency, minutes in due.items()})
        for minute in sorted(set().union(*due.values()))
    }


def _heaviest(demand: Demand, coins: Mapping[Schedule, int], runs_of: Callable[[Schedule], int]) -> str:
    """The schedules that make the most calls, each as if it shared none with another."""
    calls: Counter[Schedule] = Counter()
    for (schedule, currency), count in demand.items():
        calls[schedule] += runs_of(schedule) * calls_for({currency: count})
    shown = (
        f"{counted(coins[schedule], 'coin')} with {schedule} make {count:,}"
        for schedule, count in calls.most_common(_HEAVIEST)
    )
    return ", ".join(shown)
