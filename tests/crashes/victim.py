"""A warm process that forks one child for each set of steps to be run, and tells what became of them.

Speaks lines of JSON: in, a list of jobs to run at once; out, how each ended. ``scene.py`` starts it.
"""

import json
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import alembic.command  # noqa: F401 (so that no child has to import it)
import boto3
import psycopg  # noqa: F401 (the same)
import requests  # noqa: F401 (the same)

from pipeline_lib import steps
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.publishing.s3.objects import S3Account
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog, PipelineSpec
from pipeline_lib.steps.lifecycle.removal import find_belongings, remove
from pipeline_lib.steps.lifecycle.renaming import (
    delete_former_objects,
    plan_renaming,
    publish_under_new_name,
    rename_rows_and_files,
)
from tests.crashes.fault_points import FaultPoints

_ASKED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def main() -> None:
    """Serve until the input ends."""
    # So that no child has to import their modules.
    steps.all_steps()
    account = S3Account(boto3.Session(), None)
    # What the first client has to load, all children have then.
    account.open_bucket("warm", None)
    for line in sys.stdin:
        jobs = json.loads(line)
        # The first reading of a spec loads the schema.
        Catalog(Path(jobs[0]["folder"]) / "dag_configs").load(jobs[0]["pipeline"])
        children = [_start(job, account) for job in jobs]
        print(json.dumps([_wait(*child) for child in children]), flush=True)  # noqa: T201 (the protocol)


def _start(job: Mapping[str, Any], account: S3Account) -> tuple[int, int]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run(job, account, writer)
    os.close(writer)
    return child, reader


def _wait(child: int, reader: int) -> dict[str, Any]:
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "said": said}


def _run(job: Mapping[str, Any], account: S3Account, writer: int) -> NoReturn:
    code, said = 0, ""
    try:
        points = FaultPoints(Path(job["folder"]) / "data", job["kill_at"], job["is_torn"])
        _run_steps(job, account, points)
        said = json.dumps(points.passed)
    except BaseException:  # noqa: BLE001 (told to the parent, whatever it is)
        code, said = 1, traceback.format_exc()
    with os.fdopen(writer, "w") as pipe:
        pipe.write(said)
    os._exit(code)


def _run_steps(job: Mapping[str, Any], account: S3Account, points: FaultPoints) -> None:
    environment = {**os.environ, **job["environment"]}
    settings = Settings.from_environment(environment, project_folder=Path(job["folder"]))
    spec = Catalog(settings.dag_configs_dir).load(job["pipeline"])
    services = steps.Services.from_settings(settings).for_pipeline(spec, environment)
    services = replace(services, open_s3_account=lambda: account, now=lambda: _ASKED_AT)
    run = steps.Run(parse_moment(job["moment"]), url="https://airflow.example/run")
    points.install()
    for name in job["steps"]:
        if name in _COMMANDS:
            _COMMANDS[name](spec, services)
        else:
            getattr(steps, name)(spec, run, services)


def _rename(spec: PipelineSpec, services: steps.Services) -> None:
    renaming = plan_renaming(spec.name, replace(spec, name="coin"), services, None)
    rename_rows_and_files(renaming, services)
    for _ in publish_under_new_name(renaming, services):
        pass
    delete_former_objects(renaming)


def _remove(spec: PipelineSpec, services: steps.Services) -> None:
    remove(find_belongings(spec.name, spec, services, ()), services)


_COMMANDS = {"rename": _rename, "remove": _remove}


if __name__ == "__main__":
    main()
