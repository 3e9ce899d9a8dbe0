"""What the status of a thousand series costs, beside reading the same specs and rows and looking at nothing.

Each series is a pipeline with a spec and a month of hours; some have gaps, episodes, open problems, refused
answers and something that S3 lacks. Each side is a process of its own, measured in CPU time without Python's
start and imports, with a connection that is open already. The other side reads the YAML with PyYAML's C
loader and the rows with the driver alone. Run from the project's folder with
``.venv/bin/python -m benchmarks.status_thousand_series``; with SQLite, or, given its address, with an empty
database of PostgreSQL (whose server's CPU time isn't counted).
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Table  # noqa: TID253 (this process measures nothing)

from pipeline_lib.common.secret import Secret
from pipeline_lib.common.timestamps import format_moment
from pipeline_lib.database import schema, tables
from pipeline_lib.database.engine import bulk
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import NO_CHAIN

_SERIES = 1000
_HOURS = 30 * 24
_ROUNDS = 7
_SERIES_AT_ONCE = 20
_BAR_SECONDS = 0.3

_PREPARE = """
import os, sys, time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
import yaml
import pipeline_lib.cli.pipelines.status
from pipeline_lib.cli.main import main
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.specs import Catalog
Catalog(Path("dag_configs")).load("coin-0000")
database = Database(Secret(os.environ["DATABASE_URL"]))
with database.reading() as connection:
    connection.exec_driver_sql("SELECT 1")
"""
_STATUS = """
database.close()
begun = time.process_time()
try:
    main(["status", "--format", sys.argv[1]])
except SystemExit as exit:
    assert exit.code == 1, exit.code
print(time.process_time() - begun, file=sys.stderr)
"""
_PLAIN = """
since = (datetime.now(UTC) - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
with database.reading() as connection:
    cursor = connection.connection.cursor()
    aggregate = "group_concat(moment)"
    if connection.dialect.name == "postgresql":
        aggregate = "string_agg(to_char(moment, 'YYYY-MM-DD\\"T\\"HH24:MI:SS\\"Z\\"'), ',')"
    begun = time.process_time()
    for path in sorted(Path("dag_configs").glob("*.yaml")):
        yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    rows = 0
    for query in (
        "SELECT p.name, s.id, s.coin, s.vs_currency, l.moment, l.price, l.change_1h_percent,"
        " l.change_24h_percent FROM series s JOIN pipelines p ON p.id = s.pipeline_id"
        " LEFT JOIN latest_observations l ON l.series_id = s.id",
        f"SELECT id, (SELECT {aggregate} FROM observations WHERE series_id = series.id"
        f" AND moment >= '{since}') FROM series",
        f"SELECT * FROM events WHERE moment >= '{since}'",
        "SELECT * FROM open_problems",
        f"SELECT pipeline, coin, moment FROM quarantine WHERE moment >= '{since}'",
        "SELECT * FROM publications",
    ):
        cursor.execute(query)
        rows += len(cursor.fetchall())
    print(time.process_time() - begun, file=sys.stderr)
"""


def main() -> None:
    """Print the CPU time of each side and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        project = Path(name)
        address = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{project / 'coin_pipelines.db'}"
        _write_specs(project / "dag_configs")
        with closing(Database(Secret(address))) as database:
            schema.upgrade(database)
            with database.writing() as connection:
                _fill(connection, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
        # In turn, so that whatever else the machine does meets all.
        rounds = [
            (
                _measure_status(project, address, "text"),
                _measure_status(project, address, "json"),
                float(_run(_PLAIN, project, address).stderr),
            )
            for _ in range(_ROUNDS)
        ]
    text, json, plain = (min(costs) for costs in zip(*rounds, strict=True))
    print(f"series                            {_SERIES}, of {_HOURS} hours")
    print(f"coin-pipelines status             {text:.3f} s CPU (at most {_BAR_SECONDS})")
    print(f"  as JSON                         {json:.3f} s CPU")
    print(f"the same YAML and rows alone      {plain:.3f} s CPU")
    print(f"ratio                             {text / plain:.2f}")


def _write_specs(folder: Path) -> None:
    folder.mkdir()
    for number in range(_SERIES):
        # Half of them spread over the hour, as many pipelines on one plan do.
        schedule = "@hourly" if number % 2 else f"{number % 60} * * * *"
        text = (
            f'spec_version: 1\ncoin: {_coin(number)}\nvs_currency: usd\nschedule: "{schedule}"\n'
            f"windows: [24h, 7d]\nthresholds: {{1h: 3, 24h: 8}}\n"
            f"s3: {{bucket: benchmark, prefix: crypto/{_coin(number)}}}\n"
        )
        (folder / f"{_coin(number)}.yaml").write_text(text, encoding="utf-8")


def _coin(number: int) -> str:
    return f"coin-{number:04}"


def _fill(connection: Connection, hour: datetime) -> None:
    """The rows of all pipelines up to an hour: one in ten has a gap, an episode and a lag of S3."""
    numbers = range(_SERIES)
    midnight = format_moment(hour.replace(hour=0))
    head = (_HOURS, NO_CHAIN, midnight)
    _insert(connection, tables.pipelines, ((number + 1, _coin(number), *head) for number in numbers))
    _insert(connection, tables.series, ((number + 1, number + 1, _coin(number), "usd") for number in numbers))
    for first in range(0, _SERIES, _SERIES_AT_ONCE):
        some = numbers[first : first + _SERIES_AT_ONCE]
        _insert(
            connection,
            tables.observations,
            (
                (number + 1, moment, place, 1, f"{7000 + place}.125", "0.5", "-1.5", None, None, moment)
                for number in some
                for place, moment in _moments(number, hour)
            ),
        )
    newest = {number: _moments(number, hour)[-1][1] for number in numbers}
    latest = ("7720.125", "0.5", "-1.5", _HOURS)
    _insert(
        connection,
        tables.latest_observations,
        ((number + 1, newest[number], *latest) for number in numbers),
    )
    state = ("method=1 24h 7d", _HOURS)
    _insert(connection, tables.statistics_state, ((number + 1, *state) for number in numbers))
    _insert(
        connection,
        tables.arrivals,
        (
            (number + 1, _HOURS, newest[number], 1, *[NO_CHAIN] * 3, midnight, False, newest[number], None)
            for number in numbers
        ),
    )
    _insert(
        connection,
        tables.publications,
        (
            (number + 1, "destination", folder, _HOURS - (number % 10 == 0), NO_CHAIN, format_moment(hour))
            for number in numbers
            for folder in ("raw", "processed")
        ),
    )
    _insert(connection, tables.events, _events(hour))
    problem = (
        "send_price_alerts",
        format_moment(hour),
        format_moment(hour),
        1,
        '{"SlackUnavailableError": "2026-01-01T00:00:00Z"}',
    )
    _insert(connection, tables.open_problems, ((_coin(number), *problem) for number in numbers[::100]))


def _moments(number: int, hour: datetime) -> Sequence[tuple[int, object]]:
    offset = timedelta(minutes=0 if number % 2 else number % 60) - timedelta(hours=1)
    gap = _HOURS - 30 if number % 10 == 0 else None
    return [
        (place, format_moment(hour + offset - timedelta(hours=_HOURS - place)))
        for place in range(1, _HOURS + 1)
        if place != gap
    ]


def _events(hour: datetime) -> Iterable[bulk.BoundRow]:
    """Ten events of each series in the last days; one in ten is in an episode."""
    numbers = ((number, place) for number in range(_SERIES) for place in range(10))
    for key, (number, place) in enumerate(numbers, 1):
        at = format_moment(hour - timedelta(hours=150 - 10 * place))
        kind = "fired" if place % 2 == 0 or (number % 10 == 0 and place == 9) else "cleared"  # noqa: PLR2004
        of_rule = ("9.5", "8", "%", "in 24h", "delivered", None, at)
        yield (key, number + 1, "24h", at, kind, 1, at, 1, *of_rule)


def _insert(connection: Connection, table: Table, rows: Iterable[bulk.BoundRow]) -> None:
    bulk.upsert(connection, table, list(rows))


def _measure_status(project: Path, address: str, format_name: str) -> float:
    done = _run(_STATUS, project, address, format_name)
    assert _coin(_SERIES - 1) in done.stdout, done.stderr
    return float(done.stderr)


def _run(program: str, project: Path, address: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 (this interpreter, with this file's own programs)
        [sys.executable, "-c", _PREPARE + program, *arguments],
        cwd=project,
        # The package is this checkout's, whatever else is installed.
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "DATABASE_URL": address},
        check=True,
        capture_output=True,
        text=True,
    )


if __name__ == "__main__":
    main()
