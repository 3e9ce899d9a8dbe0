"""Many pipelines switched on at once, with few calls a minute: who waits keeps no slot, and all end well.

Time is twenty times as fast as it would be: three seconds are a minute.
"""

import heapq
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_lib import steps
from pipeline_lib.common.secret import Secret
from pipeline_lib.common.waiting import Rescheduling
from pipeline_lib.errors import WaitNeededError
from pipeline_lib.market.quota.calls import CallQuota
from pipeline_lib.settings import Settings
from pipeline_lib.simulator.clock import SimulatedClock
from pipeline_lib.simulator.market.series import Quote
from pipeline_lib.simulator.server import Simulator
from pipeline_lib.specs import Catalog

PIPELINES = int(os.environ.get("WAITING_PIPELINES", "60"))
SLOTS = 4
SLOT = "slot of the scheduler"
CALLS = 15
FASTER = 20
LONGEST_SLEEP = 5 / FASTER
HOUR = timedelta(hours=1)
STEPS = (steps.fetch_and_save_price, steps.compute_moving_average)


class HourlySeries:
    """One price at each hour."""

    def quote_at(self, moment: datetime) -> Quote:
        return Quote(moment.replace(minute=0, second=0, microsecond=0), Decimal(100), Decimal(1))

    def between(self, start: datetime, end: datetime) -> Sequence[Quote]:
        last_hours = [end - number * HOUR for number in range(12) if end - number * HOUR >= start]
        return [self.quote_at(moment) for moment in reversed(last_hours)]


@dataclass(order=True)
class Task:
    """One task of one run, as a scheduler has it."""

    due: float
    pipeline: str
    step: int = 0
    reschedules: int = 0
    since: datetime | None = field(default=None, compare=False)


@dataclass
class Scheduler:
    """Runs what is due in a few slots; tells how often each task was started and what its slots slept."""

    settings: Settings
    moment: datetime
    waiting: list[Task]
    starts: list[int] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    unfinished: int = 0

    def run(self) -> None:
        self.unfinished = len(self.waiting)
        with ThreadPoolExecutor(SLOTS, thread_name_prefix=SLOT) as pool:
            for slot in [pool.submit(self._fill_slot) for _ in range(SLOTS)]:
                slot.result()

    def _fill_slot(self) -> None:
        while self.unfinished:
            with self.lock:
                is_due = bool(self.waiting) and self.waiting[0].due <= time.monotonic()
                task = heapq.heappop(self.waiting) if is_due else None
            if task is None:
                threading.Event().wait(0.01)
            elif (again := self._run(task)) is not None:
                with self.lock:
                    heapq.heappush(self.waiting, again)
            else:
                with self.lock:
                    self.unfinished -= 1

    def _run(self, task: Task) -> Task | None:
        wait = Rescheduling(lambda: datetime.now(UTC), task.reschedules, task.since)
        services = steps.Services.from_settings(self.settings, wait)
        spec = Catalog(self.settings.dag_configs_dir).load(task.pipeline)
        try:
            with closing(services.database):
                STEPS[task.step](spec, steps.Run(self.moment), services)
        except WaitNeededError as needed:
            now = datetime.now(UTC)
            due = time.monotonic() + (needed.until - now).total_seconds()
            return Task(due, task.pipeline, task.step, task.reschedules + 1, task.since or now)
        finally:
            self.slept.append(wait._slept)
        self.starts.append(task.reschedules + 1)
        return Task(time.monotonic(), task.pipeline, task.step + 1) if task.step + 1 < len(STEPS) else None


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A fast clock for all that waits; what slots slept in one go."""
    seconds: list[float] = []
    sleep = time.sleep

    def noted(duration: float) -> None:
        if threading.current_thread().name.startswith(SLOT):
            seconds.append(duration)
        sleep(duration)

    monkeypatch.setattr("time.sleep", noted)
    monkeypatch.setattr("pipeline_lib.common.waiting.LONGEST_SLEEP_SECONDS", LONGEST_SLEEP)
    monkeypatch.setattr("pipeline_lib.market.quota.calls.LONGEST_SLEEP_SECONDS", LONGEST_SLEEP)
    monkeypatch.setattr("pipeline_lib.common.waiting._SHORTEST_ABSENCE_SECONDS", 15 / FASTER)
    monkeypatch.setattr("pipeline_lib.common.waiting._JITTER_SECONDS", 5 / FASTER)

    def fast_quota(calls: int, store: object, **others: object) -> CallQuota:
        return CallQuota(calls, store, window=60 / FASTER, **others)  # type: ignore[arg-type]

    monkeypatch.setattr("pipeline_lib.market.CallQuota", fast_quota)
    return seconds


def test_pipelines_that_need_more_calls_than_a_minute_has_all_end_well_and_none_keeps_a_slot(
    tmp_path: Path, postgresql_address: Secret, sleeps: list[float]
) -> None:
    names = [f"coin-{number:03}" for number in range(PIPELINES)]
    (tmp_path / "dag_configs").mkdir()
    for name in names:
        text = f'spec_version: 1\ncoin: {name}\nschedule: "@hourly"\n'
        (tmp_path / "dag_configs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    clock = SimulatedClock(lambda: datetime.now(UTC))
    # Long enough ago for a call of history by each, as when DAGs are switched on late in the hour.
    moment = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - 3 * HOUR
    with Simulator({name: HourlySeries() for name in names}, clock) as market:
        settings = Settings.from_environment(
            {
                "DATABASE_URL": postgresql_address.reveal(),
                "COINGECKO_BASE_URL": market.base_url,
                "COINGECKO_CALLS_PER_MINUTE": str(CALLS),
                "DATA_DIR": str(tmp_path / "data"),
                "DAG_CONFIGS_DIR": str(tmp_path / "dag_configs"),
            },
            project_folder=tmp_path,
        )
        scheduler = Scheduler(settings, moment, [Task(0.0, name) for name in names])
        scheduler.run()
        asked = len(market.requests)
    assert len(scheduler.starts) == PIPELINES * len(STEPS)
    assert max(scheduler.slept) <= LONGEST_SLEEP
    assert max(sleeps) <= LONGEST_SLEEP
    assert asked == PIPELINES + 1
    # A turn of its own for each: few come back in vain.
    assert sum(scheduler.starts) - PIPELINES * len(STEPS) < 2 * PIPELINES
    assert max(scheduler.starts) > 1
