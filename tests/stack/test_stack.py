"""The stack in operation. The tests go from top to bottom, on one stack whose runs add up."""

import os
import re
import subprocess
import sys

import pytest

from tests.stack.pipeline import Pipeline, Report
from tests.stack.stack import Stack
from tests.stack.world import World

pytestmark = pytest.mark.timeout(2400)

TASKS = {
    "fetch_and_save_bitcoin_price",
    "compute_moving_average",
    "send_price_alerts",
    "upload_raw_to_s3",
    "upload_processed_csv_to_s3",
}


def test_a_run_asked_for_over_the_api_writes_files_and_objects(
    pipeline: Pipeline, world: World, report: Report
) -> None:
    run_id = pipeline.trigger()
    tasks = pipeline.wait_for_success(run_id)
    assert {name: task["state"] for name, task in tasks.items() if name in TASKS} == dict.fromkeys(
        TASKS, "success"
    )
    pipeline.assert_every_run_once()
    moment = pipeline.moments[0]
    objects, files = world.objects(), pipeline.stack.data()
    day, hour = f"date={moment:%Y-%m-%d}", f"hour={moment:%H}"
    raw = f"crypto/bitcoin/raw/{day}/{hour}/{moment:%Y%m%dT%H%M%SZ}"
    for suffix in (".json", ".csv"):
        assert objects[raw + suffix].encode() == files[f"archive/bitcoin/{moment:%Y%m%dT%H%M%SZ}{suffix}"]
    partition = [key for key in objects if key.startswith(f"crypto/bitcoin/processed/{day}/")]
    assert partition
    report(f"first run: {len(TASKS)} tasks green, {len(files)} files, {len(objects)} objects")


@pytest.mark.parametrize(
    "command",
    [
        ("verify",),
        ("replay",),
        ("run", "--at", "2025-06-11T04:00:00Z"),
        ("backfill", "--from", "2025-06-11T04:00:00Z"),
    ],
)
def test_a_command_on_the_host_says_how_to_reach_the_database(
    stack: Stack, pipeline: Pipeline, command: tuple[str, ...]
) -> None:
    assert pipeline.moments
    before = stack.data()
    name, *options = command
    places = {"DATA_DIR": str(stack.folder / "data"), "DAG_CONFIGS_DIR": str(stack.folder / "dag_configs")}
    tried = subprocess.run(
        [sys.executable, "-m", "pipeline_lib.cli", name, "bitcoin", *options],
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.returncode == 1
    assert "docker compose exec airflow-scheduler coin-pipelines ..." in tried.stderr
    assert stack.data() == before
    inside = stack.compose("exec", "-T", stack.task_service, "coin-pipelines", "verify", "bitcoin")
    assert "no difference" in inside


def test_files_belong_to_the_user_that_tasks_run_as(stack: Stack, pipeline: Pipeline) -> None:
    owners = stack.compose(
        "exec", "-T", stack.task_service, "bash", "-c", "find /opt/airflow/data | xargs stat -c %u:%g"
    )
    assert pipeline.moments
    assert set(owners.split()) == {f"{stack.user_id}:0"}


def test_specs_and_dags_are_read_only(stack: Stack) -> None:
    for folder in ("dags", "dag_configs", "schemas"):
        tried = stack.try_compose("exec", "-T", stack.task_service, "touch", f"/opt/airflow/{folder}/new")
        assert b"Read-only file system" in tried.stderr


def test_a_second_initialization_changes_nothing(stack: Stack) -> None:
    printed = stack.compose("run", "--rm", "--no-deps", "airflow-init")
    assert "admin already exists" in printed


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "::"])  # noqa: S104 (to be refused)
def test_the_login_that_everybody_knows_is_refused_beyond_this_machine(stack: Stack, address: str) -> None:
    tried = stack.try_compose("run", "--rm", "--no-deps", f"--env=AIRFLOW_ADDRESS={address}", "airflow-init")
    assert tried.returncode != 0
    assert re.search(r"refused: the UI is to listen beyond this machine .*: admin\.", tried.stderr.decode())


def test_an_executor_that_does_not_fit_is_refused(stack: Stack, executor: str) -> None:
    other = {"local": "CeleryExecutor", "celery": "LocalExecutor"}[executor]
    tried = stack.try_compose(
        "run", "--rm", "--no-deps", f"--env=AIRFLOW__CORE__EXECUTOR={other}", "airflow-init"
    )
    assert tried.returncode != 0
    assert b"refused: " in tried.stderr
    assert b"in .env" in tried.stderr


def test_an_edited_spec_needs_no_build(stack: Stack, pipeline: Pipeline, report: Report) -> None:
    spec = stack.folder / "dag_configs" / "bitcoin.yaml"
    twin = spec.read_text(encoding="utf-8").replace("coin: bitcoin", "coin: ethereum")
    (spec.parent / "ethereum.yaml").write_text(
        twin.replace("crypto/bitcoin", "crypto/ethereum"), encoding="utf-8"
    )
    pipeline.api.wait_for_dag("ethereum_data_pipeline")
    report("a new spec is a DAG without a build")
