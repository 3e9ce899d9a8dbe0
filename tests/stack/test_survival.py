"""What the stack survives. The tests go from top to bottom, on one stack whose runs add up.

In each case a run is under way, something dies, and nobody helps: the run ends well, no row is lost or twice.
"""

import time

import pytest

from tests.stack.data_files import assert_every_run_once, snapshot_keys
from tests.stack.pipeline import DAG_ID, Pipeline, Report
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until
from tests.stack.world import World

pytestmark = pytest.mark.timeout(2400)

# An answer that comes this late is still in time for one try; together they hold a task for minutes.
SLOW_SECONDS = 10.0
# What has to be backed up together: a service that sees it, and its folder there.
_KEPT_PLACES = (
    ("postgres", "/var/lib/postgresql/data"),
    ("airflow-prepare", "/run/coin-pipelines"),
    ("airflow-prepare", "/opt/airflow/data"),
)
# What runs a task and what watches over it; not the idle processes of the executor.
_TASK_TITLE = "airflow worker -- [0-9a-f]\\|LocalExecutor: [^<]\\|supervisor: "


def _run_under_way(pipeline: Pipeline, world: World) -> str:
    """A run whose first task waits for the market."""
    world.answer_slowly(SLOW_SECONDS, times=1000)
    run_id = pipeline.trigger()
    pipeline.fetch_task(run_id, "running")
    return run_id


def _ends_well(pipeline: Pipeline, world: World, run_id: str, report: Report, what: str) -> None:
    started = time.monotonic()
    world.answer_at_once()
    tasks = pipeline.wait_for_success(run_id)
    pipeline.assert_every_run_once()
    tries = tasks["fetch_and_save_bitcoin_price"]["try_number"]
    report(
        f"{what}: the run ended {time.monotonic() - started:.0f} s later, its first task at try {tries}; "
        f"{len(pipeline.moments)} runs = snapshots = rows"
    )


def _keep(stack: Stack, service: str, folder: str) -> bytes:
    kept = stack.try_compose(
        "run", "--rm", "--no-deps", "-T", "--entrypoint=tar", service, "-C", folder, "-c", "."
    )
    assert kept.returncode == 0, kept.stderr.decode()
    return kept.stdout


def _put_back(stack: Stack, service: str, folder: str, kept: bytes) -> None:
    arguments = ("run", "--rm", "--no-deps", "-T", "--entrypoint=tar", service, "-C", folder, "-x")
    put = stack.try_compose(*arguments, standard_input=kept)
    assert put.returncode == 0, put.stderr.decode()


def test_postgres_stopped_and_started(stack: Stack, pipeline: Pipeline, world: World, report: Report) -> None:
    run_id = _run_under_way(pipeline, world)
    stack.compose("stop", "postgres")
    time.sleep(20)
    stack.compose("start", "postgres")
    _ends_well(pipeline, world, run_id, report, "Postgres away for 20 s")


def test_scheduler_killed(stack: Stack, pipeline: Pipeline, world: World, report: Report) -> None:
    run_id = _run_under_way(pipeline, world)
    stack.kill_main_process("airflow-scheduler", stack.containers("airflow-scheduler")[0])
    _ends_well(pipeline, world, run_id, report, "scheduler killed")


def test_task_killed_in_its_middle(stack: Stack, pipeline: Pipeline, world: World, report: Report) -> None:
    run_id = _run_under_way(pipeline, world)
    killed = sum(
        stack.kill_processes(container, _TASK_TITLE) for container in stack.containers(stack.task_service)
    )
    assert killed
    _ends_well(pipeline, world, run_id, report, f"{killed} processes of a task killed")


def test_worker_killed_in_the_middle_of_a_task(
    stack: Stack, pipeline: Pipeline, world: World, report: Report, executor: str
) -> None:
    if executor != "celery":
        pytest.skip("tasks run in the scheduler")
    run_id = _run_under_way(pipeline, world)
    host = str(pipeline.fetch_task(run_id, "running")["hostname"])
    (container,) = [name for name in stack.containers("airflow-worker") if name.startswith(host)]
    stack.kill_main_process("airflow-worker", container)
    _ends_well(pipeline, world, run_id, report, "worker killed")


def test_container_restarted_during_a_write(
    stack: Stack, pipeline: Pipeline, world: World, report: Report
) -> None:
    # Who holds the log's lock stops the task between the snapshot and the log's row.
    lock = "exec flock /opt/airflow/data/.bitcoin_raw.csv.lock sleep 600"
    stack.compose("exec", "--detach", stack.task_service, "bash", "-c", lock)
    time.sleep(1)
    run_id = pipeline.trigger()
    wait_until(lambda: len(snapshot_keys(stack.data())) == len(pipeline.moments), "the snapshot")
    files = stack.data()
    assert len(files["bitcoin_raw.csv"].splitlines()) - 1 < len(pipeline.moments)
    stack.compose("restart", "--timeout=0", stack.task_service)
    _ends_well(pipeline, world, run_id, report, "restarted between snapshot and row")


def test_restarted_five_times_while_runs_are_under_way(
    stack: Stack, pipeline: Pipeline, world: World, report: Report
) -> None:
    run_ids = [pipeline.trigger()]
    for pause in (1.0, 2.5, 4.0, 1.5, 3.0):
        pipeline.fetch_task(run_ids[0], "running", "success", "up_for_retry", "queued", "scheduled")
        time.sleep(pause)
        stack.compose("restart", "--timeout=0", stack.task_service)
    _ends_well(pipeline, world, run_ids[0], report, "five restarts in a row")


def test_down_and_up(stack: Stack, pipeline: Pipeline, world: World, report: Report) -> None:
    before = stack.data()
    started = time.monotonic()
    stack.compose("down")
    down = time.monotonic() - started
    started = time.monotonic()
    stack.up()
    report(f"down took {down:.0f} s, up {time.monotonic() - started:.0f} s")
    run_id = pipeline.trigger()
    _ends_well(pipeline, world, run_id, report, "down and up")
    after = stack.data()
    kept = {name: content for name, content in before.items() if name.startswith("archive/")}
    assert {name: after[name] for name in kept} == kept
    assert after["bitcoin_raw.csv"].startswith(before["bitcoin_raw.csv"])


def test_down_while_a_task_runs_lets_it_end(
    stack: Stack, pipeline: Pipeline, world: World, report: Report
) -> None:
    run_id = _run_under_way(pipeline, world)
    started = time.monotonic()
    stack.compose("down")
    down = time.monotonic() - started
    stack.up()
    _ends_well(pipeline, world, run_id, report, f"down, in {down:.0f} s, with a task under way, and up")


def test_backup_and_restore_with_an_alert_pending(
    stack: Stack, pipeline: Pipeline, world: World, report: Report
) -> None:
    """By the commands of docs/operations.md that stop the stack."""
    world.move_price(9.25)
    known = pipeline.trigger()
    pipeline.wait_for_success(known)
    world.refuse_messages()
    world.move_price(-12.75)
    pending = pipeline.trigger()
    pipeline.api.wait_for_state(DAG_ID, pending, "send_price_alerts", "up_for_retry")
    stack.compose("stop")
    kept = {place: _keep(stack, *place) for place in _KEPT_PLACES}
    stack.remove_data()
    stack.compose("down", "--volumes")
    for place, content in kept.items():
        _put_back(stack, *place, content)
    stack.up()
    assert pipeline.api.tasks(DAG_ID, known)
    _ends_well(pipeline, world, pending, report, "volumes and data lost and restored, with an alert pending")
    run_id = pipeline.trigger()
    _ends_well(pipeline, world, run_id, report, "the run after it")
    told = world.messages()
    assert [sum(percent in text for text in told) for percent in ("9.25", "12.75")] == [1, 1], told
    assert len(set(told)) == len(told)


def test_workers_share_the_work(pipeline: Pipeline, executor: str, report: Report) -> None:
    if executor != "celery":
        pytest.skip("one container runs all tasks")
    assert len(pipeline.hosts) > 1
    report(f"tasks ran in {len(pipeline.hosts)} containers")


def test_full_disk(stack: Stack, world: World, pipeline: Pipeline, report: Report) -> None:
    """The last one: ``data/`` is another disk from here on."""
    stack.up("small_disk.yaml")
    on_the_disk = Pipeline(stack, world, pipeline.api, hours=pipeline.hours, on_another_disk=pipeline.moments)
    on_the_disk.wait_for_success(on_the_disk.trigger())
    stack.compose(
        "exec",
        "-T",
        stack.task_service,
        "bash",
        "-c",
        "head -c 2M /dev/zero >/opt/airflow/data/filler || true",
    )
    run_id = on_the_disk.trigger()
    on_the_disk.fetch_task(run_id, "up_for_retry")
    full = stack.data()
    assert_every_run_once(full, on_the_disk.moments[:-1], pipeline.moments)
    stack.compose("exec", "-T", stack.task_service, "rm", "/opt/airflow/data/filler")
    _ends_well(on_the_disk, world, run_id, report, "disk full, then room again")
