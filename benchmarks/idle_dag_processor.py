"""What Airflow's dag processor takes while no spec changes, and how soon a change of one shows.

A real ``airflow dag-processor`` with the settings of ``docker-compose.yaml`` over 60 and over 1,000 specs, on
a PostgreSQL server of its own (that of the tests). It first settles. Then the CPU time of both is counted,
children included, for as long as it takes from one full parse to the next. Then a spec is added, edited and
deleted.

Run from the project's folder with ``.venv/bin/python -m benchmarks.idle_dag_processor [MINUTES]``; it takes
half an hour.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import yaml

from benchmarks import processes
from benchmarks.databases import empty_databases

_PROJECT = Path(__file__).resolve().parents[1]
_COUNTS = (60, 1000)
_MINUTES = 10.5
_SECONDS_TO_SETTLE = 100.0
_LONGEST_WAIT_SECONDS = 180.0
_SECONDS_BETWEEN_LOOKS = 0.25
_SPEC = 'spec_version: 1\ncoin: {coin}\nschedule: "@hourly"\ns3: {{prefix: crypto/{coin}}}\n'
_ADDED = "added"


@dataclass(frozen=True)
class _Processor:
    """A dag processor that runs.

    Attributes:
        pid: Its process, whose group holds its children.
        configs: Where its specs lie.
        database: The address of Airflow's database.
    """

    pid: int
    configs: Path
    database: str

    def cpu_seconds(self) -> float:
        """CPU time of the processor and of the database's server, with all their children."""
        with closing(psycopg.connect(self.database)) as connection:
            server = processes.parent_of(connection.info.backend_pid)
            own = sum(map(processes.cpu_seconds_of, (self.pid, server)))
            return own + sum(map(processes.cpu_seconds_of, processes.children_of(server)))

    def description_of(self, name: str) -> str | None:
        """What Airflow shows of a pipeline, or None where it has none."""
        query = "SELECT description FROM dag WHERE dag_id = %s AND NOT is_stale"
        with closing(psycopg.connect(self.database)) as connection:
            row = connection.execute(query, [f"{name}_data_pipeline"]).fetchone()
        return None if row is None else str(row[0])

    def count(self) -> int:
        """How many pipelines Airflow shows."""
        with closing(psycopg.connect(self.database)) as connection:
            row = connection.execute("SELECT count(*) FROM dag WHERE NOT is_stale").fetchone()
        return int(row[0]) if row else 0


def main() -> None:
    """Print the share of a core that the dag processor takes, and the delays of changes."""
    seconds = 60 * float(sys.argv[1] if sys.argv[1:] else _MINUTES)
    shares = {count: _measure(count, seconds) for count in _COUNTS}
    few, many = (shares[count] for count in _COUNTS)
    print(f"idle, {_COUNTS[1]} specs less {_COUNTS[0]}: {many - few:.3f} of a core")


def _measure(count: int, seconds: float) -> float:
    with _processor(count) as processor:
        _wait(lambda: processor.count() == count)
        time.sleep(_SECONDS_TO_SETTLE)
        before = processor.cpu_seconds()
        time.sleep(seconds)
        share = (processor.cpu_seconds() - before) / seconds
        print(f"{count} specs: {share:.3f} of a core", flush=True)
        path = processor.configs / f"{_ADDED}.yaml"
        text = _SPEC.format(coin=_ADDED)
        path.write_text(text + "description: first\n", encoding="utf-8")
        _show("added", count, _wait(lambda: processor.description_of(_ADDED) == "first"))
        path.write_text(text + "description: second\n", encoding="utf-8")
        _show("edited at once", count, _wait(lambda: processor.description_of(_ADDED) == "second"))
        path.unlink()
        _show("deleted at once", count, _wait(lambda: processor.description_of(_ADDED) is None))
        first = processor.configs / "coin-0000.yaml"
        time.sleep(_SECONDS_TO_SETTLE)
        first.unlink()
        _show("deleted later", count, _wait(lambda: processor.description_of("coin-0000") is None))
    return share


def _show(what: str, count: int, seconds: float) -> None:
    print(f"{count} specs: one is {what}, and it shows after {seconds:.1f} s", flush=True)


@contextmanager
def _processor(count: int) -> Iterator[_Processor]:
    with (
        tempfile.TemporaryDirectory(prefix="parse-") as name,
        empty_databases("PostgreSQL", 1) as (address,),
    ):
        home = Path(name)
        configs = home / "dag_configs"
        configs.mkdir()
        for number in range(count):
            coin = f"coin-{number:04}"
            (configs / f"{coin}.yaml").write_text(_SPEC.format(coin=coin), encoding="utf-8")
        database = address.reveal()
        environment = {
            **os.environ,
            **_settings_of_the_stack(),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(_PROJECT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.replace(
                "postgresql://", "postgresql+psycopg2://"
            ),
            "DAG_CONFIGS_DIR": str(configs),
            "DATA_DIR": str(home / "data"),
            "PYTHONPATH": str(_PROJECT),
        }
        airflow = [sys.executable, "-m", "airflow"]
        subprocess.run(  # noqa: S603 (this interpreter)
            [*airflow, "db", "migrate"], check=True, capture_output=True, env=environment
        )
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 (as above)
                [*airflow, "dag-processor"],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield _Processor(process.pid, configs, database)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _settings_of_the_stack() -> dict[str, str]:
    """What docker-compose.yaml says of parsing."""
    compose = yaml.safe_load((_PROJECT / "docker-compose.yaml").read_text(encoding="utf-8"))
    environment = compose["x-airflow"]["environment"]
    return {
        name: str(value)
        for name, value in environment.items()
        if name.startswith(("AIRFLOW__DAG_PROCESSOR__", "AIRFLOW__SCHEDULER__PARSING_"))
    }


def _wait(is_so: Callable[[], bool]) -> float:
    """The seconds until something is so."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > _LONGEST_WAIT_SECONDS:
            raise SystemExit("it never showed")
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
