"""Everything outside a pipeline, simulated: market, Slack and S3; and how Airflow runs one."""

import json
import os
import runpy
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.tables import messages, open_problems
from pipeline_lib.settings import Settings
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

    def sent(self, status: str) -> list[object]:
        """The payloads of alerts that the database has with a status."""
        with _reading() as connection:
            query = select(messages.c.payload).where(messages.c.status == status)
            return [json.loads(payload) for payload in connection.scalars(query)]

    def open_problems(self) -> list[tuple[str, str]]:
        """Pipeline and subject of what goes wrong for operators."""
        with _reading() as connection:
            query = select(open_problems.c.pipeline, open_problems.c.subject)
            return [(row.pipeline, row.subject) for row in connection.execute(query)]


@contextmanager
def _reading() -> Iterator[Connection]:
    settings = Settings.for_database(os.environ, project_folder=PROJECT)
    with closing(Database(settings.database_url)) as database, database.reading() as connection:
        yield connection


def run_pipeline(dag_id: str, moment: datetime) -> dict[str, str]:
    """Run a DAG of the specs in DAG_CONFIGS_DIR for a moment, by Airflow's own runner; each task's state."""
    dag: Any = runpy.run_path(str(PROJECT / "dags" / "coin_pipelines.py"))[dag_id]
    for task in dag.tasks:
        # The runner sleeps through real retry delays.
        task.retries = 0
    result = dag.test(logical_date=moment)
    return {task.task_id: str(task.state) for task in result.get_task_instances()}
