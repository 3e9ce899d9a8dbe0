"""How the processed table's rebuild compares with pandas on the same two years of hours.

The numbers to read are the ratios; both sides run in this one process, on the same file. Run with
``.venv/bin/python benchmarks/rebuild_against_pandas.py``.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd  # noqa: TID253 (the other side of the comparison)

from pipeline_lib.analysis.processed import processed_columns, processed_rows
from pipeline_lib.observation import Observation
from pipeline_lib.simulator.generator import SERIES_START, GeneratedSeries
from pipeline_lib.spec import Window
from pipeline_lib.store import processed_table, raw_log
from pipeline_lib.store.raw_rows import HEADER, encode_row

_HOURS = 2 * 365 * 24
_WINDOWS = (Window("24h", timedelta(hours=24)), Window("7d", timedelta(days=7)))
_ROUNDS = 3


def main() -> None:
    """Print the CPU time of both and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        log, ours, theirs = (Path(folder) / name for name in ("raw.csv", "ours.csv", "pandas.csv"))
        _write_log(log)
        our_seconds = _best(lambda: _rebuild(log, ours))
        pandas_seconds = _best(lambda: _rebuild_with_pandas(log, theirs))
    print(f"rows                {_HOURS}")
    print(f"coin-pipelines      {our_seconds:.2f} s CPU")
    print(f"pandas              {pandas_seconds:.2f} s CPU")
    print(f"ratio               {our_seconds / pandas_seconds:.1f}")


def _write_log(path: Path) -> None:
    quotes = GeneratedSeries("bitcoin", 0).between(SERIES_START, SERIES_START + timedelta(hours=_HOURS - 1))
    rows = (
        Observation("bitcoin", "usd", quote.time, quote.price, None, None, None, quote.volume, quote.time)
        for quote in quotes
    )
    path.write_text(HEADER + "".join(encode_row(row) for row in rows), encoding="utf-8")


def _rebuild(log: Path, table: Path) -> None:
    table.unlink(missing_ok=True)
    processed_table.write(table, processed_columns(_WINDOWS), processed_rows(raw_log.read(log), _WINDOWS))


def _rebuild_with_pandas(log: Path, table: Path) -> None:
    frame = pd.read_csv(log, parse_dates=["timestamp"]).set_index("timestamp")
    for window in _WINDOWS:
        rolling = frame["price"].rolling(window.span)
        frame[f"mean_{window.label}"] = rolling.mean()
        frame[f"std_{window.label}"] = rolling.std()
    frame.to_csv(table)


def _best(function: Callable[[], None]) -> float:
    def measure() -> float:
        started = time.process_time()
        function()
        return time.process_time() - started

    return min(measure() for _ in range(_ROUNDS))


if __name__ == "__main__":
    main()
