"""From a spec to a DAG. What a run of it does is in ``tests/system``."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction

from pipeline_lib import steps
from pipeline_lib.airflow.dag import build_dag, build_dags, refuse_invalid_specs
from pipeline_lib.errors import (
    InvalidSpecsError,
    MarketUnavailableError,
    MomentMismatchError,
    SpecNotFoundError,
)
from pipeline_lib.specs import Catalog

PROJECT = Path(__file__).resolve().parents[2]
SPEC = 'spec_version: 1\ncoin: litecoin\nschedule: "@hourly"\n'


@pytest.fixture
def configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "dag_configs"
    folder.mkdir()
    monkeypatch.setenv("DAG_CONFIGS_DIR", str(folder))
    return folder


def bitcoin_dag() -> DAG:
    return build_dag(Catalog(PROJECT / "dag_configs").load("bitcoin"), PROJECT)


def serialized(dag: DAG) -> str:
    return json.dumps(DagSerialization.to_dict(dag))


def test_the_tasks_and_their_order_are_those_of_the_pipeline() -> None:
    dag = bitcoin_dag()
    assert dag.dag_id == "bitcoin_data_pipeline"
    assert {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} == {
        "fetch_and_save_bitcoin_price": ["compute_moving_average", "send_price_alerts", "upload_raw_to_s3"],
        "compute_moving_average": ["upload_processed_csv_to_s3"],
        "upload_processed_csv_to_s3": [],
        "send_price_alerts": [],
        "upload_raw_to_s3": [],
    }


def test_a_pipeline_that_publishes_nothing_has_no_upload_tasks(configs: Path) -> None:
    (configs / "lite.yaml").write_text(SPEC)
    dag = build_dag(Catalog(configs).load("lite"), configs.parent)
    assert {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks} == {
        "fetch_and_save_litecoin_price": ["compute_moving_average", "send_price_alerts"],
        "compute_moving_average": [],
        "send_price_alerts": [],
    }


def test_a_dag_carries_what_its_spec_says(configs: Path) -> None:
    (configs / "lite.yaml").write_text(
        SPEC + "owner: quants\ntags: [small]\nretries: 5\nretry_delay: 2m\ntimeout: 90s\n"
        'description: Litecoin\nstart_date: "2024-05-06"\n'
    )
    dag = build_dag(Catalog(configs).load("lite"), configs.parent)
    assert dag.dag_id == "lite_data_pipeline"
    assert dag.description == "Litecoin"
    assert dag.start_date is not None
    assert dag.start_date.isoformat() == "2024-05-06T00:00:00+00:00"
    assert dag.tags == {"coin-pipelines", "litecoin", "small"}
    assert dag.max_active_runs == 1
    assert not dag.catchup
    for task in dag.tasks:
        assert task.owner == "quants"
        assert task.retries == 5
        assert task.retry_delay == timedelta(minutes=2)
        assert task.retry_exponential_backoff == 2.0
        assert task.execution_timeout == timedelta(seconds=90)


def test_the_schedule_is_in_the_time_zone_of_the_spec(configs: Path) -> None:
    spec = 'spec_version: 1\ncoin: litecoin\nschedule: "30 2 * * *"\ntimezone: Europe/Berlin\n'
    (configs / "lite.yaml").write_text(spec + "start_date: 2026-03-28\ncatchup: true\n")
    dag: Any = DagSerialization.from_dict(
        DagSerialization.to_dict(build_dag(Catalog(configs).load("lite"), configs.parent))
    )
    assert dag.start_date.isoformat() == "2026-03-27T23:00:00+00:00"
    restriction = TimeRestriction(earliest=dag.start_date, latest=None, catchup=True)
    run, moments = None, []
    for _ in range(3):
        run = dag.timetable.next_dagrun_info_v2(last_dagrun_info=run, restriction=restriction)
        moments.append(run.logical_date.isoformat())
    assert moments == [
        "2026-03-28T01:30:00+00:00",
        "2026-03-29T01:30:00+00:00",
        "2026-03-30T00:30:00+00:00",
    ]


def test_a_schedule_in_utc_is_stored_as_airflow_stores_a_bare_cron_expression(configs: Path) -> None:
    (configs / "lite.yaml").write_text(SPEC)
    ours = DagSerialization.to_dict(build_dag(Catalog(configs).load("lite"), configs.parent))
    bare = DagSerialization.to_dict(
        DAG("lite", schedule="@hourly", start_date=datetime(2024, 1, 1, tzinfo=UTC))
    )
    assert ours["dag"]["timetable"] == bare["dag"]["timetable"]


def test_a_spec_may_ask_for_the_runs_that_have_not_been(configs: Path) -> None:
    (configs / "lite.yaml").write_text(SPEC + "catchup: true\n")
    assert build_dag(Catalog(configs).load("lite"), configs.parent).catchup


def test_the_documentation_is_the_effective_spec() -> None:
    text = bitcoin_dag().doc_md
    assert text is not None
    effective = yaml.safe_load(text.partition("```yaml\n")[2].partition("```")[0])
    assert effective["windows"] == ["24h", "7d"]
    assert effective["quality"] == {"max_age": "10m", "max_jump": 50}


def test_other_dags_can_be_scheduled_on_the_data() -> None:
    outlets = {task.task_id: [asset.name for asset in task.outlets] for task in bitcoin_dag().tasks}
    assert outlets["fetch_and_save_bitcoin_price"] == ["bitcoin_raw"]
    assert outlets["compute_moving_average"] == ["bitcoin_processed"]


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (MomentMismatchError("bitcoin", "then", "now"), "fail"),
        (InvalidSpecsError(()), "fail"),
        (MarketUnavailableError("away"), "default"),
        (OSError("disk full"), "default"),
    ],
)
def test_only_what_can_succeed_is_tried_again(error: Exception, action: str) -> None:
    policy: Any = bitcoin_dag().tasks[0].retry_policy
    decision = policy.evaluate(exception=error, try_number=1, max_tries=3)
    assert decision.action.value == action


@pytest.mark.parametrize(
    ("asked", "try_number", "waits"),
    [
        (None, 1, None),
        (0, 1, None),
        (30, 1, None),
        (31, 1, timedelta(seconds=31)),
        (60, 2, None),
        (61, 2, timedelta(seconds=61)),
        (600, 9, None),
        (601, 9, timedelta(seconds=601)),
        (601, 10**6, timedelta(seconds=601)),
        (14_400, 1, timedelta(hours=1)),
        (float("inf"), 1, timedelta(hours=1)),
    ],
)
def test_no_retry_comes_before_the_time_that_the_other_side_asks_for(
    asked: float | None, try_number: int, waits: timedelta | None
) -> None:
    task: Any = bitcoin_dag().tasks[0]
    assert task.retry_delay == timedelta(seconds=30)
    decision = task.retry_policy.evaluate(
        exception=MarketUnavailableError("busy", retry_after=asked), try_number=try_number, max_tries=3
    )
    assert (decision.action.value, decision.retry_delay) == ("retry" if waits else "default", waits)


def test_two_builds_serialize_to_the_same_bytes_wherever_they_are_made() -> None:
    spec = Catalog(PROJECT / "dag_configs").load("bitcoin")
    assert serialized(build_dag(spec, PROJECT)) == serialized(build_dag(spec, Path("elsewhere")))


def test_no_setting_reaches_the_serialized_dag(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = serialized(bitcoin_dag())
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://hooks.slack.example/services/T0/B0/token")
    monkeypatch.setenv("COINGECKO_API_KEY", "CG-secret")
    monkeypatch.setenv("S3_BUCKET", "secret-bucket")
    assert serialized(bitcoin_dag()) == plain
    assert "token" not in plain


def test_every_task_tells_of_its_failure_and_no_notifier_is_stored() -> None:
    tasks: list[Any] = bitcoin_dag().tasks
    assert [len(task.on_failure_callback) for task in tasks] == [2] * 5
    stored = serialized(bitcoin_dag())
    assert stored.count('"has_on_failure_callback": true') == 5
    assert "Notifier" not in stored


def test_a_deadline_is_stored_by_setting(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configs / "good.yaml").write_text(SPEC)
    (plain,) = build_dags(configs.parent)
    assert plain.deadline is None
    monkeypatch.setenv("PIPELINE_DEADLINE_MINUTES", " 30 ")
    (dag,) = build_dags(configs.parent)
    stored = serialized(dag)
    assert stored == serialized(*build_dags(configs.parent))
    assert "pipeline_lib.airflow.notifiers.late_run.LateRunNotifier" in stored
    assert "DagRunLogicalDateDeadline" in stored
    assert "1800" in stored


@pytest.mark.parametrize("unusable", ["0", "-1", "soon", "1.5", "1000000", ""])
def test_an_unusable_deadline_hides_no_dag(
    configs: Path, monkeypatch: pytest.MonkeyPatch, unusable: str
) -> None:
    (configs / "good.yaml").write_text(SPEC)
    monkeypatch.setenv("PIPELINE_DEADLINE_MINUTES", unusable)
    (dag,) = build_dags(configs.parent)
    assert dag.deadline is None


def test_each_task_calls_a_step_that_exists() -> None:
    names = ["fetch_and_save_price", *(task.task_id for task in bitcoin_dag().tasks[1:])]
    assert all(callable(getattr(steps, name)) for name in names)


def test_an_invalid_spec_hides_no_valid_one(configs: Path) -> None:
    (configs / "good.yaml").write_text(SPEC)
    (configs / "bad.yaml").write_text(SPEC + "windows: 24h\n")
    assert [dag.dag_id for dag in build_dags(configs.parent)] == ["good_data_pipeline"]
    with pytest.raises(InvalidSpecsError) as caught:
        refuse_invalid_specs(configs.parent)
    (problem,) = caught.value.diagnostics
    assert (problem.file, problem.line, problem.column) == (configs / "bad.yaml", 4, 1)
    assert str(caught.value) == (
        f"{configs}/bad.yaml:4:1: windows: '24h' is not a list (for example [24h, 7d] or [24h, 20])"
    )


def test_valid_specs_are_no_import_error(configs: Path) -> None:
    (configs / "good.yaml").write_text(SPEC)
    refuse_invalid_specs(configs.parent)


def test_a_mistake_in_other_settings_hides_no_dag(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configs / "good.yaml").write_text(SPEC)
    monkeypatch.setenv("COINGECKO_BASE_URL", "ftp://wrong")
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "wrong")
    assert [dag.dag_id for dag in build_dags(configs.parent)] == ["good_data_pipeline"]
    refuse_invalid_specs(configs.parent)


def test_a_warning_is_no_import_error_and_takes_no_dag_away(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configs / "good.yaml").write_text(SPEC)
    monkeypatch.setenv("COINGECKO_CALLS_PER_MONTH", "1")
    refuse_invalid_specs(configs.parent)
    assert [dag.dag_id for dag in build_dags(configs.parent)] == ["good_data_pipeline"]


def test_pipelines_that_would_write_to_one_place_have_no_dag(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "other", "third"):
        (configs / f"{name}.yaml").write_text(SPEC)
    monkeypatch.setenv("ONE_RAW_PATH", str(configs.parent / "data" / "other_raw.csv"))
    assert [dag.dag_id for dag in build_dags(configs.parent)] == ["third_data_pipeline"]
    with pytest.raises(InvalidSpecsError) as caught:
        refuse_invalid_specs(configs.parent)
    assert [problem.file for problem in caught.value.diagnostics] == [
        configs / "one.yaml",
        configs / "other.yaml",
    ]


def test_a_starting_task_reads_its_own_spec_only(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configs / "good.yaml").write_text(SPEC)
    (configs / "bad.yaml").write_bytes(b"\xff")
    # Unreadable, should anybody try.
    (configs / "other.yaml").mkdir()
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "good_data_pipeline")
    assert [dag.dag_id for dag in build_dags(configs.parent)] == ["good_data_pipeline"]
    refuse_invalid_specs(configs.parent)


def test_a_starting_task_of_a_vanished_spec_says_so(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "gone_data_pipeline")
    with pytest.raises(SpecNotFoundError, match=r"no spec for pipeline 'gone'.*gone\.yaml"):
        list(build_dags(configs.parent))


def test_parsing_the_dag_files_imports_nothing_heavy() -> None:
    program = (
        "import runpy, sys\n"
        "found = runpy.run_path('dags/coin_pipelines.py')\n"
        "runpy.run_path('dags/invalid_specs.py')\n"
        "assert 'bitcoin_data_pipeline' in found and 'ethereum_data_pipeline' in found\n"
        "heavy = {'pandas', 'numpy', 'boto3', 'botocore', 'requests', 'filelock', 'apprise'}\n"
        "heavy |= {'pipeline_lib.steps', 'pipeline_lib.ops.alerts'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=PROJECT
    )
    assert result.stdout.splitlines()[-1] == "[]"
