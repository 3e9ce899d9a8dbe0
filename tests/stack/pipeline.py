"""The pipeline under test and its runs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.stack.data_files import assert_every_run_once
from tests.stack.rest_api import RestApi
from tests.stack.stack import Stack
from tests.stack.world import World

DAG_ID = "bitcoin_data_pipeline"
_FIRST_MOMENT = datetime(2025, 6, 11, 4, tzinfo=UTC)

Report = Callable[[str], None]


@dataclass
class Pipeline:
    """The runs of ``bitcoin_data_pipeline`` that were asked for, each with a moment of its own."""

    stack: Stack
    world: World
    api: RestApi
    moments: list[datetime] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    hours: Iterator[int] = field(default_factory=count)
    on_another_disk: Sequence[datetime] = ()

    def trigger(self) -> str:
        moment = _FIRST_MOMENT + timedelta(hours=next(self.hours))
        self.world.stand_at(moment)
        run_id = self.api.trigger(DAG_ID, moment)
        self.moments.append(moment)
        return run_id

    def wait_for_success(self, run_id: str) -> dict[str, dict[str, object]]:
        tasks = self.api.wait_for_success(DAG_ID, run_id)
        self.hosts |= {str(task["hostname"]) for task in tasks}
        return {str(task["task_id"]): task for task in tasks}

    def fetch_task(self, run_id: str, *states: str) -> dict[str, object]:
        """The run's first task, once it is in one of the states."""
        return self.api.wait_for_state(DAG_ID, run_id, "fetch_and_save_bitcoin_price", *states)

    def assert_every_run_once(self) -> None:
        assert_every_run_once(self.stack.data(), self.moments, self.on_another_disk)
