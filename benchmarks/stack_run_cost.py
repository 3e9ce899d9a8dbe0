"""What a run costs in the Docker stack, beside as many empty tasks, and what the idle stack takes.

Sixty pipelines of three tasks (they publish nothing) and sixty DAGs of three empty ones, LocalExecutor, a
simulated market. All runs of a kind are asked for at once; their cost is the CPU time of all containers of
the stack until the last has ended, less what the idle stack takes in that time. Kinds take turns.

Needs Docker. Run from the project's folder with ``.venv/bin/python -m benchmarks.stack_run_cost``; it takes
about fifteen minutes.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests  # noqa: TID253 (no DAG file imports this)

from pipeline_lib.common.timestamps import format_moment
from tests.stack.docker import run_docker
from tests.stack.rest_api import RestApi
from tests.stack.stack import PROJECT, Stack, free_port
from tests.stack.waiting import wait_until
from tests.stack.world import World

_PIPELINES = 60
_ROUNDS = 3
_FIRST_MOMENT = datetime(2025, 6, 11, 4, tzinfo=UTC)
_SECONDS_TO_SETTLE = 60.0
_SECONDS_IDLE = 120.0
_SECONDS_BETWEEN_LOOKS = 2.0
_SPEC = 'spec_version: 1\ncoin: bitcoin\nschedule: "@hourly"\nwindows: [24h]\nthresholds: {1h: 99}\n'
_EMPTY_DAGS = f"""
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, get_parsing_context

def do_nothing():
    pass

wanted = get_parsing_context().dag_id
for dag_id in [wanted] if wanted else [f"empty_{{number:02}}" for number in range({_PIPELINES})]:
    with DAG(dag_id, schedule=None, max_active_runs=1):
        first, *others = [
            PythonOperator(task_id=f"task_{{number}}", python_callable=do_nothing) for number in range(3)
        ]
        first >> others
"""
# A container's CPU time, by either version of Linux' control groups.
_READ_CPU = (
    "awk '/^usage_usec/ {print $2 / 1e6}' /sys/fs/cgroup/cpu.stat 2>/dev/null"
    " || awk '{print $1 / 1e9}' /sys/fs/cgroup/cpuacct/cpuacct.usage"
)


@dataclass(frozen=True)
class _Meter:
    """CPU time of a stack's containers."""

    stack: Stack

    def seconds(self) -> float:
        return sum(self.by_service().values())

    def by_service(self) -> dict[str, float]:
        services = self.stack.compose("ps", "--services").split()
        return {name: self._of(container) for name in services for container in self.stack.containers(name)}

    def _of(self, container: str) -> float:
        read = run_docker("exec", container, "sh", "-c", _READ_CPU, folder=self.stack.folder)
        return float(read.stdout)


@dataclass(frozen=True)
class _Api:
    """Airflow's API with one token for all, since a login costs more CPU than a request."""

    url: str
    headers: dict[str, str]

    def count(self, path: str, **parameters: str | int) -> int:
        answer = requests.get(
            f"{self.url}/api/v2/{path}", params=parameters, headers=self.headers, timeout=60
        )
        answer.raise_for_status()
        return int(answer.json()["total_entries"])

    def trigger(self, dag_id: str, moment: datetime) -> None:
        requests.post(
            f"{self.url}/api/v2/dags/{dag_id}/dagRuns",
            json={"logical_date": format_moment(moment)},
            headers=self.headers,
            timeout=60,
        ).raise_for_status()


def main() -> None:
    """Print the idle stack's share of a core, a run's CPU time of either kind, and their ratio."""
    with tempfile.TemporaryDirectory() as name, _simulated_world() as world, _stack(Path(name)) as stack:
        api = _log_in(stack)
        meter = _Meter(stack)
        _wait_for_dags(api, _PIPELINES)
        before = meter.by_service()
        idle = _idle_share(meter)
        print(f"idle stack, {_PIPELINES} pipelines: {idle:.2f} of a core")
        for service, seconds in meter.by_service().items():
            print(f"    {service}: {(seconds - before[service]) / _SECONDS_IDLE:.3f}")
        (stack.folder / "dags" / "empty_dags.py").write_text(_EMPTY_DAGS, encoding="utf-8")
        _wait_for_dags(api, 2 * _PIPELINES)
        idle = _idle_share(meter)
        costs: dict[str, list[float]] = {"empty": [], "pipeline": []}
        for turn in range(_ROUNDS):
            moment = _FIRST_MOMENT + timedelta(hours=turn)
            world.stand_at(moment)
            for kind, of_kind in costs.items():
                of_kind.append(_run_all(api, meter, kind, moment, idle))
                print(f"  {kind}: {of_kind[-1]:.2f} CPU s a run", flush=True)
    empty, ours = (statistics.median(costs[kind]) for kind in ("empty", "pipeline"))
    print(f"a run of a pipeline: {ours:.2f} CPU s, of as many empty tasks: {empty:.2f} CPU s")
    print(f"a run ÷ as many empty tasks: {ours / empty:.2f}")


@contextmanager
def _simulated_world() -> Iterator[World]:
    built = run_docker("compose", "build", "--quiet", folder=PROJECT)
    if built.returncode != 0:
        raise SystemExit(built.stderr.decode())
    world = World(PROJECT)
    world.build()
    world.down()
    world.up()
    try:
        yield world
    finally:
        world.down()


@contextmanager
def _stack(folder: Path) -> Iterator[Stack]:
    stack = Stack(folder, "local", free_port(), "coin-pipelines-benchmark")
    stack.lay_out()
    (folder / "dag_configs" / "bitcoin.yaml").unlink()
    for number in range(_PIPELINES):
        (folder / "dag_configs" / f"pipeline_{number:02}.yaml").write_text(_SPEC, encoding="utf-8")
    try:
        stack.up()
        yield stack
    finally:
        stack.remove_data()
        stack.compose("down", "--volumes", "--timeout=1")


def _log_in(stack: Stack) -> _Api:
    url = f"http://127.0.0.1:{stack.port}"
    return _Api(url, RestApi(url).headers())


def _wait_for_dags(api: _Api, number: int) -> None:
    wait_until(lambda: api.count("dags", limit=1) >= number, f"{number} DAGs")
    time.sleep(_SECONDS_TO_SETTLE)


def _idle_share(meter: _Meter) -> float:
    return _cpu_of(meter, lambda: time.sleep(_SECONDS_IDLE)) / _SECONDS_IDLE


def _run_all(api: _Api, meter: _Meter, kind: str, moment: datetime, idle: float) -> float:
    """CPU seconds of one run, when all pipelines of a kind run at once."""

    def ended(state: str) -> int:
        return api.count(
            "dags/~/dagRuns",
            limit=1,
            state=state,
            dag_id_pattern=kind,
            logical_date_gte=format_moment(moment),
        )

    def run() -> None:
        suffix = "_data_pipeline" if kind == "pipeline" else ""
        for number in range(_PIPELINES):
            api.trigger(f"{kind}_{number:02}{suffix}", moment)
        while (done := ended("success")) < _PIPELINES:
            if ended("failed"):
                raise SystemExit(f"a run of {kind} failed; {done} of {_PIPELINES} are green")
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    started = time.monotonic()
    seconds = _cpu_of(meter, run)
    return (seconds - idle * (time.monotonic() - started)) / _PIPELINES


def _cpu_of(meter: _Meter, work: Callable[[], None]) -> float:
    before = meter.seconds()
    work()
    return meter.seconds() - before


if __name__ == "__main__":
    main()
