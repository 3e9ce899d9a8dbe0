"""Everything outside a pipeline, simulated: market, Slack and S3; and how Airflow runs one."""

import runpy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_lib.simulator.server import Simulator

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PROJECT = Path(__file__).resolve().parents[2]
BUCKET = "market-data"


@dataclass(frozen=True)
class World:
    """Everything outside, simulated; the environment leads there."""

    simulator: Simulator
    s3: "S3Client"
    data: Path

    def objects(self) -> dict[str, bytes]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.data)): path.read_bytes()
            for path in sorted(self.data.rglob("*"))
            if path.is_file()
            and not path.name.startswith((".", "coin_pipelines.db"))
            and self.data / "coingecko" not in path.parents
        }


def run_pipeline(dag_id: str, moment: datetime) -> dict[str, str]:
    """Run a DAG of the specs in DAG_CONFIGS_DIR for a moment, by Airflow's own runner; each task's state."""
    dag: Any = runpy.run_path(str(PROJECT / "dags" / "coin_pipelines.py"))[dag_id]
    for task in dag.tasks:
        # The runner sleeps through real retry delays.
        task.retries = 0
    result = dag.test(logical_date=moment)
    return {task.task_id: str(task.state) for task in result.get_task_instances()}
