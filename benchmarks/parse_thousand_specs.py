"""How long a full parse of a thousand specs takes, beside a plain Python loop that builds the same DAGs.

The loop has its values written in Python: it reads no file and checks nothing, and gives each DAG the same
schedule, tasks, documentation, tags, assets, retries and callbacks. Before it measures, the benchmark checks
that both serialize to the same DAGs. The sides take turns, each time in a process of its own; before the
clock runs, both have imported Airflow and this package, and built one DAG of another kind.

Run from the project's folder with ``.venv/bin/python benchmarks/parse_thousand_specs.py``.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, Asset
from airflow.serialization.serialized_objects import DagSerialization

from pipeline_lib.airflow.dag import _RetryByError, build_dags
from pipeline_lib.airflow.notifiers.log_ending import end_log_of_failure, end_log_of_try
from pipeline_lib.airflow.notifiers.task_failure import TaskFailureNotifier
from pipeline_lib.airflow.step_operator import StepOperator
from pipeline_lib.specs import Catalog

_SPECS = 1000
_ROUNDS = 11
_FIRST_COIN = "coin-0000"
_DOCUMENTATION = "documentation.md"
_SPEC = """\
spec_version: 1
description: {coin} in US dollars, every hour
coin: {coin}
schedule: "@hourly"
tags: [major]
thresholds: {{1h: 3, 24h: 8}}
s3:
  prefix: crypto/{coin}
"""


def main() -> None:
    """Print what each side takes, and the ratio of the medians."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        _lay_out(project)
        _check_that_both_build_the_same(project)
        seconds: dict[str, list[float]] = {"specs": [], "loop": []}
        for _ in range(_ROUNDS):
            for side, of_side in seconds.items():
                of_side.append(float(_run(side, project)))
    specs, loop = (statistics.median(seconds[side]) for side in ("specs", "loop"))
    print(f"full parse of {_SPECS} specs  {specs:.3f} s CPU")
    print(f"a plain loop, the same DAGs  {loop:.3f} s CPU")
    print(f"ratio                        {specs / loop:.3f}")


def _lay_out(project: Path) -> None:
    (project / "dag_configs").mkdir()
    for coin in _coins():
        (project / "dag_configs" / f"{coin}.yaml").write_text(_SPEC.format(coin=coin), encoding="utf-8")
    (project / _DOCUMENTATION).write_text(_run("documentation", project), encoding="utf-8")


def _check_that_both_build_the_same(project: Path) -> None:
    ours, theirs = (_run(f"serialized-{side}", project) for side in ("specs", "loop"))
    if ours != theirs or ours.count("\n") != _SPECS:
        raise SystemExit("the two sides build different DAGs")


def _run(what: str, project: Path) -> str:
    finished = subprocess.run(  # noqa: S603 (this interpreter, with this very file)
        [sys.executable, "-W", "ignore", __file__, what, str(project)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "AIRFLOW_HOME": str(project / "airflow")},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return finished.stdout.rpartition("\x00")[2]


def _coins() -> Iterable[str]:
    return (f"coin-{number:04}" for number in range(_SPECS))


def _work(what: str, project: Path) -> None:
    """One side, in its own process; what it prints begins after a null character."""
    _build_another_dag()
    build = _build_in_a_loop if what.endswith("loop") else build_dags
    began = time.process_time()
    dags = list(build(project))
    seconds = time.process_time() - began
    if what == "documentation":
        print(f"\x00{dags[0].doc_md}", end="")
    elif what.startswith("serialized"):
        dags.sort(key=lambda dag: dag.dag_id)
        stored = (_stored(DagSerialization.to_dict(dag)) for dag in dags)
        print("\x00" + "".join(f"{json.dumps(dag, sort_keys=True)}\n" for dag in stored), end="")
    else:
        print(f"\x00{seconds}", end="")


def _stored(dag: dict[str, Any]) -> object:
    """What Airflow stores of a DAG, without where it was built."""
    return {key: value for key, value in dag["dag"].items() if "fileloc" not in key}


def _build_another_dag() -> None:
    dag = DAG("another", schedule="@daily", start_date=datetime(2020, 1, 1, tzinfo=UTC), auto_register=False)
    EmptyOperator(task_id="first", dag=dag) >> EmptyOperator(task_id="second", dag=dag)


def _build_in_a_loop(project: Path) -> Iterable[DAG]:
    documentation = (project / _DOCUMENTATION).read_text(encoding="utf-8")
    spec = Catalog(project / "dag_configs").load(_FIRST_COIN)
    for coin in _coins():
        dag = DAG(
            dag_id=f"{coin}_data_pipeline",
            description=f"{coin} in US dollars, every hour",
            schedule="@hourly",
            start_date=datetime(2017, 1, 1, tzinfo=UTC),
            catchup=False,
            max_active_runs=1,
            tags={"coin-pipelines", coin, "major"},
            doc_md=documentation.replace(_FIRST_COIN, coin),
            auto_register=False,
            default_args={
                "owner": "data-engineering",
                "retries": 3,
                "retry_delay": timedelta(seconds=30),
                "retry_exponential_backoff": 2.0,
                "max_retry_delay": timedelta(minutes=10),
                "retry_policy": _RetryByError(timedelta(seconds=30)),
                "execution_timeout": timedelta(minutes=5),
            },
        )
        task = partial(
            StepOperator,
            spec=spec,
            project_folder=project,
            on_failure_callback=[TaskFailureNotifier(project), end_log_of_failure],
            on_retry_callback=[end_log_of_try],
            dag=dag,
        )
        fetch = task(
            task_id=f"fetch_and_save_{coin}_price",
            step="fetch_and_save_price",
            outlets=[Asset(f"{coin}_raw")],
        )
        compute = task(
            task_id="compute_moving_average",
            step="compute_moving_average",
            outlets=[Asset(f"{coin}_processed")],
        )
        fetch >> [compute, task(task_id="send_price_alerts", step="send_price_alerts")]
        compute >> task(task_id="upload_processed_csv_to_s3", step="upload_processed_csv_to_s3")
        fetch >> task(task_id="upload_raw_to_s3", step="upload_raw_to_s3")
        yield dag


if __name__ == "__main__":
    if sys.argv[1:]:
        _work(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
