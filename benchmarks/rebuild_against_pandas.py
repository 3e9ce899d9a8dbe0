"""How computing all statistics compares with pandas on the same ten years of hours.

We read the observations from the database, compute moves and windows, and enter them; with the CSV file, we
also export them. pandas reads the raw log, rolls it and writes the table: once with all our columns, once
with nothing but means and deviations. The numbers to read are the ratios; all run in this one process, with
SQLite and then with PostgreSQL (whose server's CPU time isn't counted). Run with
``.venv/bin/python -m benchmarks.rebuild_against_pandas``.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np  # noqa: TID253 (the other side of the comparison)
import pandas as pd  # noqa: TID253 (same)

from benchmarks.databases import KINDS, empty_databases
from benchmarks.history import PIPELINE, TEN_YEARS, WINDOWS, fill_database
from pipeline_lib.common.secret import Secret
from pipeline_lib.database.engine.connections import Database
from pipeline_lib.database.pipelines import Series
from pipeline_lib.database.statistics import computed, states
from pipeline_lib.database.statistics.states import NOT_COMPUTED
from pipeline_lib.publishing.csv import export
from pipeline_lib.publishing.csv.processed_table import ProcessedTable
from pipeline_lib.publishing.csv.raw_log import RawLog
from pipeline_lib.steps.statistics import update_statistics

_ROUNDS = 5


def main() -> None:
    """Print the CPU time of each side and the ratios, for each kind of database."""
    for kind in KINDS:
        with empty_databases(kind, 1) as (address,):
            _print_costs(kind, address)


def _print_costs(kind: str, address: Secret) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        series = Series(fill_database(address, TEN_YEARS), PIPELINE, "usd")
        log, table = folder / "raw.csv", folder / "processed.csv"
        with closing(Database(address)) as database:
            export.rewrite(log, RawLog(PIPELINE), database)
            rounds = []
            for _ in range(_ROUNDS):
                _forget(database, series)
                rounds.append(
                    [
                        _measure(lambda: _compute(database, series)),
                        _measure(lambda: _export(database, series, table)),
                        _measure(lambda: _rebuild_with_pandas(log, table)),
                        _measure(lambda: _roll_with_pandas(log, table)),
                    ]
                )
    ours, exported, same, fewer = (min(times) for times in zip(*rounds, strict=True))
    print(f"{TEN_YEARS} rows                            {kind}")
    print(f"coin-pipelines, into the database     {ours:.2f} s CPU")
    print(f"  and from there into the CSV file    {exported:.2f} s CPU")
    print(f"pandas, the same columns              {same:.2f} s CPU, ratio {ours / same:.2f}")
    print(f"  with the CSV file                   ratio {(ours + exported) / same:.2f}")
    print(f"pandas, means and deviations alone    {fewer:.2f} s CPU, ratio {ours / fewer:.2f}\n")


def _forget(database: Database, series: Series) -> None:
    with database.writing() as connection:
        states.lock(connection, [series.id])
        computed.clear(connection, [series.id])
        states.write(connection, {series.id: NOT_COMPUTED})


def _compute(database: Database, series: Series) -> None:
    with database.writing() as connection:
        updated = update_statistics(connection, [series.id], WINDOWS)
    assert updated.rows == TEN_YEARS


def _export(database: Database, series: Series, table: Path) -> None:
    exported = export.rewrite(table, ProcessedTable(PIPELINE, series, WINDOWS), database)
    assert exported.rows == TEN_YEARS


def _rebuild_with_pandas(log: Path, table: Path) -> None:
    frame = pd.read_csv(log, parse_dates=["timestamp"]).set_index("timestamp")
    price = frame["price"]
    frame["log_return"] = np.log(price / price.shift())
    for window in WINDOWS:
        rolling, before = price.rolling(window.span), price.rolling(window.span, closed="left")
        frame[f"mean_{window.label}"] = rolling.mean()
        frame[f"std_{window.label}"] = rolling.std()
        frame[f"count_{window.label}"] = rolling.count()
        frame[f"z_score_{window.label}"] = (price - before.mean()) / before.std()
    frame.to_csv(table)


def _roll_with_pandas(log: Path, table: Path) -> None:
    frame = pd.read_csv(log, parse_dates=["timestamp"]).set_index("timestamp")
    for window in WINDOWS:
        rolling = frame["price"].rolling(window.span)
        frame[f"mean_{window.label}"] = rolling.mean()
        frame[f"std_{window.label}"] = rolling.std()
    frame.to_csv(table)


def _measure(rebuild: Callable[[], None]) -> float:
    started = time.process_time()
    rebuild()
    return time.process_time() - started


if __name__ == "__main__":
    main()
