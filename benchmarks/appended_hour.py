"""What one appended hour costs after ten years, beside after four days, and beside pandas.

An hour is its snapshot, its rows in the database, its statistics and a line in each CSV file, each made to
last on disk: the steps that fetch and compute, of an hour that is archived already. The other side reads
the whole raw log with pandas, rolls it and rewrites the table. Each is a process of its own, measured in CPU
time: once from Python's start to its end, and once without start and imports, which an Airflow task has
behind it in large part (SQLAlchemy is Airflow's own). Neither asks a market nor starts Airflow.

Run from the project's folder with ``.venv/bin/python -m benchmarks.appended_hour``; with SQLite and then with
PostgreSQL (whose server's CPU time isn't counted).
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.databases import KINDS, empty_databases
from benchmarks.history import PIPELINE, TEN_YEARS, WINDOWS, fill_database
from pipeline_lib.archive import keeper
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.prepared import PreparedDatabase
from pipeline_lib.database.pipelines import Series
from pipeline_lib.publishing.csv import export
from pipeline_lib.publishing.csv.processed_table import ProcessedTable
from pipeline_lib.publishing.csv.raw_log import RawLog
from pipeline_lib.specs.layout import Layout
from pipeline_lib.steps.archiving.manifests import write_closed_manifests
from pipeline_lib.steps.statistics import update_statistics

_FEW_ROWS = 100
_ROUNDS = 15
_PANDAS_ROUNDS = 5

_APPEND = """
import sys, time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from pipeline_lib import steps
from pipeline_lib.archive.parts import add_snapshots
from pipeline_lib.archive.store import FolderArchive
from pipeline_lib.database import observations, pipelines
from pipeline_lib.database.statistics import latest_rows
from pipeline_lib.model.observation import Provenance, Snapshot
from pipeline_lib.settings import Settings
from pipeline_lib.specs import Catalog
from pipeline_lib.specs.layout import Layout

folder, address = Path(sys.argv[1]), sys.argv[2]
variables = {"DATA_DIR": str(folder), "DATABASE_URL": address, "LOCAL_FILES": "1"}
settings = Settings.from_environment(variables, project_folder=folder)
spec = Catalog(folder / "dag_configs").load("bitcoin")
services = steps.Services.from_settings(settings)
with services.database.reading() as connection:
    series = pipelines.find_series_id(connection, "bitcoin", "bitcoin", "usd")
    newest = latest_rows.read(connection, [series])[series].moment
    last = observations.find(connection, series, newest)
services.database.close()
# Steps are imported where they are named.
fetch, compute = steps.fetch_and_save_price, steps.compute_moving_average
begun = time.process_time()
moment = last.moment + timedelta(hours=1)
row = replace(last, moment=moment, last_updated=moment)
provenance = Provenance("https://example.invalid/", moment, 200, '{"id": "bitcoin"}')
add_snapshots(FolderArchive(Layout.of("bitcoin", settings).archive), "bitcoin", [Snapshot(row, provenance)])
run = steps.Run(moment)
assert not fetch(spec, run, services).warnings
outcome = compute(spec, run, services)
assert not outcome.warnings
services.database.close()
print(time.process_time() - begun)
"""

_PANDAS = """
import sys, time
import numpy as np, pandas as pd
begun = time.process_time()
folder = sys.argv[1]
frame = pd.read_csv(f"{folder}/bitcoin_raw.csv", parse_dates=["timestamp"]).set_index("timestamp")
price = frame["price"]
frame["log_return"] = np.log(price / price.shift())
for window in ("24h", "7D"):
    rolling, before = price.rolling(window), price.rolling(window, closed="left")
    frame[f"mean_{window}"], frame[f"std_{window}"] = rolling.mean(), rolling.std()
    frame[f"count_{window}"] = rolling.count()
    frame[f"z_score_{window}"] = (price - before.mean()) / before.std()
frame.to_csv(f"{folder}/pandas.csv")
print(time.process_time() - begun)
"""


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a process, and of them those after its imports."""

    process: float
    work: float


def main() -> None:
    """Print the CPU time of each side and their ratios, for each kind of database."""
    for kind in KINDS:
        with empty_databases(kind, 2) as addresses:
            _print_costs(kind, addresses)


def _print_costs(kind: str, given: Sequence[Secret]) -> None:
    with tempfile.TemporaryDirectory() as name:
        few, many = (Path(name) / str(rows) for rows in (_FEW_ROWS, TEN_YEARS))
        addresses = dict(zip((few, many), given, strict=True))
        for folder, address in addresses.items():
            _make(folder, int(folder.name), address)
        # In turn, so that whatever else the machine does meets both.
        pairs = [
            [_measure(_APPEND, str(folder), addresses[folder].reveal()) for folder in (few, many)]
            for _ in range(_ROUNDS)
        ]
        after_few, after_many = (_least([pair[side] for pair in pairs]) for side in (0, 1))
        pandas = _least([_measure(_PANDAS, str(many)) for _ in range(_PANDAS_ROUNDS)])
    print(f"{kind:<34} whole process   without imports")
    for label, cost in (
        (f"one hour more at {_FEW_ROWS} rows", after_few),
        (f"one hour more at {TEN_YEARS} rows", after_many),
        (f"pandas at {TEN_YEARS} rows, all anew", pandas),
    ):
        print(f"{label:<34} {cost.process * 1000:10.1f} ms {cost.work * 1000:14.1f} ms")
    many_to_few = Cost(after_many.process / after_few.process, after_many.work / after_few.work)
    to_pandas = Cost(pandas.process / after_many.process, pandas.work / after_many.work)
    print(f"{'after ten years ÷ after four days':<34} {many_to_few.process:13.2f} {many_to_few.work:17.2f}")
    print(f"{'an hour ÷ pandas':<34} {f'1/{to_pandas.process:.1f}':>13} {f'1/{to_pandas.work:.1f}':>17}\n")


def _make(folder: Path, hours: int, address: Secret) -> None:
    """Database and files of so many hours."""
    layout = Layout.below(folder, PIPELINE)
    layout.manifests.mkdir(parents=True)
    specs = folder / "dag_configs"
    specs.mkdir()
    labels = ", ".join(window.label for window in WINDOWS)
    text = f'spec_version: 1\ncoin: {PIPELINE}\nschedule: "@hourly"\nwindows: [{labels}]\n'
    (specs / f"{PIPELINE}.yaml").write_text(text, encoding="utf-8")
    series = fill_database(address, hours)
    with closing(PreparedDatabase(address)) as database:
        keeper.adopt(FolderArchive(layout.archive), database.prepare())
        with database.writing() as connection:
            update_statistics(connection, [series], WINDOWS)
        write_closed_manifests(database, PIPELINE, layout.manifests)
        table = ProcessedTable(PIPELINE, Series(series, PIPELINE, "usd"), WINDOWS)
        export.append(layout.raw_log, RawLog(PIPELINE), database)
        export.append(layout.processed_table, table, database)


def _measure(program: str, *arguments: str) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603 (this interpreter, with this file's own programs)
        [sys.executable, "-c", program, *arguments],
        # The package is this checkout's, whatever else is installed; one thread, as a task's share is.
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "OPENBLAS_NUM_THREADS": "1"},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(process, float(done.stdout))


def _least(costs: list[Cost]) -> Cost:
    return Cost(min(cost.process for cost in costs), min(cost.work for cost in costs))


if __name__ == "__main__":
    main()
