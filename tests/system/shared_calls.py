"""Many task processes of one moment, forked from a warm one; a program of its own, since tests have threads.

Writes what became of them as JSON to stdout. The environment leads to the market, the folders and a database.
"""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401 - warm before the forks
import requests  # noqa: F401 - the same
from sqlalchemy import text

from pipeline_lib import steps
from pipeline_lib.common.timestamps import parse_moment
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.model.outcome import Done
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog

HANGS_AFTER = 120.0
# What shows how far the work has come, on a machine of any speed.
STAGES = (
    "SELECT 1",
    "SELECT COUNT(*) FROM shared_answers",
    "SELECT COUNT(asker) FROM shared_answers",
    "SELECT COUNT(body) FROM shared_answers",
    "SELECT COUNT(body) - 1 FROM shared_answers",
)


def run_pipelines(names: list[str], moment: datetime, settings: Settings, report: Path) -> None:
    """Run the first step of each pipeline, as a task does that knows nothing but its name.

    What is compiled and compared once a process is shared by them all: so many processes would take long.
    """
    services = steps.Services.from_settings(settings)
    with report.open("a", encoding="utf-8") as file:
        for name in names:
            spec = Catalog(settings.dag_configs_dir).load(name)
            with closing(services.database):
                outcome = steps.fetch_and_save_price(spec, steps.Run(moment), services)
            assert isinstance(outcome, Done)
            file.write(outcome.summary + "\n")


def fork(work: Callable[[], None]) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:  # noqa: BLE001 - a forked child must never go on as its parent
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait_for(children: list[int]) -> list[int]:
    """The exit codes; what hangs is killed."""
    deadline = time.monotonic() + HANGS_AFTER
    codes = []
    for child in children:
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.002)
        codes.append(os.waitstatus_to_exitcode(ended[1]))
    return codes


def run_all(settings: Settings, moment: datetime, workers: int) -> dict[str, Any]:
    """Every pipeline, spread over worker processes in random order."""
    names = list(Catalog(settings.dag_configs_dir).names())
    random.Random(4).shuffle(names)  # noqa: S311 - an order, not a secret
    report = settings.data_dir / "summaries"
    report.parent.mkdir(parents=True, exist_ok=True)
    # Before the forks, so that none of them has to import their modules.
    steps.all_steps()
    shares = [names[worker::workers] for worker in range(workers)]
    children = [fork(lambda share=share: run_pipelines(share, moment, settings, report)) for share in shares]  # type: ignore[misc]
    codes = wait_for(children)
    return {"codes": codes, "summaries": report.read_text(encoding="utf-8").splitlines()}


def wait_until_there(database: Database, stage: str) -> None:
    deadline = time.monotonic() + HANGS_AFTER
    while time.monotonic() < deadline:
        with database.reading() as connection:
            if int(connection.scalar(text(stage)) or 0) > 0:
                return
        time.sleep(0.001)


def find_asker(database: Database, running: dict[int, str]) -> int:
    """The process that asks, by the note for those who wait; before there is one, the first."""
    with database.reading() as connection:
        query = text("SELECT asker FROM shared_answers WHERE asker IS NOT NULL ORDER BY page")
        askers = [json.loads(note)["process"] for note in connection.scalars(query)]
    return next((asker for asker in askers if asker in running), next(iter(running)))


def page_sizes(database: Database) -> list[int]:
    """How many coins the answers of the database are of; nothing of them is left."""
    with database.writing() as connection:
        query = text("SELECT coins FROM shared_answers WHERE body IS NOT NULL")
        sizes = sorted(len(json.loads(coins)) for coins in connection.scalars(query))
        connection.execute(text("DELETE FROM shared_answers"))
    return sizes


def kill_often(settings: Settings, moment: datetime, kills: int) -> list[dict[str, Any]]:
    """In a new folder each time: the asking process is killed at a random moment, the others go on.

    The moment is a random time after a random stage of the work, which any of them may have reached.
    """
    names = Catalog(settings.dag_configs_dir).names()
    database = Database(settings.database_url)
    # One run in this process, for all that is loaded at a first use.
    warm = replace(settings, data_dir=settings.data_dir / "warm")
    warm.data_dir.mkdir(parents=True)
    run_pipelines([names[0]], moment, warm, warm.data_dir / "summaries")
    page_sizes(database)
    chance = random.Random(4)  # noqa: S311 - delays, not secrets
    trials = []
    for number in range(kills):
        own = replace(settings, data_dir=settings.data_dir / str(number))
        own.data_dir.mkdir(parents=True)
        started = time.time()

        def start(name: str, own: Settings = own) -> int:
            return fork(lambda: run_pipelines([name], moment, own, own.data_dir / "summaries"))

        database.close()
        running = {start(name): name for name in (names[0], names[1], names[-1])}
        wait_until_there(database, chance.choice(STAGES))
        time.sleep(chance.uniform(0, 0.06))
        victim = find_asker(database, running)
        database.close()
        os.kill(victim, signal.SIGKILL)
        killed = os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1])
        retry = start(running.pop(victim))
        codes = wait_for([*running, retry])
        ended = time.time()
        sizes = page_sizes(database)
        trials.append({"killed": killed, "codes": codes, "started": started, "ended": ended, "pages": sizes})
    return trials


if __name__ == "__main__":
    _settings = Settings.from_environment(os.environ, project_folder=Path.cwd())
    _mode, _moment, *_numbers = sys.argv[1:]
    _at = parse_moment(_moment)
    _result: object = (
        run_all(_settings, _at, int(_numbers[0]))
        if _mode == "all"
        else kill_often(_settings, _at, int(_numbers[0]))
    )
    print(json.dumps(_result))  # noqa: T201 - the result
